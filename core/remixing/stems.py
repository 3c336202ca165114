"""Stems: the parts of a mix, each by itself, all on one clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from core.audio import Clip

STEMS = ("drums", "bass", "piano", "other")
"""What a remixer makes from a solo, in the order in which pages show it."""
MIX = "mix"
"""The one stem of an engine that makes all parts at once and cannot take them apart."""
SOLO = "solo"
"""What the visitor gave, as a channel of the mixer."""
TITLES: Mapping[str, str] = MappingProxyType(
    {
        SOLO: "Solo",
        "drums": "Drums",
        "bass": "Bass",
        "piano": "Piano",
        "other": "Other",
        MIX: "Band",
    }
)


@dataclass(frozen=True, eq=False)
class Stems:
    """Named clips that start together.

    parts: name -> clip, in order; equal in rate, channels and length. A part that does not play is
    there and silent.

    Raises ValueError for no part, or for parts that differ in rate, channels or length.
    """

    parts: Mapping[str, Clip]

    def __post_init__(self) -> None:
        shapes = {(c.sample_rate, c.channels, c.length) for c in self.parts.values()}
        if len(shapes) != 1:
            raise ValueError(f"stems must be equal in rate, channels and length, not {shapes}")
        object.__setattr__(self, "parts", MappingProxyType(dict(self.parts)))

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.parts)

    @property
    def sample_rate(self) -> int:
        return next(iter(self.parts.values())).sample_rate

    @property
    def length(self) -> int:
        """Samples a channel."""
        return next(iter(self.parts.values())).length

    @property
    def duration_s(self) -> float:
        return self.length / self.sample_rate

    def __getitem__(self, name: str) -> Clip:
        return self.parts[name]
