"""Tables and plots of how the compared networks were trained, from training/logs/ alone."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from benchmarks.results import Chart, Table
from benchmarks.training_cost import LOGS
from core.comparing.models import MODELS
from core.comparing.patterns import KINDS
from core.registry import models

STUDIES = "midi-search.csv"
BEST = 3
"""Runs that a table shows of each way to search."""
NATS = "nats a step on validation"

Row = Mapping[str, str]


def read(log: Path) -> list[dict[str, str]]:
    """The rows of a log; none where there is no such file."""
    if not log.exists():
        return []
    with log.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def curves(logs: Path = LOGS) -> tuple[list[Table], list[Chart]]:
    """Loss against epoch of every model and kind with a log, and where each ended."""
    charts, lines = [], []
    for kind in KINDS.values():
        points = []
        for model in MODELS:
            rows = read(logs / f"{model}-{kind.name}.csv")
            if not rows:
                continue
            for name, title in (("train_nats", "training"), ("valid_nats", "validation")):
                points += [
                    {"x": int(row["epoch"]), "y": float(row[name]), "series": f"{model}, {title}"}
                    for row in rows
                ]
            best, last = _shipped(f"{model}-{kind.name}", rows), rows[-1]
            lines.append(
                [kind.title, model, last["epoch"], last["minutes"], best["epoch"]]
                + [f"{float(best[name]):.3f}" for name in (
                    "train_nats", "valid_nats", "valid_reconstruction", "valid_divergence")]
            )  # fmt: skip
        if points:
            note = (
                "Nats for each step of a pattern: exact of the LSTM; reconstruction and divergence "
                "of a VAE, which are a bound. Those of training are taken with steps hidden and "
                "units dropped, so they are higher than those of validation at first."
            )
            title = f"Loss by epoch: {kind.title.lower()}"
            charts.append(Chart(title, note, "epoch", "nats a step", points))
    if not lines:
        return [], charts
    columns = [
        "patterns", "model", "epochs", "minutes", "epoch that ships", "training nats",
        "validation nats", "of that reconstruction", "of that divergence",
    ]  # fmt: skip
    note = (
        "Nats a step at the epoch whose weights ship. Weights of the divergence differ from run to "
        "run, so the least nats of a curve need not be what was sought (training/README.md)."
    )
    return [Table("How the networks were trained", note, columns, lines)], charts


def _shipped(name: str, rows: Sequence[Row]) -> Row:
    """The row whose validation figure the manifest quotes; the last where it quotes none.

    Of weights that training.midi_spread has widened, the figure before.
    """
    spec = models().get(name)
    if spec is None or "value" not in spec.headline:
        return rows[-1]
    quoted = float(spec.headline.get("trained", spec.headline["value"]))
    return min(rows, key=lambda row: abs(_nats(row) - quoted))


def studies(log: Path = LOGS / STUDIES) -> tuple[list[Table], list[Chart]]:
    """Everything that the log of training.midi_search holds."""
    rows = read(log)
    parts = {name: [r for r in rows if r["study"] == name] for name in
             ("search", "folds", "ablation", "sensitivity")}  # fmt: skip
    tables: list[Table] = []
    charts: list[Chart] = []
    if parts["search"]:
        tables.append(_search_table(parts["search"]))
        charts.append(_search_chart(parts["search"]))
    if parts["folds"]:
        tables.append(_folds_table(parts["folds"]))
    if parts["ablation"]:
        tables.append(_ablation_table(parts["ablation"]))
    if parts["sensitivity"]:
        found = _sensitivity(parts["sensitivity"], parts["ablation"])
        tables.append(found[0])
        charts += found[1]
    return tables, charts


def _budget(rows: Sequence[Row]) -> str:
    steps = sorted({int(row["steps"]) for row in rows})
    seconds = np.median([float(row["seconds"]) for row in rows])
    return (
        f"{len(rows)} small runs on melodies of two bars, of {' or '.join(map(str, steps))} steps "
        f"each (about {seconds:.0f} s of one processor core)"
    )


def _settings(row: Row) -> str:
    found = json.loads(row["settings"])
    return ", ".join(
        f"{name} {value:.3g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in found.items()
    )


def _nats(row: Row) -> float:
    return float(row["valid_nats"])


def _search_table(rows: Sequence[Row]) -> Table:
    lines = []
    for model in sorted({row["model"] for row in rows}):
        for method in dict.fromkeys(row["method"] for row in rows):
            mine = sorted(
                (r for r in rows if (r["model"], r["method"]) == (model, method)), key=_nats
            )
            for place, row in enumerate(mine[:BEST], 1):
                lines.append(
                    [model, method, len(mine), place, _settings(row), row["parameters"],
                     f"{float(row['train_nats']):.3f}", f"{_nats(row):.3f}",
                     f"{float(row['valid_reconstruction']):.3f}"]
                )  # fmt: skip
    note = (
        f"{_budget(rows)}; the best {BEST} of each way to search. Nats a step: exact of the LSTM, "
        "reconstruction and divergence of the VAE. A VAE's weight of the divergence trades one "
        "for the other, so the best by nats is not the one that rebuilds best. Such short runs say "
        "which settings learn fast, not which end best."
    )
    columns = [
        "model", "search", "runs", "place", "settings", "parameters", "training nats",
        "validation nats", "of that reconstruction",
    ]  # fmt: skip
    return Table("Search for settings", note, columns, lines)


def _search_chart(rows: Sequence[Row]) -> Chart:
    points = []
    for series in dict.fromkeys((row["model"], row["method"]) for row in rows):
        mine = [_nats(row) for row in rows if (row["model"], row["method"]) == series]
        best = np.minimum.accumulate(mine)
        name = ", ".join(series)
        points += [{"x": n, "y": float(y), "series": name} for n, y in enumerate(best, 1)]
    return Chart(
        "Search: the best so far", "By number of runs, of each way to search.", "runs", NATS, points
    )


def _folds_table(rows: Sequence[Row]) -> Table:
    models = sorted({row["model"] for row in rows})
    found = {m: {r["fold"]: _nats(r) for r in rows if r["model"] == m} for m in models}
    shared = sorted(set.intersection(*(set(each) for each in found.values())))
    lines = [
        [f"without fold {int(fold) + 1}", *(f"{found[m][fold]:.3f}" for m in models)]
        for fold in shared
    ]
    columns = ["trained", *models]
    values = {m: np.array([found[m][fold] for fold in shared]) for m in models}
    for name, of in (("mean", np.mean), ("standard deviation", np.std)):
        lines.append([name, *(f"{of(values[m]):.3f}" for m in models)])
    if len(models) == 2:
        columns.append("difference")
        gaps = values[models[0]] - values[models[1]]
        for line, gap in zip(lines, [*gaps, gaps.mean(), gaps.std()], strict=True):
            line.append(f"{gap:z.3f}")
    note = (
        f"{_budget(rows)}. The training pieces of the small set are dealt to five folds, whole "
        "pieces each; a network learns from four and is measured on the fifth. Nats a step: exact "
        "of the LSTM, reconstruction and divergence of the VAE, a bound."
    )
    return Table("Cross-validation by piece", note, columns, lines)


def _ablation_table(rows: Sequence[Row]) -> Table:
    lines = []
    for model in sorted({row["model"] for row in rows}):
        mine = [row for row in rows if row["model"] == model]
        base = {row["seed"]: _nats(row) for row in mine if row["settings"] == "{}"}
        for method in dict.fromkeys(row["method"] for row in mine):
            own = [row for row in mine if row["method"] == method]
            gaps = [_nats(row) - base[row["seed"]] for row in own if row["seed"] in base]
            mean = [np.mean([float(row[name]) for row in own]) for name in (
                "valid_nats", "valid_reconstruction", "valid_divergence")]  # fmt: skip
            shown = ", ".join(f"{gap:+.3f}" for gap in gaps) if own[0]["settings"] != "{}" else ""
            lines.append(
                [model, method, own[0]["parameters"], len(own), *(f"{m:.3f}" for m in mean), shown]
            )
    note = (
        f"{_budget(rows)}. Nats a step on validation, the mean over seeds, and how much more or "
        "less than the network as it is, seed by seed: what is not of one sign is no difference."
    )
    columns = [
        "model", "what is changed", "parameters", "seeds", "nats", "of that reconstruction",
        "of that divergence", "more than as it is",
    ]  # fmt: skip
    return Table("Ablations", note, columns, lines)


def _sensitivity(rows: Sequence[Row], ablations: Sequence[Row]) -> tuple[Table, list[Chart]]:
    from training.midi_search_plan import BASE

    lines, charts = [], []
    base = {
        row["model"]: row for row in reversed(ablations) if row["settings"] == "{}"
    }  # the first seed's
    for model in sorted({row["model"] for row in rows}):
        for setting in dict.fromkeys(r["method"] for r in rows if r["model"] == model):
            mine = [
                (float(json.loads(row["settings"])[setting]), row)
                for row in rows
                if (row["model"], row["method"]) == (model, setting)
            ]
            if model in base:
                mine.append((float(BASE[model][setting]), base[model]))
            points = []
            for value, row in sorted(mine, key=lambda each: each[0]):
                parts = [float(row[n]) for n in (
                    "valid_nats", "valid_reconstruction", "valid_divergence")]  # fmt: skip
                lines.append([model, setting, f"{value:g}", row["parameters"],
                              *(f"{part:.3f}" for part in parts)])  # fmt: skip
                points.append({"x": value, "y": parts[0], "series": "all"})
                if parts[2] > 0:
                    points.append({"x": value, "y": parts[1], "series": "reconstruction"})
            title = f"Sensitivity of {model}: {setting}"
            charts.append(Chart(title, "One small run each.", setting, NATS, points, log=True))
    note = (
        f"{_budget(rows)}: one setting at a time, everything else as it is. peak is the learning "
        "rate, units the width of the LSTM that writes, divergence the weight of the divergence."
    )
    columns = [
        "model", "setting", "value", "parameters", "nats", "of that reconstruction",
        "of that divergence",
    ]  # fmt: skip
    return Table("Sensitivity", note, columns, lines), charts
