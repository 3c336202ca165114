"""Lines of notes: what pieces and queries are compared by.

A piece is heard by its upper edges: of each track the highest note of those that begin together
(the skyline of Uitdenbogerd and Zobel, "Melodic matching techniques for large music databases",
1999), and the same of all tracks together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from core.errors import UserInputError
from core.hearing.heard import Grid, HeardNote
from core.score import TICKS_PER_QUARTER, Score

Ticks = npt.NDArray[np.float64]

WHOLE = "all parts"
MAX_LINES = 4
"""Tracks of a piece that are kept; of more, those that most resemble tunes."""
MAX_LINE_NOTES = 3_000
LEAST_NOTES = 4
"""A shorter line says nothing that can be looked for."""
_TOGETHER = 0.5
"""A note is under another where that one lasts on for this share of it."""
_ALIKE = 0.9
"""All parts together are no line of their own where a track has this share of its notes."""
_CHORD_TICKS = 1.5
"""Notes that begin this near to one another begin together."""


@dataclass(frozen=True)
class Line:
    """Notes one after the other. onsets, durations: ticks [notes], rising. pitches: MIDI [notes].

    name: the track's, or WHOLE. program: as in Track.
    """

    name: str
    onsets: Ticks
    pitches: npt.NDArray[np.int64]
    durations: Ticks
    program: int = 0

    def __len__(self) -> int:
        return len(self.onsets)


@dataclass(frozen=True)
class Lines:
    """A piece or query as lines. bar_ticks: of a bar. seconds_per_tick: at its tempo.

    bars_known: whether somebody said where bars begin; else they are counted at 120 a minute.
    begins_ticks: when the sound that the notes were heard in begins.
    """

    lines: tuple[Line, ...]
    bar_ticks: float
    seconds_per_tick: float
    bars_known: bool = True
    begins_ticks: float = 0.0


def lines_of_score(score: Score, most: int = MAX_LINES) -> Lines:
    """The lines of a score, those most like tunes first; WHOLE last, where it is another.

    Raises UserInputError where the score has fewer than LEAST_NOTES notes beside drums.
    """
    tracks = [
        (
            track.name,
            track.program,
            np.array([(n.start, n.pitch, n.duration) for n in track.notes], np.float64),
        )
        for track in score.tracks
        if not track.is_drum and track.notes
    ]
    if sum(len(notes) for _, _, notes in tracks) < LEAST_NOTES:
        drums = any(track.is_drum and track.notes for track in score.tracks)
        raise UserInputError(
            "There are only drums in this music, and drums are not compared; choose one with a "
            "tune."
            if drums and not tracks
            else f"Fewer than {LEAST_NOTES} notes say too little to look for; give a few more."
        )
    return Lines(_edges(tracks, most), float(score.bar_ticks), score.seconds_per_tick)


def lines_of_heard(notes: Sequence[HeardNote], grid: Grid | None = None) -> Lines:
    """The line of notes in seconds. Time stays even: ticks are those of the grid's median tempo.

    grid: where bars are; without one a quarter is half a second. Raises UserInputError where there
    are fewer than LEAST_NOTES notes.
    """
    if len(notes) < LEAST_NOTES:
        raise UserInputError(
            f"Fewer than {LEAST_NOTES} notes say too little to look for; give a few more."
        )
    second = 0.5 / TICKS_PER_QUARTER
    bar_ticks, zero_s = 4.0 * TICKS_PER_QUARTER, min(note.start_s for note in notes)
    if grid is not None:
        second = 60.0 / (grid.tempo_bpm * TICKS_PER_QUARTER)
        bar_ticks = float(grid.beats * grid.beat_ticks)
        zero_s = float(grid.to_seconds(0.0))
    rows = np.array([
        ((n.start_s - zero_s) / second, n.pitch, (n.end_s - n.start_s) / second) for n in notes
    ])  # fmt: skip
    lines = _edges([("heard", 0, rows)], 1)
    return Lines(lines, bar_ticks, second, grid is not None, -zero_s / second)


def _edges(tracks: Sequence[tuple[str, int, Any]], most: int) -> tuple[Line, ...]:
    found = [skyline(name, notes, program) for name, program, notes in tracks]
    found = [line for line in found if len(line) >= LEAST_NOTES]
    found.sort(key=tunefulness, reverse=True)
    whole = skyline(WHOLE, np.concatenate([notes for _, _, notes in tracks]))
    kept = found[:most]
    if len(whole) >= LEAST_NOTES and not any(_is_like(whole, line) for line in kept):
        kept.append(whole)
    return tuple(kept)


def skyline(name: str, notes: npt.NDArray[np.float64], program: int = 0) -> Line:
    """The upper edge of notes [notes, 3]: onset, pitch, duration.

    Of notes that begin together the highest; a note under one that sounds on is left out.
    """
    notes = notes[np.lexsort((-notes[:, 1], notes[:, 0]))]
    onsets, pitches = notes[:, 0], notes[:, 1]
    ends = onsets + notes[:, 2]
    keep: list[int] = []
    for index in range(len(notes)):
        if len(keep) == MAX_LINE_NOTES:
            break
        if keep:
            last = keep[-1]
            if onsets[index] - onsets[last] < _CHORD_TICKS:
                if pitches[index] > pitches[last]:
                    keep[-1] = index
                continue
            covered = min(ends[last], ends[index]) - onsets[index]
            if pitches[last] > pitches[index] and covered > _TOGETHER * notes[index, 2]:
                continue
        keep.append(index)
    return Line(name, onsets[keep], pitches[keep].astype(np.int64), notes[keep, 2], program)


def tunefulness(line: Line) -> float:
    """How likely people take a line for the tune: it moves, in its range, and is no pattern.

    The share of different moves of three notes among all, how near its middle is to a voice's, how
    many of its steps can be sung; the less of it there is, the less likely. Weights by hand.
    """
    if len(line) < LEAST_NOTES:
        return -1.0
    steps = np.diff(line.pitches)
    moves = np.abs(steps)
    trigrams = steps[:-1] * 256 + steps[1:]
    variety = len(np.unique(trigrams)) / len(trigrams)
    sung = float(np.exp(-(((np.median(line.pitches) - 70.0) / 14.0) ** 2)))
    singable = float(np.mean((moves > 0) & (moves <= 5)))
    return (0.5 * variety + sung + singable) * len(line) / (len(line) + 24.0)


def _is_like(whole: Line, line: Line) -> bool:
    own = set(zip(whole.onsets.tolist(), whole.pitches.tolist(), strict=True))
    other = set(zip(line.onsets.tolist(), line.pitches.tolist(), strict=True))
    return len(own & other) >= _ALIKE * len(own)
