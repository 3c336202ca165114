"""The beats network in numpy, read from its weight file.

In numpy because TensorFlow takes 5 s to import, and this is a tenth of a second's work for half a
minute of sound. tests/models/test_beats_training.py holds it to the Keras network.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from core import registry
from core.hearing.beat_frames import FEATURES, FRAME_S, PARTS
from core.hearing.layers import LayeredNetwork, elu
from core.loaders import read_weights

Array = npt.NDArray[np.float32]

MODEL_ID = "hearing-beats"
DILATIONS = (1, 2, 4, 8, 16, 32)
TAPS = 5
"""With these a step is seen with 10 s on either side."""
LAYERS = (
    "first", "beside", "frames", "gathered", "entire",
    *(f"{kind}_{dilation}" for dilation in DILATIONS for kind in ("far", "kept")),
)  # fmt: skip
METRE_NAMES = ((2, 4), (3, 4), (4, 4), (6, 8))
METRES = len(METRE_NAMES)
SHORTEST_S, PER_OCTAVE, TEMPI = 0.24, 16, 40
"""Beat lengths that the network tells apart: 40 of them from 0.24 s to 1.3 s, sixteenths of an
octave apart."""
_REACH_FRAMES = 2
SHOWN, SAID = PARTS * FEATURES + 1, PARTS * 2 + TEMPI + METRES
"""Numbers that a step of the network is given, and that it gives."""


@dataclass(frozen=True, eq=False)
class Pulse:
    """What the network says of a solo. beat, bar: [frames], probabilities that one begins there.

    tempo: [TEMPI], probabilities of each beat length; metre: [METRES], of METRE_NAMES.
    """

    beat: Array
    bar: Array
    tempo: Array
    metre: Array


class Network(LayeredNetwork):
    """A trained `beats_model`; not changed once read."""

    LAYERS = LAYERS

    def __call__(self, shown: Array) -> Pulse:
        """shown: core.hearing.beat_frames.features, [frames, FEATURES]."""
        frames, whole = self.logits(shown)
        sure = np.asarray(1.0 / (1.0 + np.exp(-frames)), np.float32)
        return Pulse(sure[:, 0], sure[:, 1], _shares(whole[:TEMPI]), _shares(whole[TEMPI:]))

    def logits(self, shown: Array) -> tuple[Array, Array]:
        """([frames, 2] of beats and bar lines, [TEMPI + METRES])."""
        net = self.layers
        x = elu(net.dense("first", shown.reshape(-1, PARTS * FEATURES)))
        x = elu(net.convolved("beside", x))
        skips = np.zeros_like(x)
        for dilation in DILATIONS:
            y = elu(net.convolved(f"far_{dilation}", x, dilation))
            y = net.dense(f"kept_{dilation}", y)
            skips += y
            x = x + y
        frames = net.dense("frames", elu(x)).reshape(-1, 2)
        mean = np.concatenate([skips, np.maximum(skips, 0)], axis=1).mean(axis=0)
        return frames, net.dense("entire", elu(net.dense("gathered", mean)))


def at_beats(chances: Array, beats_s: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The most that frames [frames] within 40 ms of each beat say."""
    at = np.floor(beats_s / FRAME_S).astype(int)
    near = at[:, None] + np.arange(-_REACH_FRAMES, _REACH_FRAMES + 1)
    return np.asarray(chances[np.clip(near, 0, len(chances) - 1)].max(axis=1), np.float64)


def network() -> Network:
    """The app's, read once for each version of the file. Raises ModelUnavailableError."""
    return _network(registry.model(MODEL_ID).sha256)


@lru_cache(maxsize=1)
def _network(sha256: str) -> Network:
    """The file of this hash, which the manifest names now."""
    return read_weights(MODEL_ID, Network.read)


def tempo_s() -> npt.NDArray[np.float64]:
    """The beat length in s that each of TEMPI stands for."""
    return np.asarray(SHORTEST_S * 2.0 ** (np.arange(TEMPI) / PER_OCTAVE))


def _shares(x: Array) -> Array:
    raised = np.exp(x - x.max())
    return np.asarray(raised / raised.sum(), np.float32)
