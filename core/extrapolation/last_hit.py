"""Which beat of a continuation a musician would stop on, to the sample."""

from __future__ import annotations

import librosa
import numpy as np
import numpy.typing as npt

from core.audio import Clip, FloatArray
from core.metrics import beat_times_s
from core.spectrogram import DISPLAY, analysis_samples

EARLIEST_S, LATEST_S = 4.0, 1.5
"""The last hit falls between these before the end."""
HIT_S = 0.8
"""The hit sounds as it is for so long, if nothing else begins before."""
SHORTEST_HIT_S = 0.12
METRES = (4, 3)
MIN_BEATS = 8
MIN_ACCENT = 1.2
"""A hit's onset strength over the mean of all frames; under it there is nothing to stop on."""
REFINE_S = 0.06
HOP = 32


def last_hit(clip: Clip, made: Clip) -> tuple[int, int] | None:
    """(where the hit starts, where what follows it would start), samples of `made`.

    Beats are tracked through `clip` and `made` together. Taken is the beat between 4 and 1.5 s
    before the end with the highest sum of its own accent and the mean accent of its place in the
    bar, in the metre of METRES whose strongest place stands out most. None where there is no beat.
    """
    before = analysis_samples(clip)
    whole = np.concatenate([before, analysis_samples(made)])
    joined_s = len(before) / DISPLAY.sample_rate
    end_s = len(whole) / DISPLAY.sample_rate
    beats_s = beat_times_s(whole)
    if len(beats_s) < MIN_BEATS:
        return None
    envelope = librosa.onset.onset_strength(y=whole, sr=DISPLAY.sample_rate)
    accents = _accents(envelope, beats_s)
    possible = beats_s >= max(end_s - EARLIEST_S, joined_s + SHORTEST_HIT_S)
    possible &= (beats_s <= end_s - LATEST_S) & (accents >= MIN_ACCENT)
    if not possible.any():
        return None
    score = np.where(possible, accents + _of_place_in_bar(accents), -np.inf)
    beat_s = float(beats_s[int(np.argmax(score))])
    start_s = _rise_s(whole, beat_s)
    stop_s = _next_s(whole, envelope, start_s)
    rate = made.sample_rate
    start = max(round((start_s - joined_s) * rate), 0)
    return start, min(max(round((stop_s - joined_s) * rate), start + 2), made.length)


def _accents(envelope: FloatArray, beats_s: FloatArray) -> FloatArray:
    """Onset strength at each beat, over the mean of all frames, [beats]."""
    frames = np.round(beats_s * DISPLAY.frame_rate_hz).astype(np.intp)
    near = np.clip(frames[:, None] + np.arange(-2, 3), 0, len(envelope) - 1)
    return np.asarray(envelope[near].max(axis=1) / max(float(envelope.mean()), 1e-6), np.float32)


def _of_place_in_bar(accents: FloatArray) -> FloatArray:
    """For each beat the mean accent of all beats at its place in the bar, [beats]."""
    found, most = accents, -1.0
    for metre in METRES:
        means = np.array([accents[place::metre].mean() for place in range(metre)])
        stands_out = float(means.max() - means.mean())
        if stands_out > most:
            found, most = means[np.arange(len(accents)) % metre], stands_out
    return np.asarray(found, np.float32)


def _rise_s(samples: FloatArray, beat_s: float) -> float:
    """Where within 60 ms of a beat the sound rises most, to 1.5 ms."""
    rate = DISPLAY.sample_rate
    low = max(round((beat_s - REFINE_S) * rate), 4 * HOP)
    levels = _levels(samples[low - 4 * HOP : round((beat_s + REFINE_S) * rate)])
    if len(levels) < 6:
        return beat_s
    rise = levels[4:] - levels[:-4]
    return (low + (int(np.argmax(rise)) + 1) * HOP - HOP / 2) / rate


def _levels(samples: FloatArray) -> npt.NDArray[np.float64]:
    """Level of each 32 samples in dB, not under -80."""
    count = len(samples) // HOP
    power = np.square(samples[: count * HOP], dtype=np.float64).reshape(count, HOP).mean(axis=1)
    return np.asarray(10.0 * np.log10(np.maximum(power, 1e-8)))


def _next_s(samples: FloatArray, envelope: FloatArray, start_s: float) -> float:
    """Where the hit's sound must stop: before the next onset, after HIT_S, or at the end."""
    rate = DISPLAY.sample_rate
    frames = librosa.onset.onset_detect(onset_envelope=envelope, sr=rate, backtrack=True)
    later = [
        float(time_s) - 1.0 / DISPLAY.frame_rate_hz
        for time_s in librosa.frames_to_time(frames, sr=rate)
        if time_s > start_s + SHORTEST_HIT_S
    ]
    return min([start_s + HIT_S, len(samples) / rate, *later])
