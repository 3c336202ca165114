"""Train the notes network: whether a note begins and sounds at a place in a solo's picture.

    python -m training.transcription --examples runs/transcription --out runs/notes --minutes 45

--examples holds the shards that training.transcription_windows wrote. Validation is the loss on
the validation split's. Writes the best and the last weights, `history.csv` and `headline.json`.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
from keras import ops

from core.hearing.notes import FINE, ONSET, OUTPUTS
from core.hearing.notes_model import build
from training.averaging import Average
from training.history import History
from training.saving import save_weights
from training.transcription_windows import Shard

BATCH = 1024
CHECK_EVERY, CHECK_BATCHES = 100, 24
ONSET_WEIGHT, FINE_WEIGHT = 3.0, 0.3


def loss(target: Any, logits: Any) -> Any:
    """Cross-entropy of every output, summed; mean over places."""
    each = ops.relu(logits) - logits * target + ops.log1p(ops.exp(-ops.abs(logits)))
    weights = np.ones(OUTPUTS, np.float32)
    weights[ONSET], weights[FINE] = ONSET_WEIGHT, FINE_WEIGHT
    return ops.sum(each * weights, axis=-1)


def endless(folder: Path, seed: int) -> Iterator[tuple[Any, Any, Any]]:
    """Batches of all shards, those that come meanwhile too, each as often as the others."""
    rng = np.random.default_rng(seed)
    used: Counter[Path] = Counter()
    while True:
        files = sorted(folder.glob("shard-*-features.npy"))
        least = min(used[file] for file in files)
        file = files[int(rng.choice([at for at, f in enumerate(files) if used[f] == least]))]
        used[file] += 1
        yield from Shard(file).batches(BATCH)


def train(
    examples: Path,
    out: Path,
    *,
    minutes: float,
    steps: int,
    check_every: int = CHECK_EVERY,
    config: dict[str, Any] | None = None,
    resume: Path | None = None,
    peak: float = 2e-3,
    seed: int = 0,
) -> keras.Model:
    """Fit until the minutes or the steps are over; writes into `out`, see the module."""
    out.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(seed)
    model = build(places=BATCH, **(config or {}))
    if resume:
        model.load_weights(resume)
    model.compile(keras.optimizers.AdamW(peak, weight_decay=1e-3, clipnorm=5.0), loss)
    held = list(islice(endless(examples / "valid", 0), CHECK_BATCHES))
    average = Average(model, decay=0.99)
    history = History(out / "history.csv", ("step", "train_loss", "validation_loss", "elapsed_s"))
    start, best, losses = time.monotonic(), np.inf, []
    for step, batch in enumerate(islice(endless(examples / "train", seed), steps), start=1):
        done = max(min((time.monotonic() - start) / (minutes * 60), 1.0), step / steps)
        rate = peak * min(1.0, step / 50) * (0.5 + 0.5 * np.cos(np.pi * done))
        model.optimizer.learning_rate.assign(max(rate, 1e-6))
        losses.append(float(model.train_on_batch(*batch)))
        average.update(step)
        last = done >= 1.0
        if step % check_every == 0 or last:
            with average.applied():
                reached = float(np.mean([model.test_on_batch(*each) for each in held]))
                save_weights(model, out / "last.weights.h5", half=True)
                if reached < best:
                    best = reached
                    save_weights(model, out / "best.weights.h5", half=True)
            history.add(step, float(np.mean(losses)), reached, time.monotonic() - start)
            losses = []
        if last:
            break
    headline = {"metric": "validation_loss", "value": round(best, 3)}
    (out / "headline.json").write_text(json.dumps(headline) + "\n")
    return model


def main() -> None:
    """Parse, then train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=Path, default=Path("runs/transcription"))
    parser.add_argument("--out", type=Path, default=Path("runs/notes"))
    parser.add_argument("--minutes", type=float, default=45.0)
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--resume", type=Path, help="weights to go on from")
    parser.add_argument("--peak", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    train(
        args.examples, args.out, minutes=args.minutes, steps=args.steps, resume=args.resume,
        peak=args.peak, seed=args.seed,
    )  # fmt: skip


if __name__ == "__main__":
    main()
