"""What `retrieval` asks for: passages of test pieces, as people misremember and play them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.retrieving.lines import WHOLE, Line, Lines, lines_of_score
from core.retrieving.sounding import Heard
from core.score import Note, Score, Track
from training.retrieval_index import Read

BARS = 8
LEAST_NOTES = 16
WIDEST = 6
"""Semitones up or down by which queries are moved."""
TEMPOS = (0.6, 1.6)
"""Queries are this many times as fast at least and at most."""


@dataclass(frozen=True)
class Passage:
    """Some bars of a piece. line: its tune alone, as a score of one track. score: all of it."""

    read: Read
    line: Score
    score: Score
    first_bar: int


@dataclass(frozen=True)
class Asked:
    """A query and its right answers. pieces: numbers in the index. strict: without note for note.

    heard: the recording's chroma, where there is one.
    """

    condition: str
    source: Passage
    lines: Lines | None
    right: frozenset[int]
    strict: frozenset[int]
    heard: Heard | None = None


def passage(read: Read, seed: int) -> Passage | None:
    """BARS bars of the piece, drawn among those where its tune has LEAST_NOTES notes or more."""
    score = read.score
    line = next((one for one in lines_of_score(score).lines if one.name != WHOLE), None)
    if line is None:
        return None
    tune = _of_line(line, score)
    rng = np.random.default_rng([seed, len(line)])
    starts = [
        bar
        for bar in range(max(score.bars - BARS + 1, 1))
        if _between(tune, bar, BARS).note_count >= LEAST_NOTES
    ]
    if not starts:
        return None
    first = int(rng.choice(starts))
    return Passage(read, _between(tune, first, BARS), _between(score, first, BARS), first)


def _of_line(line: Line, like: Score) -> Score:
    notes = tuple(
        Note(int(onset), int(pitch), max(int(length), 1))
        for onset, pitch, length in zip(line.onsets, line.pitches, line.durations, strict=True)
    )
    return dataclasses.replace(like, tracks=(Track(line.name, line.program, notes),))


def _between(score: Score, first: int, bars: int) -> Score:
    return score.between(first, min(first + bars, score.bars))


# ---- changes ------------------------------------------------------------------------------------

Change = Callable[[Score, np.random.Generator], Score]


def transposed(score: Score, rng: np.random.Generator) -> Score:
    """By up to WIDEST semitones, never by none."""
    return score.transposed(int(rng.choice([n for n in range(-WIDEST, WIDEST + 1) if n])))


def paced(score: Score, rng: np.random.Generator) -> Score:
    """Faster or slower under the same beat, so that the notes leave the grid and the bars."""
    low, high = np.log(TEMPOS)
    ratio = float(np.exp(rng.uniform(low, high)))

    def moved(note: Note) -> Note:
        return dataclasses.replace(
            note, start=round(note.start / ratio), duration=max(round(note.duration / ratio), 1)
        )

    tracks = tuple(
        dataclasses.replace(track, notes=tuple(map(moved, track.notes))) for track in score.tracks
    )
    return dataclasses.replace(score, tracks=tracks, bars=int(np.ceil(score.bars / ratio)))


def corrupted(share: float) -> Change:
    """Each note with that chance dropped, changed in pitch, or given a wrong one beside it."""

    def change(score: Score, rng: np.random.Generator) -> Score:
        tracks = []
        for track in score.tracks:
            notes: list[Note] = []
            pitches = [note.pitch for note in track.notes]
            for note in track.notes:
                kind = rng.integers(3) if rng.random() < share else None
                if kind == 0:
                    continue
                if kind == 1:
                    step = int(rng.choice([n for n in range(-7, 8) if n]))
                    note = dataclasses.replace(note, pitch=min(max(note.pitch + step, 0), 127))
                notes.append(note)
                if kind == 2:
                    pitch = int(rng.integers(min(pitches), max(pitches) + 1))
                    later = int(rng.integers(1, max(note.duration, 2)))
                    notes.append(Note(note.start + later, pitch, max(note.duration - later, 1)))
            tracks.append(dataclasses.replace(track, notes=tuple(notes)))
        return dataclasses.replace(score, tracks=tuple(tracks))

    return change


def cropped(bars: int) -> Change:
    """The first of these bars with notes enough to be looked for, or all."""

    def change(score: Score, rng: np.random.Generator) -> Score:
        starts = [
            first
            for first in range(max(score.bars - bars + 1, 1))
            if _between(score, first, bars).note_count >= 2 * bars
        ]
        first = int(rng.choice(starts)) if starts else 0
        return _between(score, first, bars)

    return change


def both(*changes: Change) -> Change:
    """One change after the other."""

    def change(score: Score, rng: np.random.Generator) -> Score:
        for one in changes:
            score = one(score, rng)
        return score

    return change


CHANGES: dict[str, Change] = {
    "as it is": lambda score, rng: score,
    "transposed": transposed,
    "other tempo": paced,
    "transposed, other tempo": both(transposed, paced),
    "10 % of notes corrupted": both(transposed, paced, corrupted(0.1)),
    "20 % of notes corrupted": both(transposed, paced, corrupted(0.2)),
    "30 % of notes corrupted": both(transposed, paced, corrupted(0.3)),
    "4 bars": both(transposed, paced, cropped(4)),
    "2 bars": both(transposed, paced, cropped(2)),
}
"""What is done to a passage's tune; each that is moved is moved in key and tempo."""
