"""Moments at which notes begin, and what of each a listener to beats would notice."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from core.audio import FloatArray
from core.hearing.heard import HeardNote

Array = npt.NDArray[np.float64]

TOGETHER_S = 0.035
"""Notes that begin within this of the first are one moment."""
NEIGHBOURS = 8
"""Moments before and after each that the network is shown."""
LONGEST_S = 4.0
PER_MOMENT = 7
FEATURES = (2 * NEIGHBOURS + 1) * PER_MOMENT


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


def features(found: Array) -> FloatArray:
    """What the network is shown of each moment and its neighbours, float32 [n, FEATURES].

    Of each: how far away it is in log time, its length, the pause until the next, how far its top
    and lowest notes are from this one's, how loud it is beside this one, how many notes; all 0
    where there is no such moment.
    """
    count = len(found)
    if count == 0:
        return np.zeros((0, FEATURES), np.float32)
    gaps = np.append(np.diff(found[:, 0]), LONGEST_S)
    at = np.arange(count)[:, None] + np.arange(-NEIGHBOURS, NEIGHBOURS + 1)
    there = (at >= 0) & (at < count)
    near = found[np.clip(at, 0, count - 1)]
    own = found[:, None]
    away_s = near[..., 0] - own[..., 0]
    out = np.stack(
        [
            np.sign(away_s) * np.log1p(10 * np.minimum(np.abs(away_s), LONGEST_S)),
            np.log(np.clip(near[..., 1], 0.03, LONGEST_S) / 0.3),
            np.log(np.clip(gaps[np.clip(at, 0, count - 1)], 0.03, LONGEST_S) / 0.3),
            (near[..., 2] - own[..., 2]) / 12,
            (near[..., 3] - own[..., 3]) / 12,
            (near[..., 4] - own[..., 4]) / 30,
            np.log(near[..., 5]) + 0.5,
        ],
        axis=-1,
    )
    return (out * there[..., None]).reshape(count, FEATURES).astype(np.float32)
