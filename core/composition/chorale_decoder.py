"""`chorale`'s network run one frame at a time, in numpy, with what it has heard kept.

All pieces that are drawn side by side, in every key that a member reads them in, are the rows of
one matrix product per layer. In numpy, not as compiled TensorFlow steps: these take longer to trace
than a piece takes to write. tests/models/test_chorale.py holds both to the same answer.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from core.composition.chorale_frames import (
    AGE,
    BARS,
    BEAT12,
    BEAT16,
    BEFORE,
    CHROMA,
    COPY,
    COPY_SOPRANO,
    HOME,
    LAST,
    LEFT_AT,
    LONGEST,
    METRE_AT,
    ORDER,
    PITCHES,
    STRENGTH,
    STRENGTHS,
    UNKNOWN_HOME,
    VOICES,
    FloatArray,
    IntArray,
)

PLACES = [STRENGTH, STRENGTH + 1, BEAT16, BEAT12, BARS, HOME, LEFT_AT, METRE_AT]
BY_VOICE = np.arange(VOICES)
BY_PITCH = np.arange(PITCHES)


class Member:
    """The arrays of one `chorale_memory_model.Memory`, and what it does with them."""

    def __init__(self, memory: Any) -> None:
        reader, heads = memory.reader, memory.heads
        self.absolute: bool = memory.absolute
        self.units: int = memory.units
        self.read = {n: _arrays(getattr(reader, n))[0] for n in _READ}
        self.codes = [_arrays(layer)[0] for layer in reader.codes]
        self.recurrences = [_arrays(reader.first), _arrays(reader.second)]
        self.heads = {n: _arrays(getattr(heads, n))[0] for n in _SEEN}
        self.hidden = [_arrays(layer) for layer in heads.hidden]
        self.out = [_arrays(layer) for layer in heads.out]
        self.ends: list[int] = np.cumsum(heads.sizes)[:-1].tolist()
        self.reach: int = heads.sizes[2] // 2

    def heard(self, rows: IntArray, chroma: FloatArray) -> tuple[IntArray, FloatArray]:
        """[rows, CHROMA.start] and [rows, 24], by pitch where pitches are read as they are."""
        if not self.absolute:
            return rows, chroma
        place = (np.arange(12) - _tonic(rows)) % 12
        halves = [np.take_along_axis(chroma[:, at : at + 12], place, axis=1) for at in (0, 12)]
        rows = rows.copy()
        rows[:, HOME] = UNKNOWN_HOME
        return rows, np.concatenate(halves, axis=1)

    def advance(
        self, rows: IntArray, chroma: FloatArray, states: tuple[FloatArray, FloatArray]
    ) -> tuple[FloatArray, FloatArray]:
        """The states [rows, units] of the two GRUs after one more frame."""
        x = self._read(rows, chroma)
        first = _recurred(x, states[0], self.recurrences[0])
        return first, _recurred(first, states[1], self.recurrences[1])

    def _read(self, rows: IntArray, chroma: FloatArray) -> FloatArray:
        read, tonic = self.read, _tonic(rows)

        def relative(part: slice) -> IntArray:
            pitch = rows[:, part]
            return np.where(pitch > 0, pitch + 11 - tonic, 0) + (PITCHES + 12) * BY_VOICE

        seen = [
            *(
                read["pitch"][rows[:, part] + PITCHES * BY_VOICE]
                + read["from_home"][relative(part)]
                for part in (LAST, BEFORE)
            ),
            read["copy"][relative(COPY)],
            read["copy"][relative(COPY_SOPRANO)],
            read["age"][rows[:, AGE] + (LONGEST + 1) * BY_VOICE],
            *(table[rows[:, at]] for table, at in zip(self.codes, PLACES, strict=True)),
            chroma,
        ]
        return np.concatenate([x.reshape(len(rows), -1) for x in seen], axis=1)

    def logits(
        self, index: int, states: tuple[FloatArray, FloatArray], rows: IntArray, frame: IntArray
    ) -> FloatArray:
        """[rows, PITCHES] of the voice ORDER[index]; see `chorale_memory_model.Heads`."""
        voice, heads = ORDER[index], self.heads
        last = rows[:, voice]
        seen = [
            *states,
            heads["pitch"][last + PITCHES * voice],
            heads["age"][rows[:, AGE.start + voice] + (LONGEST + 1) * voice],
            heads["beat"][rows[:, BEAT16]],
            heads["strength"][rows[:, STRENGTH]],
            heads["strength"][rows[:, STRENGTH + 1] + STRENGTHS],
        ]
        for earlier in ORDER[:index]:
            drawn = frame[:, earlier]
            seen.append(heads["pitch"][drawn + PITCHES * earlier])
            seen.append(heads["above"][(drawn - last) % 12 + 12 * (earlier * VOICES + voice)])
        hidden = _gelu(_dense(np.concatenate(seen, axis=1), self.hidden[index]))
        total, home, interval, *chords, copies, hold = np.split(
            _dense(hidden, self.out[index]), self.ends, axis=1
        )
        total = total + np.take_along_axis(home, BY_PITCH + 11 - _tonic(rows), axis=1)
        step = BY_PITCH - last[:, None]
        reached = np.take_along_axis(
            interval, np.clip(step + self.reach, 0, 2 * self.reach), axis=1
        )
        total += np.where(abs(step) <= self.reach, reached, 0.0)
        for earlier, chord in zip(ORDER[:index], chords, strict=False):
            total += np.take_along_axis(chord, (BY_PITCH - frame[:, earlier, None]) % 12, axis=1)
        every = np.arange(len(rows))
        for number, part in enumerate((COPY, COPY_SOPRANO)):
            known = rows[:, STRENGTH + number] > 0
            total[every, rows[:, part.start + voice]] += copies[:, number] * known
        total[every, last] += hold[:, 0]
        return total


class Weights:
    """The network's members and keys, taken once from the Keras model and then only read."""

    def __init__(self, model: Any) -> None:
        self.members = [Member(memory) for memory in model.members]
        self.shifts: tuple[int, ...] = model.shifts
        self.temperature: float = model.temperature


