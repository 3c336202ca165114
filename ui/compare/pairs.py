"""A comparison as the page keeps it: what each model wrote from one plan."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.comparing.patterns import KINDS
from core.comparing.plan import OWN, Plan, Side, of_recipe, primer_of, scored
from core.comparing.primers import PRIMERS
from core.composition.sound import Sound
from core.gallery import GalleryComparison, comparisons
from core.score import Score


@dataclass(frozen=True)
class Pair:
    """plan: what makes it again. given_bars: of the primer, at the start of each side.

    credit: who made it, where it comes from the gallery. example: its slug there.
    """

    title: str
    plan: Plan
    sides: tuple[Side, ...]
    given_bars: int = 0
    credit: str | None = None
    example: str | None = None

    def sound(self, side: Side) -> Sound:
        """From the gallery's files, or as the run has just rendered it."""
        for found in examples():
            for stored in found.sides if found.slug == self.example else ():
                if stored.model == side.model:
                    return found.sound(stored)
        from core.composition.stems import sound  # brings the renderer along

        return sound(side.score)


def examples() -> list[GalleryComparison]:
    """The finished comparisons in the gallery, best first."""
    return comparisons()


def of_example(found: GalleryComparison) -> Pair:
    """The gallery's comparison. Its sound is on disk, so showing it computes nothing."""
    plan = of_recipe(found.recipe)
    kind = KINDS[plan.kind]
    sides = []
    for stored in found.sides:
        pattern = np.array(stored.pattern, np.int64)
        score = scored(pattern, kind, stored.semitones)
        sides.append(Side(stored.model, pattern, score, stored.semitones))
    credit = f"By {found.artist} · {found.licence}"
    return Pair(found.title, plan, tuple(sides), given_bars(plan, None), credit, found.slug)


def given_bars(plan: Plan, own: Score | None) -> int:
    """Bars at the start of each side that are the primer's."""
    primer = primer_of(plan, own)
    return 0 if primer is None else primer.bars


def title(plan: Plan, own_title: str | None) -> str:
    """`Melodies of two bars from nothing`, or from a tune."""
    name = own_title if plan.primer == OWN else PRIMERS.get(plan.primer)
    return f"{KINDS[plan.kind].title}, on from {name}" if name else KINDS[plan.kind].title
