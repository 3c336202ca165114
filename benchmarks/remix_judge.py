"""The judge of bands: a network that hears a solo and a band, and learns which bands are true.

A classifier two-sample test (Lopez-Paz and Oquab, "Revisiting classifier two-sample tests", 2017),
one judge per engine, as in benchmarks/judge.py: trained on pieces of the training split, the epoch
chosen on the validation split, its accuracy measured on the test split, where each solo comes with
the true band and with the generated one, so that guessing gives 0.5.
"""

from __future__ import annotations

from dataclasses import dataclass

import keras
import numpy as np
import numpy.typing as npt
from keras import layers

from core.audio import Clip, FloatArray
from core.remix_metrics import RATE
from core.spectrogram import SpectrogramParams, log_mel_db

PARAMS = SpectrogramParams(hop_length=1024)
WIDTHS = (16, 24, 32, 48)
DROPOUT = 0.4
PAIRS = 12
EPOCHS, PATIENCE = 14, 5
LEARNING_RATE, WEIGHT_DECAY = 2e-3, 1e-2
SHIFT_FRAMES, SHIFT_BANDS, GAIN_DB = 10, 2, 4.0


@dataclass(frozen=True)
class Pairs:
    """Of some pieces the solo, the true band and a generated one, as `picture` gives them.

    float16 [pieces, frames, n_mels], dB; each piece has one gain for all three.
    """

    solo: npt.NDArray[np.float16]
    true: npt.NDArray[np.float16]
    made: npt.NDArray[np.float16]


def picture(samples: FloatArray, gain: float) -> npt.NDArray[np.float16]:
    """Mono at RATE -> float16 [frames, n_mels], dB."""
    return log_mel_db(Clip(samples[None] * np.float32(gain), RATE), PARAMS).T.astype(np.float16)


def build(frames: int) -> keras.Model:
    """A judge with fresh weights: [batch, frames, n_mels, 2], dB -> logit of "true", [batch, 1].

    The last axis is solo and band.
    """
    sound = keras.Input((frames, PARAMS.n_mels, 2))
    x = layers.Rescaling(1 / 20.0, offset=0.5)(sound)
    for width in WIDTHS:
        x = layers.Conv2D(width, 3, strides=2, padding="same", use_bias=False)(x)
        x = layers.Activation("relu")(layers.BatchNormalization(momentum=0.9)(x))
    pooled = [layers.GlobalAveragePooling2D()(x), layers.GlobalMaxPooling2D()(x)]
    x = layers.Dropout(DROPOUT)(layers.Concatenate()(pooled))
    return keras.Model(sound, layers.Dense(1)(x), name="judge_of_bands")


def side_by_side(solo: FloatArray, band: FloatArray) -> FloatArray:
    """What `build` takes, of pictures [pieces, frames, n_mels] each."""
    return np.stack([solo, band], axis=-1).astype(np.float32)


def augmented(
    found: Pairs, rows: npt.NDArray[np.int64], rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """(float32 [2 * rows, frames, n_mels, 2], labels [2 * rows, 1]), true ones first.

    A piece's solo and both its bands are moved alike: rolled in time, shifted in mel bands, louder
    or quieter.
    """
    both = np.stack([
        side_by_side(found.solo[rows], found.true[rows]),
        side_by_side(found.solo[rows], found.made[rows]),
    ])  # fmt: skip
    for place in range(len(rows)):
        moved = np.roll(both[:, place], int(rng.integers(-SHIFT_FRAMES, SHIFT_FRAMES + 1)), 1)
        bands = np.arange(PARAMS.n_mels) + int(rng.integers(-SHIFT_BANDS, SHIFT_BANDS + 1))
        moved = moved[:, :, np.clip(bands, 0, PARAMS.n_mels - 1)]
        gain_db = np.float32(GAIN_DB * rng.standard_normal())
        both[:, place] = np.maximum(moved + gain_db, PARAMS.floor_db)
    labels = np.repeat([1.0, 0.0], len(rows)).astype(np.float32)[:, None]
    return both.reshape(-1, *both.shape[2:]), labels


def logits(judge: keras.Model, solo: FloatArray, band: FloatArray) -> FloatArray:
    """float32 [pieces]; over 0 means "true"."""
    return np.concatenate([
        judge.predict_on_batch(side_by_side(solo[i : i + PAIRS], band[i : i + PAIRS]))[:, 0]
        for i in range(0, len(solo), PAIRS)
    ])  # fmt: skip


def train(
    training: Pairs, validation: Pairs, *, epochs: int = EPOCHS, seed: int = 0
) -> keras.Model:
    """The judge of the epoch that is most often right on `validation`, then of the least loss.

    Ends after PATIENCE epochs without a better one.
    """
    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    judge = build(training.solo.shape[1])
    steps = -(-len(training.solo) // PAIRS)
    rate = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, steps * epochs, alpha=0.05)
    # So short a training would take longer to compile by XLA than to run.
    judge.compile(
        jit_compile=False,
        optimizer=keras.optimizers.AdamW(rate, weight_decay=WEIGHT_DECAY),
        loss=keras.losses.BinaryCrossentropy(from_logits=True),
    )
    best, kept, chosen = (-1.0, 0.0), judge.get_weights(), 0
    for epoch in range(1, epochs + 1):
        for rows in np.array_split(rng.permutation(len(training.solo)), steps):
            judge.train_on_batch(*augmented(training, rows, rng))
        true = logits(judge, validation.solo, validation.true)
        made = logits(judge, validation.solo, validation.made)
        accuracy = float(np.mean(true > 0) + np.mean(made <= 0)) / 2
        loss = float(np.mean(np.logaddexp(0, -true)) + np.mean(np.logaddexp(0, made))) / 2
        if (accuracy, -loss) > best:
            best, kept, chosen = (accuracy, -loss), judge.get_weights(), epoch
        if epoch - chosen >= PATIENCE:
            break
    judge.set_weights(kept)
    return judge


def detected(
    training: Pairs, validation: Pairs, measured: Pairs, *, epochs: int = EPOCHS
) -> FloatArray:
    """For each measured piece the share of its two bands that a new judge names rightly."""
    return named_rightly(train(training, validation, epochs=epochs), measured)


def named_rightly(judge: keras.Model, measured: Pairs) -> FloatArray:
    """For each piece the share of its two bands: 0, .5 or 1."""
    right_true = logits(judge, measured.solo, measured.true) > 0
    right_made = logits(judge, measured.solo, measured.made) <= 0
    return (right_true.astype(np.float32) + right_made) / 2
