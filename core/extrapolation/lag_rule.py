"""The rule of `loop`, lag by lag, as `structure` hears it where a clip is short."""

from __future__ import annotations

import numpy as np

from core.audio import FloatArray
from core.extrapolation.self_similarity import LAGS, STEP, IntArray


class LagRule:
    """What `loop` thinks of each lag. costs: [frames + 1] of `core.extrapolation.loop`."""

    def __init__(self, costs: FloatArray) -> None:
        possible = np.isfinite(costs)
        worst = float(costs[possible].max()) + 1.0
        by_lag = np.where(possible, costs, worst)[::-1] - costs[possible].min()
        self._by_lag = np.full(LAGS * STEP, by_lag.max(), np.float32)
        count = min(len(by_lag), len(self._by_lag))
        self._by_lag[:count] = by_lag[:count]

    def costs(self, lags: IntArray) -> FloatArray:
        """0 for the best lag there is; [lags]."""
        return self._by_lag[lags]

    def best_of_groups(self, lags: IntArray) -> IntArray:
        """Of each group of `STEP` lags the one that costs least; `lags` where all cost the same."""
        groups = self._by_lag.reshape(-1, STEP)
        best = np.arange(len(groups)) * STEP + groups.argmin(axis=1)
        return np.asarray(np.where(np.ptp(groups, axis=1) > 0, best, lags), np.int64)
