"""Two small networks that listen to notes: which family it is, and whether it is a true one."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
from keras import layers

from benchmarks.sampling_notes import Sound
from core.audio import FloatArray

FRAMES = 180
WIDTHS = (16, 32, 48, 64)
BATCH = 32
SHIFT_FRAMES, SHIFT_BANDS, GAIN_DB = 6, 3, 4.0


def build(classes: int) -> keras.Model:
    """Log-mel pictures, [batch, FRAMES, n_mels], dB -> logits of the classes."""
    sound = keras.Input((FRAMES, 80))
    x = layers.Reshape((FRAMES, 80, 1))(layers.Rescaling(1 / 20.0, offset=0.5)(sound))
    for width in WIDTHS:
        x = layers.Conv2D(width, 3, strides=2, padding="same", use_bias=False)(x)
        x = layers.Activation("relu")(layers.BatchNormalization(momentum=0.9)(x))
    pooled = [layers.GlobalAveragePooling2D()(x), layers.GlobalMaxPooling2D()(x)]
    x = layers.Dropout(0.4)(layers.Concatenate()(pooled))
    return keras.Model(sound, layers.Dense(classes)(x))


def pictures(sounds: Sequence[FloatArray]) -> FloatArray:
    """[n_mels, frames] each -> [sounds, FRAMES, n_mels]."""
    return np.stack([picture[:, :FRAMES].T for picture in sounds])


def shaken(some: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Moved a little in time, mel bands and level, each by itself."""
    out = np.empty_like(some)
    for row, picture in enumerate(some):
        moved = np.roll(picture, int(rng.integers(-SHIFT_FRAMES, SHIFT_FRAMES + 1)), axis=0)
        moved = np.roll(moved, int(rng.integers(-SHIFT_BANDS, SHIFT_BANDS + 1)), axis=1)
        out[row] = np.maximum(moved + GAIN_DB * rng.standard_normal(), -60.0)
    return out


def train(
    x: FloatArray, labels: FloatArray, classes: int, epochs: int, seed: int = 0
) -> keras.Model:
    """A listener fitted to pictures [sounds, FRAMES, n_mels] and integer labels."""
    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    model = build(classes)
    steps = -(-len(x) // BATCH)
    rate = keras.optimizers.schedules.CosineDecay(2e-3, steps * epochs, alpha=0.02)
    model.compile(
        keras.optimizers.AdamW(rate, weight_decay=0.01),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    for _ in range(epochs):
        order = rng.permutation(len(x))
        for start in range(0, len(x), BATCH):
            rows = order[start : start + BATCH]
            model.train_on_batch(shaken(x[rows], rng), labels[rows])
    return model


def said(model: keras.Model, x: FloatArray) -> FloatArray:
    """The likeliest class of each picture, int [sounds]."""
    return np.concatenate(
        [model.predict_on_batch(x[i : i + 64]).argmax(axis=1) for i in range(0, len(x), 64)]
    )


class Families:
    """Which family a note is of, learned from true notes of other instruments."""

    def __init__(self, training: Sequence[Sound], epochs: int) -> None:
        self.names = sorted({sound.family for sound in training})
        labels = np.array([self.names.index(sound.family) for sound in training])
        x = pictures([sound.picture for sound in training])
        self._model = train(x, labels, len(self.names), epochs)

    def right(self, made: Sequence[FloatArray], true: Sequence[Sound]) -> FloatArray:
        """1 where the picture's family is heard to be that of the true note, else 0."""
        found = said(self._model, pictures(made))
        wanted = [self.names.index(s.family) if s.family in self.names else -1 for s in true]
        return np.asarray(found == np.array(wanted), np.float64)


def detected(
    training: tuple[Sequence[FloatArray], Sequence[FloatArray]],
    test: tuple[Sequence[FloatArray], Sequence[FloatArray]],
    epochs: int,
) -> FloatArray:
    """For each test pair the share of its two sounds that a judge names rightly: 0, .5 or 1.

    training, test: (pictures of true notes, pictures of what was made of them).
    """
    true, made = (pictures(side) for side in training)
    labels = np.repeat([1, 0], len(true))
    judge = train(np.concatenate([true, made]), labels, 2, epochs)
    right_true = said(judge, pictures(test[0])) == 1
    right_made = said(judge, pictures(test[1])) == 0
    return (right_true.astype(np.float64) + right_made) / 2
