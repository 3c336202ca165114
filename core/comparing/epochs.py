"""How the compared models were trained: the logs' curves, and what they wrote on the way.

Both are written by training: `training/logs/<model>-<kind>.csv`, with a row for each epoch, and
`gallery/compare/<model>-<kind>.json`, with patterns drawn from the same seeds at some of them.
"""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core import gallery
from core.comparing.models import MODELS
from core.comparing.offers import JOB
from core.comparing.patterns import KINDS, Pattern

LOGS = Path(__file__).resolve().parents[2] / "training" / "logs"
MEASURES = {
    "nats": "All of it",
    "reconstruction": "Reconstruction",
    "divergence": "Divergence",
}
"""A column `train_<name>` and one `valid_<name>` of a log, nats for each step of a pattern."""


@dataclass(frozen=True)
class Epoch:
    """What a model wrote at an epoch. patterns: [patterns, steps, voices]. Nats a step."""

    epoch: int
    train_nats: float
    valid_nats: float
    patterns: Pattern


def curves(kind: str) -> dict[str, list[dict[str, float]]]:
    """Model -> the rows of its log, column -> number; models without a log are left out."""
    found = {}
    for name in MODELS:
        path = LOGS / f"{name}-{kind}.csv"
        if path.exists():
            with path.open(newline="", encoding="utf-8") as file:
                rows = [{k: float(v) for k, v in row.items() if v} for row in csv.DictReader(file)]
            if rows:
                found[name] = rows
    return found


def kept(kind: str) -> dict[str, list[Epoch]]:
    """Model -> the epochs whose patterns were kept, in order; models without are left out."""
    found = {}
    for name in MODELS:
        path = gallery.GALLERY / JOB / f"{name}-{kind}.json"
        if path.exists():
            fields = json.loads(path.read_text(encoding="utf-8"))
            epochs = [
                Epoch(
                    int(one["epoch"]),
                    float(one["train_nats"]),
                    float(one["valid_nats"]),
                    np.array(one["patterns"], np.int64),
                )
                for one in fields["epochs"]
            ]
            found[name] = sorted(epochs, key=lambda one: one.epoch)
    return found


def at(epochs: list[Epoch], epoch: int) -> Epoch:
    """The last that was kept up to an epoch; the first of all where there is none before it."""
    return max((one for one in epochs if one.epoch <= epoch), key=lambda one: one.epoch,
               default=epochs[0])  # fmt: skip


def trained_kinds() -> tuple[str, ...]:
    """Kinds that anything is known of."""
    return tuple(kind for kind in KINDS if curves(kind) or kept(kind))
