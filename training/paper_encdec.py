"""Train `paper-encdec`, the published encoder-decoder, as its paper did.

    python -m training.paper_encdec --data DIR --out runs/paper_encdec [--order descending]

Adam 0.01, mean squared error, batch 20 (validation 10), 120 training files, 200 epochs, 22050 Hz,
the first 30 s of each track: 20 s in, 10 s out. Validation runs every fifth epoch. Writes the
weights of the last epoch and of the best validation epoch, and `history.csv`, one row for each
validation. What ships is the last epoch, as published.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import resource
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np

from core.audio import fit_length
from core.extrapolation.paper_encdec_model import build
from training.dataset import tracks
from training.saving import save_weights

SAMPLE_RATE = 22050
TRAINING_FILES = 120
BATCH = 20
LEARNING_RATE = 0.01
VALIDATE_EVERY = 5
UNITS = {"descending": (512, 256, 128, 64), "ascending": (64, 128, 256, 512)}


def load_seconds(data: Path, split: str, limit: int | None = None) -> np.ndarray[Any, Any]:
    """float32 [tracks, 30, 22050]: the first 30 s of each track that has as many."""
    out = []
    rows = tracks(data, "audio", split)
    np.random.default_rng(0).shuffle(rows)  # the index is in order of albums
    for track in rows[:limit]:
        clip = track.clip(0.0, 30.0).resampled(SAMPLE_RATE)
        if clip.duration_s >= 29.9:
            out.append(fit_length(clip.mono()[None], 30 * SAMPLE_RATE).reshape(30, SAMPLE_RATE))
    return np.stack(out)


class EpochLog(keras.callbacks.Callback):
    """history.csv, and a checkpoint each time validation improves."""

    def __init__(self, out: Path) -> None:
        super().__init__()
        self.out, self.best, self.start = out, np.inf, time.monotonic()
        self.file = (out / "history.csv").open("w", newline="")
        self.rows = csv.writer(self.file)
        self.rows.writerow(["epoch", "train_mse", "validation_mse", "elapsed_s", "peak_memory_mb"])

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        logs = logs or {}
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        elapsed = round(time.monotonic() - self.start, 1)
        if "val_loss" not in logs:
            return
        self.rows.writerow([epoch + 1, logs["loss"], logs["val_loss"], elapsed, peak_mb])
        self.file.flush()
        if logs["val_loss"] < self.best:
            self.best = logs["val_loss"]
            save_weights(self.model, self.out / "best.weights.h5", half=True)
        save_weights(self.model, self.out / "last.weights.h5", half=True)


def train(
    train_set: np.ndarray[Any, Any],
    validation_set: np.ndarray[Any, Any],
    out: Path,
    *,
    seconds_in: int = 20,
    order: str = "descending",
    epochs: int = 200,
    seed: int = 0,
) -> keras.Model:
    """Fit on float32 [tracks, seconds, samples], of which `seconds_in` are given.

    Writes into `out` and returns the last epoch's model.
    """
    keras.utils.set_random_seed(seed)
    model = build(
        samples=train_set.shape[-1],
        seconds_in=seconds_in,
        seconds_out=train_set.shape[1] - seconds_in,
        units=UNITS[order],
    )
    fit(model, train_set, validation_set, out, epochs=epochs)
    return model


def fit(
    model: keras.Model,
    train_set: np.ndarray[Any, Any],
    validation_set: np.ndarray[Any, Any],
    out: Path,
    *,
    epochs: int,
    learning_rate: float = LEARNING_RATE,
) -> None:
    """The paper's training of any model from `model.seconds_in` seconds to those that follow.

    The sets are float32 [tracks, seconds, samples]. Writes into `out` as the module says.
    """
    out.mkdir(parents=True, exist_ok=True)
    given = model.seconds_in
    model.compile(optimizer=keras.optimizers.Adam(learning_rate), loss="mean_squared_error")
    model.fit(
        train_set[:, :given],
        train_set[:, given:],
        batch_size=BATCH,
        epochs=epochs,
        validation_data=(validation_set[:, :given], validation_set[:, given:]),
        validation_batch_size=10,
        validation_freq=min(VALIDATE_EVERY, epochs),
        callbacks=[EpochLog(out)],
        verbose=0,
    )
    save_weights(model, out / "last.weights.h5", half=True)


def write_headline(out: Path, validation_set: np.ndarray[Any, Any]) -> None:
    """headline.json for training.register: the last validation loss, and silence's beside it."""
    with (out / "history.csv").open(newline="") as file:
        last = list(csv.DictReader(file))[-1]
    headline = {
        "metric": "validation_mse",
        "value": round(float(last["validation_mse"]), 6),
        "baseline": "silence",
        "baseline_value": round(float(np.mean(np.square(validation_set[:, 20:]))), 6),
    }
    (out / "headline.json").write_text(json.dumps(headline) + "\n")


def load_sets(data: Path, limit: int | None = None) -> list[np.ndarray[Any, Any]]:
    """The training and the validation set, `limit` tracks of each; prints silence's error."""
    sets = [
        load_seconds(data, "train", limit or TRAINING_FILES),
        load_seconds(data, "valid", limit),
    ]
    print(
        "tracks:",
        [len(s) for s in sets],
        "silence MSE:",
        [float(np.mean(s[:, 20:] ** 2)) for s in sets],
        flush=True,
    )
    return sets


def arguments(description: str | None, out: Path) -> argparse.ArgumentParser:
    """The options that this training and that of its LSTM comparator share."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=out)
    parser.add_argument("--epochs", type=int, default=200)
    parser.add_argument("--limit", type=int, help="tracks per split, for a quick try")
    return parser


def main() -> None:
    """Parse, load, train."""
    parser = arguments(__doc__, Path("runs/paper_encdec"))
    parser.add_argument("--order", choices=sorted(UNITS), default="descending")
    args = parser.parse_args()
    sets = load_sets(args.data, args.limit)
    train(*sets, args.out, order=args.order, epochs=args.epochs)
    write_headline(args.out, sets[1])


if __name__ == "__main__":
    main()
