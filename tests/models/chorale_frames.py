"""Made-up frames for the tests of `chorale`."""

import numpy as np


def piece(frames=48, seed=0):
    """Frames of four voices that hold for some time and move by some steps."""
    rng = np.random.default_rng(seed)
    out = np.zeros((frames, 4), np.int64)
    at = np.array([36, 30, 25, 15])
    for t in range(frames):
        at = np.where(rng.random(4) < 0.3, at + rng.integers(-2, 3, 4), at).clip(4, 43)
        out[t] = at
    return out
