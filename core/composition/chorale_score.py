"""Scores as four voices on a grid of sixteenths, and back."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.composition.chorale_drawing import BoolArray, Drawn, Plan
from core.composition.chorale_frames import (
    LOWEST,
    PITCHES,
    VOICES,
    FloatArray,
    IntArray,
    left_code,
    metre_code,
)
from core.errors import UserInputError
from core.score import TICKS_PER_QUARTER, Composition, Note, NoteChoice, Score, Track

STEP_TICKS = TICKS_PER_QUARTER // 4
NAMES = ("Soprano", "Alto", "Tenor", "Bass")
CHOIR = 52
"""General MIDI's "choir aahs"."""
RANGES = ((60, 81), (52, 74), (46, 69), (36, 66))
"""Lowest and highest pitch of each voice in Bach's chorales (the training split's)."""
CENTRES = (71.0, 65.0, 60.0, 52.0)
LOWEST_TUNE = 55.0
"""Mean pitch from which a lone part is the melody, the soprano's."""
VELOCITIES = (88, 76, 76, 82)
CHOICES = 6
CONSONANT = {0, 3, 4, 7, 8, 9}
"""Intervals above the bass, in semitones modulo 12, that need no resolution."""


@dataclass(frozen=True)
class Part:
    """A voice: the score's track that it is (None: it has none yet), and the notes that stand."""

    track: int | None
    notes: tuple[Note, ...]


@dataclass(frozen=True)
class Choir:
    """A score as four parts, soprano to bass.

    shift: semitones added to bring all that stands into the voices' ranges, for the network alone.
    """

    score: Score
    parts: tuple[Part, ...]
    shift: int

    @property
    def bar_steps(self) -> int:
        return self.score.bar_ticks // STEP_TICKS


def choir_of(score: Score, standing: Score | None = None) -> Choir:
    """The voices of a score of up to four tracks that play notes, drums aside.

    standing: the same tracks with only those notes that stand; None: all do. Tracks are told by
    their names, else by how high they lie; of notes that begin together in a track the highest is
    its voice. Raises UserInputError for a score that is no such thing.
    """
    if score.bar_ticks % STEP_TICKS:
        raise UserInputError("Its bars do not divide into sixteenths; choose another piece.")
    tuneful = [i for i, t in enumerate(score.tracks) if not t.is_drum and t.notes]
    if not tuneful:
        raise UserInputError("The piece has no notes but drums; choose one with a tune.")
    if len(tuneful) > VOICES:
        raise UserInputError(
            f"The piece has {len(tuneful)} parts and a chorale has four voices; "
            "choose a piece with at most four."
        )
    standing = standing or score
    places = _places(score, tuneful)
    parts = [Part(None, ())] * VOICES
    for index, voice in places.items():
        parts[voice] = Part(index, _line(standing.tracks[index].notes))
    return Choir(
        standing,
        tuple(parts),
        _shift([_line(score.tracks[i].notes) for i in tuneful], [places[i] for i in tuneful]),
    )


def blank(bars: int, tempo_bpm: float, metre: tuple[int, int]) -> Score:
    """An empty score with the four tracks."""
    tracks = tuple(Track(name, CHOIR, ()) for name in NAMES)
    return Score(tracks, bars, tempo_bpm, *metre)


def _line(notes: Sequence[Note]) -> tuple[Note, ...]:
    """One note at a time: the highest of those that begin together, cut where the next begins."""
    by_step: dict[int, Note] = {}
    for note in notes:
        step = round(note.start / STEP_TICKS)
        if step not in by_step or note.pitch > by_step[step].pitch:
            by_step[step] = note
    line = [by_step[step] for step in sorted(by_step)]
    return tuple(
        dataclasses.replace(note, duration=min(note.duration, following.start - note.start))
        for note, following in itertools.pairwise(line)
    ) + tuple(line[-1:])


def _places(score: Score, tuneful: Sequence[int]) -> dict[int, int]:
    """Track index -> voice."""
    named = {
        index: NAMES.index(track.name.strip().capitalize())
        for index, track in enumerate(score.tracks)
        if not track.is_drum and track.name.strip().capitalize() in NAMES
    }
    if set(tuneful) <= set(named) and len(named) == len(set(named.values())):
        return named
    middle = {i: float(np.mean([n.pitch for n in score.tracks[i].notes])) for i in tuneful}
    falling = sorted(tuneful, key=lambda i: -middle[i])
    if len(falling) == 1 and middle[falling[0]] >= LOWEST_TUNE:
        return {falling[0]: 0}

    def apart(voices: tuple[int, ...]) -> float:
        return sum(abs(middle[i] - CENTRES[v]) for i, v in zip(falling, voices, strict=True))

    best = min(itertools.combinations(range(VOICES), len(falling)), key=apart)
    return dict(zip(falling, best, strict=True))


