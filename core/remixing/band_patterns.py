"""A fixed pattern for each style: what a band plays when it reads the chords and nothing else.

It is the rung that the band is measured against, and the bars that the network hears before the
first, so that it knows which style it is to play in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.remixing.band_controls import STYLES
from core.remixing.chords import Chart, in_octave, voiced
from core.score import TICKS_PER_QUARTER, Note

KICK, STICK, SNARE, CLAP, CLOSED, OPEN, RIDE, CRASH = 36, 37, 38, 39, 42, 46, 51, 49
BASS_LOW, PIANO_LOW, OTHER_LOW = 28, 55, 60
"""Lowest pitch of the octave in which bass roots, piano chords and the other part's lie."""

Hits = Mapping[int, Sequence[float]]
"""Drum -> places in the bar, in quarters."""
Line = Sequence[tuple[float, float, int]]
"""(place, length, both in quarters, 0 for the root or 1 for the fifth)."""
Comp = Sequence[tuple[float, float]]
"""(place, length) of chords, in quarters."""

EIGHTHS = tuple(n / 2 for n in range(8))
_ON, _BACK = (0.0, 1.0, 2.0, 3.0), (1.0, 3.0)
_WHOLE: Comp = ((0.0, 4.0),)
_TWO: Line = ((0.0, 2.0, 0), (2.0, 2.0, 1))

COMMON: Mapping[str, tuple[Hits, Line, Comp, Comp]] = {
    "pop": (
        {KICK: (0, 2, 2.5), SNARE: _BACK, CLOSED: EIGHTHS},
        ((0, 1.5, 0), (1.5, 0.5, 0), (2, 1.5, 0), (3.5, 0.5, 1)),
        ((0, 1), (1, 1), (2, 1), (3, 1)), ((0.5, 0.5), (1.5, 0.5), (2.5, 0.5), (3.5, 0.5)),
    ),
    "rock": (
        {KICK: (0, 1.5, 2), SNARE: _BACK, CLOSED: EIGHTHS},
        tuple((n / 2, 0.5, 0) for n in range(8)),
        ((0, 2), (2, 2)), ((0, 1.5), (1.5, 0.5), (2, 2)),
    ),
    "ballad": (
        {KICK: (0, 2), STICK: _BACK, CLOSED: EIGHTHS},
        ((0, 3, 0), (3, 1, 1)), ((0, 1), (1, 1), (2, 1), (3, 1)), _WHOLE,
    ),
    "swing": (
        {KICK: (0,), RIDE: (0, 1, 1.5, 2, 3, 3.5), 44: _BACK},
        ((0, 1, 0), (1, 1, 1), (2, 1, 0), (3, 1, 1)), ((0, 1), (1.5, 0.5)),
        ((0, 0.5), (1, 0.5), (2, 0.5), (3, 0.5)),
    ),
    "bossa": (
        {KICK: (0, 1.5, 2, 3.5), STICK: (0, 1.5, 3), CLOSED: EIGHTHS},
        ((0, 1.5, 0), (1.5, 0.5, 1), (2, 1.5, 1), (3.5, 0.5, 0)),
        ((0, 1), (1.5, 1), (3, 1)), ((0, 1), (1, 0.5), (2.5, 1)),
    ),
    "waltz": (
        {KICK: (0, 2), SNARE: _BACK, CLOSED: _ON}, _TWO, ((1, 0.5), (3, 0.5)), _WHOLE,
    ),
    "country": (
        {KICK: (0, 2), SNARE: _BACK, CLOSED: EIGHTHS}, _TWO, ((1, 0.5), (3, 0.5)),
        ((0.5, 0.5), (1, 0.5), (2.5, 0.5), (3, 0.5)),
    ),
    "blues": (
        {KICK: (0, 2), SNARE: _BACK, CLOSED: EIGHTHS},
        ((0, 1, 0), (1, 1, 0), (2, 1, 1), (3, 1, 0)), ((1, 0.5), (1.5, 0.5), (3, 0.5)), _WHOLE,
    ),
    "funk": (
        {KICK: (0, 0.75, 2.5), SNARE: _BACK, CLOSED: tuple(n / 4 for n in range(16))},
        ((0, 0.5, 0), (0.75, 0.25, 0), (1.5, 0.5, 1), (2.5, 0.5, 0), (3.75, 0.25, 0)),
        ((0, 0.5), (1.5, 0.5), (3, 0.5)),
        ((0.5, 0.25), (0.75, 0.25), (1.5, 0.25), (2.5, 0.25), (3.25, 0.25)),
    ),
    "house": (
        {KICK: _ON, CLAP: _BACK, OPEN: (0.5, 1.5, 2.5, 3.5)},
        ((0.5, 0.5, 0), (1.5, 0.5, 0), (2.5, 0.5, 0), (3.5, 0.5, 0)),
        ((0, 0.5), (0.75, 0.5), (1.5, 0.5), (2.75, 0.5), (3.5, 0.5)), _WHOLE,
    ),
    "folk": (
        {KICK: (0, 2), SNARE: _BACK, CLOSED: _ON}, _TWO, ((1, 0.5), (3, 0.5)),
        ((0.5, 0.5), (1.5, 0.5), (2.5, 0.5), (3.5, 0.5)),
    ),
}  # fmt: skip
"""Style -> drums, bass, piano and other in 4/4; the first half of each is for 2/4."""
THREE: tuple[Hits, Line, Comp, Comp] = (
    {KICK: (0,), SNARE: (1, 2), CLOSED: (0, 1, 2)},
    ((0, 3, 0),), ((1, 0.75), (2, 0.75)), ((0, 3),),
)  # fmt: skip
SIX: tuple[Hits, Line, Comp, Comp] = (
    {KICK: (0,), SNARE: (1.5,), CLOSED: (0, 0.5, 1, 1.5, 2, 2.5)},
    ((0, 1.5, 0), (1.5, 1.5, 1)), ((0.5, 0.5), (1, 0.5), (2, 0.5), (2.5, 0.5)), ((0, 3),),
)  # fmt: skip
"""In 3/4 and in 6/8, of every style."""
_LOUD = {KICK: 100, SNARE: 96, CLAP: 90, STICK: 84, RIDE: 80, OPEN: 76, CLOSED: 66, 44: 60}


