"""Notes without a network: the most salient pitches of each frame, and where they grow."""

from __future__ import annotations

import numpy as np

from core.audio import FloatArray

RELATED = (12, 19, 24, 28, 31, 34, 36)
"""Semitones from a pitch to its overtones."""


def salient_notes(salient: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(onsets, notes) as if they were probabilities, each [frames, PITCHES].

    Of each frame up to four pitches nearly as salient as the best are taken, none of them an
    overtone or undertone of another. One begins where it grows fast.
    """
    notes = np.zeros_like(salient)
    left = salient.copy()
    best = salient.max(axis=1)
    loud = best > 0.35 * best.max(initial=0.0)
    rows = np.arange(len(salient))
    for turn in range(4):
        at = left.argmax(axis=1)
        value = left[rows, at]
        good = loud & (value > (0.01 if turn == 0 else 0.85) * best) & (value > 0)
        notes[rows[good], at[good]] = 0.9
        for by in (*RELATED, *(-r for r in RELATED), -1, 0, 1):
            other = at + by
            inside = good & (other >= 0) & (other < salient.shape[1])
            left[rows[inside], other[inside]] = 0.0
    grown = salient.copy()
    grown[3:] -= salient[:-3]
    grown = np.maximum(grown, 0.0) * (np.maximum(notes, np.roll(notes, -2, axis=0)) > 0)
    scale = np.quantile(grown[grown > 0], 0.9) if (grown > 0).any() else 1.0
    return np.clip(grown / scale, 0, 1).astype(np.float32), notes
