"""Short music on a grid of sixteenths: what `midi-lstm` and `midi-vae` learn, read and write.

The representation is that of MusicVAE (Roberts et al., "A hierarchical latent vector model for
learning long-term structure in music", 2018): every voice says one token at each step.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from core.score import TICKS_PER_QUARTER, Key, Note, Score, Track

STEPS_PER_BAR = 16
TICKS_PER_STEP = TICKS_PER_QUARTER // 4

NO_EVENT, NOTE_OFF, FIRST_PITCH = 0, 1, 2
"""Tokens of a melodic voice: what sounds goes on, it ends, and from 2 on a note begins."""
LOWEST, HIGHEST = 21, 108
"""The piano's pitches; others are moved by octaves."""
DRUM_CLASSES = (
    (36, (35, 36)), (38, (37, 38, 39, 40)), (42, (42, 44, 54, 69, 70, 82)), (46, (46, 58)),
    (45, (41, 43, 45, 61, 64, 66, 68)), (48, (47, 48, 60, 63, 65)),
    (50, (50, 62, 67, 78, 79, 56, 75, 76, 77)), (49, (49, 52, 55, 57)), (51, (51, 53, 59)),
)  # fmt: skip
"""(the drum that is played, the General MIDI drums that count as it): one bit each of a token."""

TOKENS = {
    "melody": HIGHEST - LOWEST + 1 + FIRST_PITCH,
    "bass": HIGHEST - LOWEST + 1 + FIRST_PITCH,
    "drums": 2 ** len(DRUM_CLASSES),
}
"""Tokens that each voice can say."""
PROGRAMS = {"melody": 73, "bass": 33, "drums": 0}
VELOCITIES = {"melody": 96, "bass": 88, "drums": 84}

Pattern = npt.NDArray[np.int64]
"""[steps, voices]: the token of each voice at each step. A batch has [patterns] in front."""


@dataclass(frozen=True)
class Kind:
    """What the models are trained for, each kind apart.

    name: as files and recipes have it. voices: names in TOKENS, in the order they are drawn in.
    """

    name: str
    title: str
    bars: int
    voices: tuple[str, ...]

    @property
    def steps(self) -> int:
        return self.bars * STEPS_PER_BAR

    @property
    def sizes(self) -> tuple[int, ...]:
        """Tokens of each voice."""
        return tuple(TOKENS[voice] for voice in self.voices)


TRIO = ("melody", "bass", "drums")
KINDS = {
    kind.name: kind
    for kind in (
        Kind("melody-2", "Melodies of two bars", 2, ("melody",)),
        Kind("melody-16", "Melodies of sixteen bars", 16, ("melody",)),
        Kind("trio-2", "Trios of two bars", 2, TRIO),
        Kind("trio-16", "Trios of sixteen bars", 16, TRIO),
    )
}


def pitch_token(pitch: int) -> int:
    """The token that begins a note of this MIDI pitch, moved by octaves to the piano's range."""
    while pitch < LOWEST:
        pitch += 12
    while pitch > HIGHEST:
        pitch -= 12
    return pitch - LOWEST + FIRST_PITCH


def line_tokens(notes: Iterable[Note], steps: int) -> npt.NDArray[np.int64]:
    """[steps]: the tokens of one melodic voice, of notes in ticks from 0.

    Begins are taken to the nearest sixteenth. Of notes that begin together the highest stays, and
    a note ends where the next begins.
    """
    tokens = np.full(steps, NO_EVENT, np.int64)
    ends = np.zeros(steps + 1, np.int64)
    for note in sorted(notes, key=lambda note: (note.start, note.pitch)):
        begin = round(note.start / TICKS_PER_STEP)
        if 0 <= begin < steps:
            tokens[begin] = pitch_token(note.pitch)
            ends[begin] = max(round(note.end / TICKS_PER_STEP), begin + 1)
    begins = np.flatnonzero(tokens >= FIRST_PITCH)
    for begin, following in zip(begins.tolist(), [*begins.tolist()[1:], steps], strict=True):
        if ends[begin] < following:
            tokens[ends[begin]] = NOTE_OFF
    return tokens


def drum_tokens(notes: Iterable[Note], steps: int) -> npt.NDArray[np.int64]:
    """[steps]: a bit for each of DRUM_CLASSES that is hit at the step. Other drums are left out."""
    bits = {number: bit for bit, (_, members) in enumerate(DRUM_CLASSES) for number in members}
    tokens = np.zeros(steps, np.int64)
    for note in notes:
        begin = round(note.start / TICKS_PER_STEP)
        if 0 <= begin < steps and note.pitch in bits:
            tokens[begin] |= 1 << bits[note.pitch]
    return tokens


def line_notes(tokens: npt.ArrayLike, velocity: int = 90) -> list[Note]:
    """The notes of a melodic voice's tokens [steps]; the last one sounds to the end."""
    found: list[Note] = []
    pitch, begin = None, 0
    values = [*np.asarray(tokens).tolist(), NOTE_OFF]
    for step, token in enumerate(values):
        if token == NO_EVENT:
            continue
        if pitch is not None:
            length = (step - begin) * TICKS_PER_STEP
            found.append(Note(begin * TICKS_PER_STEP, pitch, length, velocity))
        pitch, begin = (token - FIRST_PITCH + LOWEST, step) if token >= FIRST_PITCH else (None, 0)
    return found


def drum_notes(tokens: npt.ArrayLike, velocity: int = 84) -> list[Note]:
    """The hits of a drum voice's tokens [steps], a sixteenth each."""
    return [
        Note(step * TICKS_PER_STEP, played, TICKS_PER_STEP, velocity)
        for step, token in enumerate(np.asarray(tokens).tolist())
        for bit, (played, _) in enumerate(DRUM_CLASSES)
        if token >> bit & 1
    ]


def to_score(
    pattern: Any, kind: Kind, *, tempo_bpm: float = 120.0, key: Key | None = None
) -> Score:
    """A pattern [steps, voices] of `kind` as a piece in 4/4, a track for each voice."""
    tokens = np.asarray(pattern, np.int64)
    if tokens.shape != (kind.steps, len(kind.voices)):
        wanted = [kind.steps, len(kind.voices)]
        raise ValueError(f"{kind.name} is {wanted}, not {list(tokens.shape)}")
    tracks = []
    for number, voice in enumerate(kind.voices):
        make = drum_notes if voice == "drums" else line_notes
        notes = make(tokens[:, number], VELOCITIES[voice])
        tracks.append(Track(voice, PROGRAMS[voice], tuple(notes), is_drum=voice == "drums"))
    return Score(tuple(tracks), kind.bars, tempo_bpm=tempo_bpm, key=key)
