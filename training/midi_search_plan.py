"""Which small trainings the studies of training.midi_search are made of.

A study is a list of runs, each a base configuration with a few settings changed. Runs are named, so
that a study that was ended goes on where it was. `SPACES` is what grid, random and TPE search; all
three may reach the same values, the grid only its corners.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

LSTM, VAE = "midi-lstm", "midi-vae"
GRID, RANDOM, TPE = "grid", "random", "TPE"
FOLDS = 5
RANDOM_RUNS = TPE_RUNS = 8
SEEDS = (0, 1)
"""Ablations are run twice, since so small trainings differ by chance."""

Settings = Mapping[str, Any]


@dataclass(frozen=True)
class Range:
    """Values of one setting, from low to high; on a scale of ratios if `log`."""

    low: float
    high: float
    log: bool = True

    def drawn(self, rng: np.random.Generator) -> float:
        if self.log:
            value = float(np.exp(rng.uniform(np.log(self.low), np.log(self.high))))
        else:
            value = float(rng.uniform(self.low, self.high))
        return float(f"{value:.3g}")


@dataclass(frozen=True)
class Choice:
    """Some values of a setting. Shapes are choices, since each new one is compiled anew."""

    values: tuple[Any, ...]

    def drawn(self, rng: np.random.Generator) -> Any:
        return self.values[int(rng.integers(len(self.values)))]


BASE: dict[str, dict[str, Any]] = {
    LSTM: {"units": 96, "depth": 1, "embedding": 32, "width": 64, "dropout": 0.1, "peak": 4e-3},
    VAE: {
        "units": 64, "reader": 32, "conductor": 48, "latent": 32, "embedding": 32, "width": 64,
        "direct": True, "dropout": 0.1, "peak": 4e-3, "hidden": 0.1, "divergence": 0.2,
        "free_nats": 0.0,
    },
}  # fmt: skip
"""What the studies start from: the networks that ship, at about a third of their width."""
SPACES: dict[str, dict[str, Range | Choice]] = {
    LSTM: {
        "units": Choice((48, 96, 192)),
        "dropout": Choice((0.0, 0.1, 0.3)),
        "peak": Range(1e-3, 2e-2),
    },
    VAE: {
        "latent": Choice((16, 32, 64)),
        "hidden": Range(0.0, 0.4, log=False),
        "divergence": Range(0.05, 1.0),
        "peak": Range(1e-3, 2e-2),
    },
}
GRIDS: dict[str, dict[str, Sequence[Any]]] = {
    LSTM: {"units": (48, 192), "dropout": (0.1, 0.3), "peak": (2e-3, 8e-3)},
    VAE: {"latent": (16, 64), "divergence": (0.2, 1.0), "peak": (2e-3, 8e-3)},
}
ABLATIONS: dict[str, dict[str, dict[str, Any]]] = {
    LSTM: {
        "as it is": {},
        "two layers, about as many parameters": {"depth": 2, "units": 60},
        "no dropout": {"dropout": 0.0},
        "no place in the bar": {"without": "no place"},
        "pieces in any key": {"any_key": True},
    },
    VAE: {
        "as it is": {},
        "flat decoder, no hierarchy": {"without": "flat"},
        "bars by recurrence alone": {"direct": False},
        "no plan of a bar's steps, as MusicVAE": {"without": "steady"},
        "no place in the bar": {"without": "no place"},
        "no steps hidden": {"hidden": 0.0},
        "divergence at once, not by and by": {"rising": 0.0},
        "divergence in full": {"divergence": 1.0},
        "divergence in full above 12 free nats": {"divergence": 1.0, "free_nats": 12.0},
        "adversarial": {"adversarial": 1.0, "divergence": 0.05},
        "pieces in any key": {"any_key": True},
    },
}
SENSITIVITY: dict[str, dict[str, Sequence[Any]]] = {
    LSTM: {"units": (48, 192), "peak": (1e-3, 2e-3, 8e-3, 1.6e-2)},
    VAE: {
        "latent": (16, 64), "divergence": (0.05, 0.1, 0.5, 1.0), "units": (32, 128),
        "peak": (1e-3, 2e-3, 8e-3, 1.6e-2),
    },
}  # fmt: skip
"""The base's own value is the run "as it is" of the ablations."""


@dataclass(frozen=True)
class Run:
    """One small training.

    study: "search", "folds", "ablation" or "sensitivity". method: how a search chose it; the
    ablation's or setting's name. fold: of FOLDS which is left out, -1 for none.
    """

    study: str
    method: str
    model: str
    settings: Settings = field(default_factory=dict)
    number: int = 0
    seed: int = 0
    fold: int = -1

    @property
    def name(self) -> str:
        """What a log knows it by."""
        return f"{self.study}/{self.model}/{self.method}/{self.number}"


def grid(model: str) -> list[Run]:
    """Every corner of the grid."""
    axes = GRIDS[model]
    corners = [dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())]
    return [Run("search", GRID, model, corner, n) for n, corner in enumerate(corners)]


def random(model: str) -> list[Run]:
    """Bergstra and Bengio 2012: drawn from the whole space, each setting apart."""
    found = []
    for number in range(RANDOM_RUNS):
        rng = np.random.default_rng([len(model), number])
        drawn = {name: range_.drawn(rng) for name, range_ in SPACES[model].items()}
        found.append(Run("search", RANDOM, model, drawn, number))
    return found


def folds(model: str) -> list[Run]:
    """The base on four fifths of the pieces, tried on the fifth that is left out."""
    return [Run("folds", f"fold {n + 1}", model, {}, n, fold=n) for n in range(FOLDS)]


def ablations(model: str, seed: int) -> list[Run]:
    """The base without one thing, or with another in its place."""
    return [
        Run("ablation", name, model, change, seed, seed)
        for name, change in ABLATIONS[model].items()
    ]


def sensitivity(model: str) -> list[Run]:
    """One setting at a time away from the base's."""
    return [
        Run("sensitivity", name, model, {name: value}, number)
        for name, values in SENSITIVITY[model].items()
        for number, value in enumerate(values)
    ]


def fixed() -> list[Run]:
    """All runs whose settings do not depend on others' results, the most telling first."""
    found = []
    for part in (lambda m: ablations(m, SEEDS[0]), grid, random, folds, sensitivity,
                 *(lambda m, s=seed: ablations(m, s) for seed in SEEDS[1:])):  # fmt: skip
        for model in (LSTM, VAE):
            found += part(model)
    return found
