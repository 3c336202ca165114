"""Moments at which notes begin."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from core.hearing.heard import HeardNote

Array = npt.NDArray[np.float64]

TOGETHER_S = 0.035
"""Notes that begin within this of the first are one moment."""


def moments(notes: Sequence[HeardNote]) -> Array:
    """[n, 6]: time in s, length in s, top pitch, lowest pitch, loudest velocity, notes."""
    rows: list[list[float]] = []
    for note in sorted(notes):
        length_s, pitch, velocity = note.end_s - note.start_s, float(note.pitch), note.velocity
        if rows and note.start_s - rows[-1][0] < TOGETHER_S:
            row = rows[-1]
            row[1], row[2] = max(row[1], length_s), max(row[2], pitch)
            row[3], row[4], row[5] = min(row[3], pitch), max(row[4], velocity), row[5] + 1
        else:
            rows.append([note.start_s, length_s, pitch, pitch, float(velocity), 1.0])
    return np.array(rows, np.float64).reshape(-1, 6)
