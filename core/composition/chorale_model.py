"""The network of `chorale`, in Keras. Imported by the loader and by training alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from core.composition.chorale_frames import (
    BEFORE,
    CHROMA,
    COPY,
    COPY_SOPRANO,
    FEATURES,
    HOME,
    LAST,
    ORDER,
    PITCHES,
    UNKNOWN_HOME,
    VOICES,
)
from core.composition.chorale_memory import Memory


@keras.saving.register_keras_serializable(package="encore")
class Chorale(keras.Model):  # type: ignore[misc]
    """Log-probabilities of every frame of a piece, given those before it.

    float [batch, frames, FEATURES + 5] -> float [batch, frames, 4, PITCHES]. In: the rows of
    `core.composition.chorale_frames.Past`, then 1 where a piece goes on and 0 where one begins,
    then the frame itself. Out: voices in the order soprano, alto, tenor, bass.

    absolute, units, depth, width: of each member, see `Memory`. Every member reads the piece in
    every key of `shifts` (semitones away, 0 first); the log-probabilities of all are averaged,
    divided by `temperature` and made to sum to 1 again.
    """

    def __init__(
        self,
        absolute: Sequence[bool] = (False,),
        units: Sequence[int] = (256,),
        depth: Sequence[int] = (24,),
        width: Sequence[int] = (256,),
        dropout: float = 0.3,
        shifts: Sequence[int] = (0,),
        temperature: float = 1.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.members = [
            Memory(each[0], each[1], each[2], dropout, each[3])
            for each in zip(units, depth, width, absolute, strict=True)
        ]
        self.shifts, self.temperature = tuple(shifts), temperature

    def build(self, shape: Sequence[int | None]) -> None:
        for member in self.members:
            member.build(None)
        self.built = True

    def advance(
        self,
        rows: Any,
        chroma: Any,
        going_on: Any,
        states: Any = None,
        training: bool | None = None,
    ) -> Any:
        """Read frames: the contexts that `log_probabilities` takes, and the states after them.

        rows: whole numbers, all of a row but its histograms, which are `chroma`.
        """
        readers = [(member, shift) for member in self.members for shift in self.shifts]
        states = states or [None] * len(readers)
        both = [
            member(moved_rows(rows, shift), chroma, going_on, state, training=training)
            for (member, shift), state in zip(readers, states, strict=True)
        ]
        return [context for context, _ in both], [state for _, state in both]

    def log_probabilities(
        self, index: int, contexts: Any, rows: Any, frame: Any, training: bool | None = None
    ) -> Any:
        """Of the voice ORDER[index], given those of `frame` before it in that order."""
        readers = [(member, shift) for member in self.members for shift in self.shifts]
        total, plain = 0.0, None
        for (member, shift), context in zip(readers, contexts, strict=True):
            said = member.logits(
                index, context, moved_rows(rows, shift), moved(frame, shift), training
            )
            said = ops.log_softmax(said)
            if shift:
                said = moved_back(said, plain, shift)
            else:
                plain = said
            total += said
        return ops.log_softmax(total / (len(readers) * self.temperature))

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        rows = ops.cast(inputs[..., : CHROMA.start], "int32")
        chroma = inputs[..., CHROMA]
        going_on = inputs[..., FEATURES]
        frame = ops.cast(inputs[..., FEATURES + 1 :], "int32")
        contexts, _ = self.advance(rows, chroma, going_on, training=training)
        said: dict[int, Any] = {}
        for index, voice in enumerate(ORDER):
            said[voice] = self.log_probabilities(index, contexts, rows, frame, training)
        return ops.stack([said[v] for v in range(VOICES)], axis=-2)


def moved(notes: Any, semitones: int) -> Any:
    """Notes of frames in another key; those that leave the range stay at its edge."""
    return ops.where(notes > 0, ops.clip(notes + semitones, 1, PITCHES - 1), 0)


def moved_rows(rows: Any, semitones: int) -> Any:
    """The whole numbers of rows, [..., CHROMA.start], in another key."""
    if not semitones:
        return rows
    pitches = np.zeros(CHROMA.start, np.bool_)
    for part in (LAST, BEFORE, COPY, COPY_SOPRANO):
        pitches[part] = True
    home = np.arange(CHROMA.start) == HOME
    known = ops.where(rows == UNKNOWN_HOME, rows, (rows + semitones) % 12)
    return ops.where(pitches, moved(rows, semitones), ops.where(home, known, rows))


def moved_back(said: Any, plain: Any, semitones: int) -> Any:
    """What was said in a key `semitones` higher, of the pitches as they are.

    plain: what was said without moving, which stands for pitches that had no place there.
    """
    place = np.arange(PITCHES) + semitones
    inside = (place >= 1) & (place < PITCHES)
    place[0], inside[0] = 0, True
    taken = ops.take(said, np.clip(place, 0, PITCHES - 1), axis=-1)
    return ops.where(inside, taken, plain)


def build(
    absolute: Sequence[bool] = (False,),
    units: Sequence[int] = (256,),
    depth: Sequence[int] = (24,),
    width: Sequence[int] = (256,),
    dropout: float = 0.3,
    shifts: Sequence[int] = (0,),
    temperature: float = 1.0,
) -> keras.Model:
    """The network with fresh weights, built. See `Chorale`."""
    model = Chorale(absolute, units, depth, width, dropout, shifts, temperature)
    model.build((None, None, FEATURES + 1 + VOICES))
    return model
