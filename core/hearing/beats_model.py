"""Where in the beat a note lies: a small network over a moment and its neighbours in time."""

from __future__ import annotations

import keras
from keras import layers

from core.hearing.onsets import FEATURES
from core.hearing.pulse import PLACES


def build(*, moments: int, widths: tuple[int, ...] = (64, 48)) -> keras.Model:
    """Maps features [moments, FEATURES] to logits [moments, PLACES], see core.hearing.pulse.

    moments: how many a call takes.
    """
    inputs = keras.Input(batch_shape=(moments, FEATURES))
    x = inputs
    for width in widths:
        x = layers.Dense(width, activation="relu", kernel_initializer="he_normal")(x)
    return keras.Model(inputs, layers.Dense(PLACES)(x), name="beats")