def _shift(lines: Sequence[Sequence[Note]], voices: Sequence[int]) -> int:
    """The smallest transposition that brings every voice into its range, or nearest to it."""
    pitches = [np.array([n.pitch for n in line]) for line in lines]

    def outside(shift: int) -> tuple[int, int]:
        over = 0
        for voice, sung in zip(voices, pitches, strict=True):
            low, high = RANGES[voice]
            over += int(np.maximum(low - sung - shift, 0).sum())
            over += int(np.maximum(sung + shift - high, 0).sum())
        return over, abs(shift)

    every = np.concatenate(pitches)
    top = LOWEST + PITCHES - 2
    fitting = [s for s in range(-60, 61) if every.min() + s >= LOWEST and every.max() + s <= top]
    if not fitting:
        raise UserInputError(
            "The piece reaches higher and lower than four voices can sing; choose another."
        )
    return min(fitting, key=outside)


def plan_of(choir: Choir, frames: int, free: BoolArray | None = None) -> Plan:
    """What the network is to fill in.

    free: [frames, 4], where something is to be drawn; None: in voices without a note, and in all
    of them once the last note that stands has ended.
    """
    pitches = np.zeros((frames, VOICES), np.int64)
    last = 0
    for voice, part in enumerate(choir.parts):
        before = 0
        for note in part.notes:
            begin, end = steps_of(note)
            if 0 < begin - before <= choir.bar_steps and before:
                # a short rest is read as the note before held on: the network knows few rests
                pitches[before:begin, voice] = pitches[before - 1, voice]
            pitches[begin:end, voice] = note.pitch + choir.shift - LOWEST + 1
            before, last = end, max(last, min(end, frames))
    if free is None:
        free = np.ones((frames, VOICES), np.bool_)
        free[:last, [bool(part.notes) for part in choir.parts]] = False
    beats = {12: 3}.get(choir.bar_steps, 4 if 16 % choir.bar_steps == 0 else 0)
    metre = [metre_code(t, beats) if beats else 0 for t in range(frames)]
    left = [left_code(frames - t) for t in range(frames)]
    return Plan(pitches * ~free, ~free, np.array(left), np.array(metre))


def steps_of(note: Note) -> tuple[int, int]:
    """(first, end) sixteenth of a note, at least one long."""
    first = round(note.start / STEP_TICKS)
    return first, max(round(note.end / STEP_TICKS), first + 1)


def composition(choir: Choir, free: BoolArray, drawn: Drawn, end: int | None = None) -> Composition:
    """The score with what stands and, where `free` [frames, 4], what is drawn before `end`."""
    end = len(free) if end is None else end
    frames = drawn.frames[:end]
    tracks = list(choir.score.tracks)
    choices: dict[tuple[int, Note], tuple[NoteChoice, ...]] = {}
    for voice, part in enumerate(choir.parts):
        if part.track is None:
            index = len(tracks)
            tracks.append(Track(NAMES[voice], CHOIR, ()))
        else:
            index = part.track
        new = []
        here = free[:end, voice] & (frames[:, voice] > 0)
        for first, last in _runs(frames, voice, here, choir.bar_steps):
            pitch = int(frames[first, voice]) + LOWEST - 1 - choir.shift
            note = Note(first * STEP_TICKS, pitch, (last - first) * STEP_TICKS, VELOCITIES[voice])
            new.append(note)
            choices[index, note] = _choices(
                drawn.probabilities[first, voice], int(frames[first, voice]), choir.shift
            )
        tracks[index] = dataclasses.replace(tracks[index], notes=(*tracks[index].notes, *new))
    return Composition(dataclasses.replace(choir.score, tracks=tuple(tracks)), choices)


def _runs(frames: IntArray, voice: int, free: BoolArray, bar_steps: int) -> list[tuple[int, int]]:
    """(first, end) of the drawn notes of a voice.

    The network does not know a repeated note from a held one. One that lasts over a bar line is
    sung again there, but a dissonance is held: that is a suspension.
    """
    out: list[tuple[int, int]] = []
    for t in np.flatnonzero(free):
        again = t % bar_steps == 0 and _consonant(frames[t], voice)
        if out and out[-1][1] == t and frames[t, voice] == frames[t - 1, voice] and not again:
            out[-1] = (out[-1][0], int(t) + 1)
        else:
            out.append((int(t), int(t) + 1))
    return out


def _consonant(frame: IntArray, voice: int) -> bool:
    bass = int(frame[VOICES - 1])
    return bass == 0 or (int(frame[voice]) - bass) % 12 in CONSONANT


def _choices(probabilities: FloatArray, own: int, shift: int) -> tuple[NoteChoice, ...]:
    """The likeliest pitches, the note's own among them."""
    order = [int(p) for p in np.argsort(-probabilities, kind="stable")[:CHOICES] if p > 0]
    if own not in order:
        order[-1] = own
    total = max(float(probabilities.sum()), 1e-9)
    return tuple(
        NoteChoice(pitch + LOWEST - 1 - shift, float(probabilities[pitch]) / total)
        for pitch in order
    )
