"""Reference rungs for extrapolation: what costs nothing, and the best that copying could do."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from scipy.spatial.distance import cdist

from core.audio import Clip, FloatArray
from core.extrapolation.features import features
from core.extrapolation.render import Segment, render
from core.spectrogram import DISPLAY

JUMP_PENALTY_DB = 1.0


def silence(clip: Clip, seconds: float) -> Clip:
    """Nothing at all."""
    return Clip(np.zeros((clip.channels, round(seconds * clip.sample_rate))), clip.sample_rate)


def noise(clip: Clip, seconds: float, seed: int) -> Clip:
    """White noise at the clip's root mean square."""
    rms = float(np.sqrt(np.mean(np.square(clip.samples))))
    shape = (clip.channels, round(seconds * clip.sample_rate))
    drawn = np.random.default_rng(seed).standard_normal(shape) * rms
    return Clip(np.clip(drawn, -1, 1).astype(np.float32), clip.sample_rate)


def repeat_last(clip: Clip, seconds: float) -> Clip:
    """The clip's own last seconds once more."""
    return clip.between(clip.duration_s - seconds, clip.duration_s)


def ceiling(clip: Clip, actual: Clip) -> Clip:
    """The best that copying from the clip can do, rendered like an engine's.

    It is the path with the least log-mel distance to the actual, found with knowledge of it:
    dynamic programming over source frames; going on to the next frame is free, a jump costs
    `JUMP_PENALTY_DB` once.
    """
    whole = Clip(np.concatenate([clip.samples, actual.samples], axis=1), clip.sample_rate)
    log_mel = features(whole).log_mel
    end = round(clip.duration_s * DISPLAY.frame_rate_hz)
    frames = round(actual.duration_s * DISPLAY.frame_rate_hz)
    costs = cdist(log_mel[:, end : end + frames].T, log_mel[:, :end].T, "cityblock")
    path = best_path(costs / DISPLAY.n_mels, JUMP_PENALTY_DB)
    hop = DISPLAY.hop_length * clip.sample_rate / DISPLAY.sample_rate
    cuts = [0, *(np.flatnonzero(np.diff(path) != 1) + 1).tolist(), len(path)]
    length = actual.length
    segments = []
    for start, stop in pairwise(cuts):
        copied = round(stop * hop) - round(start * hop) if stop < len(path) else length
        segments.append(Segment(round(path[start] * hop), copied))
    return render(clip, segments, length)


def best_path(costs: FloatArray, jump: float) -> FloatArray:
    """costs: [times, sources] -> int [times], the cheapest sequence of sources.

    From one time to the next the source either moves on by one, free, or jumps anywhere, at `jump`.
    """
    times, sources = costs.shape
    total = costs[0].astype(np.float64)
    came_by_jump = np.zeros((times, sources), bool)
    jumped_from = np.zeros(times, int)
    for t in range(1, times):
        jumped_from[t] = int(np.argmin(total))
        by_jump = total[jumped_from[t]] + jump
        moved = np.concatenate([[np.inf], total[:-1]])
        came_by_jump[t] = by_jump < moved
        total = np.minimum(by_jump, moved) + costs[t]
    path = np.zeros(times, int)
    path[-1] = int(np.argmin(total))
    for t in range(times - 1, 0, -1):
        path[t - 1] = jumped_from[t] if came_by_jump[t, path[t]] else path[t] - 1
    return path
