"""What a training of `training.midi_fit` keeps on disk, to go on from."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np

from training.averaging import Average

Rows = list[dict[str, float]]


def store(
    out: Path, trainee: keras.Model, average: Average, rows: Rows, step: int, spent_s: float
) -> None:
    """Write the state whole or not at all."""
    partial = out / "partial-state.weights.h5"
    trainee.save_weights(partial)
    np.savez(out / "partial-state.npz", *average.kept)
    partial.replace(out / "state.weights.h5")
    (out / "partial-state.npz").replace(out / "state.npz")
    state = {"rows": rows, "step": step, "spent_s": spent_s}
    (out / "state.json").write_text(json.dumps(state) + "\n", encoding="utf-8")


def restore(out: Path, trainee: keras.Model, average: Average) -> tuple[Rows, int, float]:
    """(rows, steps, seconds spent) of the state in a folder, which the trainee then has."""
    out.mkdir(parents=True, exist_ok=True)
    file = out / "state.json"
    if not file.exists():
        return [], 0, 0.0
    state = json.loads(file.read_text(encoding="utf-8"))
    trainee.optimizer.build(trainee.trainable_variables)
    trainee.load_weights(out / "state.weights.h5")
    with np.load(out / "state.npz") as arrays:
        average.kept = [arrays[f"arr_{number}"] for number in range(len(arrays.files))]
    return state["rows"], int(state["step"]), float(state["spent_s"])


def started(network: keras.Model, path: Path) -> None:
    """Give a network the arrays of a weight file that have its shapes; the others stay fresh.

    Of an array with fewer rows, as the tokens of fewer voices have, the network gets those.
    """
    own = path.with_name("shape-of.weights.h5")
    network.save_weights(own)
    try:
        with h5py.File(path) as source, h5py.File(own, "a") as target:

            def take(name: str, item: Any) -> None:
                if isinstance(item, h5py.Dataset) and name in source:
                    given = np.asarray(source[name])
                    if given.shape[1:] == item.shape[1:] and len(given) <= len(item):
                        item[: len(given)] = given

            target.visititems(take)
        network.load_weights(own)
    finally:
        own.unlink()


def best_weights(path: Path, out: Path, row: Mapping[str, float]) -> None:
    """Keep a weight file as the best, and its figures for the manifest."""
    shutil.copyfile(path, out / "best.weights.h5")
    write_headline(out, row)


def write_headline(out: Path, row: Mapping[str, float], **more: float) -> None:
    """headline.json of a run, from a row of its history."""
    names = ("valid_reconstruction", "valid_divergence")
    headline: dict[str, Any] = {"metric": "validation_nats_per_step"}
    headline["value"] = round(row["valid_nats"], 4)
    if row["valid_divergence"]:
        headline |= {name: round(row[name], 4) for name in names}
    text = json.dumps(headline | more)
    (out / "headline.json").write_text(text + "\n", encoding="utf-8")
