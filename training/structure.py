"""Train `structure`'s network: how well each past moment will serve as a source of what comes.

    python -m training.structure --corpus runs/corpus --out runs/structure --minutes 60

No labels: the true continuation says how far every source was from it. --corpus is what
training.corpus wrote. Validation is on the audio validation split, 20 s windows: the log-mel
distance, in dB, of a path chosen by what the network predicts (a new source each second, none of
the rendering), beside the best rule's and that of a path chosen with knowledge of the answer.
Writes checkpoints, the best and the last weights, `history.csv` and `headline.json`.
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

from core.extrapolation.self_similarity import (
    DB_PER_UNIT,
    FUTURE,
    POSITIONS,
    RANGES,
    SEEN,
)
from core.extrapolation.structure_model import build
from training.averaging import Average
from training.corpus import pieces
from training.history import History
from training.lag_windows import Windows, prefetched, tables, validation_windows
from training.saving import save_weights
from training.schedule import cosine_rate

Array = np.ndarray[Any, Any]

SECOND = 11
"""Frames in about a second: ten of them are the future."""
SHARPNESS = 30.0
JUMP = 0.05
CHECK_EVERY = 250


def loss(target: Any, predicted: Any) -> Any:
    """Squared error, both centred over the lags, and the expected distance of a soft choice.

    The second part is what matters in use: of each second, sources are drawn with probability
    softmax(-SHARPNESS * predicted distance); it is the mean true distance of those drawn.
    """
    known = ops.cast(target >= 0, "float32")
    count = ops.sum(known, axis=1, keepdims=True) + 1e-6
    true = target - ops.sum(target * known, axis=1, keepdims=True) / count
    said = predicted - ops.sum(predicted * known, axis=1, keepdims=True) / count
    squared = ops.sum(ops.square(true - said) * known) / (ops.sum(known) + 1e-6)
    shape = (-1, ops.shape(target)[1], FUTURE // SECOND, SECOND)
    whole = ops.min(ops.reshape(known, shape), axis=-1)
    true_s = ops.mean(ops.reshape(true, shape), axis=-1)
    said_s = ops.mean(ops.reshape(said, shape), axis=-1)
    chance = ops.softmax(ops.where(whole > 0, -SHARPNESS * said_s, -1e9), axis=1)
    drawn = ops.sum(chance * true_s * whole, axis=1)
    return 10.0 * squared + ops.mean(drawn)


def by_second(values: Array, known: Array) -> Array:
    """[windows, lags, FUTURE] -> [windows, lags, 10], 1000 where a lag cannot fill the second."""
    shape = (*values.shape[:2], FUTURE // SECOND, SECOND)
    whole = known.reshape(shape).all(axis=3)
    return np.where(whole, values.reshape(shape).mean(axis=3), 1e3)


def path_distance(chosen_by: Array, true: Array) -> float:
    """Mean true distance, dB, of the best path by `chosen_by`; both [windows, lags, seconds]."""
    found = []
    for scores, answer in zip(chosen_by, true, strict=True):
        total, back = scores[:, 0].copy(), []
        for second in range(1, scores.shape[1]):
            best = int(total.argmin())
            stays = total <= total[best] + JUMP
            back.append(np.where(stays, np.arange(len(total)), best))
            total = np.minimum(total, total[best] + JUMP) + scores[:, second]
        lag = int(total.argmin())
        lags = [lag]
        for came in back[::-1]:
            lag = int(came[lag])
            lags.append(lag)
        found.append(np.mean([answer[at, s] for s, at in enumerate(lags[::-1])]))
    return float(np.mean(found)) * DB_PER_UNIT


class Check:
    """Validation windows, and the best path that the network finds in them."""

    def __init__(self, windows: list[tuple[Array, Array]]) -> None:
        self.inputs = np.stack([x for x, _ in windows])
        target = np.stack([y for _, y in windows])
        self.known = target >= 0
        self.true = by_second(target, self.known)
        self.oracle = path_distance(self.true, self.true)
        self.rule = path_distance(self._rule(), self.true)

    def _rule(self) -> Array:
        """The mean distance over the last 2 s at each lag, for every second alike."""
        past = self.inputs[..., :-POSITIONS].reshape(*self.inputs.shape[:2], SEEN, -1)
        recent = past[:, :, : 2 * SECOND].mean(axis=2)  # the pyramid begins with the last 2 s
        score = recent[..., :RANGES].mean(axis=2) + 0.15 * recent[..., 4] + 0.1 * recent[..., 5]
        return np.where(self.true < 500, score[..., None], 1e3)

    def reached(self, model: keras.Model) -> float:
        """The path's mean distance, dB."""
        parts = [self.inputs[i : i + 15] for i in range(0, len(self.inputs), 15)]
        said = np.concatenate([ops.convert_to_numpy(model(part, training=False)) for part in parts])
        scores = np.where(self.true < 500, by_second(said, self.known), 1e3)
        return path_distance(scores, self.true)


