"""Chorales as frames of a sixteenth, and what the past says of the next one.

A frame is four numbers, soprano, alto, tenor, bass: 0 where the voice rests, else its pitch above
LOWEST - 1. `Past` reads frames one by one, several pieces side by side, and gives at each moment
the row of FEATURES numbers from which the network (chorale_model.py) predicts the coming frame.
Nothing in a row depends on the frame it is to predict, or on later ones, but the two that an
arranger may know and a listener may not: the place in the bar, and how much is left.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float32]

VOICES = 4
ORDER = (0, 3, 1, 2)
"""The order in which the voices of a frame are drawn: soprano, bass, alto, tenor."""
LOWEST = 36
PITCHES = 47
"""A rest, and the pitches from LOWEST to LOWEST + PITCHES - 2."""
LONGEST = 31
"""Sixteenths after which a held note counts as long."""
LEFT = 33
"""Values of `left`: unknown, 1 to 31 sixteenths, more."""
METRES = 29
"""Values of `metre`: unknown, 16 places in a 4/4 bar, 12 places in a 3/4 bar."""
STRENGTHS = 32
DECAYS = (0.5 ** (1 / 8), 0.5 ** (1 / 96))
"""Of the pitch-class histograms, per sixteenth: half-lives of two beats and six bars."""

LAST, AGE, BEFORE = slice(0, 4), slice(4, 8), slice(8, 12)
COPY, COPY_SOPRANO = slice(12, 16), slice(16, 20)
STRENGTH, BEAT16, BEAT12, BARS, HOME, LEFT_AT, METRE_AT = 20, 22, 23, 24, 25, 26, 27
CHROMA = slice(28, 52)
FEATURES = 52
UNKNOWN_HOME = 12


class Past:
    """What was sung so far in `pieces` pieces of the same length.

    The features, row by row: the last frame; how long each of its notes is held (sixteenths);
    the notes before them; the frame that followed the best earlier match of the last frames, and
    of the soprano's last notes; the strengths of the two matches (notes matched, at most 15, plus
    16 where the match lies whole bars back); places in 16 and in 12 sixteenths since the start;
    bars since the start; the pitch class of the first bass note; sixteenths left; place in the bar;
    two decaying histograms of pitch classes above that bass note.
    """

    def __init__(self, pieces: int, capacity: int = 256) -> None:
        self.frames: IntArray = np.zeros((pieces, capacity, VOICES), np.int64)
        self.length = 0
        self._age: IntArray = np.zeros((pieces, VOICES), np.int64)
        self._before: IntArray = np.zeros((pieces, VOICES), np.int64)
        self._home: IntArray = np.full(pieces, UNKNOWN_HOME)
        self._chroma = np.zeros((pieces, 2, 12), np.float32)
        # [pieces, 2, position]: notes matched by the frames before each position; all, soprano
        self._matched = np.zeros((pieces, 2, capacity), np.float32)

    def add(self, frame: npt.ArrayLike) -> None:
        """One more frame, [pieces, 4]."""
        new: IntArray = np.asarray(frame, np.int64)
        t = self.length
        if t + 1 >= self.frames.shape[1]:
            grown = ((0, 0), (0, self.frames.shape[1]), (0, 0))
            self.frames = np.pad(self.frames, grown)
            self._matched = np.pad(self._matched, (grown[0], (0, 0), grown[1]))
        last = self.frames[:, t - 1] if t else np.zeros_like(new)
        held = (new == last) & (t > 0)
        self._age = np.where(held, np.minimum(self._age + 1, LONGEST), 0)
        self._before = np.where(held, self._before, last)
        same = self.frames[:, :t] == new[:, None]
        equal = np.stack([same.all(axis=2), same[..., 0]], axis=1)
        gain = np.stack([~held.all(axis=1), ~held[:, 0]], axis=1) * 0.98 + 0.02
        self._matched[:, :, 1 : t + 1] = equal * (self._matched[:, :, :t] + gain[..., None])
        self._matched[:, :, 0] = 0.0
        self.frames[:, t] = new
        self.length += 1
        if t == 0:
            self._home = np.where(new[:, 3] > 0, (new[:, 3] + LOWEST - 1) % 12, UNKNOWN_HOME)
        sung = np.zeros((len(new), 12), np.float32)
        for voice in range(VOICES):
            above = (new[:, voice] + LOWEST - 1 - self._home % 12) % 12
            sung[np.arange(len(new)), above] += new[:, voice] > 0
        for index, decay in enumerate(DECAYS):
            self._chroma[:, index] = decay * self._chroma[:, index] + (1 - decay) * sung

    def take(self, pieces: IntArray) -> None:
        """Go on with these pieces, some of them twice, others not at all."""
        for name in ("frames", "_age", "_before", "_home", "_chroma", "_matched"):
            setattr(self, name, getattr(self, name)[pieces])

    def features(self, left: int = 0, metre: int = 0) -> FloatArray:
        """[pieces, FEATURES] for the coming frame; left and metre as in `left_code`, `metre_code`.

        The array is float32 and holds whole numbers but for the histograms.
        """
        t, pieces = self.length, len(self.frames)
        row = np.zeros((pieces, FEATURES), np.float32)
        if t:
            row[:, LAST] = self.frames[:, t - 1]
            row[:, AGE] = self._age
            row[:, BEFORE] = self._before
            lag = t - np.arange(t + 1)
            in_time = 0.5 * (lag % 16 == 0) + 0.3 * (lag % 4 == 0)
            matched = self._matched[:, :, : t + 1]
            best = (matched + in_time * (matched > 0)).argmax(axis=2)
            every = np.arange(pieces)
            for index, part in enumerate((COPY, COPY_SOPRANO)):
                place = best[:, index]
                strength = np.minimum(self._matched[every, index, place], 15).astype(np.int64)
                found = strength > 0
                row[:, part] = self.frames[every, place] * found[:, None]
                row[:, STRENGTH + index] = (strength + 16 * ((t - place) % 16 == 0)) * found
        row[:, BEAT16] = t % 16
        row[:, BEAT12] = t % 12
        row[:, BARS] = min(t // 16, 15)
        row[:, HOME] = self._home
        row[:, LEFT_AT] = left
        row[:, METRE_AT] = metre
        row[:, CHROMA] = self._chroma.reshape(pieces, -1)
        return row


def left_code(sixteenths: int) -> int:
    """What `features` calls `left`, for a piece with so many frames to come (at least 1)."""
    return min(sixteenths, LEFT - 1)


def metre_code(place: int, beats: int) -> int:
    """What `features` calls `metre`, for a frame `place` sixteenths after a bar line."""
    return 1 + place % 16 if beats == 4 else 17 + place % 12


def table(frames: IntArray) -> FloatArray:
    """[frames, FEATURES] of a whole piece, left and metre unknown."""
    past = Past(1, len(frames) + 2)
    rows = np.zeros((len(frames), FEATURES), np.float32)
    for t, frame in enumerate(frames):
        rows[t] = past.features()[0]
        past.add(frame[None])
    return rows


def packed(rows: FloatArray, frames: IntArray) -> FloatArray:
    """A piece as the network takes it, [frames, FEATURES + 5]: table, where it goes on, frames."""
    going_on = np.ones((len(frames), 1), np.float32)
    going_on[0] = 0.0
    return np.concatenate([rows, going_on, frames.astype(np.float32)], axis=1)


def transposed(rows: FloatArray, frames: IntArray, semitones: int) -> tuple[FloatArray, IntArray]:
    """A piece's table and frames, moved; the pitches must stay within range."""
    rows = rows.copy()
    for part in (LAST, BEFORE, COPY, COPY_SOPRANO):
        rows[..., part] += semitones * (rows[..., part] > 0)
    home = rows[..., HOME]
    rows[..., HOME] = np.where(home == UNKNOWN_HOME, home, (home + semitones) % 12)
    return rows, frames + semitones * (frames > 0)


def encoded(pitches: Any) -> IntArray:
    """MIDI pitches, NaN or under LOWEST for a rest, as frames. Raises ValueError over the range."""
    numbers = np.nan_to_num(np.asarray(pitches, np.float64), nan=0.0).astype(np.int64)
    frames = np.where(numbers < LOWEST, 0, numbers - LOWEST + 1)
    if frames.max(initial=0) >= PITCHES:
        raise ValueError(f"pitch {numbers.max()} is above {LOWEST + PITCHES - 2}")
    return frames
