"""The gallery's composed pieces, from the recipes in gallery/compose.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from typing import Any

from core.composition.finished import save
from core.composition.plan import JOB, from_fields, make
from core.engines import info
from core.gallery import GALLERY

LICENCE = "CC0-1.0"
LIST = "compose.toml"
WORDS = ("slug", "title")


def entries() -> list[dict[str, Any]]:
    """The list's tables, in order. Raises ValueError for one that no engine would understand."""
    found = tomllib.loads((GALLERY / LIST).read_text(encoding="utf-8")).get("piece", [])
    for entry in found:
        _, wrong = from_fields({k: v for k, v in entry.items() if k not in WORDS})
        if wrong:
            raise ValueError(f"{LIST}: {entry['slug']}: not understood: {', '.join(wrong)}")
    return list(found)


def build(entry: dict[str, Any], rank: int) -> None:
    """Make one piece and write its folder."""
    plan, _ = from_fields({k: v for k, v in entry.items() if k not in WORDS})
    title = info(JOB, plan.engine).title
    words = {
        "title": entry["title"],
        "artist": f"Encore's {title}" if not info(JOB, plan.engine).published else title,
        "genre": plan.controls.genre or plan.engine,
        "licence": LICENCE,
        "source": f"composed by {title}, seed {plan.seed}",
    }
    save(GALLERY / JOB / entry["slug"], plan, make(plan, None), rank=rank, words=words)


def build_all(slugs: Sequence[str]) -> None:
    """Every piece of the list, or those named."""
    for rank, entry in enumerate(entries()):
        if not slugs or entry["slug"] in slugs:
            build(entry, rank)
            print(entry["slug"], flush=True)
