"""The chords network in numpy, read from its weight file.

In numpy for the reason that core.hearing.beats_network gives. tests/models/test_chords_training.py
holds it to the Keras network.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from core import registry
from core.hearing.heard import CHORD_QUALITIES
from core.hearing.layers import LayeredNetwork, of_ways
from core.hearing.spans import SLICES, Spans
from core.loaders import read_weights
from core.score import Key

Array = npt.NDArray[np.float32]

MODEL_ID = "hearing-chords"
QUALITIES = len(CHORD_QUALITIES) - 1
STATES = 12 * QUALITIES
"""Root and quality: state 12 * quality + root, beside the key's tonic where a key is given."""
DEEP = 2
"""Recurrent layers, each in both directions."""
LAYERS = ("first", "chord", *of_ways(DEEP))
PLACES = 7
SHOWN = (SLICES + 1) * 12 + PLACES + 1
"""Numbers that a span of the network is given; the last is 1 where there is one."""


def shown(spans: Spans, key: Key) -> Array:
    """What the network sees of a tune if it is in `key`: [spans, SHOWN]."""
    at, parts = np.arange(len(spans)), spans.parts
    bar = at // parts
    every = np.ones(len(spans))
    slices = np.roll(spans.slices, -key.tonic, axis=2).reshape(len(spans), -1)
    places = [
        at % parts == 0, every * (parts == 2), every * (spans.metre == (3, 4)),
        every * (spans.metre == (6, 8)), every * (key.mode == "minor"), bar % 2, bar // 2 % 2,
    ]  # fmt: skip
    lowest = np.roll(spans.lowest, -key.tonic, axis=1)
    return np.column_stack([slices, lowest, *places, every]).astype(np.float32)


class Network(LayeredNetwork):
    """A trained `chords_model`; not changed once read."""

    LAYERS = LAYERS

    def __call__(self, spans: Spans, keys: Sequence[Key]) -> Array:
        """Logarithms of each chord's probability if the tune is in each of the keys.

        [keys, spans, STATES], roots beside the tonic.
        """
        logits = self.logits(np.stack([shown(spans, key) for key in keys]))
        logits = logits - logits.max(axis=-1, keepdims=True)
        total = np.log(np.exp(logits).sum(axis=-1, keepdims=True))
        return np.asarray(logits - total, np.float32)

    def logits(self, x: Array) -> Array:
        """[batch, spans, SHOWN] -> [batch, spans, STATES]."""
        net = self.layers
        x = np.tanh(net.dense("first", x[..., :-1]))
        return net.dense("chord", net.both_ways(x, DEEP))


def network() -> Network:
    """The app's, read once for each version of the file. Raises ModelUnavailableError."""
    return _network(registry.model(MODEL_ID).sha256)


@lru_cache(maxsize=1)
def _network(sha256: str) -> Network:
    """The file of this hash, which the manifest names now."""
    return read_weights(MODEL_ID, Network.read)
