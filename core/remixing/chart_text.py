"""A chord chart as text, as players write it: `| C | F G7 | Am |`, read and laid over a tune."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from core.errors import UserInputError
from core.hearing.heard import Chord
from core.remixing.chords import name

Name = tuple[int, str]
"""(root, quality), as of a Chord."""
Bars = tuple[tuple[Name, ...], ...]

MOST_BARS, MOST_A_BAR, MOST_LETTERS = 256, 8, 4000
MOST_WRITTEN_OUT, LONGEST_NAME = 3000, 16
"""Letters of a chart in which no bar is left out, which a link and the form's field are to hold."""
_NONE = frozenset(("n.c.", "nc", "n.c"))
_AGAIN = frozenset(("", "%"))
_SPELT = (
    ("♭", "b"),
    ("♯", "#"),
    ("°", "o"),
    ("Δ", "maj"),
    ("△", "maj"),
    ("6/9", "6"),
    ("maj7", "M7"),
    ("(", ""),
    (")", ""),
)
_ROOT = re.compile(r"([A-G])([b#]?)(.*)")


def bars_of(text: str) -> Bars:
    """The chords of each bar: bar lines and the ends of lines part bars, spaces chords.

    A bar that holds `%` or nothing is the one before again; `N.C.` is no chord. Names are read as
    music21 reads them (Cuthbert and Ariza, 2010), down to what the band tells apart: major, minor,
    dominant and diminished. A bass note behind a stroke is not played.
    Raises UserInputError, which names the bar and the chord that cannot be read.
    """
    if len(text) > MOST_LETTERS:
        raise UserInputError(f"A chart holds {MOST_LETTERS:,} letters at most.")
    lines = [line.strip().strip("|") for line in text.replace("||", "|").splitlines()]
    bars: list[tuple[Name, ...]] = []
    for number, bar in enumerate((b for line in lines if line for b in line.split("|")), 1):
        words = bar.split()
        if not set(words) <= _AGAIN:
            bars.append(tuple(_named(word, number) for word in words))
        elif bars:
            bars.append(bars[-1])
        else:
            raise UserInputError("The chart's first bar is empty; write a chord there, like C.")
        if len(words) > MOST_A_BAR:
            raise UserInputError(f"Bar {number} of the chart has more than {MOST_A_BAR} chords.")
        if len(bars) > MOST_BARS:
            raise UserInputError(f"A chart has {MOST_BARS} bars at most.")
    if not bars:
        raise UserInputError("The chart has no chords; write some, like C | F G7 | C.")
    if len(text_of(tuple(bars))) > MOST_WRITTEN_OUT:
        raise UserInputError("The chart has too many chords; a shorter one is played again.")
    return tuple(bars)


def text_of(bars: Bars) -> str:
    """One line that `bars_of` reads back, in letters that a link can carry: `C|F G7|Bbm`."""
    text = "|".join(" ".join(name(Chord(0, *each)) for each in bar) for bar in bars)
    return text.replace("♭", "b").replace("♯", "#")


def in_lines(bars: Iterable[Iterable[str]], bars_a_line: int = 4) -> str:
    """Names of chords bar by bar -> `| C | F G7 | C |`, four bars a line."""
    rows = [" ".join(names) for names in bars]
    lines = [rows[i : i + bars_a_line] for i in range(0, len(rows), bars_a_line)]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def shown(text: str) -> str:
    """A chart in lines, as it is written to be read; nothing of no chart."""
    if not text:
        return ""
    return in_lines([name(Chord(0, *each)) for each in bar] for bar in bars_of(text))


def laid(bars: Bars, count: int, beats: int, beat_ticks: int) -> tuple[Chord, ...]:
    """The chart over a tune of `count` bars, from the first one on, over and over.

    The chords of a bar are spread over its beats as evenly as they can be.
    """
    chords: list[Chord] = []
    for bar in range(count):
        names = bars[bar % len(bars)]
        for at, (root, quality) in enumerate(names):
            share = at * beats / len(names)
            place = int(share) if len(names) <= beats else share
            start = bar * beats * beat_ticks + round(place * beat_ticks)
            if not chords or (chords[-1].root, chords[-1].quality) != (root, quality):
                chords.append(Chord(start, root, quality))
    return tuple(chords)


def _named(word: str, bar: int) -> Name:
    if word.lower() in _NONE:
        return (0, "none")
    found = _read(word) if len(word) <= LONGEST_NAME else None
    if found is None:
        raise UserInputError(
            f"“{word[:20]}” in bar {bar} of the chart is no chord that the band knows; write C, "
            "Am, F#m7, Bb, G7 or Bdim."
        )
    return found


@lru_cache(maxsize=512)
def _read(word: str) -> Name | None:
    from music21.harmony import ChordSymbol  # late: slow to import, and few bring a chart

    for sign, plain in _SPELT:
        word = word.replace(sign, plain)
    match = _ROOT.fullmatch(word.split("/")[0])
    if match is None:
        return None
    letter, accidental, rest = match.groups()
    try:
        symbol = ChordSymbol(letter + accidental.replace("b", "-") + rest)
        root = symbol.root().pitchClass
        above = {(pitch.pitchClass - root) % 12 for pitch in symbol.pitches}
    except Exception:  # noqa: BLE001 - music21 raises many kinds for what is no chord
        return None
    if 4 not in above and 3 in above:
        return (root, "diminished" if 6 in above and 7 not in above else "minor")
    return (root, "dominant" if 10 in above else "major")
