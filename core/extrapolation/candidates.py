"""Which lags to listen to for each coming second: the short list that `spectral` mixes from."""

from __future__ import annotations

import numpy as np

from core.audio import FloatArray
from core.extrapolation.self_similarity import FUTURE, LAGS, STEP, IntArray

CANDIDATES = 6
SECOND = 11
"""Steps in about a second; ten of them are what is predicted at once."""
MIN_LAG = 16
APART = 2
JUMP = 0.05
FRAMES = FUTURE * STEP


def by_second(said: FloatArray, lags: IntArray, history: int) -> FloatArray:
    """[lags, FUTURE] -> [lags, 10], infinite where a lag has no source for the whole second.

    Each second has its mean over the possible lags removed.
    """
    seconds = said.reshape(len(lags), FUTURE // SECOND, SECOND).mean(axis=2)
    last = (np.arange(FUTURE // SECOND) + 1) * SECOND * STEP
    possible = (
        (lags[:, None] >= last[None]) & (lags[:, None] < history) & (lags[:, None] >= MIN_LAG)
    )
    count = np.maximum(possible.sum(axis=0), 1)
    level = np.where(possible, seconds, 0.0).sum(axis=0) / count
    return np.where(possible, seconds - level, np.inf).astype(np.float32)


def best_lags(scores: FloatArray) -> IntArray:
    """The cheapest sequence of lags, int [seconds], a change costing `JUMP`; scores as above."""
    total, back = scores[:, 0].copy(), []
    own = np.arange(len(total))
    for second in range(1, scores.shape[1]):
        best = int(total.argmin())
        back.append(np.where(total <= total[best] + JUMP, own, best))
        total = np.minimum(total, total[best] + JUMP) + scores[:, second]
    found = [int(total.argmin())]
    for came in back[::-1]:
        found.append(int(came[found[-1]]))
    return np.array(found[::-1], np.int64)


def short_list(said: FloatArray, lags: IntArray, history: int) -> tuple[IntArray, FloatArray]:
    """(lags in frames, int [CANDIDATES, 10]; their predicted distances, float [CANDIDATES, 10]).

    The first is the best path, the others are each second's best by themselves, apart from each
    other by at least three groups of lags. Where a short clip has too few, the best one stands in,
    and where it has none at all, the whole clip's length does.
    """
    scores = by_second(said, lags, history)
    seconds = scores.shape[1]
    chosen = np.full((CANDIDATES, seconds), min(history, LAGS * STEP) - 1, np.int64)
    costs = np.zeros((CANDIDATES, seconds), np.float32)
    finite = np.where(np.isfinite(scores), scores, 1e3)
    path = best_lags(finite.astype(np.float32))
    for second in range(seconds):
        left = finite[:, second].copy()
        picks = [int(path[second])]
        left[max(picks[0] - APART, 0) : picks[0] + APART + 1] = 1e3
        while len(picks) < CANDIDATES:
            best = int(left.argmin())
            picks.append(best if left[best] < 500 else picks[0])
            left[max(best - APART, 0) : best + APART + 1] = 1e3
        usable = [p for p in picks if finite[p, second] < 500]
        for index, pick in enumerate(picks if usable else []):
            kept = pick if finite[pick, second] < 500 else usable[0]
            chosen[index, second] = lags[kept]
            costs[index, second] = finite[kept, second]
    return chosen, costs


def source_frames(chosen: IntArray, history: int) -> IntArray:
    """Which frame of the history each candidate plays when, int [CANDIDATES, FRAMES].

    A lag shorter than what is predicted plays its own copy again.
    """
    lag = np.repeat(chosen, SECOND * STEP, axis=1)
    at = history + np.arange(FRAMES)[None] - lag
    for _ in range(FRAMES):
        beyond = at >= history
        if not beyond.any():
            break
        at = np.where(beyond, at - lag, at)
    return np.asarray(np.maximum(at, 0), np.int64)
