"""The network of `lstm-seq2seq`, in Keras. Imported by the loader and by training alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable(package="encore")
class LstmSeq2SeqNetwork(keras.Model):  # type: ignore[misc]
    """float [batch, seconds_in, samples] -> float [batch, seconds_out, samples]; amplitudes.

    An LSTM reads the seconds given and hands its two states to a second LSTM, which writes: its
    first input is the last second given, each later one the second that it has just written, in
    training as at inference. `hidden`, one Dense for both, narrows a second to `width` features;
    `output_layer` makes a second of the writer's `units` outputs.
    """

    def __init__(
        self,
        samples: int = 22050,
        seconds_in: int = 20,
        seconds_out: int = 10,
        width: int = 128,
        units: int = 128,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.samples, self.seconds_in, self.seconds_out = samples, seconds_in, seconds_out
        self.activation = layers.LeakyReLU(negative_slope=0.3)
        self.hidden = layers.Dense(width, name="hidden")
        self.encoder = layers.LSTM(units, return_state=True, name="encoder")
        self.decoder = layers.LSTMCell(units, name="decoder")
        self.output_layer = layers.Dense(samples, name="output")

    def build(self, shape: Sequence[int | None]) -> None:
        batch = shape[0]
        self.hidden.build((batch, self.samples))
        self.encoder.build((batch, self.seconds_in, self.hidden.units))
        self.decoder.build((batch, self.hidden.units))
        self.output_layer.build((batch, self.decoder.units))
        self.built = True

    def call(self, seconds: Any, training: bool | None = None) -> Any:
        _, *state = self.encoder(self._features(seconds), training=training)
        second, written = seconds[:, -1], []
        for _ in range(self.seconds_out):
            hidden, state = self.decoder(self._features(second), state, training=training)
            second = self.activation(self.output_layer(hidden))
            written.append(second)
        return ops.stack(written, axis=1)

    def _features(self, seconds: Any) -> Any:
        return self.activation(self.hidden(seconds))


def build(
    samples: int = 22050,
    seconds_in: int = 20,
    seconds_out: int = 10,
    width: int = 128,
    units: int = 128,
) -> keras.Model:
    """The network with fresh weights, built. See `LstmSeq2SeqNetwork` for shapes."""
    model = LstmSeq2SeqNetwork(samples, seconds_in, seconds_out, width, units)
    model.build((None, seconds_in, samples))
    return model
