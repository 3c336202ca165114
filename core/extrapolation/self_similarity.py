"""How like each other the moments of a clip are, as `structure` and its training see it.

Two frames at 43 Hz are compared in six channels: log-mel in four ranges of 20 bands, chroma and
onsets. In time-lag form an entry compares a moment with the one `lag` frames before it; over time
it is averaged four frames at a time ("steps" of 93 ms), over lags it is kept at 23 ms, since a beat
missed by 50 ms is no beat. Lags then go in groups of four, of which the one that has fared best
stands for all: 430 lags of up to 40 s.

Foote, "Visualizing music and audio using self-similarity", 1999; the time-lag form is Goto's, "A
chorus-section detecting method", 2003.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial.distance import cdist

from core.audio import FloatArray
from core.extrapolation.features import Features
from core.spectrogram import DISPLAY

IntArray = npt.NDArray[np.int64]

STEP = 4
STEP_RATE_HZ = DISPLAY.frame_rate_hz / STEP
RANGES = 4
CHANNELS = RANGES + 2
DB_PER_UNIT = 20.0
PAST = 215
"""Steps of each lag's trajectory, the 20 s before the moment where the prediction begins."""
FUTURE = 110
"""Steps predicted, 10.2 s."""
LAGS = 430
"""Groups of lags, up to 40 s."""
PYRAMID = ((23, 1), (48, 4), (144, 8))
"""The trajectory as the network sees it: (steps, pooled by), from the latest back; together PAST.

The last 2 s count step by step, older ones are blurred: given all in full, the network learned the
training pieces by heart."""
SEEN = sum(steps // pooled for steps, pooled in PYRAMID)
CHOICE_STEPS = 86
POSITIONS = 12
CHROMA_WEIGHT, ONSET_WEIGHT = 0.15, 0.2


@dataclass(frozen=True)
class Frames:
    """What is compared, at 43 Hz.

    log_mel: [frames, 80], units of 20 dB. chroma: [frames, 12], unit length. onset: [frames],
    mean rise of the log-mel over its standard deviation.
    """

    log_mel: FloatArray
    chroma: FloatArray
    onset: FloatArray

    @property
    def count(self) -> int:
        return len(self.log_mel)


def frames_of(found: Features) -> Frames:
    """The frames of a clip, without the last one, which is half empty."""
    return frames(found.log_mel[:, :-1], found.chroma[:, :-1])


def frames(log_mel: FloatArray, chroma: FloatArray) -> Frames:
    """From log_mel [80, frames] dB and chroma [12, frames]."""
    rises = np.maximum(np.diff(log_mel, axis=1, prepend=log_mel[:, :1]), 0).mean(axis=0)
    pitches = chroma / np.maximum(np.linalg.norm(chroma, axis=0, keepdims=True), 1e-6)
    return Frames(
        np.ascontiguousarray(log_mel.T / DB_PER_UNIT, np.float32),
        np.ascontiguousarray(pitches.T, np.float32),
        np.asarray(rises / (rises.std() + 1e-3), np.float32),
    )


def distances(some: Frames) -> FloatArray:
    """How far apart each two frames are, [frames, frames, 6].

    Channels 0 to 3 are the mean absolute differences of 20 mel bands each, low to high, in units of
    20 dB; their mean is the log-mel distance. 4 is the cosine distance of chroma; 5 the absolute
    difference of onsets, halved and clipped at 2.
    """
    out = np.empty((some.count, some.count, CHANNELS), np.float32)
    width = some.log_mel.shape[1] // RANGES
    for index in range(RANGES):
        band = some.log_mel[:, index * width : (index + 1) * width]
        out[..., index] = cdist(band, band, "cityblock") / width
    out[..., RANGES] = 1.0 - some.chroma @ some.chroma.T
    onset = np.abs(some.onset[:, None] - some.onset[None])
    out[..., RANGES + 1] = np.minimum(onset / 2, 2.0)
    return out


def combined(table: FloatArray) -> FloatArray:
    """[..., 6] -> [...]: log-mel distance with some of chroma's and onsets'."""
    levels = table[..., :RANGES].mean(axis=-1)
    return np.asarray(
        levels + CHROMA_WEIGHT * table[..., RANGES] + ONSET_WEIGHT * table[..., RANGES + 1],
        np.float32,
    )


def chosen_lags(past: FloatArray, history: int) -> IntArray:
    """Of each group of four lags the one that has fared best over the last 8 s: int [LAGS], frames.

    past: [4 * LAGS, steps, 6], time-lag distances of the last steps at lags 0, 1, 2, ...; only the
    last 8 s are looked at. A lag is judged by the steps at which it reaches no further back than
    `history` frames; one without any counts as average.
    """
    recent = combined(past[:, -CHOICE_STEPS:])
    steps = recent.shape[1]
    lags = np.arange(len(past))
    first = history - (steps - np.arange(steps)) * STEP  # first frame of each step
    there = first[None] >= lags[:, None]
    seen = there.sum(axis=1)
    fared = np.where(seen > 0, (recent * there).sum(axis=1) / np.maximum(seen, 1), 1e3)
    best = fared.reshape(-1, STEP).argmin(axis=1)
    return np.asarray(np.arange(len(best)) * STEP + best, np.int64)


def network_input(past: FloatArray, lags: IntArray, history: int) -> FloatArray:
    """What the network sees of a moment with `history` frames before it: [lags, SEEN * 6 + 12].

    past: [lags, PAST, 6], distances of each of the last 20 s' steps to the one `lags` frames before
    it; what reaches back before the history is missing. Each channel has its mean over what is
    there removed; what is missing is 0. The last columns say which lag it is.
    """
    first = history - (PAST - np.arange(PAST)) * STEP
    there = first[None] >= np.maximum(lags, 1)[:, None]
    count = max(int(there.sum()), 1)
    means = np.einsum("ltc,lt->c", past, there, optimize=True) / count
    centred = (past - means.astype(np.float32)) * (there[..., None] * np.float32(3.0))
    columns = [pyramid(centred).reshape(len(lags), -1), lag_positions(lags, history)]
    return np.concatenate(columns, axis=1).astype(np.float32)


def pyramid(past: FloatArray) -> FloatArray:
    """[lags, PAST, channels] -> [lags, SEEN, channels], `PYRAMID`'s blurred trajectories."""
    parts, end = [], PAST
    for steps, pooled in PYRAMID:
        part = past[:, end - steps : end]
        shape = (len(past), steps // pooled, pooled, past.shape[2])
        parts.append(part if pooled == 1 else part.reshape(shape).mean(axis=2))
        end -= steps
    return np.concatenate(parts, axis=1)


def lag_positions(lags: IntArray, history: int) -> FloatArray:
    """[lags, 12]: 1 where the lag is within the history, then features of the lag itself."""
    inside = ((lags > 0) & (lags < history)).astype(np.float32)
    seconds = np.maximum(lags, 1).astype(np.float32) / DISPLAY.frame_rate_hz
    left = (history - lags) / (PAST * STEP)
    columns = [seconds / 20, np.log(seconds), left, np.minimum(seconds, 2.0)]
    for period_s in (1.0, 2.0, 4.0):
        turns = 2 * np.pi * seconds / period_s
        columns += [np.sin(turns), np.cos(turns)]
    columns.append(np.full(len(lags), history / (LAGS * STEP), np.float32))
    return np.stack([inside, *(column * inside for column in columns)], axis=1)
