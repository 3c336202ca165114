"""`timbre-vae`'s network in numpy, read from its weight file.

In numpy because TensorFlow takes 5 s to import and a visitor who clicks waits for 0.3 s at most: a
note is eight small products. tests/models/test_timbre_vae.py holds it to the Keras network.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import h5py
import numpy as np
import numpy.typing as npt
from scipy.special import erf

from core import registry
from core.loaders import read_weights
from core.sampling.timbre_notes import CHANNELS, HEARD, WAVES

Array = npt.NDArray[np.float32]

MODEL_ID = "timbre-vae"
LAYERS = (
    "hear", "hear_more", "hear_most", "centre", "begin", "imagine", "imagine_more", "forms",
    "course", "character",
)  # fmt: skip


class Network:
    """float32 arrays of a trained `timbre_vae_model.TimbreVae`; not changed once read."""

    def __init__(self, layers: dict[str, tuple[Array, Array]]) -> None:
        self.layers = layers
        self.latent = layers["centre"][0].shape[1] // 2
        self.curves = layers["course"][0].shape[0]

    @classmethod
    def read(cls, path: Path) -> Network:
        """From a .weights.h5. Raises OSError or KeyError for a file of something else."""
        found = {}
        with h5py.File(path) as file:
            for name in LAYERS:
                group = file[name]["vars"]
                found[name] = (_array(group["0"]), _array(group["1"]))
        return cls(found)

    def encode(self, heard: npt.ArrayLike) -> Array:
        """[notes, HEARD] -> the latents' means, [notes, latent]."""
        rows = np.asarray(heard, np.float32)
        if rows.shape[1] != HEARD:
            raise ValueError(f"a heard note has {HEARD} numbers, not {rows.shape[1]}")
        x = _gelu(self._dense("hear", np.concatenate([rows, waves(rows[:, :1])], axis=1)))
        x = x + _gelu(self._dense("hear_more", x))
        x = x + _gelu(self._dense("hear_most", x))
        return self._dense("centre", x)[:, : self.latent]

    def decode(self, latents: npt.ArrayLike, asked: npt.ArrayLike) -> Array:
        """[notes, latent] and [notes, ASKED] -> [notes, OUTPUT]."""
        place, rows = np.asarray(latents, np.float32), np.asarray(asked, np.float32)
        given = np.concatenate([place, waves(rows[:, :1]), rows[:, 1:]], axis=1)
        x = _gelu(self._dense("begin", given))
        x = x + _gelu(self._dense("imagine", np.concatenate([x, given], axis=1)))
        x = x + _gelu(self._dense("imagine_more", x))
        shapes = self._dense("forms", x).reshape(len(x) * CHANNELS, self.curves)
        curves = self._dense("course", shapes).reshape(len(x), -1)
        return np.concatenate([curves, self._dense("character", x)], axis=1)

    def _dense(self, name: str, x: Array) -> Array:
        kernel, bias = self.layers[name]
        return np.asarray(x @ kernel + bias, np.float32)


def waves(pitch: Array) -> Array:
    """As `timbre_vae_model.waves`: [notes, 1] -> [notes, WAVES + 1]."""
    angles = pitch * (1.2 * 1.6 ** np.arange(WAVES // 2, dtype=np.float32))
    pairs = np.stack([np.sin(angles), np.cos(angles)], axis=2).reshape(len(pitch), WAVES)
    return np.concatenate([pitch, pairs], axis=1)


def network() -> Network:
    """The app's, read once for each version of the file. Raises ModelUnavailableError."""
    return _network(registry.model(MODEL_ID).sha256)


@lru_cache(maxsize=1)
def _network(sha256: str) -> Network:
    """The file of this hash, which the manifest names now."""
    return read_weights(MODEL_ID, Network.read)


def _array(item: h5py.Dataset) -> Array:
    return np.ascontiguousarray(np.asarray(item), dtype=np.float32)


def _gelu(x: Array) -> Array:
    return np.asarray(0.5 * x * (1.0 + erf(x / np.float32(2**0.5))), np.float32)
