"""What the gallery's item.json files say, read once."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from core.recipe import Recipe

Entry = tuple[dict[str, Any], dict[str, Any]]
"""(arguments of GalleryEntry, all fields of item.json)."""
_TEXTS = ("title", "artist", "genre", "licence", "source")


def entries(folder: Path, job: str) -> list[Entry]:
    """Each of the job's examples in a folder, in the order of their `rank`."""
    found = []
    for path in folder.glob("*/item.json"):
        state = path.stat()
        found.append(_entry(path, job, state.st_mtime_ns, state.st_size))
    return sorted(found, key=lambda one: (one[1]["rank"], one[0]["slug"]))


@lru_cache(maxsize=256)
def _entry(path: Path, job: str, changed_ns: int, size: int) -> Entry:
    """One file, read again once it has changed.

    Pages that look at a run ask for it with each look, and reading it takes milliseconds.
    """
    fields = json.loads(path.read_text(encoding="utf-8"))
    common: dict[str, Any] = {name: str(fields[name]) for name in _TEXTS}
    recipe = Recipe.from_json(json.dumps(fields["recipe"]))
    common |= {"job": job, "slug": path.parent.name, "folder": path.parent, "recipe": recipe}
    return common, fields
