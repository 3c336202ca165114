"""The judge's networks: log-mel of a clip's end and what follows in, true or generated out."""

from __future__ import annotations

import keras
from keras import layers, ops

from benchmarks.judge_material import FRAMES, SEAM_FRAME
from core.spectrogram import DISPLAY

DESIGNS = ("spectrogram", "similarity", "both")
DROPOUT = 0.4
SEAM_REACH = 3
STRIDE = 3


def build(design: str) -> keras.Model:
    """A judge with fresh weights: float [batch, FRAMES, n_mels], dB -> logit of "true", [batch, 1].

    spectrogram: 2-D convolutions, dilated over time to a reach of 5 s, pooled over everything and
    again around the join. similarity: 2-D convolutions on how near each moment after the join is
    to every other one, where exact copies show as lines. both: the two side by side.
    """
    sound = keras.Input((FRAMES, DISPLAY.n_mels))
    parts = []
    if design in ("spectrogram", "both"):
        parts.append(_spectrogram(sound))
    if design in ("similarity", "both"):
        parts.append(_similarity(sound))
    if not parts:
        raise KeyError(f"no judge {design!r}; there are {list(DESIGNS)}")
    found = layers.Concatenate()(parts) if len(parts) > 1 else parts[0]
    found = layers.Dense(64, activation="relu")(layers.Dropout(DROPOUT)(found))
    logit = layers.Dense(1)(layers.Dropout(DROPOUT)(found))
    return keras.Model(sound, logit, name=f"judge_{design}")


def _convolution(x: keras.KerasTensor, filters: int, size: int, **options: object) -> object:
    x = layers.Conv2D(filters, size, padding="same", use_bias=False, **options)(x)
    return layers.Activation("relu")(layers.BatchNormalization(momentum=0.9)(x))


def _spectrogram(sound: keras.KerasTensor) -> keras.KerasTensor:
    """[batch, FRAMES, n_mels] -> [batch, features]."""
    x = layers.Rescaling(1 / 20.0, offset=0.5)(ops.expand_dims(sound, -1))
    x = _convolution(x, 16, 5, strides=2)
    x = _convolution(x, 32, 3, strides=2)
    x = layers.MaxPooling2D((1, 2))(x)
    x = _convolution(x, 48, 3, dilation_rate=(2, 1))
    x = layers.MaxPooling2D((1, 2))(x)
    x = layers.Reshape((x.shape[1], x.shape[2] * x.shape[3]))(x)
    x = layers.Conv1D(64, 1, activation="relu")(x)
    for dilation in (4, 8, 16):
        more = layers.Conv1D(64, 3, dilation_rate=dilation, padding="same", activation="relu")(x)
        x = layers.Add()([x, layers.Dropout(0.1)(more)])
    seam = SEAM_FRAME // 4
    near = x[:, seam - SEAM_REACH : seam + SEAM_REACH + 1]
    pooled = [layers.GlobalAveragePooling1D()(x), layers.GlobalMaxPooling1D()(x)]
    return layers.Concatenate()([*pooled, layers.GlobalMaxPooling1D()(near)])


def _similarity(sound: keras.KerasTensor) -> keras.KerasTensor:
    """[batch, FRAMES, n_mels] -> [batch, features]."""
    spectra = sound / 20.0
    learned = layers.Conv1D(24, 5, padding="same")(spectra)
    whole = FRAMES - FRAMES % STRIDE
    channels = []
    for vectors in (spectra, learned):
        columns, rows = vectors[:, :whole], vectors[:, SEAM_FRAME::STRIDE]
        inner = ops.matmul(rows, ops.transpose(columns, (0, 2, 1)))
        squares = [ops.sum(ops.square(each), axis=-1) for each in (rows, columns)]
        distances = ops.expand_dims(squares[0], 2) + ops.expand_dims(squares[1], 1) - 2 * inner
        # Rows skip frames to save work; of columns the nearest of three counts, so none is missed.
        shape = (-1, distances.shape[1], whole // STRIDE, STRIDE)
        nearest = ops.min(ops.reshape(distances, shape), axis=-1) / vectors.shape[-1]
        # On a log scale: what tells a copy from a repetition is how near to nothing it is.
        channels.append(-ops.log(ops.maximum(nearest, 0.0) + 1e-3))
    x = ops.stack(channels, axis=-1)
    x = _convolution(x, 16, 5, strides=2)
    x = _convolution(x, 32, 3, strides=2)
    x = _convolution(x, 48, 3, strides=2)
    x = _convolution(x, 64, 3)
    return layers.Concatenate()(
        [layers.GlobalAveragePooling2D()(x), layers.GlobalMaxPooling2D()(x)]
    )
