"""Take finished weights into weights/ and enter them in the manifest.

    python -m training.register runs/paper_encdec/last.weights.h5 paper-encdec

What a file cannot say of itself (job, builder, shapes, licence, figures) stands in
training/entries/<id>.toml, one table's worth of weights/manifest.toml; the headline figure is in
headline.json beside the weights, where the training writes it. So is vocabulary.json of a model of
symbols, which is copied too. File name, bytes, sha256 and the Keras version are measured here. The
model is then loaded and run once, as the app would.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import shutil
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from core import registry
from core.loaders import load_model
from core.registry import MANIFEST, ManifestError, ModelSpec
from training import manifest

ENTRIES = Path(__file__).with_name("entries")
MEASURED = ("file", "bytes", "sha256", "keras_version", "repo_id", "revision")


def register(weights: Path, model_id: str, entry: Mapping[str, Any], folder: Path) -> ModelSpec:
    """Copy `weights` to `folder`/<model_id>.weights.h5 and write its manifest entry.

    entry: the fields of ModelSpec without MEASURED. The same file and entry give the same manifest.
    A published revision is kept while it holds the same bytes and dropped otherwise: publish again.
    Raises ManifestError when the entry is wrong or weights are not finite; nothing is written then.
    """
    given = [name for name in MEASURED if name in entry]
    if given:
        raise ManifestError(f"the entry of {model_id}: {given[0]} is measured, not given")
    name = f"{model_id}.weights.h5"
    copy = folder / (name + ".part")
    try:
        shutil.copyfile(weights, copy)  # a training that still runs may replace the original
        check_finite(copy)
        measured = {
            "file": name,
            "bytes": copy.stat().st_size,
            "sha256": registry.file_sha256(copy),
            "keras_version": importlib.metadata.version("keras"),
        }
        spec = registry.from_table(model_id, {**entry, **measured})
        specs = read(folder)
        before = specs.get(model_id)
        if before is not None and before.sha256 == spec.sha256:
            spec = replace(spec, repo_id=before.repo_id, revision=before.revision)
        specs[model_id] = spec
        manifest.dumps(specs.values())  # raises before anything is replaced
        copy.replace(folder / name)
    finally:
        copy.unlink(missing_ok=True)
    manifest.write(folder, specs.values())
    return spec


def check_finite(path: Path) -> None:
    """Raise ManifestError when an array in a .weights.h5 holds NaN or infinity.

    Such a file loads without a word and the model's output is wrong. Half precision ends at 65504,
    so a variance that training left large becomes infinite when it is saved.
    """

    def check(name: str, item: h5py.Group | h5py.Dataset) -> None:
        if isinstance(item, h5py.Dataset) and not np.isfinite(np.asarray(item)).all():
            raise ManifestError(f"{name} holds values that are not finite")

    with h5py.File(path) as file:
        file.visititems(check)


def read(folder: Path) -> dict[str, ModelSpec]:
    """The specs in `folder`/manifest.toml, none where there is no such file."""
    path = folder / MANIFEST
    return registry.parse(path.read_text(encoding="utf-8")) if path.exists() else {}


def main() -> None:
    """The command line above."""
    parser = argparse.ArgumentParser(description="Take finished weights into weights/.")
    parser.add_argument("weights", type=Path, help="a finished .weights.h5")
    parser.add_argument("id", help="the model's id; training/entries/<id>.toml describes it")
    args = parser.parse_args()
    entry = tomllib.loads((ENTRIES / f"{args.id}.toml").read_text(encoding="utf-8"))
    headline = args.weights.with_name("headline.json")
    if headline.exists():
        entry["headline"] = json.loads(headline.read_text(encoding="utf-8"))
    vocabulary = args.weights.with_name("vocabulary.json")
    if vocabulary.exists():
        entry["vocabulary_sha256"] = registry.file_sha256(vocabulary)
        shutil.copyfile(vocabulary, registry.weights_dir() / f"{args.id}.vocabulary.json")
    spec = register(args.weights, args.id, entry, registry.weights_dir())
    load_model(spec.id)
    print(f"{spec.file}: {spec.bytes} bytes, sha256 {spec.sha256}; loads and runs")


if __name__ == "__main__":
    main()
