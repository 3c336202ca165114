"""Benchmark results as the scoreboard shows them: read, sorted, plotted, as CSV."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core import engines
from core.metric_names import METRICS

RESULTS = Path(__file__).resolve().parent.parent / "benchmarks" / "results"
_JOBS = dict.fromkeys(
    ("extrapolation", "judge", "long", "odd-clips", "training-cost"), "extrapolate"
) | {
    "composition": "compose",
    "remixing": "remix",
    "arranging": "remix",
    "remix-training-cost": "remix",
}


_FIRST = (
    "extrapolation", "judge", "long", "remixing", "composition", "sampling", "comparison",
    "retrieval", "hearing", "arranging",
)  # fmt: skip
"""What is most asked for; whatever else was measured follows by name."""


def files() -> list[dict[str, Any]]:
    """Every results file (its format is in benchmarks/results.py): music first, then the rest."""
    order = {job: number for number, job in enumerate(_FIRST)}
    paths = sorted(RESULTS.glob("*.json"), key=lambda path: (order.get(path.stem, 99), path.stem))
    return [json.loads(path.read_text(encoding="utf-8")) for path in paths]


def named(job: str) -> str:
    """A job's name for people."""
    return job.replace("-", " ").capitalize()


def metric_names(results: Mapping[str, Any]) -> list[str]:
    """Metrics that any row has, in the vocabulary's order and then those it does not know."""
    present = {name for row in results["rows"] for name in row["metrics"]}
    return [name for name in METRICS if name in present] + sorted(present - METRICS.keys())


def title(job: str, name: str) -> str:
    """A row's name for people: an engine's title, a rung's name as it is."""
    try:
        return engines.info(_JOBS.get(job, job), name).title
    except KeyError:
        return name


def metric_title(name: str) -> str:
    """With its unit and the better direction."""
    if name not in METRICS:
        return name
    metric = METRICS[name]
    arrow = {"lower": " ↓", "higher": " ↑"}.get(metric.better, "")
    return metric.title + (f" ({metric.unit})" if metric.unit else "") + arrow


def mean_of(row: Mapping[str, Any], metric: str) -> float:
    """The row's mean; NaN where it has none."""
    value = row["metrics"].get(metric, {}).get("mean")
    return math.nan if value is None else float(value)


def ranked(results: Mapping[str, Any], metric: str) -> list[dict[str, Any]]:
    """Rows from best to worst by one metric; rows without it last."""
    known = METRICS.get(metric)
    sign = -1.0 if known and known.better == "higher" else 1.0

    def place(row: Mapping[str, Any]) -> tuple[bool, float]:
        value = mean_of(row, metric)
        return math.isnan(value), 0.0 if math.isnan(value) else sign * value

    return sorted(results["rows"], key=place)


def printed(row: Mapping[str, Any], metric: str) -> str:
    """A mean with its 95 % interval, or a dash."""
    entry = row["metrics"].get(metric) or {}
    if entry.get("mean") is None or not math.isfinite(entry["mean"]):
        return "–"
    digits = METRICS[metric].digits if metric in METRICS else 3
    text = f"{entry['mean']:z.{digits}f}"
    if entry.get("low") is None or entry.get("high") is None:
        return text
    return f"{text} [{entry['low']:z.{digits}f}, {entry['high']:z.{digits}f}]"


def as_csv(results: Mapping[str, Any]) -> bytes:
    """One line for each row and metric: name, kind, metric, mean, low, high."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(["name", "kind", "metric", "mean", "low", "high"])
    for row in results["rows"]:
        for metric, entry in row["metrics"].items():
            writer.writerow(
                [row["name"], row["kind"], metric]
                + [entry.get(part) for part in ("mean", "low", "high")]
            )
    return buffer.getvalue().encode("utf-8")


def groups(results: Mapping[str, Any]) -> list[str]:
    """What rows are grouped by, in their order; none where they are ranked all together."""
    found = dict.fromkeys(row.get("group") or "" for row in results["rows"])
    return list(found) if len(found) > 1 else []


def of_group(results: Mapping[str, Any], group: str) -> dict[str, Any]:
    """The results with the rows of one group alone."""
    return {**results, "rows": [row for row in results["rows"] if row.get("group") == group]}


def plot(chart: Mapping[str, Any]) -> dict[str, Any]:
    """A Vega-Lite plot of a results file's chart: a line or points for each series."""
    axis = {"field": "x", "type": "quantitative", "title": chart["x"]}
    axis["scale"] = {"type": "log", "nice": False} if chart["log"] else {"zero": False}
    return {
        "data": {"values": list(chart["points"])},
        "height": 360,
        "mark": {"type": "line", "point": True, "tooltip": True}
        if chart["lines"]
        else {"type": "point", "filled": True, "tooltip": True},
        "encoding": {
            "x": axis,
            "y": {
                "field": "y", "type": "quantitative", "title": chart["y"], "scale": {"zero": False},
            },
            "color": {
                "field": "series", "type": "nominal",
                "legend": {"title": None, "orient": "top", "columns": 2, "labelLimit": 260},
            },
        },
    }  # fmt: skip


def chart(results: Mapping[str, Any], metric: str) -> dict[str, Any]:
    """A Vega-Lite bar for each row, best on top, with its interval; rungs grey."""
    order = ranked(results, metric)
    values = [
        {
            "name": title(results["job"], row["name"]),
            "kind": row["kind"],
            "mean": mean_of(row, metric),
            "low": row["metrics"][metric].get("low"),
            "high": row["metrics"][metric].get("high"),
        }
        for row in order
        if not math.isnan(mean_of(row, metric))
    ]
    y = {"field": "name", "type": "nominal", "title": None, "sort": [v["name"] for v in values]}
    y["axis"] = {"labelLimit": 220}
    return {
        "data": {"values": values},
        "height": {"step": 30},
        "layer": [
            {
                "mark": {"type": "bar", "cornerRadiusEnd": 4, "tooltip": True},
                "encoding": {
                    "y": y,
                    "x": {"field": "mean", "type": "quantitative", "title": metric_title(metric)},
                    "color": {
                        "field": "kind",
                        "type": "nominal",
                        "legend": {"title": None, "orient": "top"},
                        "scale": {"domain": ["engine", "rung"], "range": ["#b5367a", "#9a93a3"]},
                    },
                },
            },
            {
                "mark": {"type": "rule", "strokeWidth": 2, "color": "#f0a35e"},
                "encoding": {
                    "y": y,
                    "x": {"field": "low", "type": "quantitative"},
                    "x2": {"field": "high"},
                },
            },
        ],
    }


def usual_likeness() -> str:
    """What the copy score is for music that the collection does not have; empty if not measured."""
    path = RESULTS / "retrieval.json"
    if not path.exists():
        return ""
    results = json.loads(path.read_text(encoding="utf-8"))
    row = next((row for row in results["rows"] if "nearest_likeness" in row["metrics"]), None)
    if row is None:
        return ""
    likeness, share, notes = (
        mean_of(row, f"nearest_{name}") for name in ("likeness", "share", "run_notes")
    )
    return (
        f"For comparison: passages that the training data do not have come, beside their nearest "
        f"piece, to a likeness of {likeness:.2f}, {share:.0%} of the notes and a run of "
        f"{notes:.0f} notes on average."
    )
