"""The network of `spectral`, in Keras. Imported by the loader and by training alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers, ops

from core.extrapolation.structure_model import LagBlock


@keras.saving.register_keras_serializable(package="encore")
class Painter(keras.Model):  # type: ignore[misc]
    """What is heard and known of each frame in, how to mix it out.

    float [batch, frames, candidates * bands + extra] -> float [batch, frames, candidates * groups
    + bands]. In: the log-mel frames of the candidates in units of 20 dB, then what else is known of
    each frame. Out: for each group of bands the share of each candidate (they sum to 1), then what
    is added to the mixture, in units of 20 dB.
    """

    def __init__(
        self,
        candidates: int = 6,
        bands: int = 80,
        groups: int = 10,
        extra: int = 167,
        width: int = 224,
        dilations: Sequence[int] = (1, 3, 9, 27, 1, 3),
        dropout: float = 0.1,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.candidates, self.bands, self.groups, self.width = candidates, bands, groups, width
        self.inputs_width = candidates * bands + extra
        self.read = layers.Dense(width, activation="gelu")
        self.drop = layers.Dropout(dropout, noise_shape=(None, 1, None))
        self.steps = [LagBlock(width, dilation, dropout) for dilation in dilations]
        self.normalise = layers.LayerNormalization()
        self.choose = layers.Dense(candidates * groups)
        self.add = layers.Dense(bands, kernel_initializer="zeros")

    def build(self, shape: Sequence[int | None]) -> None:
        inner = (None, None, self.width)
        self.read.build((None, None, self.inputs_width))
        for step in self.steps:
            step.build(inner)
        for layer in (self.normalise, self.choose, self.add):
            layer.build(inner)
        self.built = True

    def call(self, frames: Any, training: bool | None = None) -> Any:
        x = self.drop(self.read(frames), training=training)
        everywhere = ops.ones_like(frames[..., :1])
        for step in self.steps:
            x = step(x, everywhere, training=training)
        x = self.normalise(x)
        logits = ops.reshape(self.choose(x), (-1, ops.shape(x)[1], self.candidates, self.groups))
        shares = ops.softmax(logits, axis=2)
        flat = ops.reshape(shares, (-1, ops.shape(x)[1], self.candidates * self.groups))
        return ops.concatenate([flat, self.add(x)], axis=-1)


def build(
    candidates: int = 6,
    bands: int = 80,
    groups: int = 10,
    extra: int = 167,
    width: int = 224,
    dilations: Sequence[int] = (1, 3, 9, 27, 1, 3),
    dropout: float = 0.1,
) -> keras.Model:
    """The network with fresh weights, built. See `Painter`."""
    model = Painter(candidates, bands, groups, extra, width, tuple(dilations), dropout)
    model.build((None, None, candidates * bands + extra))
    return model
