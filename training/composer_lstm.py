"""`composer` with LSTMs in place of attention: what it was compared with before it shipped.

Input, heads and training are `composer`'s own. Two LSTMs of 312 units take as many multiplications
an event (1.4 million) as its four blocks with the 256 events that they keep.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from core.composition.composer_model import Composer, one_hots
from core.composition.stream import FEATURES
from core.composition.tokens import SIZES


@keras.saving.register_keras_serializable(package="encore")
class ComposerLstm(Composer):
    """float32 [batch, events, FEATURES] -> logits [batch, events, VOCABULARY]; see `Composer`."""

    def __init__(
        self,
        width: int = 160,
        depth: int = 2,
        units: int = 312,
        dropout: float = 0.1,
        **kwargs: Any,
    ) -> None:
        super().__init__(width, 0, 2, dropout, **kwargs)
        self.recurrent = [layers.LSTM(units, return_sequences=True) for _ in range(depth)]
        self.merge = layers.Dense(width)

    def build(self, shape: Any) -> None:
        inner = (None, None, self.width)
        for layer in self.recurrent:
            layer.build(inner)
            inner = (None, None, layer.units)
        self.merge.build(inner)
        super().build(shape)

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        x = self.drop(self.read(one_hots(inputs)), training=training)
        for layer in self.recurrent:
            x = self.drop(layer(x), training=training)
        following = ops.cast(inputs[..., -len(SIZES) :], "int32")
        return self.heads_of(self.norm(self.merge(x)), following)


def build(width: int = 160, depth: int = 2, units: int = 312, dropout: float = 0.1) -> keras.Model:
    """The network with fresh weights, built. See `ComposerLstm`."""
    model = ComposerLstm(width, depth, units, dropout)
    model.build((None, None, FEATURES))
    return model
