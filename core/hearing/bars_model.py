"""Which beats begin bars: two recurrent layers that read the beats both ways.

After Böck, Krebs and Widmer, "Joint beat and downbeat tracking with recurrent neural networks"
(ISMIR 2016), and Durand and others, "Downbeat tracking with multiple features and deep neural
networks" (ICASSP 2015), who ask beats, once they are known, for the bars; here of notes and not of
sound. `core.hearing.bars_network` is the same in numpy, which the app runs.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from core.hearing.bars_network import COUNTS, DEEP, SHOWN
from core.hearing.recurrent_model import BothWays

WIDTH = 64


@keras.saving.register_keras_serializable(package="encore")
class Bars(BothWays):
    """Maps [batch, beats, SHOWN] to logits [batch, beats, SAID].

    Of each beat that a bar begins there, then, the same at all beats, of COUNTS. What is shown of
    beats whose last number is 0 does not matter.
    """

    def __init__(self, width: int = WIDTH, dropout: float = 0.0, **kwargs: Any) -> None:
        super().__init__(SHOWN, width, DEEP, dropout, **kwargs)
        self.bar = layers.Dense(1)
        self.count = layers.Dense(len(COUNTS))

    def build(self, shape: Any) -> None:
        super().build(shape)
        self.bar.build((None, None, 2 * self.width))
        self.count.build((None, 4 * self.width))

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        x, mask = self.read(inputs, training), inputs[:, :, -1:]
        mean = ops.sum(x * mask, axis=1) / ops.maximum(ops.sum(mask, axis=1), 1.0)
        most = ops.max(x - 1e3 * (1.0 - mask), axis=1)
        count = ops.expand_dims(self.count(ops.concatenate([mean, most], axis=-1)), 1)
        return ops.concatenate([self.bar(x), ops.repeat(count, inputs.shape[1], axis=1)], axis=-1)


def build(width: int = WIDTH, dropout: float = 0.0) -> keras.Model:
    """The network with fresh weights, built. See `Bars`."""
    model = Bars(width, dropout)
    model.build((None, None, SHOWN))
    return model
