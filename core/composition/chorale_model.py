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
from core.composition.chorale_memory_model import Memory


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

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        rows = ops.cast(inputs[..., : CHROMA.start], "int32")
        frame = ops.cast(inputs[..., FEATURES + 1 :], "int32")
        keys = len(self.shifts)
        # all keys as one batch: with a graph of each the network would take far longer to trace
        rows = ops.concatenate([moved_rows(rows, shift) for shift in self.shifts])
        frame = ops.concatenate([moved(frame, shift) for shift in self.shifts])
        chroma = ops.concatenate([inputs[..., CHROMA]] * keys)
        going_on = ops.concatenate([inputs[..., FEATURES]] * keys)
        contexts = [member(rows, chroma, going_on, training=training) for member in self.members]
        said: dict[int, Any] = {}
        for index, voice in enumerate(ORDER):
            total = 0.0
            for member, context in zip(self.members, contexts, strict=True):
                each = ops.log_softmax(member.logits(index, context, rows, frame, training))
                plain, *others = ops.split(each, keys)
                total += plain
                for shift, other in zip(self.shifts[1:], others, strict=True):
                    total += moved_back(other, plain, shift)
            said[voice] = ops.log_softmax(total / (len(self.members) * keys * self.temperature))
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
