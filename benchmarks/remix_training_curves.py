"""What the published remix networks reached, epoch by epoch, from the logs of their trainings."""

from __future__ import annotations

import csv

import numpy as np

from benchmarks.results import Table
from benchmarks.training_cost import LOGS
from core.remixing.stems import MIX, STEMS

NETWORKS = ("one2one", "one2four-combined", "one2four-split")
CARRIES = {
    "one2one": "one instrument by another, for all are one sequence; none by its own past",
    "one2four-combined": "each instrument by its own past within the second; none by another",
    "one2four-split": "the same; the four share nothing but the solo",
}
EPOCHS = (0, 1, 2, 5, 10, 20, 30, 40, 60, 80, 100)
"""Those in the table of curves, and each network's last."""


def histories() -> dict[tuple[str, str], list[dict[str, float]]]:
    """(network, part) -> the part's figures by epoch, from the logs of the trainings that ship."""
    found = {}
    for name in NETWORKS:
        for part in (MIX,) if name == "one2one" else STEMS:
            log = LOGS / (f"{name}-{part}.csv" if name == "one2four-split" else f"{name}.csv")
            with log.open(newline="") as file:
                rows = [{k: float(v) for k, v in row.items()} for row in csv.DictReader(file)]
            found[name, part] = [
                {
                    "epoch": row["epoch"],
                    "train": row[f"train_{part}"],
                    "train_silence": row[f"train_{part}_silence"],
                    "validation": row[f"validation_{part}"],
                    "validation_silence": row[f"validation_{part}_silence"],
                }
                for row in rows
            ]
    return found


def best(name: str, found: dict[tuple[str, str], list[dict[str, float]]]) -> dict[str, int]:
    """Part -> the epoch whose weights ship: the least validation error, of all that train at once.

    The first epochs do not count (training.remix_lstm says why).
    """
    from training.remix_lstm import SETTLING_EPOCHS

    first = SETTLING_EPOCHS + 1
    mine = {part: rows[first:] for (owner, part), rows in found.items() if owner == name}
    if name != "one2four-split":
        means = np.mean([[row["validation"] for row in rows] for rows in mine.values()], axis=0)
        return dict.fromkeys(mine, int(np.argmin(means)) + first)
    return {p: int(np.argmin([r["validation"] for r in rows])) + first for p, rows in mine.items()}


def loss_table() -> Table:
    """What each part reached, beside what saying nothing would."""
    from training.remix_lstm import PATIENCE

    found = histories()
    rows = []
    for name in NETWORKS:
        for part, epoch in best(name, found).items():
            at, last = found[name, part][epoch], found[name, part][-1]
            rows.append(
                [
                    name, part, int(last["epoch"]), epoch,
                    *(f"{at[key]:.6f}" for key in (
                        "train", "train_silence", "validation", "validation_silence")),
                    f"{at['validation'] / at['validation_silence']:.3f}", CARRIES[name],
                ]
            )  # fmt: skip
    return Table(
        "What training reaches, part by part",
        "Mean squared errors at the epoch whose weights ship, the one of the least validation "
        "error, and those of silence, which are the parts' power. Training ends after 100 epochs, "
        f"or when {PATIENCE} have brought validation less than a thousandth. The last column says "
        "which dependencies a network can carry at all.",
        [
            "network", "part", "epochs", "ships", "training MSE", "silence in training",
            "validation MSE", "silence in validation", "validation over silence", "can follow",
        ],
        rows,
    )  # fmt: skip


def curve_table() -> Table:
    """Validation error over silence's at some epochs: the loss curves that the paper draws."""
    found = histories()
    last = {int(rows[-1]["epoch"]) for rows in found.values()}
    rows = []
    for epoch in sorted({*EPOCHS, *last} & set(range(max(last) + 1))):
        cells = [
            f"{rows_[epoch]['validation'] / rows_[epoch]['validation_silence']:.3f}"
            if epoch < len(rows_)
            else "–"
            for rows_ in found.values()
        ]
        rows.append([epoch, *cells])
    return Table(
        "Curves: validation error over that of silence, by epoch",
        "Epoch 0 is before training. Whole curves are in training/logs/.",
        ["epoch", *(f"{name}, {part}" for name, part in found)],
        rows,
    )
