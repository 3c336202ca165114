"""`loop`, the best simple trick: find where the clip sounded like this, play on from there."""

from __future__ import annotations

import numpy as np

from core.audio import Clip, FloatArray
from core.errors import UserInputError
from core.extrapolation.features import features, matching_vectors
from core.extrapolation.render import Segment, align, render
from core.progress import Progress, ignore, part
from core.spectrogram import DISPLAY

MATCH_S = 2.0
MIN_LAG_S = 2.0
MIN_CLIP_S = 1.0
NEAR_BEST = 1.15
"""Later jumps may take any source at most this much worse than the best, drawn by the seed."""


def match_costs(vectors: FloatArray, end: int, window: int, min_lag: int) -> FloatArray:
    """Mean squared distance of the frames before each frame to the `window` before `end`.

    vectors: [frames, features]. Returns [end + 1], infinite where the frame is less than
    `min_lag` before `end` or has no `window` before it.
    """
    costs = np.full(end + 1, np.inf, np.float32)
    last = end - min_lag
    if last < window:
        return costs
    tail = vectors[end - window : end]
    # |a - b|^2 = |a|^2 + |b|^2 - 2ab, summed over the window along each diagonal.
    squares = np.square(vectors).sum(axis=1)
    inner = vectors[:end] @ tail.T
    diagonal = np.zeros(last - window + 1, np.float64)
    for k in range(window):
        diagonal += squares[k : last - window + 1 + k] - 2 * inner[k : last - window + 1 + k, k]
    diagonal += squares[end - window : end].sum()
    costs[window : last + 1] = np.maximum(diagonal, 0.0) / (window * vectors.shape[1])
    return costs


class Loop:
    """Copies on from the past moment whose last two seconds are most like the clip's last two.

    Similarity is over log-mel, chroma and onset strength; the place is then refined to the sample by
    cross-correlation. When the copy reaches the clip's end it jumps again: to the same place, or,
    by the seed, to another that matches nearly as well. No learning; a rung for those that learn.
    """

    def extrapolate(
        self, clip: Clip, seconds: float, *, seed: int, progress: Progress = ignore
    ) -> Clip:
        """See `core.engines.Extrapolator`. Needs at least 1 s of clip."""
        if clip.duration_s < MIN_CLIP_S:
            raise UserInputError("The clip is shorter than a second; choose at least 2 seconds.")
        length = round(seconds * clip.sample_rate)
        segments = self.path(clip, length, np.random.default_rng(seed), part(progress, 0.0, 0.8))
        return render(clip, segments, length, part(progress, 0.8, 1.0))

    def path(
        self, clip: Clip, length: int, rng: np.random.Generator, progress: Progress = ignore
    ) -> list[Segment]:
        """The copies that fill `length` samples, in order."""
        found = features(clip)
        progress(0.5)
        window = min(round(MATCH_S * DISPLAY.frame_rate_hz), found.frames // 3)
        end = found.frames - 1  # the last, half-empty centred frame plays no part
        min_lag = min(round(MIN_LAG_S * DISPLAY.frame_rate_hz), end // 3)
        costs = match_costs(matching_vectors(found), end, window, min_lag)
        best = int(np.argmin(costs))
        near = np.flatnonzero(costs <= costs[best] * NEAR_BEST)
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
        source = align(mono, clip.length, rough, round(2 * hop), clip.sample_rate)
        return min(source, clip.length - clip.sample_rate // 4)
