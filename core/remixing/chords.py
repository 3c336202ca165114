"""Chords on the grid of a score: which one is when, its tones, and how it is voiced."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import replace

from core.hearing.heard import CHORD_QUALITIES, TONES, TRIADS, Chord
from core.score import PITCH_CLASSES, Key

SUFFIXES: Mapping[str, str] = {"major": "", "minor": "m", "dominant": "7", "diminished": "dim"}
SHARP = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
FLAT = ("C", "D-", "D", "E-", "E", "F", "G-", "G", "A-", "A", "B-", "B")
GUESS = 0.6
"""A chord whose tones are less sure than this, on average, is a guess."""
NONE = CHORD_QUALITIES.index("none")


def name(chord: Chord, key: Key | None = None) -> str:
    """As in a chart: `F♯m`; `N.C.` for no chord. key: whose signature says whether A♭ or G♯."""
    if chord.quality == "none":
        return "N.C."
    signature = sharps(key) if key else 0
    names = PITCH_CLASSES if signature == 0 else SHARP if signature > 0 else FLAT
    return names[chord.root % 12].replace("-", "♭").replace("#", "♯") + SUFFIXES[chord.quality]


def is_guess(chord: Chord) -> bool:
    """Whether a heard chord's tones are not sure: the tune leaves it open. Never of a told one."""
    tones = TRIADS[chord.quality]
    return bool(chord.sure) and sum(chord.sure[t] for t in tones) < GUESS * len(tones)


def sharps(key: Key) -> int:
    """Sharps of a key's signature, flats negative: -5 to 6."""
    major = key.tonic if key.mode == "major" else key.tonic + 3
    return (7 * major + 5) % 12 - 5


def classes(chord: Chord) -> frozenset[int]:
    """Pitch classes that belong to the chord; none for no chord."""
    return frozenset((chord.root + tone) % 12 for tone in TONES[chord.quality])


def tonic(key: Key) -> Chord:
    """The key's own triad."""
    return Chord(0, key.tonic, key.mode)


class Chart:
    """Chords in order, looked up by tick; before the first one, the first."""

    def __init__(self, chords: Sequence[Chord]) -> None:
        self.chords = tuple(sorted(chords, key=lambda chord: chord.start)) or (Chord(0, 0, "none"),)
        self._starts = [chord.start for chord in self.chords]

    def at(self, tick: int) -> Chord:
        """The chord that sounds at a tick."""
        return self.chords[max(bisect_right(self._starts, tick) - 1, 0)]

    def following(self, tick: int) -> Chord | None:
        """The chord after that one."""
        index = max(bisect_right(self._starts, tick), 1)
        return self.chords[index] if index < len(self.chords) else None

    def moved(self, ticks: int, semitones: int) -> Chart:
        """The chart later and in another key; what is before the start is cut."""
        return Chart(
            [
                replace(c, start=max(c.start + ticks, 0), root=(c.root + semitones) % 12)
                for c in self.chords
            ]
        )


def voiced(chord: Chord, low: int) -> list[int]:
    """The chord's tones as pitches within the octave from `low` up."""
    return sorted(low + (chord.root + tone - low) % 12 for tone in TRIADS[chord.quality])


def in_octave(pitch_class: int, low: int) -> int:
    """The pitch of this class in the octave from `low` up."""
    return low + (pitch_class - low) % 12


def moved_to(pitch: int, before: Chord, after: Chord) -> int:
    """A pitch moved as one chord's root moves to another's by the shorter way, within its tones.

    A tone of the first chord becomes the nearest one of the second.
    """
    moved = pitch + (after.root - before.root + 5) % 12 - 5
    wanted = classes(after)
    if pitch % 12 in classes(before) and wanted and moved % 12 not in wanted:
        moved = min((moved + step for step in (-1, 1, -2, 2) if (moved + step) % 12 in wanted),
                    default=moved, key=lambda p: abs(p - moved))  # fmt: skip
    return moved
