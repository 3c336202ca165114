"""Which chord goes with each span of a tune: two recurrent layers that read it both ways.

After Lim, Rhyu and Lee, "Chord generation from symbolic melody using BLSTM networks" (ISMIR 2017):
what accompanists chose is learned from pieces that have both. `core.hearing.chords_network` is the
same in numpy, which the app runs.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from core.hearing.chords_network import DEEP, SHOWN, STATES

WIDTH = 96


@keras.saving.register_keras_serializable(package="encore")
class Chords(keras.Model):  # type: ignore[misc]
    """Maps [batch, spans, SHOWN] to logits [batch, spans, STATES].

    What is shown of spans whose last number is 0 does not matter.
    """

    def __init__(self, width: int = WIDTH, dropout: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.width = width
        # Names sort before "layers", see core.hearing.beats_model.
        self.first = layers.Dense(width, activation="tanh")
        for at in range(DEEP):
            setattr(self, f"ahead_{at}", layers.GRU(width, return_sequences=True))
            back = layers.GRU(width, return_sequences=True, go_backwards=True)
            setattr(self, f"back_{at}", back)
        self.drop = layers.Dropout(dropout)
        self.chord = layers.Dense(STATES)

    def build(self, shape: Any) -> None:
        self.first.build((None, None, SHOWN - 1))
        for at in range(DEEP):
            seen = (None, None, self.width if at == 0 else 2 * self.width)
            getattr(self, f"ahead_{at}").build(seen)
            getattr(self, f"back_{at}").build(seen)
        self.chord.build((None, None, 2 * self.width))
        self.built = True

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        mask = ops.cast(inputs[:, :, -1], "bool")
        x = self.first(inputs[:, :, :-1])
        for at in range(DEEP):
            x = self.drop(x, training=training)
            ahead = getattr(self, f"ahead_{at}")(x, mask=mask)
            back = ops.flip(getattr(self, f"back_{at}")(x, mask=mask), axis=1)
            x = ops.concatenate([ahead, back], axis=-1)
        return self.chord(self.drop(x, training=training))


def build(width: int = WIDTH, dropout: float = 0.0) -> keras.Model:
    """The network with fresh weights, built. See `Chords`."""
    model = Chords(width, dropout)
    model.build((None, None, SHOWN))
    return model
