"""The network of `notes-lstm`, in Keras, and its step with the state carried along.

Imported by the loader, the engine's decoding and by training.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import layers

Probabilities = npt.NDArray[np.float32]


def build(
    n_vocab: int, window: int = 100, units: int = 512, hidden: int = 256, dropout: float = 0.3
) -> keras.Model:
    """The network with fresh weights: float [batch, window, 1] -> probabilities [batch, n_vocab].

    The input is token / n_vocab. Layers and order are those of `create_network` in the paper's
    appendix.
    """
    return keras.Sequential(
        [
            layers.Input((window, 1)),
            layers.LSTM(units, return_sequences=True, recurrent_dropout=dropout),
            layers.LSTM(units, return_sequences=True, recurrent_dropout=dropout),
            layers.LSTM(units),
            layers.BatchNormalization(),
            layers.Dropout(dropout),
            layers.Dense(hidden),
            layers.Activation("relu"),
            layers.BatchNormalization(),
            layers.Dropout(dropout),
            layers.Dense(n_vocab),
            layers.Activation("softmax"),
        ]
    )


class Carried:
    """Reads one token at a time and keeps the state of the three LSTMs from token to token.

    After the first `window` tokens it says what the network says of that window, for an LSTM reads
    a window in just this way. From then on they differ: the published loop forgets all but the
    last `window` tokens and begins each of its readings with an empty state, this one never does.
    """

    def __init__(self, model: keras.Model) -> None:
        import tensorflow as tf

        recurrent = [layer for layer in model.layers if isinstance(layer, layers.LSTM)]
        above = model.layers[model.layers.index(recurrent[-1]) + 1 :]
        state = [tf.TensorSpec((1, layer.units), tf.float32) for layer in recurrent for _ in "hc"]
        self._empty = [np.zeros(spec.shape, np.float32) for spec in state]

        def step(value: Any, *states: Any) -> Any:
            new: list[Any] = []
            out = value
            for index, layer in enumerate(recurrent):
                before = list(states[2 * index : 2 * index + 2])
                out, after = layer.cell(out, before, training=False)
                new += after
            for layer in above:
                out = layer(out, training=False)
            return out, *new

        self._step = tf.function(step, input_signature=[tf.TensorSpec((1, 1), tf.float32), *state])
        self.step(0.0, None)

    def step(self, value: float, state: list[Any] | None) -> tuple[Probabilities, list[Any]]:
        """Read one token / n_vocab; the probabilities of the next, [n_vocab], and the new state.

        state: what the step before returned; None at the beginning.
        """
        given = np.full((1, 1), value, np.float32)
        out, *new = self._step(given, *(self._empty if state is None else state))
        return np.asarray(out, np.float32)[0], new
