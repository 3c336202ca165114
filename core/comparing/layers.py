"""The layers of the compared models in numpy: what `layers_model` is in Keras.

In numpy because TensorFlow takes 5 s to import, and a step of these networks is a few small
products. tests/models/test_comparing.py holds them to the Keras layers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt
from scipy.special import erf

from core.comparing.patterns import STEPS_PER_BAR, Pattern

Array = npt.NDArray[np.float32]
Weights = Mapping[str, Array]
"""Arrays of a weight file, by their path in it without "vars"."""


def weights_of(path: Path) -> dict[str, Array]:
    """The arrays of a .weights.h5, as float32. Raises OSError where it is none."""
    found: dict[str, Array] = {}

    def visit(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset):
            found[name.replace("/vars/", "/")] = np.asarray(item).astype(np.float32)

    with h5py.File(path) as file:
        file.visititems(visit)
    return found


class Lstm:
    """`layers_model.Lstm`."""

    def __init__(self, weights: Weights, name: str) -> None:
        self.kernel, self.inner, self.bias = (weights[f"{name}/{n}"] for n in range(3))
        self.units = len(self.inner)

    def step(self, state: Array, cell: Array, read: Array) -> tuple[Array, Array]:
        """(state, cell) after one step; read [batch, 4 units] is the input times the kernel."""
        n = self.units
        said = read + state @ self.inner
        said[:, :n] += 1.0
        gates = _sigmoid(said[:, : 3 * n])
        cell = gates[:, :n] * cell + gates[:, n : 2 * n] * np.tanh(said[:, 3 * n :])
        return gates[:, 2 * n :] * np.tanh(cell), cell

    def begin(self, batch: int) -> tuple[Array, Array]:
        """State and cell before the first step, [batch, units]."""
        return np.zeros((batch, self.units), np.float32), np.zeros((batch, self.units), np.float32)

    def run(
        self, x: Array, begin: tuple[Array, Array] | None = None, backwards: bool = False
    ) -> tuple[Array, Array]:
        """Of x [batch, steps, in] the states [batch, steps, units], and the last of them."""
        read = x @ self.kernel + self.bias
        state, cell = begin or self.begin(len(x))
        states = np.empty((*x.shape[:2], self.units), np.float32)
        order = range(x.shape[1])
        for t in reversed(order) if backwards else order:
            state, cell = self.step(state, cell, read[:, t])
            states[:, t] = state
        return states, state


class Reader:
    """`layers_model.Reader`."""

    def __init__(self, weights: Weights, name: str, sizes: Sequence[int]) -> None:
        self.table, self.place = weights[f"{name}/0"], weights[f"{name}/1"]
        self.offsets = np.cumsum([0, *(size + 1 for size in sizes[:-1])])

    def read(self, tokens: Pattern, first: int = 0) -> Array:
        """[batch, steps, voices], the first of them step `first` -> [batch, steps, width]."""
        at = (first + np.arange(tokens.shape[1])) % STEPS_PER_BAR
        return np.asarray(
            self.table[tokens + self.offsets].sum(axis=2) + self.place[at], np.float32
        )


class Heads:
    """`layers_model.Heads`."""

    def __init__(self, weights: Weights, sizes: Sequence[int]) -> None:
        self.sizes = tuple(sizes)
        self.layers = []
        for number in range(len(sizes)):
            dense = "dense" if number == 0 else f"dense_{number}"
            self.layers.append(
                [weights[f"heads/{part}/{dense}/{n}"] for part in ("hidden", "out") for n in (0, 1)]
            )
        self.told = [weights[f"heads/{number}"] for number in range(len(sizes) - 1)]
        self.offsets = np.cumsum([0, *sizes[:-1]])

    def logits(self, number: int, context: Array, tokens: Pattern) -> Array:
        """Of one voice: [..., in] and tokens [..., voices], the earlier of which are looked at."""
        kernel, bias, out, out_bias = self.layers[number]
        x = context @ kernel + bias
        if number:
            drawn = tokens[..., :number] + self.offsets[:number]
            x = x + self.told[number - 1][drawn].sum(axis=-2)
        return np.asarray(gelu(x) @ out + out_bias, np.float32)

    def nats(self, context: Array, tokens: Pattern) -> npt.NDArray[np.float64]:
        """[..., voices]: -ln p of the tokens."""
        found = []
        for number in range(len(self.sizes)):
            said = self.logits(number, context, tokens).astype(np.float64)
            sure = np.take_along_axis(said, tokens[..., number, None], axis=-1)[..., 0]
            found.append(log_sum_exp(said) - sure)
        return np.stack(found, axis=-1)

    def drawn(self, context: Array, chance: Array, temperature: float) -> Pattern:
        """One step's tokens [batch, voices]; at temperature 0 the likeliest.

        context: [batch, in]. chance: uniform numbers [batch, voices] that decide.
        """
        tokens = np.zeros(chance.shape, np.int64)
        for number in range(len(self.sizes)):
            said = self.logits(number, context, tokens).astype(np.float64)
            if temperature <= 0.0:
                tokens[:, number] = said.argmax(axis=1)
                continue
            said /= temperature
            heaped = np.cumsum(np.exp(said - said.max(axis=1, keepdims=True)), axis=1)
            wanted = chance[:, number] * heaped[:, -1]
            tokens[:, number] = (heaped <= wanted[:, None]).sum(axis=1)
        return np.asarray(np.minimum(tokens, np.array(self.sizes) - 1), np.int64)


def shifted(tokens: Pattern, sizes: Sequence[int]) -> Pattern:
    """`layers_model.shifted`."""
    before = np.empty_like(tokens)
    before[:, 0], before[:, 1:] = sizes, tokens[:, :-1]
    return before


def dense(weights: Weights, name: str, x: Array) -> Array:
    """A dense layer without an activation."""
    return np.asarray(x @ weights[f"{name}/0"] + weights[f"{name}/1"], np.float32)


def log_sum_exp(values: npt.NDArray[np.float64], axis: int = -1) -> npt.NDArray[np.float64]:
    """The logarithm of the sum of exponentials along an axis."""
    top = values.max(axis=axis, keepdims=True)
    summed = np.log(np.exp(values - top).sum(axis=axis)) + np.squeeze(top, axis)
    return np.asarray(summed, np.float64)


def chances(seed: int, count: int, shape: tuple[int, ...]) -> Array:
    """Uniform numbers [count, *shape]; each pattern's do not depend on how many are asked for."""
    found = [np.random.default_rng([seed, number]).random(shape) for number in range(count)]
    return np.array(found, np.float32).reshape(count, *shape)


def _sigmoid(x: Array) -> Array:
    return np.asarray(0.5 * np.tanh(0.5 * x) + 0.5, np.float32)


def gelu(x: Array, exact: bool = False) -> Array:
    """Of each x, x times the normal distribution function; by default as it is approximated."""
    if exact:
        return np.asarray(0.5 * x * (1.0 + erf(x / np.float32(2**0.5))), np.float32)
    inner = np.float32(0.7978845608) * (x + np.float32(0.044715) * x**3)
    return np.asarray(0.5 * x * (1.0 + np.tanh(inner)), np.float32)
