"""From predicted distances to a path of lags: dynamic programming over where to copy from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.audio import FloatArray

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Weights:
    """What a path pays, in units of 20 dB of log-mel distance over one step of 93 ms.

    jump: once for each change of lag. mismatch: times how unlike the lead-ups of a change's two
    sides are. touch: at the clip's end, times how unlike the last tenth of a second is.
    """

    jump: float = 0.4
    mismatch: float = 3.0
    touch: float = 2.0


def best_path(
    costs: FloatArray, joins: FloatArray, start: FloatArray, weights: Weights
) -> IntArray:
    """The cheapest sequence of lags: int [steps], indices into `lags`.

    costs: [steps, lags], what copying at each lag costs, infinite where there is nothing to copy.
    joins: [steps, lags, lags], entry (t, a, b) how unlike what leads up to step t is at lags a and
    b. start: [lags], what it costs to begin at each. Staying at a lag is free.
    """
    steps, lags = costs.shape
    total = costs[0] + start
    back = np.zeros((steps, lags), np.int64)
    own = np.arange(lags)
    for step in range(1, steps):
        through = total[:, None] + weights.jump + weights.mismatch * joins[step]
        through[own, own] = total
        back[step] = np.argmin(through, axis=0)
        total = through[back[step], own] + costs[step]
    path = np.zeros(steps, np.int64)
    path[-1] = int(np.argmin(total))
    for step in range(steps - 1, 0, -1):
        path[step - 1] = back[step, path[step]]
    return path


def lead_up_distances(table: FloatArray, window: int) -> FloatArray:
    """How unlike the frames before a and before b are, recent ones more: [rows + 1, columns + 1].

    table: [rows, columns] distances. Entry (a, b) averages table[a-k, b-k] over k = 1, 2, ... with
    weights falling to 1/e over `window` frames; what lies before the beginning counts as average.
    """
    rows, columns = table.shape
    kept = np.float32(np.exp(-1.0 / window))
    out = np.full((rows + 1, columns + 1), float(table.mean()), np.float32)
    for row in range(1, rows + 1):
        out[row, 1:] = kept * out[row - 1, :-1] + (1 - kept) * table[row - 1]
    return out
