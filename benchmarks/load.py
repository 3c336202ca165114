"""25 visitors at once on a fresh process of the app: nothing fails, nobody gets another's result.

Each opens pages, sets widgets and starts runs with inputs and seeds of its own, over the websocket
as a browser does. What comes out is compared, by hash, with the same run in another process where
it was alone. `--limit` is the number of visitors, `--engines` picks jobs by a part of their names.
"""

from __future__ import annotations

import os
import statistics
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import load_jobs
from benchmarks.load_client import Visitor
from benchmarks.load_jobs import Job, Outcome
from benchmarks.load_server import Server, serving
from benchmarks.results import Results, Table

VISITORS = 25
EACH = 4
"""Jobs that a visitor does, one after the other."""
SHORT_S = 5.0
"""Alone, a short job takes no longer."""
MOST_TIMES, MOST_MB = 1.5, 6000.0
WARM = 90_000
Alone = Mapping[tuple[str, int], Outcome]


@dataclass
class Done:
    """One job under load. error: what the app did wrong, or empty."""

    job: Job
    number: int
    outcome: Outcome | None = None
    error: str = ""


@dataclass
class Load:
    """All that was seen. place: the farthest in the queue that anybody was told."""

    done: list[Done] = field(default_factory=list)
    place: int = 0
    peak_mb: float = 0.0
    defects: int = 0
    seconds: float = 0.0


def cores() -> int:
    """That this process and its children may use."""
    return len(os.sched_getaffinity(0))


def plan(jobs: Sequence[Job], visitors: int, each: int = EACH) -> list[list[tuple[Job, int]]]:
    """For each visitor its jobs with their numbers; at any moment they are spread over all pages.

    The step from one job to the next has no divisor in common with their count, so that nobody does
    one twice.
    """
    step = next(n for n in (8, 5, 7, 3, 1) if np.gcd(n, len(jobs)) == 1)
    return [
        [(jobs[(who + step * turn) % len(jobs)], 100 * who + turn)
         for turn in range(min(each, len(jobs)))]
        for who in range(visitors)
    ]  # fmt: skip


def warm(server: Server, jobs: Sequence[Job]) -> None:
    """Do each job once, with other inputs, so that all models are there."""
    for job in jobs:
        with Visitor(server.address) as visitor:
            load_jobs.done(job, visitor, WARM)


def alone(jobs: Sequence[Job], plans: Sequence[Sequence[tuple[Job, int]]]) -> Alone:
    """Every job of every visitor by itself. Raises VisitError where one fails even so."""
    found = {}
    with serving(**environment()) as server:
        warm(server, jobs)
        for mine in plans:
            for job, number in mine:
                with Visitor(server.address) as visitor:
                    found[job.name, number] = load_jobs.done(job, visitor, number)
    return found


def together(jobs: Sequence[Job], plans: Sequence[Sequence[tuple[Job, int]]]) -> Load:
    """All visitors at once, in a fresh process."""
    load = Load()
    lock, gate = threading.Lock(), threading.Barrier(len(plans) + 1)

    def visit(server: Server, mine: Sequence[tuple[Job, int]]) -> None:
        gate.wait()
        tab = None
        for job, number in mine:
            one = Done(job, number)
            try:
                tab = tab or Visitor(server.address)
                one.outcome = load_jobs.done(job, tab, number)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is what is looked for
                one.error = f"{type(error).__name__}: {error}"
            with lock:
                load.done.append(one)
                load.place = max(load.place, tab.longest_place if tab else 0)
            if one.error and tab:
                tab.close()
                tab = None
        if tab:
            tab.close()

    with serving(**environment()) as server:
        warm(server, jobs)
        threads = [threading.Thread(target=visit, args=(server, mine)) for mine in plans]
        for thread in threads:
            thread.start()
        gate.wait()
        start = time.monotonic()
        for thread in threads:
            thread.join()
        load.seconds = time.monotonic() - start
        load.peak_mb, load.defects = server.peak_mb, server.defects()
        if not server.lives():
            load.defects += 1
    return load


def environment() -> dict[str, str]:
    """As a host of these cores sets the app up; what is set already counts."""
    return {"ENCORE_WORKERS": os.environ.get("ENCORE_WORKERS", str(min(cores(), 16)))}


def run(
    data: Path | None = None,
    *,
    wanted: Sequence[str] | None = None,
    limit: int | None = None,
    split: str = "test",
) -> Results:
    """data, split: not used. wanted: parts of jobs' names. limit: visitors."""
    jobs = load_jobs.chosen(wanted)
    plans = plan(jobs, limit or VISITORS)
    expected = alone(jobs, plans)
    load = together(jobs, plans)
    return Results(
        "load", f"{len(plans)} visitors at once, inputs made here", len(load.done), [],
        [promises(load, expected, len(plans)), by_job(load, expected), pages(load, expected),
         *failures(load, expected)],
    )  # fmt: skip


# ---- tables -------------------------------------------------------------------------------------


def verdict(one: Done, expected: Alone) -> str:
    """One of right, error, swapped (another's result) and wrong."""
    if one.outcome is None:
        return "error"
    if one.outcome.digest == expected[one.job.name, one.number].digest:
        return "right"
    others = {key: o.digest for key, o in expected.items() if key != (one.job.name, one.number)}
    return "swapped" if one.outcome.digest in others.values() else "wrong"


