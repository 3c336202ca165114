"""The network of `paper-encdec`, in Keras. Imported by the loader and by training alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable(package="encore")
class Unit(layers.Layer):  # type: ignore[misc]
    """One unit of the paper's figures 2 to 5: k vectors in, one vector out.

    Concatenate the k vectors, reshape to [samples, k] (row by row, as the text has it, so that a
    row holds k neighbouring samples and not one sample of each vector), Dense(1), LeakyReLU(0.3),
    flatten, then the hidden layers: Dense, LeakyReLU, BatchNorm four times, Dense(samples) and
    LeakyReLU. `dense` are the five Dense layers that all units share; the normalisation is the
    unit's own, because the units' activations differ in scale: with one set of moving averages
    for all of them the trained network overflowed at inference.
    """

    def __init__(self, dense: list[layers.Dense], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mix = layers.Dense(1, name="mix")
        self.activation = layers.LeakyReLU(negative_slope=0.3)
        self.normalisation = [layers.BatchNormalization() for _ in dense[:-1]]
        self._dense = _Shared(dense)

    def build(self, shape: Sequence[int | None]) -> None:
        self.mix.build((shape[0], shape[2], shape[1]))
        for layer, normalise in zip(self._dense.layers, self.normalisation, strict=False):
            normalise.build((shape[0], layer.units))
        self.built = True

    def call(self, vectors: Any, training: bool | None = None) -> Any:
        """vectors: float [batch, k, samples] -> float [batch, samples]."""
        k, samples = vectors.shape[1], vectors.shape[2]
        # One matrix product over all rows: the same Dense(1), twice as fast as its 3-D form.
        rows = ops.reshape(vectors, (-1, k))
        mixed = self.activation(ops.matmul(rows, self.mix.kernel) + self.mix.bias)
        hidden = ops.reshape(mixed, (-1, samples))
        *blocks, last = self._dense.layers
        for layer, normalise in zip(blocks, self.normalisation, strict=True):
            hidden = normalise(self.activation(layer(hidden)), training=training)
        return self.activation(last(hidden))


class _Shared:
    """Hides the shared layers from a unit's own weights, so that a file holds them once."""

    def __init__(self, shared: list[layers.Dense]) -> None:
        self.layers = shared


@keras.saving.register_keras_serializable(package="encore")
class PaperEncoderDecoder(keras.Model):  # type: ignore[misc]
    """float [batch, seconds_in, samples] -> float [batch, seconds_out, samples]; amplitudes."""

    def __init__(
        self,
        samples: int = 22050,
        seconds_in: int = 20,
        seconds_out: int = 10,
        units: Sequence[int] = (512, 256, 128, 64),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.samples, self.seconds_in, self.seconds_out = samples, seconds_in, seconds_out
        self.hidden = [layers.Dense(width) for width in (*units, samples)]
        self.encoder = [Unit(self.hidden, name=f"encoder_{t}") for t in range(seconds_in)]
        self.context = Unit(self.hidden, name="context")
        self.decoder = [Unit(self.hidden, name=f"decoder_{t}") for t in range(seconds_out)]

    def build(self, shape: Sequence[int | None]) -> None:
        width = self.samples
        for layer in self.hidden:
            layer.build((None, width))
            width = layer.units
        for t, unit in enumerate(self.encoder):
            unit.build((None, t + 1, self.samples))
        self.context.build((None, self.seconds_in, self.samples))
        for t, unit in enumerate(self.decoder):
            unit.build((None, t + 1, self.samples))
        self.built = True

    def call(self, seconds: Any, training: bool | None = None) -> Any:
        encoded: list[Any] = []
        for t, unit in enumerate(self.encoder):
            stack = ops.stack([*encoded[::-1], seconds[:, t]], axis=1)
            encoded.append(unit(stack, training=training))
        context = self.context(ops.stack(encoded[::-1], axis=1), training=training)
        decoded: list[Any] = []
        for unit in self.decoder:
            stack = ops.stack([*decoded[::-1], context], axis=1)
            decoded.append(unit(stack, training=training))
        return ops.stack(decoded, axis=1)


def build(
    samples: int = 22050,
    seconds_in: int = 20,
    seconds_out: int = 10,
    units: Sequence[int] = (512, 256, 128, 64),
) -> keras.Model:
    """The network with fresh weights, built. See `PaperEncoderDecoder` for shapes."""
    model = PaperEncoderDecoder(samples, seconds_in, seconds_out, tuple(units))
    model.build((None, seconds_in, samples))
    return model
