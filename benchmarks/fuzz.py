"""A coverage-guided fuzz of what reads strangers' bytes: sounds, notes, tunes and links.

    python -m benchmarks fuzz --json benchmarks/results/fuzz.json

libFuzzer through atheris (`pip install atheris==3.0.0`, which nothing else here needs) changes the
hostile files of benchmarks.hostile and keeps what reaches new lines or branches of `core` and of
the readers in Python that it uses: MINUTES of each door, one after another. Asked is an answer or a
sentence for the visitor. What else came is kept as a test where its reader has its own.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.results import Results, Table

MINUTES = {"as notes": 7.0, "as sound": 5.0, "as a tune": 3.0, "as a link": 2.0}
FOLDER = Path("runs/fuzz")
COVERED = re.compile(r"cov: (\d+)")


def run(
    data: Path | None = None,
    *,
    wanted: Sequence[str] | None = None,
    limit: int | None = None,
    split: str = "test",
) -> Results:
    """Fuzz every door. data, wanted, split: not used. limit: seconds for each door."""
    found = {}
    for door, minutes in MINUTES.items():
        found[door] = fuzzed(door, limit / 60 if limit else minutes, FOLDER)
    inputs = sum(summary["inputs"] for summary in found.values())
    spent = sum(summary["minutes"] for summary in found.values())
    told = f"files made here, changed {inputs:,} times in {spent:.0f} minutes"
    return Results("fuzz", told, inputs, [], [doors_table(found), *findings_table(found)])


def fuzzed(door: str, minutes: float, folder: Path) -> dict[str, Any]:
    """The counts of one door, fuzzed in a process of its own. Raises if that did not start."""
    folder.mkdir(parents=True, exist_ok=True)
    name = door.replace(" ", "-")
    summary = folder / f"{name}.json"
    summary.unlink(missing_ok=True)
    command = [sys.executable, "-m", "benchmarks.fuzz_door", "--door", door]
    command += ["--minutes", f"{minutes:.2f}", "--out", str(folder)]
    with (folder / f"{name}.log").open("wb") as log:
        ended = subprocess.run(command, stdout=log, stderr=log, check=False).returncode  # noqa: S603
    text = (folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")
    if not summary.exists():
        raise RuntimeError(f"{door} was not fuzzed:\n{text[-2000:]}")
    reached = COVERED.findall(text)
    return {
        **json.loads(summary.read_text(encoding="utf-8")),
        "reached": int(reached[-1]) if reached else 0,
        "crashed": ended != 0,
    }


def doors_table(found: Mapping[str, Mapping[str, Any]]) -> Table:
    """How the inputs of each door ended."""
    rows: list[list[Any]] = [
        [
            door, f"{one['minutes']:.1f}", one["inputs"], one.get("answer", 0),
            one.get("sentence", 0), one.get("traceback", 0),
            "yes" if one["crashed"] else "no", one["reached"], f"{one['slowest_s']:.1f}",
        ]
        for door, one in found.items()
    ]  # fmt: skip
    return Table(
        "By door",
        "Changed files and links, and how they ended; a crash ends a door's fuzzing. Reached are "
        "the places in the code, counted by the fuzzer, that some input came to.",
        [
            "door", "minutes", "inputs", "answers", "sentences", "tracebacks", "crash",
            "places reached", "longest, processor s",
        ],
        rows,
    )  # fmt: skip


def findings_table(found: Mapping[str, Mapping[str, Any]]) -> list[Table]:
    """What came out that should not have, by the place that it came from; none if nothing did."""
    rows: list[list[Any]] = [
        [door, place, text[:100]]
        for door, one in found.items()
        for place, text in one["found"].items()
    ]
    if not rows:
        return []
    return [Table("Found", "To be mended.", ["door", "place", "what"], rows)]
