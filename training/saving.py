"""Writing finished weights: half precision where asked, and the manifest's entry beside them."""

from __future__ import annotations

from pathlib import Path

import h5py
import keras
import numpy as np


def save_weights(model: keras.Model, path: Path, *, half: bool) -> None:
    """Write `path` (.weights.h5) whole or not at all.

    `half` stores float16, which loads into float32 variables as it is.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name("partial-" + path.name)
    optimizer, model.optimizer = (
        getattr(model, "optimizer", None),
        None,
    )  # its state is twice the weights
    try:
        model.save_weights(partial)
    finally:
        model.optimizer = optimizer
    if half:
        slim = path.with_name("slim-" + path.name)
        with h5py.File(partial) as source, h5py.File(slim, "w") as target:
            _copy_half(source, target)
        slim.replace(partial)
    partial.replace(path)


def _copy_half(source: h5py.Group, target: h5py.Group) -> None:
    for key, value in source.attrs.items():
        target.attrs[key] = value
    for key, item in source.items():
        if isinstance(item, h5py.Group):
            _copy_half(item, target.create_group(key))
        else:
            array = np.asarray(item)
            if array.dtype == np.float32:
                array = array.astype(np.float16)
            target.create_dataset(key, data=array)
