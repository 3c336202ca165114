"""500 mixed runs on one process of the app, which keeps its memory, threads and handles.

Visitors come, do one thing on some page, and leave: with their result, without waiting for it, or
with a file that nobody should have sent. Jobs, numbers and partings are drawn from a seed. What the
process holds is looked at with nobody there: once it is warm, and at the end. `--limit` is the
number of runs; a run that has not begun after LONGEST_S is not begun any more.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import hostile, load_jobs
from benchmarks.load import environment, quantile, warm, yes
from benchmarks.load_client import Visitor
from benchmarks.load_jobs import Job
from benchmarks.load_server import NOTHING, Server, Taken, serving
from benchmarks.load_widgets import VisitError
from benchmarks.results import Chart, Results, Table

RUNS = 500
WARM_SHARE = 0.4
AT_ONCE = 5
LONGEST_S = 1800.0
SEED = 9
LEAVES, BAD = 0.12, 0.12
"""Shares of runs that are left before they are over, and of uploads that are none."""
LARGEST_BAD = 2_000_000
MOST_GROWTH = 0.05
KEPT_S = 125.0
"""Streamlit keeps the session of a closed tab for two minutes, and drops it when another closes."""
CALM_S = 4.0
DOORS = (
    ("extrapolate", "extrapolate_source", "extrapolate_upload"),
    ("remix", "remix_source", "remix_upload"),
    ("sample", "", "sample_note_upload"),
    ("compose", "", "compose_primer"),
)
"""(page, key of where the sound comes from, key of the upload)."""


@dataclass(frozen=True)
class Run:
    """how: "whole", "left" or "bad". number: its inputs and seed, or which bad file."""

    how: str
    job: Job
    number: int


@dataclass
class Soak:
    """How runs ended, and what the process held: when it was warm, at the end, and on the way."""

    ended: Counter[str] = field(default_factory=Counter)
    errors: list[list[Any]] = field(default_factory=list)
    way: list[tuple[int, float]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    warm: Taken = NOTHING
    end: Taken = NOTHING
    defects: int = 0
    peak_mb: float = 0.0
    spent_s: float = 0.0


def drawn(jobs: Sequence[Job], count: int, seed: int = SEED) -> Iterator[Run]:
    """The runs, the same each time."""
    rng = np.random.default_rng(seed)
    for number in range(count):
        how = str(rng.choice(["left", "bad", "whole"], p=[LEAVES, BAD, 1 - LEAVES - BAD]))
        yield Run(how, jobs[rng.integers(len(jobs))], number)


def bad_files() -> list[tuple[str, bytes]]:
    """(name, bytes) of the smaller hostile files."""
    found = [(name, data) for _, name, data in hostile.corpus() if len(data) <= LARGEST_BAD]
    return [(name, data) for name, data in found if name and "\0" not in name and len(name) < 200]


def do(run: Run, server: Server, bad: Sequence[tuple[str, bytes]]) -> str:
    """One run; how it ended. Raises VisitError where the app fails."""
    with Visitor(server.address) as visitor:
        if run.how == "bad":
            return give(visitor, run.number, bad)
        if run.how == "whole":
            load_jobs.done(run.job, visitor, run.number)
            return "whole"
        visitor.open(run.job.page)
        run.job.prepare(visitor, run.number)
        run.job.ask(visitor, run.number)
        return "left"


def give(visitor: Visitor, number: int, bad: Sequence[tuple[str, bytes]]) -> str:
    """Upload a bad file on some page: it is taken, or refused in words."""
    page, source, key = DOORS[number % len(DOORS)]
    name, data = bad[number * 7 % len(bad)]
    visitor.open(page)
    if source:
        visitor.set(source, ":material/upload:")
    endings = list(visitor.widget(key).proto.type)
    if endings and not name.lower().endswith(tuple(endings)):
        name += endings[number % len(endings)]  # as somebody does who wants it in
    visitor.upload(key, name, data)
    visitor.settle()
    problems = visitor.problems()
    if any("on our side" in text for text in problems):
        raise VisitError(f"{page} with {name[:60]}: {problems}")
    return "bad, refused in words" if problems else "bad, taken"


def phase(soak: Soak, runs: Sequence[Run], end_s: float, do_one: Callable[[Run], str],
          held: Callable[[], Taken]) -> None:  # fmt: skip
    """These runs, AT_ONCE at a time, until they are done or it is late."""
    todo, lock = iter(runs), threading.Lock()

    def work() -> None:
        while time.monotonic() < end_s:
            with lock:
                run = next(todo, None)
            if run is None:
                return
            start = time.monotonic()
            try:
                how, wrong = do_one(run), ""
            except Exception as error:  # noqa: BLE001 - whatever it is, it is what is looked for
                how, wrong = "error", f"{type(error).__name__}: {error}"
            with lock:
                soak.ended[how] += 1
                soak.seconds.append(time.monotonic() - start)
                soak.way.append((soak.ended.total(), held().memory_mb))
                if wrong:
                    soak.errors.append([run.job.name, run.number, run.how, wrong[:200]])

    threads = [threading.Thread(target=work) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def at_rest(server: Server) -> Taken:
    """What the process holds once all who left are forgotten."""
    time.sleep(KEPT_S)
    with Visitor(server.address) as visitor:
        visitor.open()
    time.sleep(CALM_S)
    looks = []
    for _ in range(5):
        looks.append(server.taken())
        time.sleep(0.3)
    return min(looks, key=lambda look: look.memory_mb)


def run(
    data: Path | None = None,
    *,
    wanted: Sequence[str] | None = None,
    limit: int | None = None,
    split: str = "test",
) -> Results:
    """data, split: not used. wanted: parts of jobs' names. limit: runs."""
    jobs = load_jobs.chosen(wanted)
    runs = list(drawn(jobs, limit or RUNS))
    first = round(WARM_SHARE * len(runs))
    bad, soak = bad_files(), Soak()
    with serving(**environment()) as server:
        start = time.monotonic()
        warm(server, jobs)
        for part, name in ((runs[:first], "warm"), (runs[first:], "end")):
            phase(soak, part, start + LONGEST_S, lambda one: do(one, server, bad), server.taken)
            setattr(soak, name, at_rest(server))
        soak.spent_s = time.monotonic() - start
        soak.peak_mb = server.peak_mb
        soak.defects = server.defects() + (not server.lives())
    return Results(
        "soak", f"{soak.ended.total()} runs, drawn with seed {SEED}", soak.ended.total(), [],
        [promises(soak, len(runs), first), ways(soak), *failures(soak)], [chart(soak)],
    )  # fmt: skip


