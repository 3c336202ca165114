"""A piece partly open: which notes stand, where new ones go, and how they come back as a score."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from core.composition.controls import Redraw
from core.composition.instruments import DRUMS, INSTRUMENTS, NAMES, instrument_of
from core.composition.tokens import (
    DRUM_PITCH,
    TICKS_PER_STEP,
    bar_steps,
    duration_bin,
    note_of,
    velocity_bin,
)
from core.composition.writing import Choices, Event
from core.errors import UserInputError
from core.score import Composition, Note, NoteChoice, Score, Track

EFFECTS = NAMES.index("synth effects")
"""What a track of General MIDI's sound effects is read as."""


@dataclasses.dataclass(frozen=True)
class Kept:
    """A note that stands. event: as the network reads it, in the common key. track: its index."""

    bar: int
    event: Event
    track: int
    note: Note


class Canvas:
    """like: the piece's frame and tracks. notes: those that stand. bars: those to be written.

    allowed: instruments that may be written. slots: instrument -> indices of the tracks that new
    notes of it go to. shift: semitones from the piece to the common key, C major or A minor.
    open_from: the step of the first open bar from which new notes may stand.
    """

    def __init__(
        self,
        like: Score,
        notes: Sequence[Kept],
        bars: frozenset[int],
        allowed: frozenset[int],
        slots: dict[int, list[int]],
        shift: int,
        open_from: int = 0,
    ) -> None:
        self.like, self.notes, self.bars, self.allowed = like, notes, bars, allowed
        self.slots, self.shift, self.open_from = slots, shift, open_from
        self.steps = bar_steps((like.beats, like.beat_unit))
        self._by_bar: dict[int, list[Kept]] = {}
        for kept in sorted(notes, key=lambda k: (k.bar, k.event)):
            self._by_bar.setdefault(kept.bar, []).append(kept)
        self._new: list[tuple[int, Event, Choices]] = []

    def given(self, bar: int, first: int) -> list[Event]:
        """Notes of the bar that the network hears ahead: all that it would not have drawn itself.

        That is other instruments' notes anywhere, and its own in bars that stand after `first`,
        the first open bar.
        """
        own = self.allowed
        return [
            k.event
            for k in self._by_bar.get(bar, ())
            if k.event[1] not in own or (bar > first and bar not in self.bars)
        ]

    def history(self, bar: int) -> list[Event]:
        """Notes of a bar before the first open one, of the instruments that are to be written."""
        return [k.event for k in self._by_bar.get(bar, ()) if k.event[1] in self.allowed]

    def forced(self, bar: int) -> list[Event]:
        """Notes of an open bar that stand: those before the place redrawn, the visitor's own."""
        return self.history(bar)

    def drawn(self, bar: int) -> list[Event]:
        """All that the instruments to be written play in a bar so far, in order."""
        new = [event for at, event, _ in self._new if at == bar]
        return sorted([*self.history(bar), *new])

    def add(self, bar: int, written: Sequence[Event], choices: Sequence[Choices]) -> None:
        """Put in the new notes of a bar."""
        self._new += [(bar, event, said) for event, said in zip(written, choices, strict=True)]

    def _placed(self) -> list[tuple[int, Note, Choices]]:
        """(track index, note, choices) of every new note, in the piece's own key."""
        out = []
        means = {
            index: float(np.mean([k.note.pitch for k in self.notes if k.track == index] or [60]))
            for indices in self.slots.values()
            for index in indices
        }
        for bar, event, choices in self._new:
            note = note_of((bar, *event), self.steps)
            instrument = event[1]
            if instrument != DRUMS:
                note = dataclasses.replace(note, pitch=_within(note.pitch - self.shift))
                choices = tuple((_within(p - self.shift), chance) for p, chance in choices)
            else:
                choices = tuple((p - DRUM_PITCH, chance) for p, chance in choices)
            limit = self.like.ticks - note.start
            note = dataclasses.replace(note, duration=min(note.duration, limit))
            track = min(self.slots[instrument], key=lambda i: abs(means[i] - note.pitch))
            out.append((track, note, choices))
        return out

    def score(self, bars: int | None = None) -> Score:
        """The piece as it is; with `bars`, its first ones, as far as it is written."""
        lists: list[list[Note]] = [[] for _ in self.like.tracks]
        for kept in self.notes:
            lists[kept.track].append(kept.note)
        for track, note, _ in self._placed():
            lists[track].append(note)
        tracks = tuple(
            dataclasses.replace(track, notes=tuple(_apart(notes)))
            for track, notes in zip(self.like.tracks, lists, strict=True)
        )
        whole = dataclasses.replace(self.like, tracks=tracks)
        return whole if bars is None else whole.between(0, bars)

    def composition(self) -> Composition:
        """The finished piece, tracks that play nothing left out, with the choices of new notes."""
        score = self.score()
        said = {(track, note.start, note.pitch): c for track, note, c in self._placed()}
        kept = [i for i, track in enumerate(score.tracks) if track.notes]
        choices = {}
        for new, old in enumerate(kept):
            for note in score.tracks[old].notes:
                found = said.get((old, note.start, note.pitch))
                if found:
                    choices[new, note] = tuple(NoteChoice(p, chance) for p, chance in found)
        tracks = tuple(score.tracks[i] for i in kept)
        return Composition(dataclasses.replace(score, tracks=tracks), choices)


