"""Whether a note begins and sounds at a place: a small network over harmonically stacked levels.

In the manner of Bittner et al., "A lightweight instrument-agnostic model for polyphonic note
transcription" (ICASSP 2022): a place is seen with its own overtones and those that it might be one
of, and there are outputs for onset, note and fine pitch. Unlike there, it is no convolution over
the whole picture: see core.hearing.candidates.
"""

from __future__ import annotations

import keras
from keras import layers

from core.hearing.candidates import FEATURES
from core.hearing.notes import OUTPUTS


def build(*, places: int, widths: tuple[int, ...] = (64, 32)) -> keras.Model:
    """Maps features [places, FEATURES] to logits [places, OUTPUTS], as core.hearing.notes has them.

    places: how many a call takes.
    """
    inputs = keras.Input(batch_shape=(places, FEATURES))
    x = inputs
    for width in widths:
        x = layers.Dense(width, activation="relu", kernel_initializer="he_normal")(x)
    return keras.Model(inputs, layers.Dense(OUTPUTS)(x), name="notes")
