"""The network of `structure`, in Keras. Imported by the loader and by training alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable(package="encore")
class LagBlock(layers.Layer):  # type: ignore[misc]
    """A residual step along the lags: each lag sees itself and the two `dilation` away.

    Written as one matrix product over three shifted copies, which on a processor is faster than
    the convolution it is.
    """

    def __init__(self, width: int, dilation: int, dropout: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dilation = dilation
        self.normalise = layers.LayerNormalization()
        self.widen = layers.Dense(width, activation="gelu")
        self.drop = layers.Dropout(dropout, noise_shape=(None, 1, None))
        self.narrow = layers.Dense(width)

    def build(self, shape: Sequence[int | None]) -> None:
        width = shape[-1] or 0
        self.normalise.build((None, None, width))
        self.widen.build((None, None, 3 * width))
        self.narrow.build((None, None, self.widen.units))
        self.built = True

    def call(self, x: Any, inside: Any, training: bool | None = None) -> Any:
        y = self.normalise(x) * inside
        padded = ops.pad(y, [[0, 0], [self.dilation, self.dilation], [0, 0]])
        lags = ops.shape(x)[1]
        around = [padded[:, :lags], y, padded[:, 2 * self.dilation :]]
        y = self.widen(ops.concatenate(around, axis=-1))
        return x + self.narrow(self.drop(y, training=training))


@keras.saving.register_keras_serializable(package="encore")
class LagAttention(layers.Layer):  # type: ignore[misc]
    """A residual step of self-attention across lags; those outside the history are not seen."""

    def __init__(self, heads: int, width: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.heads, self.depth = heads, width // heads
        self.normalise = layers.LayerNormalization()
        self.ask = layers.Dense(3 * width)
        self.tell = layers.Dense(width)

    def build(self, shape: Sequence[int | None]) -> None:
        self.normalise.build(shape)
        self.ask.build(shape)
        self.tell.build((None, None, self.heads * self.depth))
        self.built = True

    def call(self, x: Any, inside: Any) -> Any:
        lags = ops.shape(x)[1]
        asked = ops.reshape(self.ask(self.normalise(x)), (-1, lags, 3 * self.heads, self.depth))
        query, key, value = ops.split(ops.transpose(asked, (0, 2, 1, 3)), 3, axis=1)
        scores = ops.matmul(query * self.depth**-0.5, ops.transpose(key, (0, 1, 3, 2)))
        outside = (ops.transpose(inside, (0, 2, 1)) - 1.0) * 1e9
        mixed = ops.matmul(ops.softmax(scores + outside[:, None]), value)
        flat = ops.reshape(ops.transpose(mixed, (0, 2, 1, 3)), (-1, lags, self.heads * self.depth))
        return x + self.tell(flat)


@keras.saving.register_keras_serializable(package="encore")
class LagNet(keras.Model):  # type: ignore[misc]
    """float [batch, lags, seen * channels + positions] -> float [batch, lags, future].

    In: core.extrapolation.self_similarity.network_input. Out: for each lag and each coming frame,
    how far the frame `lag` before it will be from it, log-mel in units of 20 dB, up to a constant
    for each coming frame.
    """

    def __init__(
        self,
        seen: int = 53,
        channels: int = 6,
        positions: int = 12,
        future: int = 110,
        width: int = 160,
        dilations: Sequence[int] = (1, 2, 4, 8, 16, 32, 1, 4),
        attention_after: Sequence[int] = (2, 5),
        heads: int = 2,
        dropout: float = 0.25,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.inputs_width = seen * channels + positions
        self.positions, self.width = positions, width
        self.read = layers.Dense(width, activation="gelu")
        self.place = layers.Dense(width)
        self.drop = layers.Dropout(dropout, noise_shape=(None, 1, None))
        self.steps: list[layers.Layer] = []
        for index, dilation in enumerate(dilations):
            self.steps.append(LagBlock(width, dilation, dropout))
            if index in attention_after:
                self.steps.append(LagAttention(heads, width))
        self.normalise = layers.LayerNormalization()
        self.write = layers.Dense(future)
        self.straight = layers.Dense(future, kernel_initializer="zeros")

    def build(self, shape: Sequence[int | None]) -> None:
        inner = (None, None, self.width)
        self.read.build((None, None, self.inputs_width - self.positions))
        self.place.build((None, None, self.positions))
        for step in self.steps:
            step.build(inner)
        self.normalise.build(inner)
        self.write.build(inner)
        self.straight.build((None, None, self.inputs_width))
        self.built = True

    def call(self, lags: Any, training: bool | None = None) -> Any:
        where = lags[..., -self.positions :]
        inside = where[..., :1]
        x = self.read(lags[..., : -self.positions]) + self.place(where)
        x = self.drop(x, training=training)
        for step in self.steps:
            extra = {"training": training} if isinstance(step, LagBlock) else {}
            x = step(x, inside, **extra)
        return self.write(self.normalise(x)) + self.straight(lags)


def build(
    seen: int = 53,
    channels: int = 6,
    positions: int = 12,
    future: int = 110,
    width: int = 160,
    dilations: Sequence[int] = (1, 2, 4, 8, 16, 32, 1, 4),
    attention_after: Sequence[int] = (2, 5),
    heads: int = 2,
    dropout: float = 0.25,
) -> keras.Model:
    """The network with fresh weights, built. See `LagNet`."""
    model = LagNet(
        seen, channels, positions, future, width, tuple(dilations), tuple(attention_after),
        heads, dropout,
    )  # fmt: skip
    model.build((None, None, seen * channels + positions))
    return model
