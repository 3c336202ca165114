"""What a timbre is tried on: a scale, and tunes that belong to everybody."""

from __future__ import annotations

from core.score import TICKS_PER_QUARTER, Key, Note, Score, Track, bars_needed

SCALE = "scale"
_NAMES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_MAJOR = (0, 2, 4, 5, 7, 9, 11, 12)

_TUNES: dict[str, tuple[str, float, int, str]] = {
    "ode-to-joy": (
        "Ode to Joy (Beethoven, 1824)",
        116.0,
        4,
        "E4 E4 F4 G4 G4 F4 E4 D4 C4 C4 D4 E4 E4:1.5 D4:.5 D4:2 "
        "E4 E4 F4 G4 G4 F4 E4 D4 C4 C4 D4 E4 D4:1.5 C4:.5 C4:2",
    ),
    "frere-jacques": (
        "Frère Jacques (France, 18th century)",
        112.0,
        4,
        "C4 D4 E4 C4 C4 D4 E4 C4 E4 F4 G4:2 E4 F4 G4:2 "
        "G4:.5 A4:.5 G4:.5 F4:.5 E4 C4 G4:.5 A4:.5 G4:.5 F4:.5 E4 C4 C4 G3 C4:2 C4 G3 C4:2",
    ),
    "ah-vous-dirai-je": (
        "Ah! vous dirai-je, maman (France, 1761)",
        108.0,
        4,
        "C4 C4 G4 G4 A4 A4 G4:2 F4 F4 E4 E4 D4 D4 C4:2 "
        "G4 G4 F4 F4 E4 E4 D4:2 G4 G4 F4 F4 E4 E4 D4:2 "
        "C4 C4 G4 G4 A4 A4 G4:2 F4 F4 E4 E4 D4 D4 C4:2",
    ),
}
"""name -> (title, quarters a minute, quarters a bar, notes as name, octave and length in quarters).

The composers' own melodies: Ode to Joy from the Ninth Symphony, op. 125; the others traditional,
first printed as the title says.
"""

TUNES = {SCALE: "A major scale, up and down"} | {name: tune[0] for name, tune in _TUNES.items()}
"""Name, as links spell it -> title."""


def tune(name: str, pitch: int = 60) -> Score:
    """A tune of TUNES, so that middle C becomes `pitch`. Raises KeyError for another name."""
    if name == SCALE:
        steps = (*_MAJOR, *_MAJOR[-2::-1])
        lengths = [*([0.5] * (len(steps) - 1)), 1.0]
        return _score(TUNES[name], 120.0, 4, list(zip(steps, lengths, strict=True)), pitch)
    title, tempo_bpm, beats, text = _TUNES[name]
    notes = []
    for word in text.split():
        called, _, quarters = word.partition(":")
        step = _NAMES[called[0]] + 12 * (int(called[-1]) - 4)
        notes.append((step, float(quarters or 1)))
    return _score(title, tempo_bpm, beats, notes, pitch)


def _score(
    title: str, tempo_bpm: float, beats: int, steps: list[tuple[int, float]], pitch: int
) -> Score:
    notes, at = [], 0
    for step, quarters in steps:
        ticks = round(quarters * TICKS_PER_QUARTER)
        notes.append(Note(at, pitch + step, ticks, 90))
        at += ticks
    bars = bars_needed(notes, beats * TICKS_PER_QUARTER)
    track = Track("melody", 0, tuple(notes))
    return Score((track,), bars, tempo_bpm, beats, 4, Key(pitch % 12, "major"), title)
