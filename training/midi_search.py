"""Search, cross-validation, ablations and sensitivity of `midi-lstm` and `midi-vae`, by small runs.

    python -m training.midi_search --patterns runs/midi_patterns.npz

Each run trains a network for the same STEPS of BATCH patterns of melodies of two bars, of PIECES
pieces of the training split, and is measured on validation patterns: nats for each step, exact of
the LSTM, reconstruction and divergence of the VAE. A row for each goes to the log, from which a
search that was ended goes on, and from which `benchmarks comparison` makes its tables and plots.
The runs are training.midi_search_plan's; the search by TPE (Bergstra et al., "Algorithms for
hyper-parameter optimization", 2011) needs optuna (training/requirements.txt).
"""

from __future__ import annotations

import argparse
import csv
import dataclasses
import json
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from core.comparing.patterns import KINDS, Pattern
from training import midi_patterns, midi_search_variants
from training.midi_fit import Config, fit
from training.midi_patterns import Patterns
from training.midi_search_plan import (
    BASE,
    FOLDS,
    LSTM,
    SPACES,
    TPE,
    TPE_RUNS,
    VAE,
    Choice,
    Run,
    fixed,
)

KIND = "melody-2"
STEPS, BATCH = 200, 32
PIECES, VALID = 300, 1024
LOG = Path(__file__).parent / "logs" / "midi-search.csv"
COLUMNS = (
    "run", "study", "model", "method", "settings", "seed", "fold", "steps", "seconds", "parameters",
    "train_nats", "valid_nats", "valid_reconstruction", "valid_divergence",
)  # fmt: skip
FIRST_TPE_RUNS = 4
"""Drawn at random, before there is anything to learn from."""

Row = dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Data:
    """Training patterns of the small set with their folds, and validation patterns."""

    train: Pattern
    folds: np.ndarray
    valid: Pattern

    @classmethod
    def of(cls, train: Patterns, valid: Patterns, pieces: int = PIECES) -> Data:
        """Whole pieces are drawn, and dealt to the folds: no piece is in two."""
        rng = np.random.default_rng(0)
        names = rng.permutation(np.unique(train.pieces))[:pieces]
        fold_of = {name: number % FOLDS for number, name in enumerate(names.tolist())}
        folds = np.array([fold_of.get(name, -1) for name in train.pieces.tolist()])
        held = np.sort(rng.permutation(len(valid))[:VALID])
        return cls(train.tokens[folds >= 0], folds[folds >= 0], valid.tokens[held])


def config_of(run: Run, steps: int = STEPS) -> Config:
    """The training of a run."""
    given = {**BASE[run.model], **run.settings}
    own = {field.name for field in dataclasses.fields(Config)}
    network = {n: v for n, v in given.items() if n not in own and n not in ("without", "any_key")}
    rest = {name: value for name, value in given.items() if name in own}
    return Config(
        kind=KIND, model=run.model, network=network, minutes=60.0, steps=steps, batch=BATCH,
        averaging=0.99, epoch_patterns=steps * BATCH, valid_patterns=VALID, seed=run.seed, **rest,
    )  # fmt: skip


def trained(run: Run, data: Data, steps: int = STEPS) -> Row:
    """Train, and the row of the log."""
    config, made = config_of(run, steps), []
    train, valid = data.train, data.valid
    if run.fold >= 0:
        train, valid = train[data.folds != run.fold], train[data.folds == run.fold]
    if run.settings.get("any_key"):
        train = midi_search_variants.in_any_key(train, KINDS[KIND])

    def make(config: Config) -> Any:
        made.append(midi_search_variants.variant(config, run.settings.get("without", "")))
        return made[0]

    began = time.process_time()
    last = fit(config, train, valid, make=make)[-1]
    return {
        "run": run.name, "study": run.study, "model": run.model, "method": run.method,
        "settings": json.dumps(dict(run.settings), sort_keys=True), "seed": run.seed,
        "fold": run.fold, "steps": steps, "seconds": round(time.process_time() - began, 1),
        "parameters": made[0].count_params(),
        **{name: round(last[name], 4) for name in COLUMNS[-4:]},
    }  # fmt: skip


def rows_of(log: Path) -> list[Row]:
    """The rows of a log, text as it stands; none where there is no log."""
    if not log.exists():
        return []
    with log.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def append(log: Path, row: Row) -> None:
    """Add a row, below the names of the columns."""
    fresh = not log.exists()
    with log.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        if fresh:
            writer.writeheader()
        writer.writerow(row)


def tpe_runs(model: str, log: Path) -> Iterator[Run]:
    """Runs that optuna proposes; each is to be in the log before the next is asked for."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    space = {
        name: optuna.distributions.CategoricalDistribution(values.values)
        if isinstance(values, Choice)
        else optuna.distributions.FloatDistribution(values.low, values.high, log=values.log)
        for name, values in SPACES[model].items()
    }
    for number in range(TPE_RUNS):
        done = [r for r in rows_of(log) if r["model"] == model and r["method"] == TPE]
        if number < len(done):
            continue
        sampler = optuna.samplers.TPESampler(seed=number, n_startup_trials=FIRST_TPE_RUNS)
        study = optuna.create_study(sampler=sampler)
        for row in done:
            study.add_trial(
                optuna.trial.create_trial(
                    params=json.loads(row["settings"]), distributions=space,
                    value=float(row["valid_nats"]),
                )
            )  # fmt: skip
        yield Run("search", TPE, model, study.ask(space).params, number)


def search(data: Data, log: Path, steps: int = STEPS, wanted: tuple[str, ...] = ()) -> None:
    """Run what the log lacks. wanted: studies; empty for all, and the search by TPE with them."""
    chosen = [run for run in fixed() if not wanted or run.study in wanted]
    known = {row["run"] for row in rows_of(log)}
    runs: list[Iterator[Run]] = [iter([run for run in chosen if run.name not in known])]
    if not wanted or "search" in wanted:
        runs += [tpe_runs(model, log) for model in (LSTM, VAE)]
    for part in runs:
        for run in part:
            row = trained(run, data, steps)
            append(log, row)
            print(row, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patterns", type=Path, default=Path("runs/midi_patterns.npz"))
    parser.add_argument("--log", type=Path, default=LOG)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--studies", type=lambda text: tuple(text.split(",")), default=())
    args = parser.parse_args()
    load = partial(midi_patterns.load, args.patterns, KIND)
    search(Data.of(load("train"), load("valid")), args.log, args.steps, args.studies)


if __name__ == "__main__":
    main()
