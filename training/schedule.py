"""How fast a network learns, over its training."""

from __future__ import annotations

import numpy as np

LEAST = 1e-6


def cosine_rate(peak: float, step: int, warm_steps: int, done: float) -> float:
    """The learning rate of a step, from 1: rises to `peak`, then falls as a cosine to nothing.

    done: share of the training that is over, 0 to 1.
    """
    rate = peak * min(1.0, step / warm_steps) * (0.5 + 0.5 * np.cos(np.pi * done))
    return max(float(rate), LEAST)
