"""The models there are: weights/manifest.toml, read and checked. Imports no TensorFlow."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any

from core.errors import ModelUnavailableError

MANIFEST = "manifest.toml"
JOBS = ("extrapolate", "remix", "sample", "compose", "compare", "measure")
"""What models are for: the app's five jobs, and measuring what the others make."""
MAX_FILE_BYTES = 40_000_000
MAX_TOTAL_BYTES = 150_000_000

_ID = re.compile(r"[a-z0-9][a-z0-9-]*")
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\.(weights\.h5|keras)")
_REPO = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*")
_BUILDER = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")
_PATTERNS = {
    "id": (_ID, "lower-case letters, digits and hyphens"),
    "file": (_FILE, "a plain file name that ends in .weights.h5 or .keras"),
    "sha256": (re.compile(r"[0-9a-f]{64}"), "64 lower-case hex digits"),
    "repo_id": (_REPO, "OWNER/NAME"),
    "revision": (re.compile(r"[0-9a-f]{40}"), "a commit's 40 lower-case hex digits"),
    "builder": (_BUILDER, "package.module:function"),
    "vocabulary_sha256": (re.compile(r"[0-9a-f]{64}"), "64 lower-case hex digits"),
}


class ManifestError(ValueError):
    """The manifest is wrong, which is a defect of ours. The message names the entry and field."""


@dataclass(frozen=True)
class ModelSpec:
    """One model as weights/manifest.toml has it.

    id: its name, the table's key in the manifest.
    job, engine: the engine that runs it.
    file: name of the weight file, in weights/ and at the root of the Hub repository.
    bytes, sha256: of that file.
    keras_version: that wrote it.
    builder: "package.module:function" which returns the built model; called with `config`.
    input_shape, output_shape: of one call, batch first; every number is fixed.
    input_units, output_units: what the axes and values are.
    licence, training_data, command: where the weights come from.
    repo_id, revision: the Hub repository and pinned commit; both None until published.
    sample_rate: Hz, for models of sound.
    vocabulary_sha256: for models of symbols.
    config: keyword arguments of the builder.
    spectrogram: parameters of the spectrogram it works on, where it works on one.
    headline: the metric to quote, and its baseline.
    """

    id: str
    job: str
    engine: str
    file: str
    bytes: int
    sha256: str
    keras_version: str
    builder: str
    input_shape: tuple[int, ...]
    input_units: str
    output_shape: tuple[int, ...]
    output_units: str
    licence: str
    training_data: str
    command: str
    repo_id: str | None = None
    revision: str | None = None
    sample_rate: int | None = None
    vocabulary_sha256: str | None = None
    config: Mapping[str, Any] = field(default_factory=dict)
    spectrogram: Mapping[str, Any] = field(default_factory=dict)
    headline: Mapping[str, Any] = field(default_factory=dict)

    def matches(self, path: Path) -> bool:
        """Whether the file at `path` is there and is byte for byte this model's."""
        try:
            return path.stat().st_size == self.bytes and file_sha256(path) == self.sha256
        except OSError:
            return False


