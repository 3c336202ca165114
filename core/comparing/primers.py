"""What the compared models begin from: a stretch of a tune, as a pattern of their tokens.

The models know C major and A minor alone, as training moves every piece there. So does a stretch,
and what was made of it is moved back.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.comparing.patterns import STEPS_PER_BAR, Kind, Pattern, drum_tokens, line_tokens
from core.errors import UserInputError
from core.keys import estimate_key
from core.sampling.tunes import TUNES, tune
from core.score import Score, Track
from core.tunes import melody_track

PRIMERS = TUNES
"""Shipped tunes: name, as links spell it -> title. All are in 4/4."""
LEAST_NOTES = 2
_BASS_PROGRAMS = range(32, 40)


@dataclass(frozen=True)
class Stretch:
    """What was taken of a tune. pattern: [bars * 16, voices]. first_bar: from 0, in the tune.

    tracks: names of those that the voices were taken from; None where the tune has no such voice.
    semitones: how far it was moved to stand in the models' key.
    """

    pattern: Pattern
    first_bar: int
    bars: int
    tracks: tuple[str | None, ...]
    semitones: int = 0

    def told(self) -> str:
        """What was taken, in words."""
        last = self.first_bar + self.bars
        bars = f"bar {last}" if self.bars == 1 else f"bars {self.first_bar + 1}–{last}"
        names = ", ".join(name for name in self.tracks if name)
        size = abs(self.semitones)
        way = "up" if self.semitones > 0 else "down"
        moved = f", {size} semitone{'s' if size > 1 else ''} {way}" if size else ""
        return f"{bars} of {names}{moved}"


def primer_bars(kind: Kind) -> int:
    """How many bars of a tune are continued: half of a short pattern, a quarter of a long one."""
    return max(1, kind.bars // 4)


def shipped(name: str) -> Score:
    """A tune of PRIMERS. Raises KeyError for another name."""
    return tune(name, 72)


def stretch(score: Score, kind: Kind, bars: int, *, exactly: bool = False) -> Stretch:
    """The first `bars` bars of a tune, from the first in which its melody plays.

    A tune that ends before gives what it has, unless `exactly` so many are needed. Raises
    UserInputError for another metre than 4/4, for a tune without notes, and for one too short.
    """
    if (score.beats, score.beat_unit) != (4, 4):
        raise UserInputError(
            f"This piece is in {score.beats}/{score.beat_unit} and the models know 4/4 alone; "
            "choose a piece in 4/4."
        )
    melody = melody_track(score)
    if melody is None:
        raise UserInputError("There is no melody in this file; choose one with a tune in it.")
    voices = [_source(score, voice, melody) for voice in kind.voices]
    semitones = to_common_key(score)
    first = melody.notes[0].start // score.bar_ticks
    there = score.bars - first
    if exactly and there < bars:
        raise UserInputError(
            f"This tune has {there} bar{'s' if there > 1 else ''} and {bars} are needed; "
            "choose a longer one."
        )
    taken = min(bars, there)
    part = score.between(first, first + taken).transposed(semitones)
    tokens = np.zeros((taken * STEPS_PER_BAR, len(kind.voices)), np.int64)
    for voice, source in enumerate(voices):
        if source is not None:
            read = drum_tokens if kind.voices[voice] == "drums" else line_tokens
            tokens[:, voice] = read(part.tracks[source].notes, len(tokens))
    notes = len(part.tracks[score.tracks.index(melody)].notes)
    if notes < LEAST_NOTES:
        raise UserInputError(
            f"The melody's first {taken} bar{'s' if taken > 1 else ''} have {notes} notes; "
            f"choose a tune with at least {LEAST_NOTES} there."
        )
    names = tuple(None if at is None else score.tracks[at].name for at in voices)
    return Stretch(tokens, first, taken, names, semitones)


def to_common_key(score: Score) -> int:
    """Semitones, at most six, that bring a piece to C major or A minor; 0 where its key is none."""
    key = estimate_key(score) or score.key
    if key is None:
        return 0
    return -((key.tonic - (0 if key.mode == "major" else 9) + 6) % 12 - 6)


def _source(score: Score, voice: str, melody: Track) -> int | None:
    """The index of the track that plays a voice."""
    if voice == "melody":
        return score.tracks.index(melody)
    for index, track in enumerate(score.tracks):
        if not track.notes or track is melody:
            continue
        is_bass = track.program in _BASS_PROGRAMS or "bass" in track.name.lower()
        if track.is_drum if voice == "drums" else is_bass and not track.is_drum:
            return index
    return None
