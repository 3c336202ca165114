"""Train the published remix networks: one2one, one2four-combined or one2four-split.

    python -m training.remix_stems --data DIR --out runs/remix_stems
    python -m training.remix_lstm one2one --stems runs/remix_stems --out runs/one2one

What is theirs and what we chose is in core/remixing/one2one.py and one2four.py. Seconds are drawn
from the training split's excerpts, none where the solo is silent, equally many from each excerpt;
with --data the real guitar and band recordings are excerpts too. In those the whole band is the
stem `other`, and nothing is known of the three that are inside it: they do not count.

Written into --out: history.csv (after each epoch, and before the first as epoch 0), best.weights.h5
and headline.json. The best epoch by validation ships, as the paper stored each model's "best model
weights"; training ends after the paper's 100 epochs, or when PATIENCE epochs have brought
validation less than a part in TOLERANCE. one2four-split trains its four networks one after another
into --out/PART, or those of --only (in parallel, as the paper did), and joins the best of each
when all four are there; `--only` without a part joins. Train with KERAS_BACKEND=jax: an epoch
takes seconds there and minutes on TensorFlow.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
if os.environ.get("KERAS_BACKEND") == "jax":
    # XLA makes one kernel of a loop whose arrays are small, and a call a step of any other; these
    # loops are 22050 tiny steps over large arrays, three times as fast as one kernel.
    os.environ.setdefault(
        "XLA_FLAGS",
        "--xla_backend_extra_options=xla_cpu_small_while_loop_byte_threshold=100000000000",
    )

import keras
import numpy as np
from keras import ops

from core.audio import FloatArray
from core.remixing.lstm_remix_model import build
from core.remixing.stems import MIX, STEMS
from training.remix_stems import RATE, StemPiece, load, real_pieces
from training.saving import save_weights

NETWORKS = {"one2one": (MIX,), "one2four-combined": STEMS, "one2four-split": STEMS}
BATCH = 8
EPOCHS = 100
LEARNING_RATE = 1e-4
PATIENCE = 15
TOLERANCE = 1000
TRAINING_SECONDS, VALID_SECONDS = 384, 128
PIECES = {"train": 60, "valid": 16}
"""Rendered excerpts of each split, the first that training.remix_stems has."""
EXCERPT_S = 30.0
SETTLING_EPOCHS = 2
"""Until batch normalisation's moving averages are there, a network says next to nothing, which is
close to silence's error and not what it has learned."""
SILENCE_RMS = 1e-3
"""A second of solo under this, -60 dB of full scale, says nothing of the band."""


@dataclass(frozen=True, eq=False)
class Seconds:
    """solo: float32 [seconds, samples]. targets: float32 [seconds, samples, parts].

    A target that is not known is NaN. piece: of which piece each second is, by its place.
    """

    solo: FloatArray
    targets: FloatArray
    piece: np.ndarray[Any, Any]

    def of(self, part: int) -> Seconds:
        """The same with one part alone."""
        return Seconds(self.solo, self.targets[..., part : part + 1], self.piece)

    def silence(self) -> FloatArray:
        """Mean squared error of saying nothing, [parts]: each part's power."""
        return _mean_square(self.targets)


def draw_seconds(
    pieces: Sequence[StemPiece], parts: Sequence[str], wanted: int, seed: int = 0
) -> Seconds:
    """At most `wanted` whole seconds with a solo, from as many pieces as there are, in turn."""
    rng = np.random.default_rng(seed)
    turns: list[tuple[int, int, StemPiece, int]] = []
    for number, piece in enumerate(pieces):
        whole = len(piece.solo) // RATE
        loud = [s for s in range(whole) if np.std(piece.solo[s * RATE :][:RATE]) > SILENCE_RMS]
        for turn, second in enumerate(rng.permutation(loud)):
            turns.append((turn, number, piece, int(second)))
    chosen = sorted(turns, key=lambda entry: entry[:2])[:wanted]
    solo = np.stack([p.solo[s * RATE :][:RATE] for _, _, p, s in chosen])
    targets = np.stack([_targets(p, parts, s) for _, _, p, s in chosen])
    return Seconds(solo, targets, np.array([number for _, number, _, _ in chosen]))


def _targets(piece: StemPiece, parts: Sequence[str], second: int) -> FloatArray:
    """float32 [samples, parts]; NaN for what is inside a recording's band."""
    cut = {name: stem[second * RATE :][:RATE] for name, stem in piece.stems.items()}
    if tuple(parts) == (MIX,):
        return np.sum(list(cut.values()), axis=0, dtype=np.float32)[:, None]
    if len(piece.beats) == 0:
        cut |= {part: np.full(RATE, np.nan, np.float32) for part in parts if part != "other"}
    return np.stack([cut[part] for part in parts], axis=-1)


def known_mse(target: Any, made: Any) -> Any:
    """Mean squared error over [batch, samples, parts] where the target is known; 0 elsewhere."""
    known = ops.isfinite(target)
    return ops.square(ops.where(known, target - made, 0.0))


def errors(model: keras.Model, seconds: Seconds) -> FloatArray:
    """Mean squared error of each part, [parts], as the app would hear it: without dropout."""
    made = model.predict(seconds.solo, batch_size=BATCH, verbose=0)
    return _mean_square(made - seconds.targets)


def _mean_square(values: FloatArray) -> FloatArray:
    """Of what is known of [seconds, samples, parts], [parts]; float32 would lose the difference."""
    return np.nanmean(np.square(values, dtype=np.float64), axis=(0, 1))


