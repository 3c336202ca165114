"""The events that `composer` reads and writes: one for each note, one for each bar line.

A grid of 12 steps a quarter holds sixteenths and eighth triplets. A note is five fields, drawn in
this order: time (its step in the bar, or "bar line"), instrument, pitch, duration, velocity. The
fields keep what REMI+ (von Rütte et al., FIGARO, ICLR 2023) spends a token each on, so that one
step of the network is one note.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from core.composition.instruments import DRUMS, INSTRUMENTS, instrument_of
from core.score import TICKS_PER_QUARTER, Note, Score, Track

STEPS_PER_QUARTER = 12
TICKS_PER_STEP = TICKS_PER_QUARTER // STEPS_PER_QUARTER
MAX_BAR = 48
"""Steps of the longest bar, 4/4."""
BAR_LINE = MAX_BAR
"""The value of the time field that stands for a new bar; such an event has no other field."""

METRES = ((4, 4), (3, 4), (2, 4), (6, 8))
DURATIONS = np.array(
    [1, 2, 3, 4, 5, 6, 8, 9, 10, 12, 14, 16, 18, 20, 24, 28, 30, 36, 42, 48, 60, 72, 96, 144]
)
"""Steps that a note can last; others are taken to the nearest in proportion."""
VELOCITY_STEP = 11
DRUM_PITCH = 128
"""Added to the pitch of a drum, whose number is no pitch."""

SIZES = (MAX_BAR + 1, len(INSTRUMENTS), 256, len(DURATIONS), 12)
"""Values of each field: time, instrument, pitch, duration, velocity."""
OFFSETS = tuple(int(n) for n in np.cumsum((0, *SIZES))[:-1])
VOCABULARY = sum(SIZES)
TIME, INSTRUMENT, PITCH, DURATION, VELOCITY = range(5)

Events = npt.NDArray[np.int64]
"""[notes, 6]: bar, step in the bar, instrument, pitch, duration, velocity; in order of these."""


def bar_steps(metre: tuple[int, int]) -> int:
    """Steps in a bar of the metre."""
    return metre[0] * STEPS_PER_QUARTER * 4 // metre[1]


def duration_bin(steps: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """The nearest of DURATIONS, in proportion."""
    logs = np.log(np.maximum(np.asarray(steps, dtype=np.float64), 1.0))
    return np.asarray(np.abs(logs[..., None] - np.log(DURATIONS)).argmin(axis=-1))


def velocity_bin(velocity: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Twelve levels of MIDI's 1 to 127."""
    levels = np.asarray(velocity, dtype=np.int64) // VELOCITY_STEP
    return np.asarray(np.clip(levels, 0, SIZES[VELOCITY] - 1))


def velocity_of(level: int) -> int:
    """The middle of a level, as MIDI has it."""
    return min(level * VELOCITY_STEP + VELOCITY_STEP // 2 + 1, 127)


def ordered(rows: Sequence[Sequence[int]] | npt.NDArray[Any]) -> Events:
    """Rows of Events sorted, a note that stands there twice kept once."""
    events = np.asarray(rows, dtype=np.int64).reshape(-1, 6)
    events = events[np.lexsort(events.T[::-1])]
    same = np.zeros(len(events), bool)
    same[1:] = (events[1:, :4] == events[:-1, :4]).all(axis=1)
    return events[~same]


def encode(score: Score) -> Events:
    """The notes of a score in one of METRES, those of tracks without an instrument left out.

    Raises ValueError for another metre.
    """
    metre = (score.beats, score.beat_unit)
    if metre not in METRES:
        raise ValueError(f"no events for {metre}")
    steps = bar_steps(metre)
    rows = []
    for track in score.tracks:
        instrument = instrument_of(track)
        if instrument is None:
            continue
        drum = instrument == DRUMS
        for note in track.notes:
            bar, step = divmod((note.start + TICKS_PER_STEP // 2) // TICKS_PER_STEP, steps)
            length = max(round(note.duration / TICKS_PER_STEP), 1)
            rows.append(
                (
                    bar, step, instrument, note.pitch + (DRUM_PITCH if drum else 0),
                    0 if drum else int(duration_bin(length)), int(velocity_bin(note.velocity)),
                )
            )  # fmt: skip
    return ordered(rows)


def note_of(event: Sequence[int] | npt.NDArray[np.int64], steps: int) -> Note:
    """The note of one row of Events; drums last a sixteenth. steps: of a bar."""
    bar, step, instrument, pitch, duration, velocity = (int(value) for value in event)
    drum = instrument == DRUMS
    length = TICKS_PER_QUARTER // 4 if drum else int(DURATIONS[duration]) * TICKS_PER_STEP
    return Note(
        start=(bar * steps + step) * TICKS_PER_STEP,
        pitch=pitch % DRUM_PITCH,
        duration=length,
        velocity=velocity_of(velocity),
    )


def decode(events: Events, like: Score, programs: dict[int, int] | None = None) -> Score:
    """A score of the events, a track for each instrument; all else as in `like`.

    programs: instrument -> the program it is played on, where that is not the class's own. A note
    ends where the same pitch of its track begins again, and at the end of the piece.
    """
    steps = bar_steps((like.beats, like.beat_unit))
    tracks = []
    for instrument in sorted({int(i) for i in events[:, 2]}):
        entry = INSTRUMENTS[instrument]
        notes = [note_of(row, steps) for row in events[events[:, 2] == instrument]]
        tracks.append(
            Track(
                entry.name,
                (programs or {}).get(instrument, entry.program),
                tuple(_apart(notes, like.ticks)),
                is_drum=instrument == DRUMS,
            )
        )
    return dataclasses.replace(like, tracks=tuple(tracks))


def _apart(notes: Sequence[Note], end: int) -> list[Note]:
    following: dict[int, int] = {}
    out = []
    for note in sorted(notes, reverse=True):
        limit = min(following.get(note.pitch, end), end)
        following[note.pitch] = note.start
        if limit > note.start:
            out.append(dataclasses.replace(note, duration=min(note.duration, limit - note.start)))
    return out[::-1]


def flat_tokens(events: Events, bars: int) -> npt.NDArray[np.int64]:
    """One stream of tokens: for each bar its bar line, then five tokens a note, drums too.

    Token = OFFSETS[field] + value. For models that take one symbol at a time; to compare them with
    `composer`, divide the nats of all tokens by the number of notes.
    """
    out: list[int] = []
    cursor = 0
    for bar in range(bars):
        out.append(OFFSETS[TIME] + BAR_LINE)
        while cursor < len(events) and events[cursor, 0] == bar:
            out += [OFFSETS[f] + int(v) for f, v in enumerate(events[cursor, 1:])]
            cursor += 1
    return np.asarray(out, dtype=np.int64)
