"""The attention heads of `composer`: how wide they are, and by what they tell events apart."""

from __future__ import annotations

from typing import Any

import numpy as np

BAR_PERIODS = (1 / 16, 1 / 12, 1 / 8, 1 / 6, 1 / 4, 1 / 3, 1 / 2, 1, 1.5, 2, 3, 4, 6, 8, 16, 32)
"""Bars: what the attention heads that go by musical time can tell apart."""
HEAD = 2 * len(BAR_PERIODS)
"""Width of a head: a pair of numbers for each period."""


def event_frequencies() -> np.ndarray[Any, Any]:
    """Radians an event, of the heads that go by the order of events: periods 6 to 3,000."""
    return 2 * np.pi / np.geomspace(6.0, 3000.0, len(BAR_PERIODS))


def bar_frequencies() -> np.ndarray[Any, Any]:
    """Radians a bar."""
    return 2 * np.pi / np.array(BAR_PERIODS)
