"""Where beats and bars begin, how fast and in which metre: a small temporal convolutional network.

After Davies and Böck, "Temporal convolutional networks for musical audio beat tracking" (EUSIPCO
2019), and Böck and Davies, "Deconstruct, analyse, reconstruct" (ISMIR 2020), where tempo is learnt
along with the beats. Unlike there, it is shown notes and not sound: core.hearing.beat_frames.
`core.hearing.beats_network` is the same in numpy, which the app runs.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from core.hearing.beat_frames import PARTS
from core.hearing.beats_network import DILATIONS, METRES, SHOWN, TAPS, TEMPI

WIDTH = 48


@keras.saving.register_keras_serializable(package="encore")
class Beats(keras.Model):  # type: ignore[misc]
    """Maps [batch, steps, SHOWN] to logits [batch, steps, SAID].

    A step is 80 ms, PARTS frames of core.hearing.beat_frames: shown are their features, and 1 where
    there is sound; what is shown of other steps does not matter. Said are beat and bar line of each
    frame in turn, then, the same at all steps, beat length and metre.
    """

    def __init__(self, width: int = WIDTH, dropout: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.width = width
        # Each name sorts before "layers": Keras files the rest under numbers in its weight files,
        # and `beats_network` reads them by name.
        self.first = layers.Dense(width, activation="elu")
        self.beside = layers.Conv1D(width, TAPS, padding="same", activation="elu")
        for dilation in DILATIONS:
            far = layers.Conv1D(
                width, TAPS, padding="same", dilation_rate=dilation, activation="elu"
            )
            setattr(self, f"far_{dilation}", far)
            setattr(self, f"kept_{dilation}", layers.Dense(width))
        self.drop = layers.Dropout(dropout, noise_shape=(None, 1, None))
        self.frames = layers.Dense(PARTS * 2)
        self.gathered = layers.Dense(2 * width, activation="elu")
        self.entire = layers.Dense(TEMPI + METRES)

    def build(self, shape: Any) -> None:
        steps = (None, None, self.width)
        self.first.build((None, None, SHOWN - 1))
        self.beside.build(steps)
        for dilation in DILATIONS:
            getattr(self, f"far_{dilation}").build(steps)
            getattr(self, f"kept_{dilation}").build(steps)
        self.frames.build(steps)
        self.gathered.build((None, 2 * self.width))
        self.entire.build((None, 2 * self.width))
        self.built = True

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        shown, mask = inputs[:, :, :-1], inputs[:, :, -1:]
        x = self.drop(self.beside(self.first(shown) * mask), training=training) * mask
        skips = ops.zeros_like(x)
        for dilation in DILATIONS:
            far = self.drop(getattr(self, f"far_{dilation}")(x), training=training)
            y = getattr(self, f"kept_{dilation}")(far) * mask
            skips, x = skips + y, x + y
        frames = self.frames(ops.elu(x))
        sums = ops.sum(ops.concatenate([skips, ops.relu(skips)], axis=-1), axis=1)
        mean = sums / ops.maximum(ops.sum(mask, axis=1), 1.0)
        entire = ops.expand_dims(self.entire(self.gathered(mean)), 1)
        entire = ops.repeat(entire, inputs.shape[1], axis=1)
        return ops.concatenate([frames, entire], axis=-1)


def build(width: int = WIDTH, dropout: float = 0.0) -> keras.Model:
    """The network with fresh weights, built. See `Beats`."""
    model = Beats(width, dropout)
    model.build((None, None, SHOWN))
    return model
