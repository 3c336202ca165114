"""Layers that the compared models share. Imported by their `*_model.py` alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras import initializers, layers, ops

from core.comparing.patterns import STEPS_PER_BAR

UNROLLED = 2
"""Steps up to which no scan is traced, which takes longer than so few steps do."""


class Lstm(layers.Layer):  # type: ignore[misc]
    """Long short-term memory (Hochreiter and Schmidhuber 1997, with the forget gate of Gers 2000).

    x [batch, steps, in] -> states [batch, steps, units] and the last (state, cell). As keras.layers
    has it, but that all steps' inputs meet the kernel in one product, which is faster on a CPU.
    """

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units

    def build(self, shape: Sequence[int | None]) -> None:
        n = 4 * self.units
        self.kernel = self.add_weight(shape=(shape[-1], n), name="kernel")
        self.inner = self.add_weight(shape=(self.units, n), initializer="orthogonal", name="inner")
        self.bias = self.add_weight(shape=(n,), initializer="zeros", name="bias")
        self.built = True

    def step(self, state: Any, cell: Any, read: Any) -> tuple[Any, Any]:
        """(state, cell) after one step; read [batch, 4 units] is the input times the kernel."""
        n = self.units
        said = read + ops.matmul(state, self.inner)
        gates = ops.sigmoid(said[:, : 3 * n])
        # remembering is what it begins with
        kept = ops.sigmoid(said[:, :n] + 1.0) * cell
        cell = kept + gates[:, n : 2 * n] * ops.tanh(said[:, 3 * n :])
        return gates[:, 2 * n : 3 * n] * ops.tanh(cell), cell

    def call(self, x: Any, begin: Any = None, backwards: bool = False) -> tuple[Any, Any]:
        """begin: (state, cell) before the first step; None for zeros."""
        read = ops.swapaxes(ops.matmul(x, self.kernel) + self.bias, 0, 1)
        zero = ops.zeros_like(read[0, :, : self.units])
        state, cell = begin if begin is not None else (zero, zero)
        steps = x.shape[1]
        if steps <= UNROLLED:
            states = []
            for t in reversed(range(steps)) if backwards else range(steps):
                state, cell = self.step(state, cell, read[t])
                states.append(state)
            stacked = ops.stack(states[::-1] if backwards else states, axis=1)
            return stacked, (state, cell)

        def one(carry: Any, now: Any) -> tuple[Any, Any]:
            both = ops.stack(self.step(carry[0], carry[1], now))
            return both, both

        # TensorFlow's scan carries one array, and gives what it carries.
        last, found = ops.scan(one, ops.stack([state, cell]), read, reverse=backwards)
        return ops.swapaxes(found[:, 0], 0, 1), (last[0], last[1])


class Reader(layers.Layer):  # type: ignore[misc]
    """Tokens [batch, steps, voices] -> [batch, steps, width]: the sum over voices, and the place.

    A voice's token may be its number of tokens: then it is not known. The steps begin a bar.
    """

    def __init__(self, sizes: Sequence[int], width: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.sizes, self.width = tuple(sizes), width

    def build(self, shape: Any = None) -> None:
        rows = sum(self.sizes) + len(self.sizes)
        first = initializers.RandomNormal(stddev=0.3)
        self.table = self.add_weight(shape=(rows, self.width), initializer=first, name="table")
        self.place = self.add_weight(
            shape=(STEPS_PER_BAR, self.width), initializer=first, name="place"
        )
        self.built = True

    def call(self, tokens: Any) -> Any:
        found = ops.take(self.table, tokens + offsets(self.sizes, 1), axis=0)
        at = ops.arange(tokens.shape[1]) % STEPS_PER_BAR
        return ops.sum(found, axis=2) + ops.take(self.place, at, axis=0)


class Heads(layers.Layer):  # type: ignore[misc]
    """What each voice says at a step: [batch, steps, in] -> logits, one array for each voice.

    A voice sees the tokens that the voices before it say at the same step.
    """

    def __init__(self, sizes: Sequence[int], width: int, dropout: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.sizes, self.width = tuple(sizes), width
        self.hidden = [layers.Dense(width) for _ in sizes]
        self.out = [layers.Dense(size) for size in sizes]
        self.drop = layers.Dropout(dropout)

    def build(self, shape: Sequence[int | None]) -> None:
        self.told = [
            self.add_weight(
                shape=(sum(self.sizes[:number]), self.width), initializer="normal",
                name=f"told_{number}",
            )
            for number in range(1, len(self.sizes))
        ]  # fmt: skip
        for hidden, out in zip(self.hidden, self.out, strict=True):
            hidden.build((None, None, shape[-1]))
            out.build((None, None, self.width))
        self.built = True

    def call(self, context: Any, tokens: Any, training: bool | None = None) -> list[Any]:
        found = []
        for number in range(len(self.sizes)):
            x = self.hidden[number](context)
            if number:
                drawn = tokens[..., :number] + offsets(self.sizes[:number], 0)
                x = x + ops.sum(ops.take(self.told[number - 1], drawn, axis=0), axis=2)
            found.append(self.out[number](self.drop(ops.gelu(x), training=training)))
        return found


def offsets(sizes: Sequence[int], spare: int) -> Any:
    """Whole numbers [voices]: where each voice's rows begin in a table of all, `spare` each."""
    found, total = [], 0
    for size in sizes:
        found.append(total)
        total += size + spare
    return ops.convert_to_tensor(found, dtype="int32")


def shifted(tokens: Any, sizes: Sequence[int]) -> Any:
    """[batch, steps, voices]: the tokens before each step, nothing known before the first."""
    nothing = ops.zeros_like(tokens[:, :1]) + ops.convert_to_tensor(sizes, dtype="int32")
    return ops.concatenate([nothing, tokens[:, :-1]], axis=1)


def surprise(logits: Sequence[Any], tokens: Any) -> Any:
    """Nats [batch, steps, voices] of the tokens."""
    found = []
    for number, said in enumerate(logits):
        sure = ops.take_along_axis(said, tokens[..., number, None], axis=-1)[..., 0]
        found.append(ops.logsumexp(said, axis=-1) - sure)
    return ops.stack(found, axis=-1)
