"""A tune in the spans in which a chord lasts at least: what of each pitch class sounds when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.hearing.heard import Grid, HeardNote
from core.score import TICKS_PER_QUARTER

Array = npt.NDArray[np.float64]

PARTS = {(4, 4): 2, (3, 4): 1, (2, 4): 1, (6, 8): 2}
"""Spans of a bar, as training/chord_labels.py has them; one in other metres."""
SLICES = 4
"""Parts of a span that are told apart."""
LEAST_TICKS, NO_PITCH = 2.0, 128
"""What sounds for less in a span is not its lowest note; above all pitches."""


@dataclass(frozen=True, eq=False)
class Spans:
    """metre: (beats, beat unit), bars begin at the first span.

    weights: [spans, 12], how much of each pitch class each span has: quarters, more at its
    beginning. slices: [spans, SLICES, 12], the share of each part in which it sounds, more where
    several notes of the class do. lowest: [spans, 12], 1 for the class of its lowest note.
    """

    metre: tuple[int, int]
    weights: Array
    slices: Array
    lowest: Array

    @property
    def parts(self) -> int:
        """Spans of a bar."""
        return PARTS.get(self.metre, 1)

    def __len__(self) -> int:
        return len(self.weights)


def spans_of(notes: Sequence[HeardNote], grid: Grid) -> Spans:
    """Of a solo's notes, from the grid's first bar to that of the last note."""
    starts = grid.to_ticks([note.start_s for note in notes])
    ends = grid.to_ticks([note.end_s for note in notes])
    pitches = np.array([note.pitch for note in notes], np.int64)
    bar = grid.beats * grid.beat_ticks
    bars = max(int(np.ceil((max(ends, default=0.0) - 1) / bar)), 1)
    return spans_in_ticks(starts, ends, pitches, bars, bar, (grid.beats, grid.beat_unit))


def spans_in_ticks(
    starts: Array,
    ends: Array,
    pitches: npt.NDArray[np.int64],
    bars: int,
    bar_ticks: int,
    metre: tuple[int, int],
) -> Spans:
    """Of notes in ticks."""
    count = bars * PARTS.get(metre, 1)
    ticks = bars * bar_ticks / count
    weights, slices = np.zeros((count, 12)), np.zeros((count * SLICES, 12))
    lowest = np.full(count, NO_PITCH)
    for start, end, pitch in zip(starts, ends, pitches, strict=True):
        # Notes that a player begins a little early are meant for the next span.
        start = start + min(0.12 * TICKS_PER_QUARTER, 0.3 * (end - start))
        for span, overlap in _overlaps(start, end, ticks, count):
            first = max(start - span * ticks, 0.0) < 0.3 * TICKS_PER_QUARTER
            weights[span, pitch % 12] += overlap / TICKS_PER_QUARTER * (1.5 if first else 1.0)
            if overlap > LEAST_TICKS:
                lowest[span] = min(lowest[span], pitch)
        for place, overlap in _overlaps(start, end, ticks / SLICES, count * SLICES):
            slices[place, pitch % 12] += overlap / (ticks / SLICES)
    low = (lowest[:, None] % 12 == np.arange(12)) & (lowest[:, None] < NO_PITCH)
    return Spans(metre, weights, slices.reshape(count, SLICES, 12), low.astype(np.float64))


def _overlaps(start: float, end: float, ticks: float, count: int) -> list[tuple[int, float]]:
    """(which, for how long) of `count` pieces of `ticks` a note sounds in."""
    touched = range(max(int(start // ticks), 0), min(int((end - 1) // ticks) + 1, count))
    found = [(at, min(end, (at + 1) * ticks) - max(start, at * ticks)) for at in touched]
    return [(at, max(overlap, 0.0)) for at, overlap in found]
