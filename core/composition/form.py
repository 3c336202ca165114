"""Form: which earlier bar each bar of a new piece takes up, so that a piece has an A and a B.

The network hears some hundred notes, a few bars of a full band; what a listener takes for form, a
phrase that comes back after something else, is longer than that. So a form is chosen first, and
bars that return are drawn towards the bars they return to: for each field of the next note the
logit of what stood there is raised. Nothing is copied outright, and the last bar of a section is
free.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

SECTION_FORMS = {
    1: ("A",),
    2: ("AA", "AB"),
    3: ("ABA", "AAB"),
    4: ("AABA", "ABAB", "AABC", "ABAC"),
    5: ("AABAB", "ABACA"),
    6: ("AABABA", "ABABCB"),
    7: ("AABABCB", "ABACABA"),
    8: ("AABAAABA", "AABBAABB", "ABABCBAB"),
}
SHORT_SECTION, LONG_SECTION = 4, 8
"""Bars. Sections are long in pieces of more than 24 bars."""
LONG_FROM = 25


def sources(bars: int, rng: np.random.Generator) -> list[int | None]:
    """For each bar the earlier one it takes up, None for bars that are new or end a section."""
    section = LONG_SECTION if bars >= LONG_FROM else SHORT_SECTION
    count = min(-(-bars // section), max(SECTION_FORMS))
    form = str(rng.choice(SECTION_FORMS[count]))
    first: dict[str, int] = {}
    out: list[int | None] = []
    for bar in range(bars):
        number, place = divmod(bar, section)
        letter = form[number % len(form)]
        begin = first.setdefault(letter, number * section)
        ends = place == section - 1 or bar == bars - 1
        out.append(None if begin == number * section or ends else begin + place)
    return out


class Echo:
    """The notes of the bar that is taken up, in order; points at the one that would come next.

    notes: (step, instrument, pitch, duration, velocity), sorted.
    """

    def __init__(self, notes: Sequence[tuple[int, int, int, int, int]]) -> None:
        self.notes = sorted(notes)
        self._next = 0

    def after(
        self, last: tuple[int, int, int, int, int] | None
    ) -> tuple[int, int, int, int, int] | None:
        """The first note that comes after `last` in the order of events; None at the bar's end."""
        if last is not None:
            while self._next < len(self.notes) and self.notes[self._next][:3] <= last[:3]:
                self._next += 1
        return self.notes[self._next] if self._next < len(self.notes) else None
