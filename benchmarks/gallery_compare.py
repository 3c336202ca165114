"""The gallery's finished comparisons, from the recipes in gallery/compare.toml.

python -m benchmarks.gallery_compare [SLUG ...]
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Sequence
from typing import Any

from core.comparing.finished import save
from core.comparing.offers import JOB, TITLES
from core.comparing.patterns import KINDS
from core.comparing.plan import from_fields, make
from core.gallery import GALLERY

LIST = "compare.toml"
LICENCE = "CC0-1.0"
WORDS = ("slug", "title")


def entries() -> list[dict[str, Any]]:
    """The list's tables, in order. Raises ValueError for one that is not understood."""
    found = tomllib.loads((GALLERY / LIST).read_text(encoding="utf-8"))["comparison"]
    for entry in found:
        _, wrong = from_fields({k: v for k, v in entry.items() if k not in WORDS})
        if wrong:
            raise ValueError(f"{LIST}: {entry['slug']}: not understood: {', '.join(wrong)}")
    return list(found)


def build_all(slugs: Sequence[str]) -> None:
    """Make every comparison of the list, or those named."""
    for rank, entry in enumerate(entries()):
        if slugs and entry["slug"] not in slugs:
            continue
        plan, _ = from_fields({k: v for k, v in entry.items() if k not in WORDS})
        names = " and ".join(TITLES[name] for name in plan.models)
        words = {
            "title": entry["title"],
            "artist": f"Encore's {names}",
            "genre": KINDS[plan.kind].title.lower(),
            "licence": LICENCE,
            "source": f"written by {names}, seed {plan.seed}",
        }
        save(GALLERY / JOB / entry["slug"], plan, make(plan), rank=rank, words=words)
        print(entry["slug"], flush=True)


if __name__ == "__main__":
    build_all(sys.argv[1:])