def blank(like: Score, shift: int, playing: frozenset[int], programs: dict[int, int]) -> Canvas:
    """Nothing stands: a track for each instrument that plays, every bar is open."""
    order = sorted(playing)
    tracks = tuple(
        Track(INSTRUMENTS[i].name, programs.get(i, INSTRUMENTS[i].program), (), is_drum=i == DRUMS)
        for i in order
    )
    slots = {instrument: [index] for index, instrument in enumerate(order)}
    framed = dataclasses.replace(like, tracks=tracks)
    return Canvas(framed, (), frozenset(range(like.bars)), playing, slots, shift)


def of_piece(redraw: Redraw, shift: int) -> Canvas:
    """The redraw's piece with what it names taken out.

    Raises UserInputError where nothing of it can be drawn by this engine.
    """
    piece = redraw.piece
    steps = bar_steps((piece.beats, piece.beat_unit))
    slots: dict[int, list[int]] = {}
    notes, open_from = [], 0
    first = min(redraw.bars, default=0)
    for index, track in enumerate(piece.tracks):
        instrument = instrument_of(track)
        if instrument is None:
            instrument = EFFECTS
        if index in redraw.tracks:
            slots.setdefault(instrument, []).append(index)
        for note in track.notes:
            bar = note.start // piece.bar_ticks
            chosen = (index, note.start, note.pitch) == redraw.chosen
            if (
                index in redraw.tracks
                and bar in redraw.bars
                and note.start >= redraw.from_tick
                and not chosen
            ):
                continue
            notes.append(Kept(bar, event_of(note, instrument, shift, steps), index, note))
    if not slots or not redraw.bars:
        raise UserInputError("Choose at least one bar and one track to draw anew.")
    if redraw.from_tick:
        open_from = max(redraw.from_tick // TICKS_PER_STEP - first * steps, 0)
    bars = frozenset(b for b in redraw.bars if b < piece.bars)
    return Canvas(piece, notes, bars, frozenset(slots), slots, shift, open_from)


def event_of(note: Note, instrument: int, shift: int, steps: int) -> Event:
    """A note as the network reads it; its bar is that of its tick."""
    bar_ticks = steps * TICKS_PER_STEP
    step = min((note.start % bar_ticks + TICKS_PER_STEP // 2) // TICKS_PER_STEP, steps - 1)
    drum = instrument == DRUMS
    length = max(round(note.duration / TICKS_PER_STEP), 1)
    return (
        step, instrument, note.pitch + DRUM_PITCH if drum else _within(note.pitch + shift),
        0 if drum else int(duration_bin(length)), int(velocity_bin(note.velocity)),
    )  # fmt: skip


def _within(pitch: int) -> int:
    while pitch > 127:
        pitch -= 12
    while pitch < 0:
        pitch += 12
    return pitch


def _apart(notes: Sequence[Note]) -> list[Note]:
    """A note ends where its own pitch begins again; a second one at the same place is left out."""
    following: dict[int, int] = {}
    out = []
    for note in sorted(notes, reverse=True):
        limit = following.get(note.pitch)
        if limit == note.start:
            continue
        following[note.pitch] = note.start
        if limit is not None and note.end > limit:
            note = dataclasses.replace(note, duration=limit - note.start)
        out.append(note)
    return out[::-1]
