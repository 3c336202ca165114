"""How sure a beat is."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from core.hearing.heard import Grid

Array = npt.NDArray[np.float64]

_NEAR_S = 0.03
_ENOUGH = 12.0
"""Moments from which there are enough to be sure of anything."""


def steadiness(grid: Grid, found: Array, gain: float) -> float:
    """0 to 1: how much better moments fit the grid than they would by chance, and how many.

    found: moments, core.hearing.onsets. gain: nats a moment, from core.hearing.pulse.
    """
    ticks = grid.to_ticks(found[:, 0])
    beat = 24.0 if grid.beat_unit == 4 else 36.0
    place = ticks % beat / beat
    beat_s = 60.0 / grid.tempo_bpm * beat / 24.0
    marks = np.array([0, 1 / 3, 0.5, 2 / 3, 0.25, 0.75, 1.0])
    off_s = np.abs(place[:, None] - marks).min(axis=1) * beat_s
    # Six marks with this reach on both sides are hit by chance so often.
    chance = min(12 * _NEAR_S / beat_s, 0.9)
    fit = (float((off_s < _NEAR_S).mean()) - chance) / (1 - chance)
    changes = np.abs(np.diff(np.log(np.diff(grid.beats_s))))
    even = float(np.exp(-6.0 * np.median(changes))) if len(changes) else 0.5
    enough = min(len(found) / _ENOUGH, 1.0)
    return float(np.clip(fit, 0, 1) * even * enough * np.clip(0.5 + gain, 0.2, 1.0))
