"""Train the beats network: where in the beat each moment of a solo lies.

    python -m training.beats --examples runs/beats --out runs/beats --minutes 20

--examples is what training.beats_examples wrote. Validation is cross-entropy and accuracy on the
validation split. Writes the best and the last weights, `history.csv` and `headline.json`.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np

from core.hearing.beats_model import build
from core.hearing.pulse import PRIOR
from training.averaging import Average
from training.history import History
from training.saving import save_weights

BATCH = 1024
CHECK_EVERY, CHECK_ROWS = 150, 24 * BATCH


def train(
    examples: Path,
    out: Path,
    *,
    minutes: float,
    steps: int,
    check_every: int = CHECK_EVERY,
    config: dict[str, Any] | None = None,
    peak: float = 3e-3,
    seed: int = 0,
) -> keras.Model:
    """Fit until the minutes or the steps are over; writes into `out`, see the module."""
    out.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    with np.load(examples / "train.npz") as stored:
        shown, named = stored["shown"], stored["named"].astype(np.int32)
    with np.load(examples / "valid.npz") as stored:
        rows = rng.permutation(len(stored["named"]))[:CHECK_ROWS]
        rows = rows[: max(len(rows) // BATCH, 1) * BATCH]
        held = stored["shown"][rows].astype(np.float32), stored["named"][rows].astype(np.int32)
    model = build(moments=BATCH, **(config or {}))
    model.compile(
        keras.optimizers.AdamW(peak, weight_decay=2e-3, clipnorm=5.0),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["sparse_categorical_accuracy"],
    )
    average = Average(model, decay=0.99)
    history = History(
        out / "history.csv",
        ("step", "train_loss", "validation_loss", "validation_accuracy", "elapsed_s"),
    )
    prior_nats = float(-np.log(np.array(PRIOR))[held[1]].mean())
    start, best, losses, order = time.monotonic(), np.inf, [], np.zeros(0, np.int64)
    for step in range(1, steps + 1):
        if len(order) < BATCH:
            order = rng.permutation(len(named))
        picked, order = order[:BATCH], order[BATCH:]
        done = max(min((time.monotonic() - start) / (minutes * 60), 1.0), step / steps)
        rate = peak * min(1.0, step / 50) * (0.5 + 0.5 * np.cos(np.pi * done))
        model.optimizer.learning_rate.assign(max(rate, 1e-6))
        x = np.resize(shown[picked], (BATCH, shown.shape[1])).astype(np.float32)
        y = np.resize(named[picked], BATCH)
        losses.append(float(model.train_on_batch(x, y)[0]))
        average.update(step)
        last = done >= 1.0
        if step % check_every == 0 or last:
            with average.applied():
                nats, right = model.evaluate(*held, batch_size=BATCH, verbose=0)
                save_weights(model, out / "last.weights.h5", half=True)
                if nats < best:
                    best = float(nats)
                    save_weights(model, out / "best.weights.h5", half=True)
            history.add(step, float(np.mean(losses)), nats, right, time.monotonic() - start)
            losses = []
        if last:
            break
    headline = {
        "metric": "validation_loss", "value": round(best, 3),
        "baseline": "shares of places", "baseline_value": round(prior_nats, 3),
    }  # fmt: skip
    (out / "headline.json").write_text(json.dumps(headline) + "\n")
    return model


def main() -> None:
    """Parse, then train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=Path, default=Path("runs/beats"))
    parser.add_argument("--out", type=Path, default=Path("runs/beats"))
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--steps", type=int, default=2400)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    train(args.examples, args.out, minutes=args.minutes, steps=args.steps, seed=args.seed)


if __name__ == "__main__":
    main()
