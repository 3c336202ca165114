"""What trains `midi-lstm` and `midi-vae`, on any backend of Keras.

A `Trainee` is compiled with `weighted` for its loss, and then fitted to `inputs` and `weights`.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import layers, ops

from core.comparing.patterns import Pattern

TERMS = ("reconstruction", "divergence", "charged", "judging", "fooling")
"""What a trainee says of each pattern, in nats.

reconstruction: of the tokens. divergence: of the place from the standard normal. charged: what of
it is above the free nats. judging: cross-entropy of the adversary, which tells places of patterns
from drawn ones. fooling: the same of the encoder, for places that pass as drawn.
"""


class Trainee(keras.Model):  # type: ignore[misc]
    """A network and its adversary, if it has one; [tokens, before, noise] -> [batch, TERMS]."""

    def __init__(
        self, network: keras.Model, free_nats: float = 0.0, adversarial: bool = False
    ) -> None:
        super().__init__()
        self.network, self.free_nats = network, free_nats
        self.adversary = Adversary() if adversarial else None
        if self.adversary is not None:
            self.adversary.build((None, network.latent))
        self.built = True

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        tokens, before, noise = inputs
        latent = self.network.latent
        nats, divergence, places = self.network.explain(
            tokens, before, noise[:, :latent], training=training
        )
        nothing = ops.zeros_like(nats)
        judging = fooling = nothing
        if self.adversary is not None:
            found = self.adversary(ops.stop_gradient(places))
            drawn = self.adversary(noise[:, latent:])
            judging = ops.softplus(found) + ops.softplus(-drawn)
            fooling = ops.softplus(-self.adversary(places, fixed=True))
        divergence = nothing if divergence is None else divergence
        charged = ops.maximum(divergence - self.free_nats, 0.0)
        return ops.stack([nats, divergence, charged, judging, fooling], axis=1)


class Adversary(layers.Layer):  # type: ignore[misc]
    """Places [batch, latent] -> [batch]: log odds that they were drawn and are of no pattern.

    Makhzani et al., "Adversarial autoencoders", 2015. fixed: its weights learn nothing by this.
    """

    def __init__(self, width: int = 128, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.width = width

    def build(self, shape: Any) -> None:
        sizes = (shape[-1], self.width, self.width, 1)
        self.kernels = [
            self.add_weight(shape=pair, name=f"kernel_{n}")
            for n, pair in enumerate(pairwise(sizes))
        ]
        self.biases = [
            self.add_weight(shape=(size,), initializer="zeros", name=f"bias_{n}")
            for n, size in enumerate(sizes[1:])
        ]
        self.built = True

    def call(self, x: Any, fixed: bool = False) -> Any:
        for number, pair in enumerate(zip(self.kernels, self.biases, strict=True)):
            kernel, bias = (ops.stop_gradient(w) if fixed else w for w in pair)
            x = ops.matmul(ops.gelu(x) if number else x, kernel) + bias
        return x[:, 0]


def weighted(weights: Any, terms: Any) -> Any:
    """The loss: the terms by their weights, mean over the batch."""
    return ops.mean(ops.sum(weights * terms, axis=1))


def weights(
    batch: int, divergence: float = 1.0, adversarial: float = 0.0
) -> npt.NDArray[np.float32]:
    """[batch, TERMS]: what `weighted` takes each term by."""
    row = (1.0, 0.0, divergence, 1.0 if adversarial else 0.0, adversarial)
    return np.tile(np.array(row, np.float32), (batch, 1))


def inputs(
    network: keras.Model, tokens: Pattern, rng: np.random.Generator, hidden: float = 0.0
) -> list[npt.NDArray[Any]]:
    """What a trainee reads for patterns [batch, steps, voices].

    hidden: the share of steps of which the next step is not told the tokens (Bowman et al.,
    "Generating sentences from a continuous space", 2016), so that the place must say them.
    """
    before = np.empty(tokens.shape, np.int32)
    before[:, 0], before[:, 1:] = network.sizes, tokens[:, :-1]
    if hidden:
        away = rng.random(tokens.shape[:2]) < hidden
        before[away] = network.sizes
    noise = rng.standard_normal((len(tokens), 2 * network.latent)).astype(np.float32)
    return [tokens.astype(np.int32), before, noise]
