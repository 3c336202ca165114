"""Layers of small trained networks, in numpy, read from their weight files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import ClassVar, Self

import h5py
import numpy as np
import numpy.typing as npt
from scipy.special import expit

Array = npt.NDArray[np.float32]


class Layers:
    """The arrays of each layer, float32, by name: kernel and bias first; not changed once read."""

    def __init__(self, layers: Mapping[str, tuple[Array, ...]]) -> None:
        self.layers = layers

    @classmethod
    def read(cls, path: Path, names: Iterable[str]) -> Layers:
        """From a .weights.h5 of Keras. Raises OSError or KeyError for a file of something else."""
        with h5py.File(path) as file:
            return cls({
                name: tuple(_array(file[name]["vars"][at]) for at in sorted(file[name]["vars"]))
                for name in names
            })  # fmt: skip

    def dense(self, name: str, x: Array) -> Array:
        """[..., inputs] -> [..., outputs]."""
        kernel, bias = self.layers[name]
        return np.asarray(x @ kernel + bias, np.float32)

    def convolved(self, name: str, x: Array, dilation: int = 1) -> Array:
        """[steps, inputs] -> [steps, outputs], zeros around; taps are odd in number."""
        kernel, bias = self.layers[name]
        reach = dilation * (len(kernel) // 2)
        wide = np.pad(x, ((reach, reach), (0, 0)))
        out = np.tile(bias, (len(x), 1))
        for tap, weights in enumerate(kernel):
            out += wide[tap * dilation : tap * dilation + len(x)] @ weights
        return out

    def recurrent(self, name: str, x: Array) -> Array:
        """[batch, steps, inputs] -> [batch, steps, units]: gated recurrent units, step by step.

        As Keras has them: the gates' recurrent parts have a bias of their own (reset after).
        """
        kernel, again, bias = self.layers[name]
        units = len(again)
        came = x @ kernel + bias[0]
        state = np.zeros((len(x), units), np.float32)
        out = np.empty((*x.shape[:2], units), np.float32)
        for step in range(x.shape[1]):
            now, kept = came[:, step], state @ again + bias[1]
            gates = expit(now[:, : 2 * units] + kept[:, : 2 * units])
            update, reset = gates[:, :units], gates[:, units:]
            fresh = np.tanh(now[:, 2 * units :] + reset * kept[:, 2 * units :])
            state = update * state + (1 - update) * fresh
            out[:, step] = state
        return out

    def both_ways(self, x: Array, deep: int) -> Array:
        """`recurrent` layers one on another, each forwards and backwards: `of_ways` names them."""
        for at in range(deep):
            ahead = self.recurrent(f"ahead_{at}/cell", x)
            back = self.recurrent(f"back_{at}/cell", x[:, ::-1])[:, ::-1]
            x = np.concatenate([ahead, back], axis=2)
        return x


def of_ways(deep: int) -> tuple[str, ...]:
    """The names of `Layers.both_ways`'s layers, as `recurrent_model.BothWays` has them."""
    return tuple(f"{way}_{at}/cell" for at in range(deep) for way in ("ahead", "back"))


class LayeredNetwork:
    """A trained network whose weight file has the layers LAYERS; not changed once read."""

    LAYERS: ClassVar[tuple[str, ...]]

    def __init__(self, layers: Layers) -> None:
        self.layers = layers

    @classmethod
    def read(cls, path: Path) -> Self:
        """From a .weights.h5. Raises OSError or KeyError for a file of something else."""
        return cls(Layers.read(path, cls.LAYERS))


def elu(x: Array) -> Array:
    """The number itself where it is positive, else its exponential less 1."""
    return np.asarray(np.where(x > 0, x, np.expm1(np.minimum(x, 0))), np.float32)


def _array(dataset: h5py.Dataset) -> Array:
    return np.asarray(dataset, np.float32)