def train(
    sets: Sequence[list[Array]],
    out: Path,
    *,
    minutes: float,
    steps: int = 10**9,
    check_every: int = CHECK_EVERY,
    config: dict[str, Any] | None = None,
    resume: Path | None = None,
    peak: float = 1e-3,
    seed: int = 0,
) -> keras.Model:
    """Fit on (audio, extra, validation) tables until the minutes or the steps are over.

    Writes into `out`, see the module; returns the model with the last step's weights.
    """
    out.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(seed)
    model = build(**(config or {}))
    if resume:
        model.load_weights(resume)
    model.compile(keras.optimizers.AdamW(peak, weight_decay=1e-2, clipnorm=1.0), loss)
    average, check = Average(model), Check(validation_windows(sets[2]))
    start, best, losses = time.monotonic(), np.inf, []
    history = History(
        out / "history.csv",
        ("step", "train_loss", "validation_path_db", "rule_path_db", "answer_path_db", "elapsed_s"),
    )
    windows = Windows(sets[0], sets[1], seed)
    for step, (inputs, target) in enumerate(prefetched(windows, min(steps, 10**6)), start=1):
        done = min((time.monotonic() - start) / (minutes * 60), 1.0)
        model.optimizer.learning_rate.assign(cosine_rate(peak, step, 100, done))
        losses.append(float(model.train_on_batch(inputs, target)))
        average.update(step)
        last = done >= 1.0 or step == steps
        if step % check_every == 0 or last:
            with average.applied():
                reached = check.reached(model)
                save_weights(model, out / "last.weights.h5", half=True)
                if reached < best:
                    best = reached
                    save_weights(model, out / "best.weights.h5", half=True)
            elapsed = time.monotonic() - start
            history.add(step, float(np.mean(losses)), reached, check.rule, check.oracle, elapsed)
            losses = []
        if last:
            break
    headline = {
        "metric": "validation_path_db", "value": round(best, 3),
        "baseline": "rule", "baseline_value": round(check.rule, 3),
    }  # fmt: skip
    (out / "headline.json").write_text(json.dumps(headline) + "\n")
    return model


def main() -> None:
    """Parse, load, train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, default=Path("runs/corpus"))
    parser.add_argument("--out", type=Path, default=Path("runs/structure"))
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--resume", type=Path, help="weights to go on from")
    parser.add_argument("--peak", type=float, default=1e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--limit", type=int, help="pieces per set, for a quick try")
    args = parser.parse_args()
    midi = pieces(args.corpus, "train", ("midi_multitrack", "midi_arranged"))
    sets = [
        tables(found[: args.limit])
        for found in (pieces(args.corpus, "train"), midi, pieces(args.corpus, "valid"))
    ]
    print("pieces:", [len(s) for s in sets], flush=True)
    train(sets, args.out, minutes=args.minutes, resume=args.resume, peak=args.peak, seed=args.seed)


if __name__ == "__main__":
    main()