def growth(soak: Soak) -> float:
    """Of memory, from warm to the end, as a share."""
    return soak.end.memory_mb / max(soak.warm.memory_mb, 1e-9) - 1.0


def promises(soak: Soak, asked: int, first: int) -> Table:
    """What was asked for, and what came out."""
    before, after, grown = soak.warm, soak.end, growth(soak)
    errors = soak.ended["error"]
    rows: list[list[Any]] = [
        ["runs", soak.ended.total(), f"{asked}", yes(soak.ended.total() >= asked)],
        ["errors", errors, "0", yes(errors == 0)],
        ["tracebacks in the log", soak.defects, "0", yes(soak.defects == 0)],
        ["memory when warm, MB", f"{before.memory_mb:.0f}", "", ""],
        ["memory at the end, MB", f"{after.memory_mb:.0f}", "", ""],
        ["growth, %", f"{100 * grown:.1f}", f"< {100 * MOST_GROWTH:g}", yes(grown < MOST_GROWTH)],
        ["threads, warm and at the end", f"{before.threads}, {after.threads}", "no growth",
         yes(after.threads <= before.threads)],
        ["handles, warm and at the end", f"{before.handles}, {after.handles}", "no growth",
         yes(after.handles <= before.handles)],
        ["most memory on the way, MB", f"{soak.peak_mb:.0f}", "", ""],
        ["half of runs within, s", f"{quantile(soak.seconds, 0.5):.1f}", "", ""],
        ["all of it, s", f"{soak.spent_s:.0f}", "", ""],
    ]  # fmt: skip
    return Table(
        "What is promised",
        f"{AT_ONCE} visitors at a time. Warm: after {first} runs. Both looks come when all "
        f"sessions of closed tabs are forgotten, {KEPT_S:g} s later; memory is that of the server "
        "and its children.",
        ["what", "figure", "asked", "kept"],
        rows,
    )


def ways(soak: Soak) -> Table:
    """How visits ended."""
    rows = [[how, count] for how, count in sorted(soak.ended.items())]
    note = "A visitor who left closed the tab while the run waited or went."
    return Table("How visits ended", note, ["how", "times"], rows)


def failures(soak: Soak) -> list[Table]:
    """What went wrong; nothing where nothing did."""
    note = "Visits in which the app did what it should not."
    columns = ["job", "number", "how", "what"]
    return [Table("Failures", note, columns, soak.errors)] if soak.errors else []


def chart(soak: Soak) -> Chart:
    points = [{"x": at, "y": round(mb, 1), "series": "server and children"} for at, mb in soak.way]
    return Chart("Memory on the way", "With visitors there, after each run.", "Runs", "MB", points)