class Decoder:
    """Several pieces of one length side by side. Not shared between threads; its Weights may be."""

    def __init__(self, weights: Weights) -> None:
        self.weights = weights
        self._states: list[tuple[FloatArray, FloatArray]] = []
        self._rows: list[IntArray] = []
        self._pieces = 0

    def read(self, rows: FloatArray) -> None:
        """Take in [pieces, FEATURES], what the past says of the coming frame."""
        w = self.weights
        self._pieces = len(rows)
        whole = rows[:, : CHROMA.start].astype(np.int64)
        moved = np.concatenate([_moved_rows(whole, shift) for shift in w.shifts])
        chroma = np.tile(rows[:, CHROMA], (len(w.shifts), 1))
        heard = [member.heard(moved, chroma) for member in w.members]
        if not self._states:
            blank = [np.zeros((len(moved), member.units), np.float32) for member in w.members]
            self._states = [(zeros, zeros) for zeros in blank]
        self._states = [
            member.advance(*what, states)
            for member, what, states in zip(w.members, heard, self._states, strict=True)
        ]
        self._rows = [what[0] for what in heard]

    def log_probabilities(self, index: int, frame: IntArray) -> FloatArray:
        """[pieces, PITCHES] of the voice ORDER[index], given those of `frame` drawn before it."""
        w = self.weights
        moved = np.concatenate([_moved(frame, shift) for shift in w.shifts])
        total = np.zeros((self._pieces, PITCHES), np.float32)
        for member, states, rows in zip(w.members, self._states, self._rows, strict=True):
            said = _log_softmax(member.logits(index, states, rows, moved))
            keys = said.reshape(len(w.shifts), self._pieces, PITCHES)
            for shift, each in zip(w.shifts, keys, strict=True):
                total += _moved_back(each, keys[0], shift)
        return _log_softmax(total / np.float32(len(w.members) * len(w.shifts) * w.temperature))

    def take(self, pieces: npt.NDArray[np.int64]) -> None:
        """Go on with these pieces, some of them twice, others not at all."""
        rows = (np.arange(len(self.weights.shifts))[:, None] * self._pieces + pieces).ravel()
        self._states = [(first[rows], second[rows]) for first, second in self._states]


_READ = ("pitch", "from_home", "copy", "age")
_SEEN = ("pitch", "above", "age", "beat", "strength")


def _arrays(layer: Any) -> list[FloatArray]:
    return [np.ascontiguousarray(np.asarray(v), dtype=np.float32) for v in layer.weights]


def _tonic(rows: IntArray) -> IntArray:
    """[rows, 1]: the pitch class of the first bass note, 0 where it is unknown."""
    return (rows[:, HOME] % UNKNOWN_HOME)[:, None]


def _recurred(x: FloatArray, state: FloatArray, arrays: list[FloatArray]) -> FloatArray:
    """See `core.composition.chorale_layers_model.Recurrence.step`."""
    kernel, inner, bias, inner_bias = arrays
    n = state.shape[1]
    read, said = x @ kernel + bias, state @ inner + inner_bias
    gates = expit(read[:, : 2 * n] + said[:, : 2 * n])
    new = np.tanh(read[:, 2 * n :] + gates[:, :n] * said[:, 2 * n :])
    return np.asarray(new + gates[:, n:] * (state - new), np.float32)


def _dense(x: FloatArray, layer: list[FloatArray]) -> FloatArray:
    return np.asarray(x @ layer[0] + layer[1], np.float32)


def _gelu(x: FloatArray) -> FloatArray:
    """By the hyperbolic tangent, as `keras.ops.gelu` has it."""
    inner = np.float32((2 / np.pi) ** 0.5) * x * (1 + np.float32(0.044715) * x * x)
    return np.asarray(np.float32(0.5) * x * (1 + np.tanh(inner)), np.float32)


def _log_softmax(x: FloatArray) -> FloatArray:
    x = x - x.max(axis=1, keepdims=True)
    return np.asarray(x - np.log(np.exp(x).sum(axis=1, keepdims=True)), np.float32)


def _moved(notes: IntArray, semitones: int) -> IntArray:
    """See `core.composition.chorale_model.moved`."""
    return np.where(notes > 0, np.clip(notes + semitones, 1, PITCHES - 1), 0)


def _moved_rows(rows: IntArray, semitones: int) -> IntArray:
    """See `core.composition.chorale_model.moved_rows`."""
    out = rows.copy()
    for part in (LAST, BEFORE, COPY, COPY_SOPRANO):
        out[:, part] = _moved(rows[:, part], semitones)
    home = rows[:, HOME]
    out[:, HOME] = np.where(home == UNKNOWN_HOME, home, (home + semitones) % 12)
    return out


def _moved_back(said: FloatArray, plain: FloatArray, semitones: int) -> FloatArray:
    """See `core.composition.chorale_model.moved_back`."""
    place = BY_PITCH + semitones
    inside = (place >= 1) & (place < PITCHES)
    place[0], inside[0] = 0, True
    return np.where(inside, said[:, np.clip(place, 0, PITCHES - 1)], plain)
