"""Which sounds of a remix have a picture, and what the pictures are called."""

from __future__ import annotations

from collections.abc import Mapping

from core.audio import Clip
from core.remixing.plan import ACTUAL
from core.remixing.run import are_apart, together, with_solo
from core.remixing.stems import MIX, SOLO, Stems

ACTUAL_ALL = f"{ACTUAL}-all"
"""Solo and true band together."""


def name(band: str, stem: str) -> str:
    """Of a band's stem, or of all of it together for MIX. band: an engine's name, or ACTUAL."""
    return f"{band}-{stem}"


def sounds(solo: Clip, bands: Mapping[str, Stems]) -> dict[str, Clip]:
    """Everything that has a picture, by the picture's name; the solo as SOLO."""
    found = {SOLO: solo}
    for band, stems in bands.items():
        found |= {name(band, stem): clip for stem, clip in stems.parts.items()}
        if are_apart(stems):
            found[name(band, MIX)] = together(stems)
        if band == ACTUAL:
            found[ACTUAL_ALL] = together(with_solo(solo, stems))
    return found
