"""Train the bars network: which of the beats that are heard in a solo begin bars.

    python -m training.bars_examples --songs runs/beat_songs --out runs/bars
    python -m training.bars --examples runs/bars --out runs/bars
    python -m training.register runs/bars/best.weights.h5 hearing-bars

Validation is the loss on solos of validation pieces, and how many beats are rightly said to begin
a bar or not to. Writes history.csv, headline.json and, in half precision, the weights at their
least loss.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
from keras import ops

from core.hearing.bars_model import WIDTH, build
from core.hearing.bars_network import COUNTS, SHOWN
from training.averaging import Average
from training.bars_examples import Example, read
from training.history import History
from training.saving import save_weights
from training.schedule import cosine_rate

Array = np.ndarray[Any, Any]

BATCH = 64
COUNT = 0.15
"""What the loss of the number of beats in a bar is worth beside that of the bars."""
LENGTH = 64
"""Beats, for all batches to be of one shape; of longer solos what comes later is left out."""
CHECKED = 250
"""Validation solos in a batch."""
_WARM_STEPS = 100


def batch(some: Sequence[Example]) -> tuple[Array, Array]:
    """(shown [solos, LENGTH, SHOWN], targets [solos, LENGTH, 2]): begins and count, -1 unknown."""
    shown = np.zeros((len(some), LENGTH, SHOWN), np.float32)
    targets = np.full((len(some), LENGTH, 2), -1.0, np.float32)
    for row, one in enumerate(some):
        beats = min(len(one.begins), LENGTH)
        shown[row, :beats, :-1], shown[row, :beats, -1] = one.shown[:beats], 1.0
        targets[row, :beats, 0], targets[row, :, 1] = one.begins[:beats], one.count
    return shown, targets


def loss(targets: Any, said: Any) -> Any:
    """Cross-entropy of what is known: of each beat, and of each solo's number of beats in a bar."""
    begins, known = targets[:, :, 0], ops.cast(targets[:, :, 0] >= 0, "float32")
    logits = said[:, :, 0]
    each = ops.softplus(logits) - logits * begins
    bars = ops.sum(each * known) / (ops.sum(known) + 1.0)
    count, counted = targets[:, 0, 1], ops.cast(targets[:, 0, 1] >= 0, "float32")
    wanted = ops.one_hot(ops.cast(ops.maximum(count, 0.0), "int32"), len(COUNTS))
    nats = -ops.sum(wanted * ops.log_softmax(said[:, 0, 1:], axis=-1), axis=-1)
    return bars + COUNT * ops.sum(nats * counted) / (ops.sum(counted) + 1.0)


def held_out(model: keras.Model, held: Sequence[Example]) -> tuple[float, float]:
    """(loss, share of beats that are rightly said to begin a bar or not)."""
    losses, right = [], []
    for first in range(0, len(held), CHECKED):
        shown, targets = batch(held[first : first + CHECKED])
        said = model(shown, training=False)
        losses.append(float(ops.convert_to_numpy(loss(ops.convert_to_tensor(targets), said))))
        known = targets[:, :, 0] >= 0
        begins = ops.convert_to_numpy(said)[:, :, 0] > 0
        right.append(begins[known] == (targets[:, :, 0] > 0)[known])
    return float(np.mean(losses)), float(np.concatenate(right).mean())


def train(
    training: Sequence[Example], held: Sequence[Example], out: Path, *, minutes: float,
    steps: int = 10**7, check_every: int = 300, width: int = WIDTH, dropout: float = 0.4,
    peak: float = 2e-3, size: int = BATCH, seed: int = 0,
) -> float:  # fmt: skip
    """AdamW until the minutes or the steps are over, at a rate that falls as a cosine to nothing.

    The least validation loss, of which the averaged weights are kept.
    """
    out.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(seed)
    model = build(width=width, dropout=dropout)
    model.compile(keras.optimizers.AdamW(peak, weight_decay=2e-2, clipnorm=1.0), loss)
    average, rng = Average(model), np.random.default_rng(seed)
    columns = ("step", "minutes", "train_loss", "validation_loss", "right_beats")
    history = History(out / "history.csv", columns)
    began, losses, best, right = time.monotonic(), [], np.inf, 0.0
    for step in range(1, steps + 1):
        spent = (time.monotonic() - began) / 60
        done = min(max(spent / minutes, step / steps), 1.0)
        model.optimizer.learning_rate.assign(cosine_rate(peak, step, _WARM_STEPS, done))
        some = [training[at] for at in rng.integers(len(training), size=size)]
        losses.append(float(model.train_on_batch(*batch(some))))
        average.update(step)
        if step % check_every == 0 or done >= 1.0:
            with average.applied():
                reached, beats = held_out(model, held)
                if reached < best:
                    best, right = reached, beats
                    save_weights(model, out / "best.weights.h5", half=True)
            history.add(step, spent, float(np.mean(losses)), reached, beats)
            losses = []
        if done >= 1.0:
            break
    known = np.concatenate([one.begins for one in held])
    headline = {
        "metric": "right_beats", "value": round(right, 3), "baseline": "no beat begins a bar",
        "baseline_value": round(float((known[known >= 0] == 0).mean()), 3),
    }  # fmt: skip
    (out / "headline.json").write_text(json.dumps(headline) + "\n", encoding="utf-8")
    return best


def main() -> None:
    """Parse, read, train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=Path, default=Path("runs/bars"))
    parser.add_argument("--out", type=Path, default=Path("runs/bars"))
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    training, held = (read(args.examples / f"{split}.npz") for split in ("train", "valid"))
    train(training, held, args.out, minutes=args.minutes, seed=args.seed)


if __name__ == "__main__":
    main()
