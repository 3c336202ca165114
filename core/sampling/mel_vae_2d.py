"""`mel-vae-2d`, the published sampler: spectrograms as dots on a plane, and sound from any dot.

After Bahad, Sardana, Chalke, Bhagane and Gaikwad, "Orchestrating melodies through
spectrogram-driven autoencoders" (IRJMETS, 2023): a variational autoencoder on mel spectrograms with
a latent space of two dimensions. A sound is encoded to a point, any point is decoded to a
spectrogram, and Griffin-Lim makes that audible. The paper trains on single notes (NSynth) and on
piano music (MAESTRO); here are one network for each. It gives no sizes: those of the layers, of the
spectrogram and of the KL term are ours, and so are the iterations of Griffin-Lim, librosa's
default. Nothing says which pitch is asked for, so a touch changes nothing.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from core.audio import Clip, FloatArray, fit_length
from core.errors import ModelUnavailableError, UserInputError
from core.inversion import griffin_lim
from core.loaders import load_model
from core.registry import unavailable
from core.sampling.sound import Latent, Plane, Point, Touch
from core.spectrogram import SpectrogramParams, log_mel_db, magnitude_from_log_mel

PARAMS = SpectrogramParams(sample_rate=16_000, n_fft=1024, hop_length=256, n_mels=80)
SECONDS = 3.0
FRAMES = 192
"""3 s and the silence of five frames, for a number that can be halved five times."""
PEAK = 0.7
"""Sounds are brought to this peak on the way in and on the way out, as the training notes are."""
MIN_CLIP_S = 0.1
SILENT_PEAK = 1e-3
PRIOR = Plane(-3.0, 3.0, -3.0, 3.0)
MARGIN = 0.1
"""Of the spread of the points, shown around them."""


def window_of_music(clip: Clip) -> FloatArray:
    """The first SECONDS, mono, at the network's rate and PEAK, float32 [samples].

    Raises UserInputError for a clip that is too short or silent there.
    """
    return _levelled(_mono(clip))


def window_of_note(clip: Clip) -> FloatArray:
    """The loudest SECONDS, from the first sound in them on; else as `window_of_music`."""
    samples = _mono(clip)
    length = round(SECONDS * PARAMS.sample_rate)
    if len(samples) > length:
        power = np.concatenate([[0.0], np.cumsum(np.square(samples, dtype=np.float64))])
        start = int(np.argmax(power[length:] - power[:-length]))
        samples = samples[start:]
    loud = np.flatnonzero(np.abs(samples) > 0.01 * np.abs(samples).max(initial=0.0))
    return _levelled(samples[loud[0] :] if len(loud) else samples)


def _mono(clip: Clip) -> FloatArray:
    if clip.duration_s < MIN_CLIP_S:
        raise UserInputError("This clip is too short to hear a sound in; give at least a second.")
    samples: FloatArray = clip.with_channels(1).resampled(PARAMS.sample_rate).samples[0]
    return samples


def _levelled(samples: FloatArray) -> FloatArray:
    cut = fit_length(samples[None], round(SECONDS * PARAMS.sample_rate))[0]
    peak = float(np.abs(cut).max(initial=0.0))
    if peak < SILENT_PEAK:
        raise UserInputError("This clip is silent; choose one with a sound in it.")
    return np.asarray(cut * (PEAK / peak), np.float32)


def spectrogram(samples: FloatArray) -> FloatArray:
    """What the network sees: log-mel in dB, float32 [FRAMES, n_mels]."""
    padded = fit_length(samples[None], (FRAMES - 1) * PARAMS.hop_length)
    return np.ascontiguousarray(log_mel_db(Clip(padded, PARAMS.sample_rate), PARAMS).T)


class MelVae2d:
    """The network of single notes. See the module."""

    model_id = "mel-vae-2d"
    plays_pitches = False
    pitches = (21, 108)
    latent_size = 2
    window = staticmethod(window_of_note)

    @property
    def plane(self) -> Plane:
        """Where nearly all training sounds are; all of the prior where there are none to show."""
        try:
            return plane_of(self.points())
        except ModelUnavailableError:
            return PRIOR

    def encode(self, clip: Clip) -> Latent:
        """See `core.engines.Sampler`. Needs MIN_CLIP_S of sound, of any rate and channels."""
        picture = spectrogram(self.window(clip))
        network = load_model(self.model_id).model
        said = np.asarray(network.encoder(picture[None], training=False))[0]
        return Latent(tuple(float(value) for value in said[: self.latent_size]))

    def decode(self, latent: Latent, touch: Touch = Touch(), *, seed: int = 0) -> Clip:  # noqa: B008
        """See `core.engines.Sampler`. SECONDS long; seed: of the phases that Griffin-Lim begins at.

        Raises ValueError for a latent of another size.
        """
        point = np.asarray(latent.values, np.float32)
        if point.shape != (self.latent_size,):
            raise ValueError(f"a latent has {self.latent_size} values here, not {point.shape}")
        network = load_model(self.model_id).model
        log_mel = np.asarray(network.decoder(point[None], training=False))[0].T
        magnitude = magnitude_from_log_mel(np.maximum(log_mel, PARAMS.floor_db), PARAMS)
        length = round(SECONDS * PARAMS.sample_rate)
        made = griffin_lim(magnitude, PARAMS, seed=seed)
        peak = max(float(np.abs(made).max(initial=0.0)), 1e-9)
        return Clip(fit_length(made[None] * (PEAK / peak), length), PARAMS.sample_rate)

    def at(self, x: float, y: float) -> Latent:
        """See `core.engines.Sampler`. The plane is the latent space itself."""
        return Latent((float(x), float(y)))

    def locate(self, latent: Latent) -> tuple[float, float]:
        """See `core.engines.Sampler`."""
        return latent.values[0], latent.values[1]

    def points(self) -> list[Point]:
        """See `core.engines.Sampler`. Raises ModelUnavailableError where their file is missing."""
        return list(_points(self.model_id))


class MelVae2dPiano(MelVae2d):
    """The network of 3 s of piano music."""

    model_id = "mel-vae-2d-piano"
    window = staticmethod(window_of_music)


def plane_of(points: list[Point]) -> Plane:
    """From the 1st to the 99th percentile of the points on either axis, and MARGIN around."""
    places = np.array([(point.x, point.y) for point in points])
    low, high = np.percentile(places, [1, 99], axis=0)
    room = MARGIN * np.maximum(high - low, 1e-3)
    low, high = low - room, high + room
    return Plane(float(low[0]), float(high[0]), float(low[1]), float(high[1]))


def points_path(model_id: str) -> Path:
    """The file of a model's training sounds, which training.mel_vae_2d writes."""
    return Path(__file__).with_name(f"{model_id.replace('-', '_')}_points.json")


@cache
def _points(model_id: str) -> tuple[Point, ...]:
    try:
        held: dict[str, Any] = json.loads(points_path(model_id).read_text(encoding="utf-8"))
    except OSError as error:
        raise unavailable(model_id, "is missing the sounds of its map") from error
    sounds = held["sounds"]
    return tuple(
        Point(x, y, sounds[sound][0], sounds[sound][1], pitch, Latent((x, y)))
        for x, y, sound, pitch in held["points"]
    )
