"""Notes of the data for the benchmark of samplers: pictures of them, and rungs made from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from core.audio import Clip, FloatArray, fit_length
from core.inversion import invert
from core.metrics import log_mel_distance_db
from core.spectrogram import SpectrogramParams, log_mel_db, magnitude_from_log_mel, stft
from training.dataset import Track, tracks

PARAMS = SpectrogramParams(sample_rate=16_000, n_fft=1024, hop_length=256, n_mels=80)
SECONDS = 3.0
RMS = 0.1
"""Every sound is brought to this root mean square before it is compared: levels are no timbre."""
LEAST_RMS = 1e-4
COARSE = 4
"""Frames that are averaged for the first look among all training notes."""
SHORT_LIST = 40


@dataclass(frozen=True)
class Sound:
    """A note, 16 kHz, 3 s, at RMS. pitch: MIDI number."""

    track: Track
    clip: Clip

    @property
    def family(self) -> str:
        return self.track.row["family"]

    @property
    def instrument(self) -> str:
        return self.track.row["instrument"]

    @property
    def pitch(self) -> int:
        return int(self.track.row["pitch"])

    @property
    def velocity(self) -> float:
        return float(self.track.row["velocity"]) / 127.0

    @cached_property
    def picture(self) -> FloatArray:
        """float32 [n_mels, frames], dB."""
        return log_mel_db(self.clip, PARAMS)

    @cached_property
    def magnitude(self) -> FloatArray:
        """float32 [1 + n_fft / 2, frames]."""
        return np.abs(stft(self.clip.samples[0], PARAMS))


def comparable(clip: Clip) -> Clip:
    """Mono, 16 kHz, 3 s, at RMS; silence stays silent."""
    mono = clip.with_channels(1).resampled(PARAMS.sample_rate)
    samples = fit_length(mono.samples, round(SECONDS * PARAMS.sample_rate))
    level = float(np.sqrt(np.square(samples, dtype=np.float64).mean()))
    gain = RMS / level if level > LEAST_RMS else 1.0
    return Clip(samples * np.float32(gain), PARAMS.sample_rate)


def notes(data: Path, split: str, most: int | None = None) -> list[Sound]:
    """Up to `most` notes, as many of each instrument as can be, evenly over its rows."""
    by_instrument: dict[str, list[Track]] = {}
    for track in tracks(data, "notes", split):
        by_instrument.setdefault(track.row["instrument"], []).append(track)
    left, picked = most or 10**9, list[Track]()
    # The smallest instruments first, so that what they lack goes to the others.
    for index, rows in enumerate(sorted(by_instrument.values(), key=len)):
        count = min(len(rows), -(-left // (len(by_instrument) - index)))
        left -= count
        picked += [rows[at] for at in np.linspace(0, len(rows) - 1, count).round().astype(int)]
    return [Sound(track, comparable(track.clip())) for track in picked]


class Nearest:
    """The training note whose picture is nearest: what plain search would give."""

    def __init__(self, training: Sequence[Sound]) -> None:
        self.training = training
        self._coarse = np.stack([_coarse(sound.picture) for sound in training])

    def to(self, sound: Sound) -> Clip:
        """Searched coarsely first, then exactly among the `SHORT_LIST` nearest."""
        apart = np.abs(self._coarse - _coarse(sound.picture)).mean(axis=(1, 2))
        likely = np.argsort(apart)[:SHORT_LIST]
        exact = [log_mel_distance_db(self.training[i].picture, sound.picture) for i in likely]
        return self.training[int(likely[int(np.argmin(exact))])].clip


def _coarse(picture: FloatArray) -> FloatArray:
    frames = picture.shape[1] // COARSE * COARSE
    return picture[:, :frames].reshape(len(picture), -1, COARSE).mean(axis=2)


def mean_sound(training: Sequence[Sound]) -> Clip:
    """The mean of all training pictures, made audible."""
    return from_picture(np.mean([sound.picture for sound in training], axis=0))


def from_picture(picture: FloatArray) -> Clip:
    """A log-mel picture inverted by the house's default: all that a perfect mel model can reach."""
    magnitude = magnitude_from_log_mel(picture, PARAMS)
    length = round(SECONDS * PARAMS.sample_rate)
    made = invert(magnitude, PARAMS, length=length)
    return comparable(Clip(made[None], PARAMS.sample_rate))
