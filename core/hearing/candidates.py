"""Where in a constant-Q picture notes may be, and what the network is shown of each such place.

Most of a picture is silence or overtones. Only the most salient pitches of each frame are asked
about, which makes the network a hundred times cheaper than one that is run over all of the picture.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from core.audio import FloatArray
from core.hearing.constant_q import BINS, BINS_PER_SEMITONE, PITCHES

IntArray = npt.NDArray[np.int64]

PER_FRAME = 16
"""Pitches asked about in each frame, at most."""
OVERTONES = (0, 36, 57, 72, 84, 93)
"""Partials 1 to 6, in bins above the fundamental."""
WEIGHTS = (1.0, 0.8, 0.6, 0.5, 0.4, 0.3)
LEAST_SALIENCE = 0.12
"""Of 1, which is a pitch whose every partial is as loud as the loudest moments."""
TIMES = (-6, -4, -3, -2, -1, 0, 1, 2, 3, 4, 6, 9)
"""Frames beside the place that the network is shown."""
SHOWN = (
    *(
        by + third
        for by in (-84, -72, -57, -36, 0, 36, 57, 72, 84, 93, 101, 108)
        for third in (-1, 0, 1)
    ),
    *(-9, -6, -3, 3, 6, 9),
)
"""Bins beside the place: it may be a partial 2 to 5 of what sounds below, its own partials 1 to 8,
each with both neighbours, and the semitones around it."""
FEATURES = len(TIMES) * len(SHOWN) + 3


def salience(levels: FloatArray) -> FloatArray:
    """How loud each pitch's partials are together, 0 to 1, [frames, PITCHES]; after Klapuri (2006).

    levels: [frames, BINS]. Of each partial the loudest of its third and both neighbours counts.
    """
    wide = np.maximum(levels, np.maximum(_shifted(levels, 1), _shifted(levels, -1)))
    places = np.arange(PITCHES) * BINS_PER_SEMITONE + 1
    padded = np.pad(wide, ((0, 0), (0, max(OVERTONES))))
    total = sum(w * padded[:, places + by] for by, w in zip(OVERTONES, WEIGHTS, strict=True))
    return np.asarray(total / sum(WEIGHTS), np.float32)


def candidates(salient: FloatArray) -> tuple[IntArray, IntArray]:
    """(frames, pitches) of the places to ask about, in order of frames; both [n].

    A pitch is one where neither neighbour is more salient, and PER_FRAME - 1 at most are in all.
    """
    padded = np.pad(salient, ((0, 0), (1, 1)))
    peak = (salient >= padded[:, :-2]) & (salient >= padded[:, 2:]) & (salient >= LEAST_SALIENCE)
    kept = np.where(peak, salient, 0.0)
    least = np.partition(kept, -PER_FRAME, axis=1)[:, -PER_FRAME][:, None]
    frames, pitches = np.nonzero((kept > 0) & (kept >= least))
    return frames.astype(np.int64), pitches.astype(np.int64)


def features(
    levels: FloatArray, salient: FloatArray, frames: IntArray, pitches: IntArray
) -> FloatArray:
    """What the network is shown of each place, float32 [n, FEATURES]."""
    before, after = -min(TIMES), max(TIMES)
    low = -min(SHOWN)
    width = low + BINS + max(SHOWN)
    padded = np.zeros((before + len(levels) + after, width), np.float32)
    padded[before : before + len(levels), low : low + BINS] = levels
    base = (frames + before) * width + low + pitches * BINS_PER_SEMITONE + 1
    beside = (np.array(TIMES)[:, None] * width + np.array(SHOWN)).reshape(-1)
    out = np.empty((len(frames), FEATURES), np.float32)
    out[:, :-3] = padded.reshape(-1)[base[:, None] + beside]
    own = salient[frames, pitches]
    out[:, -3] = own / (salient.max(axis=1)[frames] + 1e-6)
    out[:, -2] = own / (float(salient.max(initial=0.0)) + 1e-6)
    out[:, -1] = pitches / PITCHES
    return out


def _shifted(levels: FloatArray, by: int) -> FloatArray:
    out = np.zeros_like(levels)
    if by > 0:
        out[:, by:] = levels[:, :-by]
    else:
        out[:, :by] = levels[:, -by:]
    return out
