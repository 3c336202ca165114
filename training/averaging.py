"""An average of a model's weights over its training."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
from keras import ops

Array = np.ndarray[Any, Any]


class Average:
    """An exponential moving average of a model's weights, which validates better than they do."""

    def __init__(self, model: keras.Model, decay: float = 0.998, every: int = 5) -> None:
        self.model, self.every, self.share = model, every, 1 - decay**every
        self.kept = self._now()

    def _now(self) -> list[Array]:
        return [np.copy(ops.convert_to_numpy(v)) for v in self.model.trainable_variables]

    def _put(self, values: list[Array]) -> None:
        for variable, value in zip(self.model.trainable_variables, values, strict=True):
            variable.assign(value)

    def update(self, step: int) -> None:
        """After each step."""
        if step % self.every == 0:
            share = max(self.share, 1 / (1 + step / self.every))  # plain mean at first
            for kept, value in zip(self.kept, self._now(), strict=True):
                kept += share * (value - kept)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """The model has the averaged weights meanwhile."""
        own = self._now()
        self._put(self.kept)
        yield
        self._put(own)
