"""The network of `mel-vae-2d`, in Keras. Imported by the loader and by training alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

DB_PER_UNIT = 20.0
MIDDLE_DB = -10.0
"""Levels inside the network are in units of DB_PER_UNIT about MIDDLE_DB."""


PATCH = 4
"""Frames and bands that the first layer takes together and the last gives together."""


@keras.saving.register_keras_serializable(package="encore")
class MelVae(keras.Model):  # type: ignore[misc]
    """A log-mel spectrogram to a point on a plane and back.

    float [batch, frames, n_mels] dB -> the same. encoder: the spectrogram -> [batch, 2 * latent],
    the means and then the log variances of the posterior. decoder: [batch, latent] -> spectrogram.
    A call decodes the means.
    """

    def __init__(
        self,
        frames: int = 192,
        n_mels: int = 80,
        latent: int = 2,
        filters: Sequence[int] = (16, 24, 48, 64),
        units: int = 128,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.latent = latent
        self.encoder = encoder(frames, n_mels, latent, filters, units)
        self.decoder = decoder(frames, n_mels, latent, filters, units)
        self.built = True

    def call(self, log_mel: Any, training: bool | None = None) -> Any:
        point = self.encoder(log_mel, training=training)[:, : self.latent]
        return self.decoder(point, training=training)


def encoder(
    frames: int, n_mels: int, latent: int, filters: Sequence[int], units: int
) -> keras.Model:
    """A convolution over patches, and more that halve time, and frequency too but for the last."""
    picture = keras.Input((frames, n_mels))
    x = layers.Reshape((frames, n_mels, 1))(picture)
    x = layers.Rescaling(1 / DB_PER_UNIT, offset=-MIDDLE_DB / DB_PER_UNIT)(x)
    x = layers.Conv2D(filters[0], PATCH, strides=PATCH, use_bias=False)(x)
    x = _activated(x)
    for number, width in enumerate(filters[1:], start=2):
        strides = (2, 1) if number == len(filters) else (2, 2)
        x = layers.Conv2D(width, 3, strides=strides, padding="same", use_bias=False)(x)
        x = _activated(x)
    x = layers.Dense(units, activation="relu")(layers.Flatten()(x))
    return keras.Model(picture, layers.Dense(2 * latent)(x), name="encoder")


def decoder(
    frames: int, n_mels: int, latent: int, filters: Sequence[int], units: int
) -> keras.Model:
    """The encoder's way back: each step doubles by repetition and convolves; then patches."""
    halvings = len(filters) - 1
    rows, columns = frames // (PATCH * 2**halvings), n_mels // (PATCH * 2 ** (halvings - 1))
    point = keras.Input((latent,))
    x = layers.Dense(units, activation="relu")(point)
    x = layers.Dense(units, activation="relu")(x)
    x = layers.Dense(rows * columns * filters[-1], activation="relu")(x)
    x = layers.Reshape((rows, columns, filters[-1]))(x)
    for number, width in enumerate(filters[-2::-1]):
        x = layers.UpSampling2D((2, 1) if number == 0 else (2, 2))(x)
        x = _activated(layers.Conv2D(width, 3, padding="same", use_bias=False)(x))
    x = layers.Conv2D(PATCH * PATCH, 3, padding="same")(x)
    x = layers.Reshape((frames // PATCH, n_mels // PATCH, PATCH, PATCH))(x)
    x = layers.Permute((1, 3, 2, 4))(x)
    x = layers.Rescaling(DB_PER_UNIT, offset=MIDDLE_DB)(layers.Reshape((frames, n_mels))(x))
    return keras.Model(point, x, name="decoder")


def _activated(x: Any) -> Any:
    return layers.Activation("relu")(layers.BatchNormalization(momentum=0.9)(x))


def build(
    frames: int = 192,
    n_mels: int = 80,
    latent: int = 2,
    filters: Sequence[int] = (16, 24, 48, 64),
    units: int = 128,
) -> keras.Model:
    """The network with fresh weights, built. See `MelVae`.

    Raises ValueError where frames or n_mels cannot be divided as often as the filters ask.
    """
    least = PATCH * 2 ** (len(filters) - 1)
    if frames % least or n_mels % (least // 2):
        raise ValueError(f"{frames} x {n_mels} cannot be divided by {least} x {least // 2}")
    return MelVae(frames, n_mels, latent, tuple(filters), units)
