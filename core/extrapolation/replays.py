"""Keeping a long continuation from going round in circles: replays of two bars have a price.

A copying engine is apt to play what served well again and again. A replay is a stretch of the path
along which it near-copies what it played `lag` frames before, as core.repetition measures. One that
is two bars long, within a stretch as long as the clip, goes too far unless the clip repeats itself
at that lag, too. The path is then sought again with a price on the part that goes too far: cutting
planes, since whether a moment is a replay depends on the whole path before it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from core.extrapolation.features import Features
from core.extrapolation.self_similarity import PAST, STEP, IntArray
from core.repetition import (
    audible,
    frame_distances_db,
    may_have_runs,
    near_copy_db,
    near_runs,
    two_bars_s,
)
from core.spectrogram import DISPLAY

KEPT = 0.7
"""Share of two bars of a replay that goes unpriced."""
SAME_LAG = 2
"""Frames by which a lag may differ from one at which the clip repeats itself."""
FAR_DB = 100.0
"""What lies beyond the end differs by, from anything."""
BLUR = 22
"""Frames that a replay may seem to go on after its end: near-copies are judged by a second."""


class Replays:
    """What of a path is a replay. found: features of the clip; count: its frames that are used."""

    def __init__(self, found: Features, count: int) -> None:
        log_mel = audible(found.log_mel[:, :count])
        self.span = round(two_bars_s(found.samples) * DISPLAY.frame_rate_hz)
        self.window = min(count, PAST * STEP)
        self.distances = frame_distances_db(log_mel, log_mel)
        self.limit = near_copy_db(log_mel)
        self.own = np.zeros(count + SAME_LAG + 1, bool)
        for lag in range(max(self.span // 4, 1), count - self.span + 1):
            if near_runs(np.diagonal(self.distances, -lag), self.span, self.limit):
                self.own[max(lag - SAME_LAG, 0) : lag + SAME_LAG + 1] = True

    def too_long(self, before: IntArray, path: IntArray) -> list[tuple[int, int, int]]:
        """(lag, start, stop) in frames of `path`: what of it replays two bars or more.

        before: the frames of the clip that were heard before `path`, the last of them looked at.
        """
        before = before[-self.window :]
        whole = np.concatenate([before, path])
        most = min(len(whole), self.window) - self.span
        lags = np.arange(max(self.span // 4, 1), most + 1)
        lags = lags[~self.own[lags]]
        later = np.arange(len(whole))[None] + lags[:, None]
        apart = self.distances[whole[np.minimum(later, len(whole) - 1)], whole[None]]
        apart[later >= len(whole)] = FAR_DB
        found = []
        for row in np.flatnonzero(may_have_runs(apart, self.span, self.limit)):
            lag = int(lags[row])
            for start, stop in near_runs(apart[row, : len(whole) - lag], self.span, self.limit):
                if lag + stop > len(before) + BLUR:
                    found.append((lag, lag + start - len(before), lag + stop - len(before)))
        return found

    def priced(
        self, found: list[tuple[int, int, int]], heard: IntArray, sources: IntArray, size: int
    ) -> npt.NDArray[np.bool_]:
        """[steps, lags]: where a source would go on with one of the replays found.

        heard: the frames of the clip up to the end of the path, `size` of them before it begins.
        sources: [steps, lags], the frame of the clip that each lag plays at each step.
        """
        out = np.zeros(sources.shape, bool)
        for lag, start, stop in found:
            first = max(start + round(KEPT * self.span), 0)
            for step in range(first // STEP, min(-(-stop // STEP), len(sources))):
                again = heard[size + step * STEP + 1 - lag]
                out[step] |= self.distances[again, sources[step]] < self.limit
        return out


def frames_in(found: list[tuple[int, int, int]], count: int) -> int:
    """How many of `count` frames lie in a replay."""
    inside = np.zeros(count, bool)
    for _, start, stop in found:
        inside[max(start, 0) : stop] = True
    return int(inside.sum())
