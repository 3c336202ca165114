"""`composer`'s network run one event at a time, in numpy, with what it has heard kept.

Keys and values of the last `context` events are kept for each block, so that an event costs the
same however long the piece is. In numpy, not as a compiled TensorFlow step: one event is two dozen
small products, and copying the kept keys into and out of a graph at every step would cost more than
they do. tests/models/test_composer.py holds both to the same answer.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import erf

from core.composition.composer_heads import HEAD, bar_frequencies, event_frequencies
from core.composition.stream import ONE_HOTS, RAW, TIME_COLUMN
from core.composition.tokens import SIZES

Array = npt.NDArray[np.float32]


class Weights:
    """The network's arrays, taken once from the Keras model and then only read."""

    def __init__(self, model: Any) -> None:
        def dense(layer: Any) -> list[Array]:
            return [np.ascontiguousarray(np.asarray(v), dtype=np.float32) for v in layer.weights]

        self.width: int = model.width
        self.heads: int = model.heads
        self.read = dense(model.read)
        self.blocks = [
            {
                name: dense(getattr(block, name))
                for name in ("norm", "project", "merge", "norm_wide", "wide", "narrow")
            }
            for block in model.blocks
        ]
        self.norm = dense(model.norm)
        self.said = [dense(layer)[0] for layer in model.said]
        self.think = [dense(layer) for layer in model.think]
        self.answer = [dense(layer) for layer in model.answer]
        offsets = np.cumsum([0, *(size for _, size in ONE_HOTS)])
        self.columns = np.array([column for column, _ in ONE_HOTS])
        self.offsets = offsets[:-1]
        self.raw_rows = slice(int(offsets[-1]), int(offsets[-1]) + RAW[1] - RAW[0])
        half = self.heads // 2
        self.frequencies = np.concatenate(
            [
                np.repeat(event_frequencies()[None], half, 0),
                np.repeat(bar_frequencies()[None], self.heads - half, 0),
            ]
        )
        self.by_count = half


class Decoder:
    """One piece's state. Not shared between threads; its Weights may be."""

    def __init__(self, weights: Weights, context: int = 256) -> None:
        self.weights, self.context = weights, context
        shape = (len(weights.blocks), weights.heads, context, HEAD)
        self._keys = np.zeros(shape, np.float32)
        self._values = np.zeros(shape, np.float32)
        self._count = 0

    def push(self, features: Array) -> Array:
        """The network's state after one more event: features [FEATURES] -> [width]."""
        w = self.weights
        kernel, bias = w.read
        rows = w.offsets + features[w.columns].astype(np.int64)
        x = kernel[rows].sum(0) + features[RAW[0] : RAW[1]] @ kernel[w.raw_rows] + bias
        place = np.full(w.heads, features[TIME_COLUMN], np.float64)
        place[: w.by_count] = self._count
        angle = w.frequencies * place[:, None]
        cos, sin = np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32)
        slot = self._count % self.context
        self._count += 1
        held = min(self._count, self.context)
        for number, block in enumerate(w.blocks):
            x = x + self._attend(block, number, slot, held, _norm(x, block["norm"]), cos, sin)
            wide = _gelu(_dense(_norm(x, block["norm_wide"]), block["wide"]))
            x = x + _dense(wide, block["narrow"])
        return _norm(x, w.norm)

    def _attend(
        self, block: dict[str, list[Array]], number: int, slot: int, held: int, x: Array,
        cos: Array, sin: Array,
    ) -> Array:  # fmt: skip
        w = self.weights
        q, k, v = np.split((x @ block["project"][0]).reshape(3 * w.heads, HEAD), 3)
        self._keys[number, :, slot] = _turned(k, cos, sin)
        self._values[number, :, slot] = v
        keys, values = self._keys[number, :, :held], self._values[number, :, :held]
        scores = np.matmul(keys, _turned(q, cos, sin)[:, :, None])[:, :, 0] / np.float32(HEAD**0.5)
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        scores /= scores.sum(-1, keepdims=True)
        heard = np.matmul(scores[:, None, :], values).reshape(-1)
        return _dense(heard, block["merge"])

    def logits(self, field: int, x: Array) -> Array:
        """Of one field of the next event, given `x` that has been told the fields before it."""
        w = self.weights
        return _dense(_gelu(_dense(x, w.think[field])), w.answer[field])

    def told(self, field: int, x: Array, value: int) -> Array:
        """`x` with a field of the next event known."""
        if field == len(SIZES) - 1:
            return x
        return np.asarray(x + self.weights.said[field][value], np.float32)


def _dense(x: Array, layer: list[Array]) -> Array:
    return np.asarray(x @ layer[0] + layer[1], np.float32)


def _norm(x: Array, layer: list[Array]) -> Array:
    x = x - x.mean()
    return np.asarray(x / np.sqrt((x * x).mean() + 1e-5) * layer[0] + layer[1], np.float32)


def _gelu(x: Array) -> Array:
    return np.asarray(0.5 * x * (1.0 + erf(x / np.float32(2**0.5))), np.float32)


def _turned(x: Array, cos: Array, sin: Array) -> Array:
    first, second = x[:, : HEAD // 2], x[:, HEAD // 2 :]
    return np.concatenate([first * cos - second * sin, first * sin + second * cos], axis=1)
