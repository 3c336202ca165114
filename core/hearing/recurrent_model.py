"""Recurrent layers that read a sequence both ways: what the chords and the bars network begin with.

`core.hearing.layers` has the same in numpy.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops


class BothWays(keras.Model):  # type: ignore[misc]
    """A dense layer and `deep` layers of gated recurrent units, each forwards and backwards.

    `read` maps [batch, steps, shown] to [batch, steps, 2 * width]. What is shown of steps whose
    last number is 0 does not matter.
    """

    def __init__(
        self, shown: int, width: int, deep: int, dropout: float = 0.0, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.shown, self.width, self.deep = shown, width, deep
        # Names sort before "layers", see core.hearing.beats_model.
        self.first = layers.Dense(width, activation="tanh")
        for at in range(deep):
            setattr(self, f"ahead_{at}", layers.GRU(width, return_sequences=True))
            back = layers.GRU(width, return_sequences=True, go_backwards=True)
            setattr(self, f"back_{at}", back)
        self.drop = layers.Dropout(dropout)

    def build(self, shape: Any) -> None:
        self.first.build((None, None, self.shown - 1))
        for at in range(self.deep):
            seen = (None, None, self.width if at == 0 else 2 * self.width)
            getattr(self, f"ahead_{at}").build(seen)
            getattr(self, f"back_{at}").build(seen)
        self.built = True

    def read(self, inputs: Any, training: bool | None = None) -> Any:
        mask = ops.cast(inputs[:, :, -1], "bool")
        x = self.first(inputs[:, :, :-1])
        for at in range(self.deep):
            x = self.drop(x, training=training)
            ahead = getattr(self, f"ahead_{at}")(x, mask=mask)
            back = ops.flip(getattr(self, f"back_{at}")(x, mask=mask), axis=1)
            x = ops.concatenate([ahead, back], axis=-1)
        return self.drop(x, training=training)
