"""Files that nobody should send, each to every door of the app: a sentence or a result, in bounds.

Each file is tried in a process of its own, forked from one that has everything imported: as sound
(what is in it, and its first 30 s), as notes (the score, its tune, the notes written again), and as
a tune for a band. Asked are an answer or a sentence for the visitor within LIMIT_S, and at most
LIMIT_MB more memory than before. A traceback, a crash or a file that is left behind is a failure.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import hostile_scores, hostile_sounds
from benchmarks.hostile_sounds import Named
from benchmarks.results import Results, Table
from core.errors import UserInputError

LIMIT_S, LIMIT_MB = 30.0, 1000.0
READ_S = 30.0
SEED = 0


@dataclass(frozen=True)
class Outcome:
    """door: which way the file was taken. ended: "answer", "sentence", or what went wrong.

    seconds, memory_mb: of that way alone; MB of 10^6 bytes beyond what the process had before.
    """

    door: str
    ended: str
    seconds: float
    memory_mb: float

    @property
    def well(self) -> bool:
        good = self.ended in ("answer", "sentence")
        return good and self.seconds <= LIMIT_S and self.memory_mb <= LIMIT_MB


def as_sound(name: str, data: bytes) -> None:
    """What the upload of a clip does."""
    from core.decoding import decode, probe

    probe(data)
    decode(data, seconds=READ_S)


def as_notes(name: str, data: bytes) -> None:
    """What the upload of a piece does, and both files that are made of it."""
    from core.midi_files import write_midi
    from core.musicxml import write_musicxml
    from core.score_files import note_table, read_score

    score = read_score(data, name)
    write_midi(score)
    write_musicxml(score)
    note_table(score)


def as_tune(name: str, data: bytes) -> None:
    """What the upload of a solo does, whatever it holds."""
    from core.remixing.solos import is_notes, read_solo, tune_of

    if is_notes(data):
        tune_of(data, name)
    else:
        read_solo(data, 0.0, READ_S, name)


DOORS: dict[str, Callable[[str, bytes], None]] = {
    "as sound": as_sound, "as notes": as_notes, "as a tune": as_tune,
}  # fmt: skip


def corpus(seed: int = SEED) -> Iterator[Named]:
    """All files, the same each time."""
    rng = np.random.default_rng(seed)
    yield from hostile_sounds.all_of_them(rng)
    yield from hostile_scores.all_of_them(rng)


def tried(door: str, name: str, data: bytes) -> Outcome:
    """One file through one door, in a fork of this process."""
    reading, writing = os.pipe()
    start = time.monotonic()
    child = os.fork()
    if child == 0:
        os.close(reading)
        told = _told(door, name, data)
        os.write(writing, json.dumps(told).encode())
        os._exit(0)
    os.close(writing)
    status: int | None = None
    while status is None and time.monotonic() - start < 2 * LIMIT_S:
        found, code = os.waitpid(child, os.WNOHANG)
        status = code if found else None
        time.sleep(0.002)
    if status is None:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    seconds = time.monotonic() - start
    with os.fdopen(reading) as pipe:
        text = pipe.read()
    if status is None:
        return Outcome(door, "no end", seconds, 0.0)
    if not text:
        return Outcome(door, f"crash, status {status}", seconds, 0.0)
    ended, memory_mb = json.loads(text)
    return Outcome(door, ended, seconds, memory_mb)


def _told(door: str, name: str, data: bytes) -> tuple[str, float]:
    """(how it ended, MB beyond what there was), in the fork."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        DOORS[door](name, data)
        ended = "answer"
    except UserInputError as error:
        ended = "sentence" if _is_sentence(str(error)) else f"no sentence: {error!s:.80}"
    except BaseException as error:  # noqa: BLE001 - whatever gets out is what is looked for
        ended = f"{type(error).__name__}: {error!s:.80}"
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return ended, (after - before) * 1024 / 1e6


def _is_sentence(text: str) -> bool:
    """One line for a visitor: begins big, ends, holds neither a path nor a class's name."""
    one = "\n" not in text and text[:1].isupper() and text.rstrip().endswith((".", "?"))
    return one and tempfile.gettempdir() not in text and "Error" not in text and len(text) < 400


