"""One door of `python -m benchmarks fuzz`, which runs this in a process of its own.

    python -m benchmarks.fuzz_door --door "as notes" --minutes 5 --out runs/fuzz

Whatever is neither an answer nor a sentence for the visitor within SLOW_S is written to the folder,
one file for each place it came from, beside `<door>.json` with the counts. Needs atheris.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
import traceback
import urllib.parse
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import atheris

with atheris.instrument_imports(include=["core", "mido", "pretty_midi", "defusedxml"]):
    from benchmarks import hostile
    from core.comparing import plan as comparing
    from core.composition import plan as composing
    from core.errors import UserInputError
    from core.recipe import Recipe
    from core.remixing import plan as remixing
    from core.sampling import plan as sampling

    hostile.warm()

SLOW_S = 10.0
TOLD_EVERY_S = 5.0
LONGEST_BYTES = 60_000
MEMORY_MB = 4000
LINKS = (
    b"engines=midi-lstm,midi-vae&kind=melody-2&seed=3&primer=ode&steps=8&temperature=0.9",
    b"engine=composer&genre=folk&bars=16&seed=2&key=D+minor&metre=3/4&tempo=120&density=.5",
    b"engine=band&style=swing&seed=1&desk=drums:-3,bass:0.5m,piano:2s&start=2.5&seconds=20",
    b"engine=timbre-vae&at=0.1,-0.4;1.2,0.3&seed=9&pitch=60&note=2&melody=ode&temperature=.5",
    b'{"job": "compose", "engines": {"composer": null}, "seed": 1, "parameters": {"bars": 8}}',
)
"""Links and a recipe to begin with."""


def as_link(name: str, data: bytes) -> None:
    """What opening a page's address does, on every page; and a recipe's file."""
    text = data.decode("utf-8", "replace")
    fields = dict(urllib.parse.parse_qsl(text))
    comparing.from_fields(fields)
    composing.from_fields(fields, ("composer", "chorale"))
    remixing.from_fields(fields, ("band", "one2one"))
    sampling.from_fields(fields, ("timbre-vae",))
    try:
        recipe = Recipe.from_json(text)
    except ValueError:
        return
    for page in (comparing, composing, remixing, sampling):
        try:
            page.of_recipe(recipe)
        except (ValueError, KeyError):
            continue


DOORS: dict[str, Callable[[str, bytes], None]] = {**hostile.DOORS, "as a link": as_link}


class Watch:
    """Tries inputs, counts how they end and keeps those that end badly."""

    def __init__(self, door: str, out: Path) -> None:
        self.door, self.out = door, out
        self.counts: Counter[str] = Counter()
        self.slowest_s = 0.0
        self.found: dict[str, str] = {}
        self.began = self.told = time.monotonic()

    def __call__(self, data: bytes) -> None:
        start = time.process_time()  # other work on the machine makes no input slow
        try:
            DOORS[self.door]("x", data)
            ended = "answer"
        except UserInputError:
            ended = "sentence"
        except Exception as error:  # noqa: BLE001 - whatever gets out is what is looked for
            ended = "traceback"
            self._keep(data, _place(error), traceback.format_exc())
        seconds = time.process_time() - start
        if seconds > SLOW_S:
            self._keep(data, f"slow-{hashlib.sha256(data).hexdigest()[:8]}", f"{seconds:.1f} s")
        self.slowest_s = max(self.slowest_s, seconds)
        self.counts[ended] += 1
        if time.monotonic() - self.told > TOLD_EVERY_S:
            self.tell()

    def _keep(self, data: bytes, place: str, text: str) -> None:
        if place not in self.found:
            self.found[place] = text.strip().splitlines()[-1]
            (self.out / f"{place}.bin").write_bytes(data)
            (self.out / f"{place}.txt").write_text(text, encoding="utf-8")

    def tell(self) -> None:
        """Write the counts; libFuzzer leaves no other moment for it."""
        self.told = time.monotonic()
        summary: dict[str, Any] = {
            "door": self.door,
            "minutes": (self.told - self.began) / 60,
            "inputs": self.counts.total(),
            **self.counts,
            "slowest_s": self.slowest_s,
            "found": self.found,
        }
        name = self.door.replace(" ", "-")
        (self.out / f"{name}.json").write_text(json.dumps(summary, indent=1) + "\n")


def _place(error: Exception) -> str:
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}-{Path(last.filename).stem}-{last.lineno}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--door", choices=tuple(DOORS), required=True)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--out", type=Path, default=Path("runs/fuzz"))
    args = parser.parse_args()
    corpus = args.out / args.door.replace(" ", "-")
    corpus.mkdir(parents=True, exist_ok=True)
    if args.door == "as a link":
        files = list(LINKS)
    else:
        files = [data for _, _, data in hostile.corpus() if len(data) <= LONGEST_BYTES]
    for data in files:
        (corpus / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)
    settings = (
        f"-max_total_time={round(60 * args.minutes)}",
        f"-max_len={LONGEST_BYTES}",
        f"-rss_limit_mb={MEMORY_MB}",
        "-timeout=60",
        "-seed=1",
        f"-artifact_prefix={args.out}/",
    )
    atheris.Setup([sys.argv[0], *settings, str(corpus)], Watch(args.door, args.out))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
