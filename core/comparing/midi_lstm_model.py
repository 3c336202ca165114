"""The network of `midi-lstm`, in Keras. Imported by the loader and by training alone.

`core.comparing.lstm` is the same in numpy, which the app runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers, ops

from core.comparing.layers_model import Heads, Lstm, Reader, shifted, surprise


@keras.saving.register_keras_serializable(package="encore")
class MidiLstm(keras.Model):  # type: ignore[misc]
    """Says what comes next at every step of a pattern.

    Tokens [batch, steps, voices] -> logits [batch, steps, tokens of all voices], each step's given
    the steps before it, and each voice's given the voices before it.
    """

    latent = 0

    def __init__(
        self, sizes: Sequence[int], units: int = 320, depth: int = 1, embedding: int = 64,
        width: int = 128, dropout: float = 0.1, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(**kwargs)
        self.sizes = tuple(sizes)
        # Each name sorts before "layers": Keras files the rest under numbers in its weight files,
        # and `core.comparing.network` reads them by name.
        self.eye = Reader(sizes, embedding)
        self.cells = [Lstm(units) for _ in range(depth)]
        self.heads = Heads(sizes, width, dropout)
        self.drop = layers.Dropout(dropout)
        self.embedding, self.units = embedding, units

    def build(self, shape: Any = None) -> None:
        self.eye.build()
        read = self.embedding
        for cell in self.cells:
            cell.build((None, None, read))
            read = self.units
        self.heads.build((None, None, read))
        self.built = True

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        tokens = ops.cast(inputs, "int32")
        said = self.logits(tokens, shifted(tokens, self.sizes), training)
        return ops.concatenate(said, axis=-1)

    def logits(self, tokens: Any, before: Any, training: bool | None = None) -> Any:
        """Of each voice, in a list. before: `shifted` tokens, of which some may be hidden."""
        x = self.eye(before)
        for number, cell in enumerate(self.cells):
            x = cell(x if number == 0 else self.drop(x, training=training))[0]
        return self.heads(self.drop(x, training=training), tokens, training=training)

    def explain(
        self, tokens: Any, before: Any, noise: Any, training: bool | None = None
    ) -> tuple[Any, Any, Any]:
        """As `midi_vae_model.MidiVae.explain`: the nats alone, for there are no places."""
        nats = surprise(self.logits(tokens, before, training), tokens)
        return ops.sum(nats, axis=(1, 2)), None, None


def build(**config: Any) -> keras.Model:
    """The network with fresh weights, built. See `MidiLstm`."""
    model = MidiLstm(**config)
    model.build()
    return model
