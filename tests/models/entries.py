"""Manifest entries for tests. Imports no Keras."""

import hashlib
import random
from pathlib import Path
from typing import Any

from core.errors import ModelUnavailableError
from core.registry import ModelSpec, from_table
from tests.models.hub_server import HubServer
from training import manifest

REPO = "encore/tiny"
DATA = random.Random(1).randbytes(400_000)
NEXT_STEP = "; choose another engine, or hear its results in the gallery."


def entry(**changes: Any) -> dict[str, Any]:
    """A full manifest table for tests.models.tiny; None as a value leaves a field out."""
    fields: dict[str, Any] = {
        "job": "extrapolate",
        "engine": "tiny",
        "file": "tiny.weights.h5",
        "bytes": 1000,
        "sha256": "a" * 64,
        "keras_version": "3.15.1",
        "builder": "tests.models.tiny:build",
        "input_shape": [1, 4],
        "input_units": "[batch, value], numbers",
        "output_shape": [1, 3],
        "output_units": "[batch, value], numbers",
        "licence": "CC0-1.0",
        "training_data": "none",
        "command": "python -m tests.models.tiny",
        "config": {"units": 3},
    }
    fields.update(changes)
    return {key: value for key, value in fields.items() if value is not None}


def spec_for(data: bytes, **changes: Any) -> ModelSpec:
    """The spec of a model `tiny` whose weight file holds `data`."""
    digest = hashlib.sha256(data).hexdigest()
    return from_table("tiny", entry(bytes=len(data), sha256=digest, **changes))


def install(folder: Path, spec: ModelSpec, data: bytes | None = None) -> None:
    """Make `folder` a weights folder with that one model; `data` None leaves the file out."""
    folder.mkdir(parents=True, exist_ok=True)
    if data is not None:
        (folder / spec.file).write_bytes(data)
    manifest.write(folder, [spec])


def published(server: HubServer, data: bytes = DATA) -> ModelSpec:
    """A spec whose file is in the server's repository and nowhere else."""
    return spec_for(data, repo_id=REPO, revision=server.add(REPO, "tiny.weights.h5", data))


def sentence(error: ModelUnavailableError) -> str:
    """What is the matter, from a message checked to be one sentence which gives away no path."""
    text = str(error)
    assert text.startswith("The model tiny ")
    assert text.endswith(NEXT_STEP)
    assert ". " not in text
    assert "/" not in text
    return text.removeprefix("The model tiny ").removesuffix(NEXT_STEP)
