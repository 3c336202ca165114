"""The network of `chorale`, in Keras. Imported by the loader and by training alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from core.composition.chorale_frames import CHROMA, FEATURES, ORDER, VOICES
from core.composition.chorale_memory import Memory


@keras.saving.register_keras_serializable(package="encore")
class Chorale(keras.Model):  # type: ignore[misc]
    """Log-probabilities of every frame of a piece, given those before it.

    float [batch, frames, FEATURES + 5] -> float [batch, frames, 4, PITCHES]. In: the rows of
    `core.composition.chorale_frames.Past`, then 1 where a piece goes on and 0 where one begins,
    then the frame itself. Out: voices in the order soprano, alto, tenor, bass.

    absolute: of each member, see `Memory`; their log-probabilities are averaged, divided by
    `temperature` and made to sum to 1 again.
    """

    def __init__(
        self,
        absolute: Sequence[bool] = (True,),
        units: int = 256,
        depth: int = 24,
        width: int = 256,
        dropout: float = 0.3,
        temperature: float = 1.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.members = [Memory(units, depth, width, dropout, each) for each in absolute]
        self.temperature = temperature

    def build(self, shape: Sequence[int | None]) -> None:
        for member in self.members:
            member.build(None)
        self.built = True

    def advance(self, rows: Any, chroma: Any, going_on: Any, states: Any = None) -> Any:
        """Read frames: the contexts that `log_probabilities` takes, and the states after them."""
        states = states or [None] * len(self.members)
        both = [
            member(rows, chroma, going_on, state, training=False)
            for member, state in zip(self.members, states, strict=True)
        ]
        return [context for context, _ in both], [state for _, state in both]

    def log_probabilities(
        self, index: int, contexts: Any, rows: Any, frame: Any, training: bool | None = None
    ) -> Any:
        """Of the voice ORDER[index], given those of `frame` before it in that order."""
        total = 0.0
        for member, context in zip(self.members, contexts, strict=True):
            total += ops.log_softmax(member.logits(index, context, rows, frame, training))
        return ops.log_softmax(total / (len(self.members) * self.temperature))

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        rows = ops.cast(inputs[..., : CHROMA.start], "int32")
        chroma = inputs[..., CHROMA]
        going_on = inputs[..., FEATURES]
        frame = ops.cast(inputs[..., FEATURES + 1 :], "int32")
        contexts = [m(rows, chroma, going_on, training=training)[0] for m in self.members]
        said: dict[int, Any] = {}
        for index, voice in enumerate(ORDER):
            said[voice] = self.log_probabilities(index, contexts, rows, frame, training)
        return ops.stack([said[v] for v in range(VOICES)], axis=-2)


def build(
    absolute: Sequence[bool] = (True,),
    units: int = 256,
    depth: int = 24,
    width: int = 256,
    dropout: float = 0.3,
    temperature: float = 1.0,
) -> keras.Model:
    """The network with fresh weights, built. See `Chorale`."""
    model = Chorale(tuple(absolute), units, depth, width, dropout, temperature)
    model.build((None, None, FEATURES + 1 + VOICES))
    return model