def file_sha256(path: Path) -> str:
    """Hex sha256 of a file's bytes. Raises OSError when it cannot be read."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def weights_dir() -> Path:
    """The folder of the manifest and the weight files: ENCORE_WEIGHTS_DIR, or weights/."""
    return Path(os.environ.get("ENCORE_WEIGHTS_DIR") or Path(__file__).parents[1] / "weights")


def models() -> Mapping[str, ModelSpec]:
    """The spec of every model in the manifest, by id; empty where there is no manifest.

    Raises ManifestError when the manifest is wrong.
    """
    path = weights_dir() / MANIFEST
    try:
        stamp = path.stat()
    except FileNotFoundError:
        return {}
    return _read(path, stamp.st_mtime_ns, stamp.st_size)


def model(model_id: str) -> ModelSpec:
    """The spec of one model. Raises ModelUnavailableError when the manifest has none such."""
    spec = models().get(model_id)
    if spec is None:
        raise unavailable(model_id, "is not installed here")
    return spec


def unavailable(model_id: str, why: str) -> ModelUnavailableError:
    """The error for a model that cannot be used: "The model <id> <why>; <what to do next>."."""
    return ModelUnavailableError(
        f"The model {model_id} {why}; choose another engine, or hear its results in the gallery."
    )


def vocabulary(spec: ModelSpec) -> Any:
    """What <id>.vocabulary.json, beside the weights, holds: the symbols of a model of symbols.

    Raises ModelUnavailableError where the file is missing or not the one that the spec names.
    """
    path = weights_dir() / f"{spec.id}.vocabulary.json"
    try:
        data = path.read_bytes()
    except OSError as error:
        raise unavailable(spec.id, "is missing its vocabulary") from error
    if hashlib.sha256(data).hexdigest() != spec.vocabulary_sha256:
        raise unavailable(spec.id, "has a damaged vocabulary")
    return json.loads(data)


@functools.lru_cache(maxsize=4)
def _read(path: Path, modified_ns: int, size: int) -> Mapping[str, ModelSpec]:
    return parse(path.read_text(encoding="utf-8"))


def parse(text: str) -> dict[str, ModelSpec]:
    """A manifest's specs by id. Raises ManifestError, which names the entry and field."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ManifestError(f"{MANIFEST} is no TOML: {error}") from error
    specs = {}
    for model_id, table in tables.items():
        if not isinstance(table, dict):
            raise ManifestError(f"{MANIFEST}: {model_id} stands outside a model's table")
        specs[model_id] = from_table(model_id, table)
    check_together(specs)
    return specs


def check_together(specs: Mapping[str, ModelSpec]) -> None:
    """Raise ManifestError when two models share a file or all of them weigh too much."""
    files = [spec.file for spec in specs.values()]
    if len(set(files)) < len(files):
        raise ManifestError(f"{MANIFEST}: two models have the same file")
    total = sum(spec.bytes for spec in specs.values())
    if total > MAX_TOTAL_BYTES:
        raise ManifestError(f"{MANIFEST}: the files are {total} bytes, over {MAX_TOTAL_BYTES}")


def from_table(model_id: str, table: Mapping[str, Any]) -> ModelSpec:
    """One manifest table as a spec. Raises ManifestError, which names the entry and field."""

    def wrong(name: str, wanted: str) -> ManifestError:
        return ManifestError(f"{MANIFEST}: {model_id}: {name} must be {wanted}")

    known = {entry.name: entry for entry in fields(ModelSpec) if entry.name != "id"}
    unknown = sorted(table.keys() - known.keys())
    if unknown:
        raise ManifestError(f"{MANIFEST}: {model_id}: unknown field {unknown[0]}")
    values: dict[str, Any] = {"id": model_id}
    for name, entry in known.items():
        if name not in table:
            if entry.default is MISSING and entry.default_factory is MISSING:
                raise ManifestError(f"{MANIFEST}: {model_id}: {name} is missing")
            continue
        value = table[name]
        if name in ("input_shape", "output_shape"):
            if not isinstance(value, list) or not value or not all(map(_positive, value)):
                raise wrong(name, "a list of positive whole numbers")
            value = tuple(value)
        elif name in ("bytes", "sample_rate"):
            if not _positive(value):
                raise wrong(name, "a positive whole number")
        elif name in ("config", "spectrogram", "headline"):
            if not isinstance(value, dict):
                raise wrong(name, "a table")
        elif not isinstance(value, str) or not value.strip():
            raise wrong(name, "text that is not empty")
        values[name] = value
    for name, (pattern, wanted) in _PATTERNS.items():
        if name in values and not pattern.fullmatch(values[name]):
            raise wrong(name, wanted)
    if values["job"] not in JOBS:
        raise wrong("job", "one of " + ", ".join(JOBS))
    if values["bytes"] > MAX_FILE_BYTES:
        raise wrong("bytes", f"at most {MAX_FILE_BYTES}")
    if ("repo_id" in values) != ("revision" in values):
        raise wrong("revision", "given with repo_id, or both left out")
    return ModelSpec(**values)


def _positive(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0
