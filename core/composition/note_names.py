"""Notes as the words of `notes-lstm`: music21's name of a pitch, or a chord's normal order.

`E-4` is the E flat above middle C; `5.9` a chord of F and A in no octave, `5` of F alone (two F in
octaves). What a word does not say (durations, the voicing of chords) is lost, as published.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence

import numpy as np

from core.score import Score

NAMES = ("C", "C#", "D", "E-", "E", "F", "F#", "G", "G#", "A", "B-", "B")
"""As music21 spells the pitches of a MIDI file; a minus is a flat."""
CHORD_OCTAVE = 60
"""music21 writes a pitch class without an octave in the one from middle C."""

_PITCH = re.compile(r"([A-G])(#*|-*)(\d+)")
_STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


def is_chord(word: str) -> bool:
    """Whether the word is a chord's, by the paper's own test."""
    return "." in word or word.isdigit()


def pitches_of(word: str) -> tuple[int, ...]:
    """The MIDI pitches that a word is played as. Raises ValueError for what is no word."""
    if is_chord(word):
        return tuple(CHORD_OCTAVE + int(number) for number in word.split("."))
    match = _PITCH.fullmatch(word)
    if match is None:
        raise ValueError(f"{word!r} is no pitch")
    letter, accidentals, octave = match.groups()
    sign = len(accidentals) * (1 if accidentals.startswith("#") else -1)
    return (12 * (int(octave) + 1) + _STEPS[letter] + sign,)


def word_of(pitches: Iterable[int]) -> str:
    """The word of what sounds together. Raises ValueError for nothing."""
    found = sorted(set(pitches))
    if not found:
        raise ValueError("a word takes at least one pitch")
    if len(found) == 1:
        return f"{NAMES[found[0] % 12]}{found[0] // 12 - 1}"
    return _normal_order(frozenset(pitch % 12 for pitch in found))


@functools.lru_cache(maxsize=4096)
def _normal_order(classes: frozenset[int]) -> str:
    from music21.chord import Chord  # slow to import, and only primers need it

    return ".".join(str(number) for number in Chord(sorted(classes)).normalOrder)


def words_of(score: Score) -> list[str]:
    """The words of a piece in order, drums left out.

    Notes that begin and end together are one word, as music21 reads them from a MIDI file.
    """
    groups: dict[tuple[int, int], list[int]] = {}
    for index, note in score.notes():
        if not score.tracks[index].is_drum:
            groups.setdefault((note.start, -note.duration), []).append(note.pitch)
    return [word_of(pitches) for _, pitches in sorted(groups.items())]


def nearest(word: str, vocabulary: Sequence[str]) -> int:
    """Index of the word, or of one like it where the vocabulary lacks it.

    For a pitch the nearest pitch there is, octaves of it first. For a chord the one that shares
    most of its pitch classes, as a share of all that either has (Jaccard).
    """
    if word in vocabulary:
        return vocabulary.index(word)
    alike = [i for i, other in enumerate(vocabulary) if is_chord(other) == is_chord(word)]
    alike = alike or list(range(len(vocabulary)))
    mine = pitches_of(word)
    if not is_chord(word):
        costs = [_pitch_cost(mine[0], pitches_of(vocabulary[i])[0]) for i in alike]
        return alike[int(np.argmin(costs))]
    classes = {pitch % 12 for pitch in mine}
    shares = []
    for i in alike:
        others = {pitch % 12 for pitch in pitches_of(vocabulary[i])}
        shares.append(len(classes & others) / len(classes | others))
    return alike[int(np.argmax(shares))]


def _pitch_cost(wanted: int, there: int) -> float:
    distance = abs(wanted - there)
    return distance / 12 / 100 if distance % 12 == 0 else float(distance)
