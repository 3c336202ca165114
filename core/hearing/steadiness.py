"""How sure a beat is."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from core.hearing.beats_network import PER_OCTAVE, SHORTEST_S, Pulse, at_beats

Array = npt.NDArray[np.float64]

_ENOUGH = 12.0
"""Moments from which there are enough to be sure of anything."""
_UNEVEN = 6.0
_TEMPI_NEAR = 2


def steadiness(heard: Pulse, beats_s: Array, moments: int) -> float:
    """0 to 1: how sure the network is of the beats and of their tempo, and how even they are.

    Of the beats by how much likelier one is there than half-way between, of the tempo by its share
    of an eighth of an octave to either side. beats_s: two or more. moments: at which notes begin;
    few say little.
    """
    steps = np.diff(beats_s)
    between = at_beats(heard.beat, beats_s[:-1] + steps / 2)
    clear = float(at_beats(heard.beat, beats_s).mean() - between.mean())
    at = round(float(np.log2(np.median(steps) / SHORTEST_S)) * PER_OCTAVE)
    tempo = heard.tempo[max(at - _TEMPI_NEAR, 0) : max(at + _TEMPI_NEAR + 1, 0)].sum()
    changes = np.abs(np.diff(np.log(steps)))
    even = float(np.exp(-_UNEVEN * changes.mean())) if len(changes) else 0.5
    sure = float(np.sqrt(np.clip(clear, 0, 1) * np.clip(tempo, 0, 1)))
    return sure * even * min(moments / _ENOUGH, 1.0)
