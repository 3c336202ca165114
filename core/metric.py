"""What a figure is called, its unit, and how it is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Better = Literal["lower", "higher", "neither"]


@dataclass(frozen=True)
class Metric:
    """How a figure is called and read. `explain` is one sentence for a visitor."""

    name: str
    title: str
    unit: str
    better: Better
    digits: int
    explain: str
