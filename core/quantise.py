"""Notes onto a grid that people can read: each beat is straight or in triplets, never both."""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt

from core.score import TICKS_PER_QUARTER, Note, Score, Track

Ticks = npt.NDArray[np.float64]

PLAYED = 1.0
"""Times come from a performance: a finer grid has to earn its place."""
WRITTEN = 0.1
"""Times come from a program: they are meant as they are."""

_STEPS = {
    24: (6, 8, 3, 4),
    36: (6, 3),
    18: (6, 3),
    12: (6, 3, 4),
    9: (3,),
    6: (6, 3),
    3: (3,),
}
"""Beat length in ticks -> the grids it may have, in order of preference."""
_PRICES = {6: 0.0, 8: 2.0, 3: 5.0, 4: 6.0}
"""What a grid costs, in squared ticks summed over the notes of a beat: jitter of people who play is
about a tick and a half, so a beat's notes must be that far from the simpler grid to leave it."""
_END_WEIGHT = 0.05
"""Ends of notes say less about the rhythm than their starts."""


def is_compound(beats: int, beat_unit: int) -> bool:
    """Whether three of the metre's units make a beat: 6/8, 9/8, 12/8 and their like."""
    return beat_unit >= 8 and beats % 3 == 0 and beats > 3


def beat_ticks(beats: int, beat_unit: int) -> int:
    """The length of what people count and beam by: a quarter, a dotted quarter, at most a unit."""
    unit = 4 * TICKS_PER_QUARTER // beat_unit
    if is_compound(beats, beat_unit):
        return min(3 * unit, 36)
    return min(unit, TICKS_PER_QUARTER)


def snap(
    starts: Ticks, ends: Ticks, beat: int, price: float
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Starts and ends, float ticks [notes], on the grid that fits each beat best.

    beat: its length in ticks, one that `beat_ticks` gives. price: PLAYED or WRITTEN. The grid of a
    beat is the one with the least squared distance, summed over what starts and ends there, plus
    the grid's price. Every note lasts at least one step of the grid where it starts.
    """
    if len(starts) == 0:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    points = np.concatenate([starts, ends])
    weights = np.repeat([1.0, _END_WEIGHT], len(starts))
    steps = np.array(_STEPS[beat])
    # What is almost the next beat's first instant belongs to that beat.
    beats = np.floor((points + 1.0) / beat).astype(np.int64)
    _, index = np.unique(beats, return_inverse=True)
    errors = [points - np.floor(points / step + 0.5) * step for step in steps]
    costs = np.stack(
        [
            np.bincount(index, weights * error**2) + price * _PRICES[int(step)]
            for step, error in zip(steps, errors, strict=True)
        ]
    )
    step = steps[costs.argmin(axis=0)][index]
    snapped = (np.floor(points / step + 0.5) * step).astype(np.int64)
    first, last = np.split(snapped, 2)
    first_step, last_step = np.split(step, 2)
    # A note that would vanish gets one step; where the step crosses into another grid's beat, up
    # to the beat's end is as good.
    beat_end = (np.floor_divide(first, beat) + 1) * beat
    shortest = np.minimum(first + np.minimum(first_step, last_step), beat_end)
    return first, np.where(last > first, last, shortest)


def readable(score: Score) -> Score:
    """The score with every note where notation can put it without 64ths or ties of odd lengths.

    Straight notes down to thirty-seconds and triplets down to sixteenths stay as they are. Of two
    notes of one pitch and track that overlap, the first ends where the second begins.
    """
    beat = beat_ticks(score.beats, score.beat_unit)
    tracks = tuple(_readable_track(track, beat, score.ticks) for track in score.tracks)
    return dataclasses.replace(score, tracks=tracks)


def _readable_track(track: Track, beat: int, end: int) -> Track:
    starts = np.array([note.start for note in track.notes], np.float64)
    ends = np.array([note.end for note in track.notes], np.float64)
    if track.is_drum:
        ends = starts
    first, last = snap(starts, ends, beat, WRITTEN)
    notes = [
        dataclasses.replace(note, start=int(a), duration=max(1, min(int(b), end) - int(a)))
        for note, a, b in zip(track.notes, first, last, strict=True)
        if a < end
    ]
    return dataclasses.replace(track, notes=separate(notes))


def separate(notes: list[Note]) -> tuple[Note, ...]:
    """Notes of one track in order, where no two of one pitch sound at once.

    A later note ends the earlier one, as on a keyboard; of two that start together the longer
    stays. MIDI cannot say anything else.
    """
    kept: list[Note] = []
    sounding: dict[int, int] = {}
    for note in sorted(notes, key=lambda n: (n.start, n.pitch, -n.duration)):
        at = sounding.get(note.pitch)
        if at is not None and kept[at].start == note.start:
            continue
        if at is not None and kept[at].end > note.start:
            kept[at] = dataclasses.replace(kept[at], duration=note.start - kept[at].start)
        sounding[note.pitch] = len(kept)
        kept.append(note)
    return tuple(sorted(kept))