def short(one: Done, expected: Alone) -> bool:
    return one.outcome is not None and expected[one.job.name, one.number].seconds <= SHORT_S


def quantile(values: Sequence[float], share: float) -> float:
    return float(np.quantile(values, share)) if values else float("nan")


def promises(load: Load, expected: Alone, visitors: int) -> Table:
    """What was asked for, and what came out."""
    told = [verdict(one, expected) for one in load.done]
    mine = [one for one in load.done if short(one, expected) and one.job.listed]
    there = [one.outcome.seconds for one in mine if one.outcome]
    before = [expected[one.job.name, one.number].seconds for one in mine]
    times = [a / b for a, b in zip(there, before, strict=True)]
    allowed = MOST_TIMES * visitors / cores()
    p95, alone_p95 = quantile(there, 0.95), quantile(before, 0.95)
    p50, alone_p50 = quantile(there, 0.5), quantile(before, 0.5)
    several = [digest for (name, _), outcome in expected.items() if (digest := outcome.digest)]
    rows: list[list[Any]] = [
        ["errors", told.count("error"), "0", yes(told.count("error") == 0)],
        ["results of another visitor", told.count("swapped"), "0", yes("swapped" not in told)],
        ["results that differ", told.count("wrong"), "0", yes("wrong" not in told)],
        ["tracebacks in the log", load.defects, "0", yes(load.defects == 0)],
        [
            "95 % of short jobs within, s", f"{p95:.1f}", f"≤ {allowed * alone_p95:.1f}",
            yes(p95 <= allowed * alone_p95),
        ],
        ["half of short jobs within, s", f"{p50:.1f}", f"≤ {allowed * alone_p50:.1f}",
         yes(p50 <= allowed * alone_p50)],
        [
            "short jobs, each against itself alone: 95 % within, times",
            f"{quantile(times, 0.95):.1f}", "", "",
        ],
        ["most memory, MB", f"{load.peak_mb:.0f}", f"≤ {MOST_MB:g}", yes(load.peak_mb <= MOST_MB)],
        ["farthest place in the queue", load.place, "", ""],
        ["different results among the expected", len(set(several)), "", ""],
        ["all of it, s", f"{load.seconds:.0f}", "", ""],
    ]  # fmt: skip
    return Table(
        "What is promised",
        f"{visitors} visitors, {len(load.done)} jobs, {cores()} cores, "
        f"{environment()['ENCORE_WORKERS']} runs at a time. Short: at most {SHORT_S:g} s alone. "
        f"Asked of them is {MOST_TIMES:g} times visitors / cores of the same figure alone, from "
        "the press to the last file of the result. Memory is that of the server and its children.",
        ["what", "figure", "asked", "kept"],
        rows,
    )


def by_job(load: Load, expected: Alone) -> Table:
    """Times of each job."""
    rows = []
    for name in dict.fromkeys(one.job.name for one in load.done):
        mine = [one for one in load.done if one.job.name == name and one.outcome]
        there = [one.outcome.seconds for one in mine if one.outcome]
        before = [expected[name, one.number].seconds for one in mine]
        right = sum(verdict(one, expected) == "right" for one in mine)
        rows.append([
            name, sum(one.job.name == name for one in load.done), right,
            f"{statistics.median(before):.2f}" if before else "",
            f"{quantile(there, 0.5):.2f}", f"{max(there, default=float('nan')):.2f}",
        ])  # fmt: skip
    return Table(
        "Each job",
        "Seconds from the press to the last file of the result; models are loaded already.",
        ["job", "times", "right", "alone, median", "under load, median", "longest"],
        sorted(rows),
    )


def pages(load: Load, expected: Alone) -> Table:
    """How soon pages are there."""
    rows = []
    for page in dict.fromkeys(one.job.page for one in load.done):
        mine = [one for one in load.done if one.job.page == page and one.outcome]
        seen = [one.outcome for one in mine if one.outcome]
        before = [expected[one.job.name, one.number] for one in mine]
        row: list[Any] = [page or "home", len(seen)]
        for paints in ([o.paint_s for o in before], [o.paint_s for o in seen],
                       [o.page_s for o in before], [o.page_s for o in seen]):  # fmt: skip
            row += [f"{quantile(paints, 0.5):.2f}", f"{quantile(paints, 0.95):.2f}"]
        rows.append(row)
    return Table(
        "Pages under load",
        "Seconds from the request of a page until its first element is there, and until all is: "
        "alone, and with everybody else.",
        ["page", "times", "first alone, half", "95 %", "first under load, half", "95 %",
         "all alone, half", "95 %", "all under load, half", "95 %"],
        sorted(rows),
    )  # fmt: skip


def failures(load: Load, expected: Alone) -> list[Table]:
    """What went wrong; nothing where nothing did."""
    rows = [
        [one.job.name, one.number, verdict(one, expected), one.error[:200]]
        for one in load.done
        if verdict(one, expected) != "right"
    ]
    note = "Jobs that failed, or whose result is not the one that they have alone."
    return [Table("Failures", note, ["job", "number", "how", "what"], rows)] if rows else []


def yes(kept: bool) -> str:
    return "yes" if kept else "no"
