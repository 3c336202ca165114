"""Which chord goes with each span of a tune: a small temporal convolutional network.

What accompanists chose is learned from pieces that have both, as in Lim, Rhyu and Lee, "Chord
generation from symbolic melody using BLSTM networks" (ISMIR 2017), where the network is recurrent.
`core.hearing.chords_network` is the same in numpy, which the app runs.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from core.hearing.chords_network import DILATIONS, SHOWN, STATES, TAPS

WIDTH = 64


@keras.saving.register_keras_serializable(package="encore")
class Chords(keras.Model):  # type: ignore[misc]
    """Maps [batch, spans, SHOWN] to logits [batch, spans, STATES].

    What is shown of spans whose last number is 0 does not matter.
    """

    def __init__(self, width: int = WIDTH, dropout: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.width = width
        # Names sort before "layers", see core.hearing.beats_model.
        self.first = layers.Dense(width, activation="elu")
        for at, dilation in enumerate(DILATIONS):
            far = layers.Conv1D(
                width, TAPS, padding="same", dilation_rate=dilation, activation="elu"
            )
            setattr(self, f"far_{at}", far)
            setattr(self, f"kept_{at}", layers.Dense(width))
        self.drop = layers.Dropout(dropout, noise_shape=(None, 1, None))
        self.chord = layers.Dense(STATES)

    def build(self, shape: Any) -> None:
        inner = (None, None, self.width)
        self.first.build((None, None, SHOWN - 1))
        for at in range(len(DILATIONS)):
            getattr(self, f"far_{at}").build(inner)
            getattr(self, f"kept_{at}").build(inner)
        self.chord.build(inner)
        self.built = True

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        mask = inputs[:, :, -1:]
        x = self.drop(self.first(inputs[:, :, :-1]), training=training) * mask
        for at in range(len(DILATIONS)):
            far = self.drop(getattr(self, f"far_{at}")(x), training=training)
            x = x + getattr(self, f"kept_{at}")(far) * mask
        return self.chord(ops.elu(x))


def build(width: int = WIDTH, dropout: float = 0.0) -> keras.Model:
    """The network with fresh weights, built. See `Chords`."""
    model = Chords(width, dropout)
    model.build((None, None, SHOWN))
    return model
