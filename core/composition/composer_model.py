"""The network of `composer`, in Keras. Imported by the loader and by training alone."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from core.composition.composer_heads import HEAD, bar_frequencies, event_frequencies
from core.composition.stream import FEATURES, ONE_HOTS, RAW, TIME_COLUMN, WIDTH
from core.composition.tokens import DRUM_PITCH, SIZES

NEVER = -1e9
OTHER_HALF = -1e4
"""Added to the logits of pitches for drums, and of drums for pitches."""


@keras.saving.register_keras_serializable(package="encore")
class ComposerBlock(layers.Layer):  # type: ignore[misc]
    """Attention to what came before, half of the heads by count and half by bar, then a Dense."""

    def __init__(self, width: int, heads: int, dropout: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.width, self.heads = width, heads
        self.norm = layers.LayerNormalization(epsilon=1e-5)
        self.project = layers.Dense(3 * heads * HEAD, use_bias=False)
        self.merge = layers.Dense(width)
        self.norm_wide = layers.LayerNormalization(epsilon=1e-5)
        self.wide = layers.Dense(4 * width, activation="gelu")
        self.narrow = layers.Dense(width)
        self.drop = layers.Dropout(dropout, noise_shape=(None, 1, None))

    def build(self, shape: Any) -> None:
        inner = (None, None, self.width)
        for layer in (self.norm, self.project, self.norm_wide, self.wide):
            layer.build(inner)
        self.merge.build((None, None, self.heads * HEAD))
        self.narrow.build((None, None, 4 * self.width))
        self.built = True

    def call(self, x: Any, cos: Any, sin: Any, hidden: Any, training: bool | None = None) -> Any:
        """Float [batch, events, width] in and out.

        cos, sin [batch, heads, events, HEAD / 2]: where each event is. hidden [events, events]:
        NEVER where the second event comes after the first, else 0.
        """
        length = ops.shape(x)[1]
        both = ops.reshape(self.project(self.norm(x)), (-1, length, 3 * self.heads, HEAD))
        both = ops.transpose(both, (0, 2, 1, 3))
        q, k, v = ops.split(both, 3, axis=1)
        q, k = turned(q, cos, sin), turned(k, cos, sin)
        scores = ops.matmul(q, ops.transpose(k, (0, 1, 3, 2))) / HEAD**0.5 + hidden
        heard = ops.matmul(ops.softmax(scores), v)
        heard = ops.reshape(ops.transpose(heard, (0, 2, 1, 3)), (-1, length, self.heads * HEAD))
        x = x + self.drop(self.merge(heard), training=training)
        return x + self.drop(self.narrow(self.wide(self.norm_wide(x))), training=training)


def turned(x: Any, cos: Any, sin: Any) -> Any:
    """Rotary position embedding (Su et al., 2021): pairs (first half, second half) turned."""
    first, second = ops.split(x, 2, axis=-1)
    return ops.concatenate([first * cos - second * sin, first * sin + second * cos], axis=-1)


@keras.saving.register_keras_serializable(package="encore")
class Composer(keras.Model):  # type: ignore[misc]
    """Predicts the next event of a stream.

    float32 [batch, events, FEATURES] -> [batch, events, VOCABULARY]: for each field, the logits of
    its values, given the fields before it of that next event, which the input holds in its last
    five columns. core.composition.stream says what the columns are.
    """

    def __init__(
        self, width: int = 160, depth: int = 4, heads: int = 4, dropout: float = 0.1, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.width, self.heads = width, heads
        self.read = layers.Dense(width)
        # One draw for a whole window: as good here, and far quicker to draw.
        self.drop = layers.Dropout(dropout, noise_shape=(None, 1, None))
        self.blocks = [ComposerBlock(width, heads, dropout) for _ in range(depth)]
        self.norm = layers.LayerNormalization(epsilon=1e-5)
        # One table of what each drawn field says to the fields after it.
        self.said = [layers.Dense(width, use_bias=False) for _ in SIZES[:-1]]
        self.think = [layers.Dense(width, activation="gelu") for _ in SIZES]
        self.answer = [layers.Dense(size) for size in SIZES]

    def build(self, shape: Any) -> None:
        inner = (None, None, self.width)
        self.read.build((None, None, WIDTH))
        for block in self.blocks:
            block.build(inner)
        self.norm.build(inner)
        for layer, size in zip(self.said, SIZES[:-1], strict=True):
            layer.build((None, None, size))
        for layer in (*self.think, *self.answer):
            layer.build(inner)
        self.built = True

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        length = ops.shape(inputs)[1]
        x = self.drop(self.read(one_hots(inputs)), training=training)
        cos, sin = self.angles(inputs)
        order = ops.arange(length)
        hidden = ops.where(order[None, :] > order[:, None], NEVER, 0.0)
        hidden = ops.cast(hidden, x.dtype)
        for block in self.blocks:
            x = block(x, cos, sin, hidden, training=training)
        return self.heads_of(self.norm(x), ops.cast(inputs[..., -len(SIZES) :], "int32"))

    def angles(self, inputs: Any) -> tuple[Any, Any]:
        """Cosine and sine of each head's angle at each event: [batch, heads, events, HEAD / 2]."""
        count = ops.cast(ops.arange(ops.shape(inputs)[1]), "float32")
        by_count = count[None, :, None] * ops.cast(event_frequencies(), "float32")
        by_bar = inputs[..., TIME_COLUMN : TIME_COLUMN + 1] * ops.cast(bar_frequencies(), "float32")
        by_count = by_count + ops.zeros_like(by_bar)
        half = self.heads // 2
        angle = ops.stack([by_count] * half + [by_bar] * (self.heads - half), axis=1)
        return ops.cos(angle), ops.sin(angle)

    def heads_of(self, x: Any, following: Any) -> Any:
        """Logits of all fields; following int32 [batch, events, 5]."""
        out = []
        for field, size in enumerate(SIZES):
            logits = self.answer[field](self.think[field](x))
            if field == 2:
                drum = ops.cast(following[..., 1:2] == 2, logits.dtype)
                is_drum = ops.cast(ops.arange(size) >= DRUM_PITCH, logits.dtype)
                logits = logits + OTHER_HALF * ops.abs(drum - is_drum)
            out.append(logits)
            if field < len(SIZES) - 1:
                x = x + self.said[field](ops.one_hot(following[..., field], size))
        return ops.concatenate(out, axis=-1)


def one_hots(inputs: Any) -> Any:
    """[..., FEATURES] -> [..., WIDTH]: each counted column as a one-hot, the raw ones behind."""
    parts = [ops.one_hot(ops.cast(inputs[..., c], "int32"), size) for c, size in ONE_HOTS]
    parts.append(inputs[..., RAW[0] : RAW[1]])
    return ops.concatenate(parts, axis=-1)


def build(width: int = 160, depth: int = 4, heads: int = 4, dropout: float = 0.1) -> keras.Model:
    """The network with fresh weights, built. See `Composer`."""
    model = Composer(width, depth, heads, dropout)
    model.build((None, None, FEATURES))
    return model
