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


def best_path(costs: FloatArray, changes: FloatArray, start: FloatArray) -> IntArray:
    """The cheapest sequence of lags: int [steps], indices into `lags`.

    costs: [steps, lags], what copying at each lag costs, infinite where there is nothing to copy.
    changes: [steps, lags, lags], entry (t, a, b) what it costs to come to lag a from lag b at step
    t; staying at a lag is free, whatever it says. start: [lags], what it costs to begin at each.
    """
    steps, lags = costs.shape
    total = costs[0] + start
    back = np.zeros((steps, lags), np.int64)
    own = np.arange(lags)
    for step in range(1, steps):
        through = total + changes[step]
        through[own, own] = total
        back[step] = through.argmin(axis=1)
        total = through[own, back[step]] + costs[step]
    path = np.zeros(steps, np.int64)
    path[-1] = int(np.argmin(total))
    for step in range(steps - 1, 0, -1):
        path[step - 1] = back[step, path[step]]
    return path


def worth_trying(costs: FloatArray, most: int) -> IntArray:
    """The `most` lags that are cheapest at their cheapest step, and each step's cheapest, sorted.

    costs: [steps, lags]. The time of a search grows with the square of the lags.
    """
    cheapest = np.argsort(costs.min(axis=0), kind="stable")[:most]
    return np.union1d(cheapest, costs.argmin(axis=1))


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