def pattern(
    style: str, metre: tuple[int, int], chart: Chart, bars: Sequence[int]
) -> dict[str, list[Note]]:
    """Stem -> notes of these bars, on the chart's chords; bars without a chord have drums alone.

    metre: 4/4, 2/4, 3/4 or 6/8.
    """
    hits, line, comp, held = _of(style, metre)
    bar_quarters = metre[0] * 4 / metre[1]
    triplets = STYLES[style].triplets and metre != (6, 8)
    out: dict[str, list[Note]] = {"drums": [], "bass": [], "piano": [], "other": []}
    for bar in bars:
        begin = round(bar * bar_quarters * TICKS_PER_QUARTER)

        def ticks(quarters: float, begin: int = begin) -> int:
            whole, rest = divmod(quarters, 1)
            late = 2 / 3 if triplets and rest == 0.5 else rest
            return begin + round((whole + late) * TICKS_PER_QUARTER)

        for drum, places in hits.items():
            for place in (p for p in places if p < bar_quarters):
                out["drums"].append(Note(ticks(place), drum, 6, _LOUD[drum]))
        before = None
        for place, length, fifth in (entry for entry in line if entry[0] < bar_quarters):
            chord = chart.at(ticks(place))
            fifth = fifth if chord == before else 0  # a new chord begins with its root
            before = chord
            if chord.quality != "none":
                degree = chord.root + (7 if chord.quality != "diminished" else 6) * fifth
                end = ticks(min(place + length, bar_quarters))
                note = Note(ticks(place), in_octave(degree % 12, BASS_LOW), end - ticks(place), 88)
                out["bass"].append(note)
        for stem, chords, low, velocity in (
            ("piano", comp, PIANO_LOW, 72),
            ("other", held, OTHER_LOW, 64),
        ):
            for place, length in (entry for entry in chords if entry[0] < bar_quarters):
                start, end = ticks(place), ticks(min(place + length, bar_quarters))
                for pitch in voiced(chart.at(start), low):
                    out[stem].append(Note(start, pitch, end - start, velocity))
    return {stem: sorted(notes) for stem, notes in out.items()}


def _of(style: str, metre: tuple[int, int]) -> tuple[Hits, Line, Comp, Comp]:
    if metre == (3, 4):
        return THREE
    if metre == (6, 8):
        return SIX
    return COMMON.get(style, COMMON["pop"])
