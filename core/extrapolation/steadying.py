"""Keeping the level of a long continuation: what an engine drifts by over 10 s pieces is undone."""

from __future__ import annotations

import numpy as np

from core.audio import LOUDNESS_FLOOR_LUFS, Clip, loudness_lufs
from core.repetition import loudness_drift_db

PIECE_S = 10.0
FREE_DB = 0.5
"""Music may rise or fall by so much."""
MOST_DB = 4.0
"""What drifts by more was meant to: a fade, or silence."""


def steadied(made: Clip) -> Clip:
    """`made` with a gain that changes evenly from 0 dB at its beginning, so that it does not drift.

    The drift is that of the straight line through the loudness of its pieces of 10 s (ITU-R
    BS.1770-4), from the first to the last. What lasts under 20 s comes back as it is, and so does
    what drifts by under .5 dB or over 4 dB.
    """
    count = int(made.duration_s // PIECE_S)
    if count < 2:
        return made
    levels = [loudness_lufs(made.between(PIECE_S * i, PIECE_S * (i + 1))) for i in range(count)]
    drift = loudness_drift_db(levels)
    if min(levels) <= LOUDNESS_FLOOR_LUFS or not FREE_DB < abs(drift) <= MOST_DB:
        return made
    excess = drift - np.sign(drift) * FREE_DB
    slope = excess / (PIECE_S * (count - 1))
    gains = 10 ** (-slope * np.arange(made.length) / made.sample_rate / 20)
    return Clip(np.clip(made.samples * gains.astype(np.float32), -1.0, 1.0), made.sample_rate)