def run(
    data: Path | None = None,
    *,
    wanted: Sequence[str] | None = None,
    limit: int | None = None,
    split: str = "test",
) -> Results:
    """All files through all doors. data, wanted, split: not used. limit: files, evenly chosen."""
    files = list(corpus())
    if limit:
        files = [files[n] for n in np.linspace(0, len(files) - 1, limit).astype(int)]
    warm()
    places = [Path(tempfile.gettempdir()), Path.cwd(), Path.home()]
    before = _listing(places)
    found: dict[str, list[tuple[str, Outcome]]] = defaultdict(list)
    for group, name, content in files:
        for door in DOORS:
            found[group].append((name, tried(door, name, content)))
    left = sorted(_listing(places) - before)
    return Results(
        "hostile", f"{len(files)} files made here, {len(DOORS)} ways each", len(files), [],
        [_promises(found, left), _groups(found), *_failures(found)],
    )  # fmt: skip


def warm() -> None:
    """A good file of each sort, so that what is imported late is there before anything counts."""
    sound = hostile_sounds._encoded(hostile_sounds._tone(3.0), "wav")
    rng = np.random.default_rng(0)
    notes = next(f for f in hostile_scores.all_of_them(rng) if f[1] == "cut-0.999.musicxml")
    for _, name, content in (("", "good.wav", sound), notes):
        for door in DOORS.values():
            try:
                door(name, content)
            except UserInputError:
                continue


def _listing(places: Sequence[Path]) -> set[str]:
    return {str(path) for place in places if place.is_dir() for path in place.iterdir()}


def _all(found: dict[str, list[tuple[str, Outcome]]]) -> list[tuple[str, Outcome]]:
    return [pair for pairs in found.values() for pair in pairs]


def _promises(found: dict[str, list[tuple[str, Outcome]]], left: Sequence[str]) -> Table:
    outcomes = [outcome for _, outcome in _all(found)]
    wrong = sum(outcome.ended not in ("answer", "sentence") for outcome in outcomes)
    slowest = max(outcome.seconds for outcome in outcomes)
    largest = max(outcome.memory_mb for outcome in outcomes)
    rows: list[list[Any]] = [
        ["tracebacks, crashes, no end", wrong, "0", _yes(wrong == 0)],
        ["longest, s", f"{slowest:.1f}", f"≤ {LIMIT_S:g}", _yes(slowest <= LIMIT_S)],
        ["most memory, MB", f"{largest:.0f}", f"≤ {LIMIT_MB:g}", _yes(largest <= LIMIT_MB)],
        ["files left behind", len(left), "0", _yes(not left)],
    ]
    return Table(
        "What is promised",
        "Of every file through every door; memory is what a try added to its process.",
        ["what", "figure", "asked", "kept"],
        rows,
    )


def _groups(found: dict[str, list[tuple[str, Outcome]]]) -> Table:
    rows = []
    for group, pairs in found.items():
        outcomes = [outcome for _, outcome in pairs]
        rows.append([
            group, len(outcomes) // len(DOORS),
            *(sum(o.ended == how for o in outcomes) for how in ("answer", "sentence")),
            sum(not o.well for o in outcomes), f"{max(o.seconds for o in outcomes):.2f}",
            f"{max(o.memory_mb for o in outcomes):.0f}",
        ])  # fmt: skip
    return Table(
        "By kind of file", "How many tries got an answer, a sentence, or neither in bounds.",
        ["files", "how many", "answers", "sentences", "out of bounds", "longest, s", "most MB"],
        rows,
    )  # fmt: skip


def _failures(found: dict[str, list[tuple[str, Outcome]]]) -> list[Table]:
    rows = [
        [
            name[:60],
            outcome.door,
            outcome.ended,
            f"{outcome.seconds:.1f}",
            f"{outcome.memory_mb:.0f}",
        ]
        for name, outcome in _all(found)
        if not outcome.well
    ]
    if not rows:
        return []
    return [
        Table("Out of bounds", "To be mended.", ["file", "door", "ended", "s", "MB"], rows)
    ]  # fmt: skip


def _yes(kept: bool) -> str:
    return "yes" if kept else "no"
