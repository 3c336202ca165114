"""The networks of `one2one` and `one2four`, in Keras. Imported by the loader and by training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

FRAMES, FRAME_LENGTH = 210, 105
"""A second of 22050 samples."""
BATCH_MOMENTUM = 0.9
"""Of the moving averages: Keras's 0.99 lags some epochs of 48 batches behind what is trained."""


def build(
    parts: Sequence[str],
    apart: bool = False,
    frames: int = FRAMES,
    frame_length: int = FRAME_LENGTH,
    width: int = 256,
    dropout: float = 0.2,
) -> keras.Model:
    """Float [batch, frames * frame_length] -> [batch, frames * frame_length, parts]; amplitudes.

    One second of a solo to the same second of each of `parts`. `apart`: a whole network for each
    part, as trained one by one, that share nothing; otherwise the parts share all but their LSTMs.
    """
    sound = keras.Input((frames * frame_length,), name="solo")
    shape = (frames, frame_length, width, dropout)
    if apart:
        heard = [part_network(part, *shape)(sound) for part in parts]
    else:
        samples = _features(sound, *shape)
        heard = [_written(samples, part) for part in parts]
    model = keras.Model(sound, layers.Concatenate()(heard) if len(heard) > 1 else heard[0])
    model.xla = True
    return model


def part_network(
    part: str,
    frames: int = FRAMES,
    frame_length: int = FRAME_LENGTH,
    width: int = 256,
    dropout: float = 0.2,
) -> keras.Model:
    """One part's network of those that `build` puts side by side `apart`, named after the part."""
    sound = keras.Input((frames * frame_length,))
    samples = _features(sound, frames, frame_length, width, dropout)
    return keras.Model(sound, _written(samples, part), name=part)


def _features(sound: Any, frames: int, frame_length: int, width: int, dropout: float) -> Any:
    """The paper's feature extraction layers, frame by frame, and its reshaping layer.

    float [batch, samples] -> [batch, samples, 1].
    """
    x = layers.Reshape((frames, frame_length))(sound)
    x = layers.Dense(width, activation="relu")(x)
    x = layers.Dropout(dropout)(x)
    x = layers.BatchNormalization(momentum=BATCH_MOMENTUM)(x)
    x = layers.Dense(frame_length)(x)
    x = layers.BatchNormalization(momentum=BATCH_MOMENTUM)(x)
    return layers.Reshape((frames * frame_length, 1))(x)


def _written(samples: Any, part: str) -> Any:
    """One LSTM of one unit each way over every sample; the mean of both stays within full scale."""
    lstm = layers.LSTM(1, return_sequences=True, name=f"{part}_lstm")
    return layers.Bidirectional(lstm, merge_mode="ave", name=f"{part}_both_ways")(samples)
