"""Layers that the two networks of `chorale` share. Imported by chorale_model.py alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras import layers, ops

from core.composition.chorale_frames import PITCHES

UNROLLED = 2
"""Frames up to which no scan is traced, which takes longer than so few frames do."""


def shifted(relative: Any, offset: Any) -> Any:
    """[..., n] by interval -> [..., PITCHES] by pitch: out[p] = relative[p + offset], 0 outside.

    offset: whole numbers [...].
    """
    place = ops.arange(PITCHES) + offset[..., None]
    inside = (place >= 0) & (place < relative.shape[-1])
    taken = ops.take_along_axis(relative, ops.clip(place, 0, relative.shape[-1] - 1), axis=-1)
    return ops.where(inside, taken, 0.0)


class Recurrence(layers.Layer):  # type: ignore[misc]
    """A gated recurrent unit (GRU) whose state is set to zero where a piece begins.

    x [batch, frames, ..., in], the same unit for all that stands between frames and in.
    """

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units

    def build(self, shape: Sequence[int | None]) -> None:
        n = 3 * self.units
        self.kernel = self.add_weight(shape=(shape[-1], n), name="kernel")
        self.inner = self.add_weight(shape=(self.units, n), initializer="orthogonal", name="inner")
        self.bias = self.add_weight(shape=(n,), initializer="zeros", name="bias")
        self.inner_bias = self.add_weight(shape=(n,), initializer="zeros", name="inner_bias")
        self.built = True

    def step(self, state: Any, read: Any) -> Any:
        """[..., units] after one frame; read [..., 3 units] is the input times the kernel."""
        n = self.units
        said = ops.matmul(state, self.inner) + self.inner_bias
        gates = ops.sigmoid(read[..., : 2 * n] + said[..., : 2 * n])
        reset, keep = gates[..., :n], gates[..., n:]
        new = ops.tanh(read[..., 2 * n :] + reset * said[..., 2 * n :])
        return keep * state + (1 - keep) * new

    def call(self, x: Any, going_on: Any) -> Any:
        """States of all frames [batch, frames, ..., units].

        going_on [batch, frames]: 0 where a piece begins, else 1.
        """
        read = ops.matmul(x, self.kernel) + self.bias
        going_on = ops.reshape(going_on, (*ops.shape(going_on), *(1,) * (len(x.shape) - 2)))
        state = ops.zeros_like(read[:, 0, ..., : self.units])
        if x.shape[1] is not None and x.shape[1] <= UNROLLED:
            states = []
            for t in range(x.shape[1]):
                state = self.step(state * going_on[:, t], read[:, t])
                states.append(state)
            return ops.stack(states, axis=1)

        def one(state: Any, now: tuple[Any, Any]) -> tuple[Any, Any]:
            state = self.step(state * now[1], now[0])
            return state, state

        sequences = (ops.swapaxes(read, 0, 1), ops.swapaxes(going_on, 0, 1))
        return ops.swapaxes(ops.scan(one, state, sequences)[1], 0, 1)
