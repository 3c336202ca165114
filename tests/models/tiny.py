"""The smallest model that can be saved and loaded, and the manifest entry that goes with it."""

import time
from pathlib import Path

import keras

BUILDS: list[int] = []
"""One item for each call of `build`."""


def build(units: int = 3, wait_s: float = 0.0) -> keras.Model:
    """float [batch, 4] -> float [batch, units]. `wait_s` leaves time for others to come by."""
    BUILDS.append(units)
    time.sleep(wait_s)
    return keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(units)])


def save(path: Path, *, half: bool = False) -> keras.Model:
    """Write a random model's weights to `path`; return the model."""
    from training.saving import save_weights

    keras.utils.set_random_seed(7)
    model = build()
    model.compile("sgd")  # save_weights leaves an optimizer out, so there must be one
    BUILDS.clear()
    save_weights(model, path, half=half)
    return model
