"""The network of `embedding`, in Keras. Imported by the loader and by training alone."""

from __future__ import annotations

import keras
from keras import layers


def build(frames: int = 43, n_mels: int = 80, units: int = 64, width: int = 24) -> keras.Model:
    """The network with fresh weights: float [batch, frames, n_mels], dB -> [batch, units].

    Four 2-D convolutions halve time and frequency in turn; the mean and the standard deviation over
    time of what they find, as x-vectors pool (Snyder et al. 2018), go into a linear bottleneck,
    normalised so that every dimension has about unit variance on the training tracks.
    """
    patch = keras.Input((frames, n_mels))
    x = layers.Reshape((frames, n_mels, 1))(patch)
    # Shown levels run from -60 to about +40 dB.
    x = layers.Rescaling(1 / 20.0, offset=0.5)(x)
    for filters, size, strides in (
        (width, 5, (2, 2)),
        (2 * width, 3, (1, 2)),
        (4 * width, 3, (2, 2)),
        (4 * width, 3, (1, 2)),
    ):
        x = layers.Conv2D(filters, size, strides=strides, padding="same", use_bias=False)(x)
        x = layers.BatchNormalization(momentum=0.9)(x)
        x = layers.Activation("relu")(x)
    x = layers.Reshape((x.shape[1], x.shape[2] * x.shape[3]))(x)
    x = layers.Conv1D(4 * units, 1, activation="relu")(x)
    mean = layers.GlobalAveragePooling1D()(x)
    square = layers.GlobalAveragePooling1D()(keras.ops.square(x))
    spread = keras.ops.sqrt(keras.ops.maximum(square - keras.ops.square(mean), 0.0) + 1e-4)
    point = layers.Dense(units, use_bias=False)(layers.Concatenate()([mean, spread]))
    point = layers.BatchNormalization(momentum=0.9, center=False, scale=False)(point)
    return keras.Model(patch, point, name="embedding")
