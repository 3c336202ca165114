"""`loop`, the best simple trick: find where the clip sounded like this, play on from there."""

from __future__ import annotations

import numpy as np

from core.audio import Clip, FloatArray
from core.errors import UserInputError
from core.extrapolation.features import Features, features, matching_vectors
from core.extrapolation.render import Segment, align, render
from core.progress import Progress, ignore, part
from core.spectrogram import DISPLAY

MATCH_S = 4.0
RECENCY_S = 1.0
MIN_LAG_S = 2.0
MIN_CLIP_S = 1.0
RHYTHM_WEIGHT = 0.5
ALIGN_HOPS = 0.5
NEAR_BEST = 0.02
"""Later jumps may take any source whose cost is at most this much (of the median cost) above the
best one's, drawn by the seed."""


def match_costs(vectors: FloatArray, weights: FloatArray, end: int, min_lag: int) -> FloatArray:
    """Weighted mean squared distance of the frames before each frame to those before `end`.

    vectors: [frames, features]. weights: [window], of the frames before, oldest first; they sum
    to 1. Returns [end + 1], infinite where the frame is less than `min_lag` before `end` or has no
    whole window before it.
    """
    costs = np.full(end + 1, np.inf)
    window, last = len(weights), end - min_lag
    if last < window:
        return costs.astype(np.float32)
    tail = vectors[end - window : end]
    # |a - b|^2 = |a|^2 + |b|^2 - 2ab, summed over the window along each diagonal.
    squares = np.square(vectors).sum(axis=1)
    inner = vectors[:end] @ tail.T
    count = last - window + 1
    total = np.zeros(count)
    for k in range(window):
        here = squares[k : k + count] - 2 * inner[k : k + count, k] + squares[end - window + k]
        total += weights[k] * here
    costs[window : last + 1] = np.maximum(total, 0.0) / vectors.shape[1]
    return costs.astype(np.float32)


def lag_distances(signal: FloatArray) -> FloatArray:
    """Mean squared difference of [frames] and itself delayed by each lag, [frames]."""
    frames = len(signal)
    centred = signal - signal.mean()
    spectrum = np.fft.rfft(centred, 2 * frames)
    products = np.fft.irfft(np.square(np.abs(spectrum)))[:frames]
    before = np.concatenate([[0.0], np.cumsum(np.square(centred, dtype=np.float64))])
    lags = np.arange(frames)
    totals = before[frames] - before[lags] + before[frames - lags] - 2 * products
    return np.asarray(np.maximum(totals, 0.0) / (frames - lags), np.float32)


def source_costs(found: Features, end: int) -> FloatArray:
    """What it costs to go on from each frame instead of `end`: [end + 1], median about 1.5.

    Infinite where a frame cannot be a source. There is always one that can.
    """
    rate = DISPLAY.frame_rate_hz
    window = min(round(MATCH_S * rate), end // 3)
    min_lag = min(round(MIN_LAG_S * rate), end // 3)
    weights = np.exp(np.arange(1 - window, 1) / (RECENCY_S * rate))
    costs = match_costs(matching_vectors(found), weights / weights.sum(), end, min_lag)
    possible = np.isfinite(costs)
    rhythm = lag_distances(found.onset[:end])[np.minimum(end - np.arange(end + 1), end - 1)]
    costs /= max(float(np.median(costs[possible])), 1e-6)
    rhythm /= max(float(np.median(rhythm[possible])), 1e-6)
    return costs + np.float32(RHYTHM_WEIGHT) * rhythm


class Loop:
    """Copies on from the past moment that was led up to most as the clip's end is.

    Compared are log-mel, chroma and onset strength over four seconds, recent frames weighing more,
    and how well the whole clip's rhythm repeats at that lag. The place is then refined to the
    sample by cross-correlation. When the copy reaches the clip's end it jumps again: by the seed,
    to the same place or another nearly as good. No learning; a rung for engines that learn.
    """

    def extrapolate(
        self, clip: Clip, seconds: float, *, seed: int, progress: Progress = ignore
    ) -> Clip:
        """See `core.engines.Extrapolator`. Needs at least 1 s of clip."""
        return self.continue_along(clip, seconds, seed=seed, progress=progress)[0]

    def continue_along(
        self, clip: Clip, seconds: float, *, seed: int, progress: Progress = ignore
    ) -> tuple[Clip, list[Segment]]:
        """See `core.engines.Copier`."""
        if clip.duration_s < MIN_CLIP_S:
            raise UserInputError("The clip is shorter than a second; choose at least 2 seconds.")
        length = round(seconds * clip.sample_rate)
        segments = self.path(clip, length, np.random.default_rng(seed), part(progress, 0.0, 0.8))
        return render(clip, segments, length, part(progress, 0.8, 1.0)), segments

    def path(
        self, clip: Clip, length: int, rng: np.random.Generator, progress: Progress = ignore
    ) -> list[Segment]:
        """The copies that fill `length` samples, in order."""
        found = features(clip)
        progress(0.5)
        end = found.frames - 1  # the last, half-empty centred frame plays no part
        costs = source_costs(found, end)
        best = int(np.argmin(costs))
        near = np.flatnonzero(costs <= costs[best] + NEAR_BEST)
        mono = clip.mono()
        segments: list[Segment] = []
        filled = 0
        while filled < length:
            frame = best if not segments else int(rng.choice(near))
            source = self._refined(mono, clip, frame, end)
            segments.append(Segment(source, clip.length - source))
            filled += clip.length - source
            progress(0.5 + 0.5 * min(filled / length, 1.0))
        return segments

    @staticmethod
    def _refined(mono: FloatArray, clip: Clip, frame: int, end: int) -> int:
        """The source sample for jumping from the clip's end to `frame`."""
        hop = DISPLAY.hop_length / DISPLAY.sample_rate * clip.sample_rate
        rough = clip.length - round((end - frame) * hop)
        source = align(mono, clip.length, rough, round(ALIGN_HOPS * hop), clip.sample_rate)
        return min(source, clip.length - clip.sample_rate // 4)