class Watch(keras.callbacks.Callback):  # type: ignore[misc]
    """Writes history.csv and the best weights; stops training where validation stands still."""

    def __init__(self, out: Path, parts: Sequence[str], train: Seconds, valid: Seconds) -> None:
        super().__init__()
        self.out, self.sets = out, {"train": train, "validation": valid}
        self.columns = [f"{split}_{part}" for split in self.sets for part in parts]
        self.silence = [float(power) for each in self.sets.values() for power in each.silence()]
        self.best = np.inf
        self.best_weights: list[FloatArray] = []
        self.mark, self.mark_epoch = np.inf, 0
        self.start = time.monotonic()

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        silent = [f"{column}_silence" for column in self.columns]
        self._row("epoch", *self.columns, *silent, "elapsed_s", mode="w")
        self.on_epoch_end(-1)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        found = {split: errors(self.model, each) for split, each in self.sets.items()}
        figures = [*np.concatenate(list(found.values())), *self.silence]
        elapsed = round(time.monotonic() - self.start, 1)
        self._row(epoch + 1, *(f"{value:.7g}" for value in figures), elapsed)
        if epoch < SETTLING_EPOCHS:
            return
        mean = float(np.mean(found["validation"]))
        if mean < self.best:
            self.best, self.best_weights = mean, self.model.get_weights()
            save_weights(self.model, self.out / "best.weights.h5", half=False)
        if mean < self.mark * (1 - 1 / TOLERANCE):
            self.mark, self.mark_epoch = mean, epoch + 1
        if epoch + 1 - self.mark_epoch >= PATIENCE:
            self.model.stop_training = True

    def _row(self, *values: Any, mode: str = "a") -> None:
        line = ",".join(map(str, values))
        with (self.out / "history.csv").open(mode) as file:
            file.write(line + "\n")
        print(line, flush=True)


def fit(
    model: keras.Model,
    parts: Sequence[str],
    train: Seconds,
    valid: Seconds,
    out: Path,
    *,
    epochs: int = EPOCHS,
    batch: int = BATCH,
) -> None:
    """The paper's training; the model ends with the weights of its best epoch."""
    out.mkdir(parents=True, exist_ok=True)
    watch = Watch(out, parts, train, valid)
    model.compile(optimizer=keras.optimizers.Adam(LEARNING_RATE), loss=known_mse)
    model.fit(
        train.solo, train.targets, batch_size=batch, epochs=epochs, callbacks=[watch], verbose=0
    )
    model.set_weights(watch.best_weights)


def train_network(
    name: str,
    train: Seconds,
    valid: Seconds,
    out: Path,
    *,
    epochs: int = EPOCHS,
    seed: int = 0,
    only: Sequence[str] = STEMS,
    **sizes: int,
) -> keras.Model:
    """Train `name` and write its best weights and headline.json into `out`.

    only: parts of one2four-split to train now; the others are taken from `out`, and nothing whole
    is written before all are there. sizes: of `build`, for tests.
    """
    parts = NETWORKS[name]
    keras.utils.set_random_seed(seed)
    model = build(parts, apart=name == "one2four-split", **sizes)
    if name == "one2four-split":
        files = {part: out / part / "best.weights.h5" for part in parts}
        for i, part in enumerate(parts):
            if part in only:
                network = model.get_layer(part)
                fit(network, (part,), train.of(i), valid.of(i), out / part, epochs=epochs)
        if not all(file.exists() for file in files.values()):
            return model
        for part in set(parts) - set(only):
            model.get_layer(part).load_weights(files[part])
        save_weights(model, out / "best.weights.h5", half=False)
    else:
        fit(model, parts, train, valid, out, epochs=epochs)
    headline = {
        "metric": "validation_mse",
        "value": round(float(np.mean(errors(model, valid))), 7),
        "baseline": "silence",
        "baseline_value": round(float(np.mean(valid.silence())), 7),
    }
    (out / "headline.json").write_text(json.dumps(headline, indent=1) + "\n", encoding="utf-8")
    return model


def load_seconds(
    name: str, stems: Path, data: Path | None, wanted: int, wanted_valid: int
) -> tuple[Seconds, Seconds]:
    """What trains and what validates. Recordings, where there are any, are a piece each 30 s."""
    pieces = load(stems, "train", PIECES["train"])
    if data is not None:
        pieces += real_pieces(data, "train", EXCERPT_S)
    parts = NETWORKS[name]
    valid = draw_seconds(load(stems, "valid", PIECES["valid"]), parts, wanted_valid)
    return draw_seconds(pieces, parts, wanted), valid


def main() -> None:
    """Parse, load, train."""
    parser = argparse.ArgumentParser(description="Train a published remix network.")
    parser.add_argument("network", choices=sorted(NETWORKS))
    parser.add_argument("--stems", type=Path, default=Path("runs/remix_stems"))
    parser.add_argument("--data", type=Path, help="for the real recordings; training/README.md")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--seconds", type=int, default=TRAINING_SECONDS)
    parser.add_argument("--valid", type=int, default=VALID_SECONDS)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument(
        "--only", nargs="*", default=STEMS, choices=STEMS, help="parts of one2four-split"
    )
    args = parser.parse_args()
    sets = load_seconds(args.network, args.stems, args.data, args.seconds, args.valid)
    out = args.out or Path("runs") / args.network
    train_network(args.network, *sets, out, epochs=args.epochs, only=args.only)


if __name__ == "__main__":
    main()
