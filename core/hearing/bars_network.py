"""The bars network in numpy, read from its weight file: which beats begin bars.

It listens to beats as core.hearing.bar_features shows them, once they are known: how the tune
repeats itself and which tones of the key fall where say more of bars than the sound of each beat.
In numpy for the reason that core.hearing.beats_network gives. tests/models/test_bars_training.py
holds it to the Keras network.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy.special import expit, log_softmax

from core import registry
from core.hearing import bar_features
from core.hearing.layers import LayeredNetwork, of_ways
from core.loaders import read_weights

Array = npt.NDArray[np.float32]

MODEL_ID = "hearing-bars"
DEEP = 2
"""Recurrent layers, each in both directions."""
COUNTS = (2, 3, 4)
"""Beats of a bar."""
LAYERS = ("first", "bar", "count", *of_ways(DEEP))
SHOWN, SAID = bar_features.SHOWN + 1, 1 + len(COUNTS)
"""Numbers of a beat that the network is given, the last 1 where there is one, and that it gives."""


@dataclass(frozen=True, eq=False)
class Bars:
    """What the network says of beats. begins: [beats], probabilities that a bar begins there.

    counts: [COUNTS], logarithms of the probabilities that a bar has so many.
    """

    begins: Array
    counts: Array


class Network(LayeredNetwork):
    """A trained `bars_model`; not changed once read."""

    LAYERS = LAYERS

    def __call__(self, shown: Array) -> Bars:
        """shown: core.hearing.bar_features.features, [beats, SHOWN - 1]."""
        begins, counts = self.logits(shown)
        return Bars(expit(begins), log_softmax(counts))

    def logits(self, shown: Array) -> tuple[Array, Array]:
        """([beats] of bars' beginnings, [COUNTS])."""
        net = self.layers
        x = net.both_ways(np.tanh(net.dense("first", shown[None])), DEEP)[0]
        whole = np.concatenate([x.mean(axis=0), x.max(axis=0)])
        return net.dense("bar", x)[:, 0], net.dense("count", whole)


def network() -> Network:
    """The app's, read once for each version of the file. Raises ModelUnavailableError."""
    return _network(registry.model(MODEL_ID).sha256)


@lru_cache(maxsize=1)
def _network(sha256: str) -> Network:
    """The file of this hash, which the manifest names now."""
    return read_weights(MODEL_ID, Network.read)
