"""An LSTM and a VAE of one size on the same patterns: which does what better, and does one win.

    python -m benchmarks comparison --data DIR --json benchmarks/results/comparison.json

Each kind of pattern (core.comparing.patterns.KINDS) with weights is measured on patterns of the
split asked for, in runs/midi_patterns.npz, which is made where it is not there; `--engines` takes
names of kinds, and `training` for the tables that are made from the logs of training alone.

The rule for a winner, stated before anything was measured. Four measures count: surprise (exact
nats of the LSTM, the importance-weighted bound of the VAE), distance to the data, likeness within a
set of samples away from that of the data, and copying beyond what test pieces share with training
pieces. In each a model is better only if the 95 % interval of the difference, from a paired
bootstrap over test pieces, leaves out 0; else no difference is shown. A model wins a kind of
pattern where it is better in one measure at least and worse in none, and wins overall where that
holds over all kinds together. Otherwise there is no winner. Speed and memory are told, but the
networks are of one size by design and no winner is told by them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import h5py

from benchmarks import comparison_tables as tables
from benchmarks import comparison_training as training
from benchmarks.comparison_kind import Outcome, constant, measure
from benchmarks.comparison_material import build, material
from benchmarks.results import Chart, Results, Row, Table
from core.comparing.models import MODELS, PatternModel, pattern_model
from core.comparing.patterns import KINDS, Kind
from core.errors import ModelUnavailableError
from core.loaders import weights_path
from core.metric_names import METRICS
from core.registry import model as spec_of

PATTERNS = {2: 600, 16: 96}
"""Test patterns that are measured one by one, by bars."""
TRAINING = "training"


def models_of(kind: Kind) -> dict[str, PatternModel]:
    """The models that can run here, by name."""
    found = {}
    for name in MODELS:
        try:
            found[name] = pattern_model(name, kind.name)
        except ModelUnavailableError as error:
            print(f"{name}-{kind.name}: {error}", flush=True)
    return found


def parameters(name: str, kind: Kind) -> int:
    """Numbers in a model's weight file."""
    total = 0

    def add(_: str, item: Any) -> None:
        nonlocal total
        total += item.size if isinstance(item, h5py.Dataset) else 0

    with h5py.File(weights_path(spec_of(f"{name}-{kind.name}"))) as file:
        file.visititems(add)
    return total


def rows_of(outcome: Outcome) -> list[Row]:
    """A row for each model and rung of a kind."""
    rows = []
    for name in dict.fromkeys([*outcome.engines, *outcome.figures]):
        engine, figures = name in outcome.engines, outcome.figures[name]
        metrics = {metric: figures[metric].interval() for metric in METRICS if metric in figures}
        title = f"{name}-{outcome.kind.name}" if engine else f"{name}, {outcome.kind.name}"
        rows.append(Row(title, "engine" if engine else "rung", metrics, outcome.kind.title))
    return rows


def measured(
    data: Path, wanted: Sequence[str] | None, limit: int | None, split: str
) -> list[Outcome]:
    """Every kind that has two models or more, or those wanted."""
    outcomes = []
    for kind in KINDS.values():
        if wanted is not None and kind.name not in wanted:
            continue
        models = models_of(kind)
        if models:
            build(data)
            most = min(limit or PATTERNS[kind.bars], PATTERNS[kind.bars])
            outcome = measure(material(kind, split, most), models)
            for name in models:
                outcome.own(name)["parameters"] = constant(parameters(name, kind))
            outcomes.append(outcome)
    return outcomes


def tables_of(outcomes: Sequence[Outcome]) -> list[Table]:
    """Verdicts first."""
    if not outcomes:
        return []
    found = [
        tables.winner_table(outcomes),
        tables.verdict_table(outcomes, (tables.LSTM, tables.VAE)),
        tables.verdict_table(outcomes, (tables.VAE, tables.ADVERSARIAL)),
        tables.likelihood_table(outcomes),
        tables.space_table(outcomes),
        tables.genre_table(outcomes),
    ]
    return [table for table in found if table is not None]


def run(
    data: Path,
    *,
    wanted: Sequence[str] | None = None,
    limit: int | None = None,
    split: str = "test",
) -> Results:
    """The whole benchmark, or the parts wanted."""
    outcomes = measured(data, wanted, limit, split)
    found, charts = tables_of(outcomes), list[Chart]()
    if wanted is None or TRAINING in wanted:
        for more, plots in (training.curves(), training.studies()):
            found, charts = [*found, *more], [*charts, *plots]
    counts = ", ".join(
        f"{outcome.patterns} of {outcome.kind.title.lower()} ({len(set(outcome.pieces))} pieces)"
        for outcome in outcomes
    )
    return Results(
        "comparison",
        f"{split} patterns: {counts}",
        sum(outcome.patterns for outcome in outcomes),
        [row for outcome in outcomes for row in rows_of(outcome)],
        found,
        charts,
    )
