"""The results file every benchmark writes and the scoreboard shows."""

from __future__ import annotations

import datetime as dt
import json
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

from core.metrics import METRICS, bootstrap_interval

Kind = Literal["engine", "rung"]


@dataclass(frozen=True)
class Row:
    """One engine or reference rung: metric -> {mean, low, high}, the 95 % bootstrap interval.

    group: rows are ranked among those of their group, where a job has several.
    """

    name: str
    kind: Kind
    metrics: Mapping[str, Mapping[str, float]]
    group: str = ""


@dataclass(frozen=True)
class Table:
    """A further table, printed as it is: a title, a note, column names, rows of text or figures."""

    title: str
    note: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]


@dataclass(frozen=True)
class Chart:
    """A plot of runs or epochs: titles of the axes, and points of {"x", "y", "series"}.

    lines: whether the points of a series are joined. log: whether x is on a scale of ratios.
    """

    title: str
    note: str
    x: str
    y: str
    points: Sequence[Mapping[str, Any]]
    lines: bool = True
    log: bool = False


@dataclass(frozen=True)
class Results:
    """A benchmark's whole outcome, as written to benchmarks/results/<job>.json."""

    job: str
    data: str
    items: int
    rows: Sequence[Row]
    tables: Sequence[Table] = ()
    charts: Sequence[Chart] = ()
    commit: str = field(default_factory=lambda: _commit())
    date: str = field(default_factory=lambda: dt.datetime.now(dt.UTC).date().isoformat())
    machine: str = field(default_factory=lambda: _machine())

    def write(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(_finite(asdict(self)), indent=1, sort_keys=False) + "\n"
        partial = path.with_suffix(".tmp")
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)

    def text(self) -> str:
        """The rows as a Markdown table: mean [low, high] of each metric."""
        names = [name for name in METRICS if any(name in row.metrics for row in self.rows)]
        head = ["", *(METRICS[n].title + (f", {METRICS[n].unit}" if METRICS[n].unit else "")
                      for n in names)]  # fmt: skip
        lines = [head, ["---"] * len(head)]
        for row in self.rows:
            cells = [cell(row.metrics.get(name), METRICS[name].digits) for name in names]
            lines.append([f"{row.name} ({row.kind})", *cells])
        out = [f"{self.job}: {self.items} items, {self.data}, commit {self.commit}", ""]
        out += ["| " + " | ".join(line) + " |" for line in lines] if self.rows else []
        for table in self.tables:
            out += ["", f"{table.title}. {table.note}", ""]
            out += ["| " + " | ".join(map(str, table.columns)) + " |"]
            out += ["| " + " | ".join("---" for _ in table.columns) + " |"]
            out += ["| " + " | ".join(map(str, row)) + " |" for row in table.rows]
        return "\n".join(out)


def summarise(
    name: str, kind: Kind, figures: Sequence[Mapping[str, float]], groups: Sequence[str]
) -> Row:
    """The row of per-item figures; items of one group are drawn together in the bootstrap."""
    metrics = {}
    for metric in METRICS:
        if any(metric in item for item in figures):
            values = np.array([item.get(metric, np.nan) for item in figures])
            mean, low, high = bootstrap_interval(values, list(groups))
            metrics[metric] = {"mean": mean, "low": low, "high": high}
    return Row(name, kind, metrics)


def cell(figure: Mapping[str, float] | None, digits: int) -> str:
    """`0.84 [0.79, 0.88]`: a mean and its interval; empty where there is none."""
    if figure is None or figure["mean"] is None or not np.isfinite(figure["mean"]):
        return ""
    return f"{figure['mean']:.{digits}f} [{figure['low']:.{digits}f}, {figure['high']:.{digits}f}]"


def _finite(value: Any) -> Any:
    """NaN and infinities as null, which is what JSON has."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value


def _commit() -> str:
    """The commit measured, marked `+` where the tree held changes to code beyond it."""
    try:
        head = subprocess.run(
            ["git", "rev-parse", "--short=12", "HEAD"],  # noqa: S607 - whichever git is there
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        changed = subprocess.run(
            ["git", "status", "--porcelain", "-uno", "core", "benchmarks/*.py"],  # noqa: S607
            capture_output=True, text=True, check=True,
        ).stdout.strip()  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return head + ("+" if changed else "")


def _machine() -> str:
    model = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        model = next(x.split(":")[1].strip() for x in lines if x.startswith("model name"))
    except (OSError, StopIteration):
        pass
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}"
