"""How sure a beat is."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from core.hearing.heard import Grid

Array = npt.NDArray[np.float64]

_NEAR_S = 0.03
_ENOUGH = 12.0
"""Moments from which there are enough to be sure of anything."""
_UNEVEN = 12.0


def steadiness(grid: Grid, found: Array) -> float:
    """0 to 1: how much better moments fit an even grid than by chance, and how many they are.

    found: moments, core.hearing.onsets. A moment fits where it is within 30 ms of a half or, if
    more are, of a third or a quarter of a beat; in 6/8 of a third of a dotted one.
    """
    inside = (found[:, 0] >= grid.beats_s[0] - 0.1) & (found[:, 0] <= grid.beats_s[-1] + 0.1)
    ticks = grid.to_ticks(found[inside, 0])
    quarters = 1.0 if grid.beat_unit == 4 else 1.5
    beat_s = 60.0 / grid.tempo_bpm * quarters
    place = ticks / (24.0 * quarters)
    fits = []
    for parts in (1, 2, 3, 4):
        off_s = np.abs(place * parts - np.round(place * parts)) / parts * beat_s
        chance = min(2 * _NEAR_S * parts / beat_s, 0.9)
        fits.append((float((off_s < _NEAR_S).mean()) - chance) / (1 - chance))
    changes = np.abs(np.diff(np.log(np.diff(grid.beats_s))))
    even = float(np.exp(-_UNEVEN * changes.mean())) if len(changes) else 0.5
    return float(np.clip(max(fits), 0, 1) * even * min(len(found) / _ENOUGH, 1.0))
