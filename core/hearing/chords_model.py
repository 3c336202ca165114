"""Which chord goes with each span of a tune: two recurrent layers that read it both ways.

After Lim, Rhyu and Lee, "Chord generation from symbolic melody using BLSTM networks" (ISMIR 2017):
what accompanists chose is learned from pieces that have both. `core.hearing.chords_network` is the
same in numpy, which the app runs.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

from core.hearing.chords_network import DEEP, SHOWN, STATES
from core.hearing.recurrent_model import BothWays

WIDTH = 96


@keras.saving.register_keras_serializable(package="encore")
class Chords(BothWays):
    """Maps [batch, spans, SHOWN] to logits [batch, spans, STATES].

    What is shown of spans whose last number is 0 does not matter.
    """

    def __init__(self, width: int = WIDTH, dropout: float = 0.0, **kwargs: Any) -> None:
        super().__init__(SHOWN, width, DEEP, dropout, **kwargs)
        self.chord = layers.Dense(STATES)

    def build(self, shape: Any) -> None:
        super().build(shape)
        self.chord.build((None, None, 2 * self.width))

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        return self.chord(self.read(inputs, training))


def build(width: int = WIDTH, dropout: float = 0.0) -> keras.Model:
    """The network with fresh weights, built. See `Chords`."""
    model = Chords(width, dropout)
    model.build((None, None, SHOWN))
    return model
