"""What is heard in a solo as bars on a grid: the frame that the band is drawn into."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.composition.composer import shift_of
from core.composition.tokens import METRES
from core.errors import UserInputError
from core.hearing.heard import Heard
from core.remixing.chords import Chart
from core.remixing.stems import SOLO, TITLES
from core.score import TICKS_PER_QUARTER, Note, Score, Track

SOLO_PROGRAM = 73
PLACES = (0, 3, 4, 6, 8, 9, 12, 15, 16, 18, 20, 21, 24)
"""Ticks of a quarter that a note can begin at: where sixteenths, triplets and eighths are."""
LONGEST_WAIT_BARS, LONGEST_REST_BARS = 1, 4
"""The band waits so long for the solo, and stops if the rest behind it is no longer."""
_SHORTEST = 3


@dataclass(frozen=True)
class Frame:
    """score: the solo alone, on the grid. chart: its chords. shift: semitones to the common key.

    first, last: the bars in which the band begins and ends: those of the solo's first and last
    note, or those of the clip where the solo rests for long there.
    """

    score: Score
    chart: Chart
    shift: int
    first: int
    last: int


def frame_of(heard: Heard, seconds: float) -> Frame:
    """The frame of a solo of `seconds`.

    Raises UserInputError for a metre that the band does not play in, or a solo without a note.
    """
    grid = heard.grid
    metre = (grid.beats, grid.beat_unit)
    if metre not in METRES:
        raise UserInputError(
            f"The band plays in 4/4, 3/4, 2/4 and 6/8, and this tune seems to be in "
            f"{metre[0]}/{metre[1]}; give it another part of the tune."
        )
    inside = [note for note in heard.notes if note.start_s < seconds]
    if not inside:
        raise UserInputError("There is no note in this part to play along with; choose another.")
    starts = snapped(grid.to_ticks([note.start_s for note in inside]))
    ends = snapped(grid.to_ticks([note.end_s for note in inside]))
    # What begins before the first bar's beginning is put there.
    starts, ends = np.maximum(starts, 0), np.maximum(ends, 0)
    notes = tuple(
        Note(int(start), note.pitch, max(int(end - start), _SHORTEST), note.velocity)
        for note, start, end in zip(inside, starts, ends, strict=True)
    )
    bar_ticks = grid.beats * grid.beat_ticks
    end = float(grid.to_ticks([seconds])[0])
    bars = max(int(np.ceil(end / bar_ticks - 1e-6)), 1)
    # A bar counts from its first half on: what comes before the next bar alone is its upbeat.
    first = min(max(round(int(starts.min()) / bar_ticks), 0), bars - 1)
    last = min(max(int(starts.max()) // bar_ticks, first), bars - 1)
    first = first if first <= LONGEST_WAIT_BARS else 0
    last = last if bars - 1 - last <= LONGEST_REST_BARS else bars - 1
    score = Score(
        (Track(TITLES[SOLO], SOLO_PROGRAM, notes),),
        bars,
        tempo_bpm=round(float(grid.tempo_bpm), 1),
        beats=grid.beats,
        beat_unit=grid.beat_unit,
        key=heard.key,
    )
    return Frame(score, Chart(heard.chords), shift_of(heard.key), first, last)


def snapped(ticks: np.ndarray) -> np.ndarray:
    """Ticks at the nearest of PLACES in their quarter."""
    quarters, rest = np.divmod(np.asarray(ticks, np.float64), TICKS_PER_QUARTER)
    nearest = np.abs(rest[:, None] - np.array(PLACES)).argmin(axis=1)
    return np.asarray(quarters * TICKS_PER_QUARTER + np.array(PLACES)[nearest], np.int64)
