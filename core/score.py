"""Symbolic music on a grid: what composers write, what MIDI and MusicXML are read into."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

TICKS_PER_QUARTER = 24
"""The grid: sixteenths are 6 ticks, eighth triplets 8, thirty-seconds 3."""

PITCH_CLASSES = ("C", "C#", "D", "E-", "E", "F", "F#", "G", "A-", "A", "B-", "B")
"""Names as music21 spells them: `-` is a flat."""


@dataclass(frozen=True, order=True)
class Note:
    """One note. start, duration: ticks, duration at least 1. pitch, velocity: as in MIDI."""

    start: int
    pitch: int
    duration: int
    velocity: int = 80

    @property
    def end(self) -> int:
        return self.start + self.duration


@dataclass(frozen=True)
class Track:
    """The notes of one instrument, in order of start and pitch.

    program: General MIDI, 0 to 127; what it says is meaningless where is_drum.
    """

    name: str
    program: int
    notes: tuple[Note, ...]
    is_drum: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "notes", tuple(sorted(self.notes)))


@dataclass(frozen=True)
class Key:
    """A major or minor key. tonic: pitch class, C is 0."""

    tonic: int
    mode: str

    def __str__(self) -> str:
        name = PITCH_CLASSES[self.tonic].replace("-", "♭").replace("#", "♯")
        return f"{name} {self.mode}"


@dataclass(frozen=True)
class Score:
    """A piece in one metre and tempo. Ticks are TICKS_PER_QUARTER to a quarter, bar 0 starts at 0.

    beats, beat_unit: the time signature's numbers. key: None where nobody said.
    bars: its length, rests at the end included.
    """

    tracks: tuple[Track, ...]
    bars: int
    tempo_bpm: float = 120.0
    beats: int = 4
    beat_unit: int = 4
    key: Key | None = None
    title: str = ""

    @property
    def bar_ticks(self) -> int:
        return self.beats * TICKS_PER_QUARTER * 4 // self.beat_unit

    @property
    def ticks(self) -> int:
        return self.bars * self.bar_ticks

    @property
    def seconds_per_tick(self) -> float:
        """tempo_bpm counts quarters, whatever the beat unit."""
        return 60.0 / (self.tempo_bpm * TICKS_PER_QUARTER)

    @property
    def duration_s(self) -> float:
        return self.ticks * self.seconds_per_tick

    @property
    def note_count(self) -> int:
        return sum(len(track.notes) for track in self.tracks)

    def notes(self) -> Iterator[tuple[int, Note]]:
        """(track index, note) of the whole piece, in order of start, track and pitch."""
        everything = (
            (note.start, index, note.pitch, note)
            for index, track in enumerate(self.tracks)
            for note in track.notes
        )
        for _, index, _, note in sorted(everything):
            yield index, note

    def between(self, first_bar: int, end_bar: int) -> Score:
        """Bars first_bar to end_bar - 1 as a piece of their own; notes are cut at the end."""
        low, high = first_bar * self.bar_ticks, end_bar * self.bar_ticks
        tracks = tuple(
            dataclasses.replace(
                track,
                notes=tuple(
                    dataclasses.replace(
                        n, start=n.start - low, duration=min(n.duration, high - n.start)
                    )
                    for n in track.notes
                    if low <= n.start < high
                ),
            )
            for track in self.tracks
        )
        return dataclasses.replace(self, tracks=tracks, bars=end_bar - first_bar)

    def transposed(self, semitones: int) -> Score:
        """All but the drums, and the key; notes that leave 0 to 127 move by octaves to stay."""

        def moved(pitch: int) -> int:
            pitch += semitones
            while pitch > 127:
                pitch -= 12
            while pitch < 0:
                pitch += 12
            return pitch

        tracks = tuple(
            track
            if track.is_drum
            else dataclasses.replace(
                track,
                notes=tuple(dataclasses.replace(n, pitch=moved(n.pitch)) for n in track.notes),
            )
            for track in self.tracks
        )
        key = self.key and Key((self.key.tonic + semitones) % 12, self.key.mode)
        return dataclasses.replace(self, tracks=tracks, key=key)


def bars_needed(notes: Iterable[Note], bar_ticks: int) -> int:
    """The number of bars that hold all of the notes, at least 1."""
    return max(1, -(-max((note.end for note in notes), default=0) // bar_ticks))


@dataclass(frozen=True)
class NoteChoice:
    """What a model might have written instead of a note. probability: 0 to 1."""

    pitch: int
    probability: float


@dataclass(frozen=True)
class Composition:
    """What a composer gives: the piece, and for its notes what else they might have been.

    choices: (track index, note) -> alternatives, the likeliest first, the note's own among them.
    Notes that were given (a primer's, kept ones) have none.
    """

    score: Score
    choices: dict[tuple[int, Note], tuple[NoteChoice, ...]] = field(default_factory=dict)
