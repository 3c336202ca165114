"""Writing weights/manifest.toml: the same specs always give the same bytes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from core.registry import MANIFEST, ManifestError, ModelSpec, parse

HEAD = """\
# The models, one table each. Written by training.register and training.publish, read by
# core.registry, where the fields are described. sha256 and revision pin what the app may open.
"""


def dumps(specs: Iterable[ModelSpec]) -> str:
    """The manifest's text, models in order of id, fields in the order of ModelSpec.

    Raises ManifestError when the text would not read back as these specs.
    """
    wanted = sorted(specs, key=lambda spec: spec.id)
    text = "\n".join([HEAD, *(_table(spec) for spec in wanted)])
    if list(parse(text).values()) != wanted:
        raise ManifestError("these specs hold values that a manifest cannot")
    return text


def write(folder: Path, specs: Iterable[ModelSpec]) -> None:
    """Write `folder`/manifest.toml, whole or not at all. Raises ManifestError as `dumps`."""
    text = dumps(specs)
    partial = folder / (MANIFEST + ".part")
    partial.write_text(text, encoding="utf-8", newline="\n")
    partial.replace(folder / MANIFEST)


def _table(spec: ModelSpec) -> str:
    plain, tables = [f"[{spec.id}]"], []
    for field in fields(spec):
        value = getattr(spec, field.name)
        if field.name == "id" or value is None or value == {}:
            continue
        if isinstance(value, Mapping):
            rows = [f"{_key(key)} = {_value(item)}" for key, item in value.items()]
            tables.append("\n".join([f"[{spec.id}.{field.name}]", *rows]))
        else:
            plain.append(f"{field.name} = {_value(value)}")
    return "\n\n".join(["\n".join(plain), *tables]) + "\n"


def _key(key: str) -> str:
    return key if key.replace("_", "").replace("-", "").isalnum() and key.isascii() else _value(key)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # TOML's basic strings take JSON's escapes; DEL alone must be escaped in TOML only.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    raise ManifestError(f"a manifest holds no {type(value).__name__}")
