"""Train `spectral`'s network: mix six past moments, band by band, into the frame that comes.

    python -m training.spectral --corpus runs/corpus --out runs/spectral --minutes 20

--structure: weights of `structure`'s network, which chooses the six; it is not trained further.
Windows of 20 s (some shorter) and the 10 s after them. Validation is on the audio validation split:
mean absolute difference of log-mel frames, dB, beside that of copying the first of the six. Writes
weights, `history.csv` and `headline.json`.
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

import keras
import numpy as np
from keras import ops

from core.extrapolation import structure_model
from core.extrapolation.candidates import (
    CANDIDATES,
    FRAMES,
    SECOND,
    short_list,
    source_frames,
)
from core.extrapolation.painting import BANDS, GROUPS, LEVEL, painter_input
from core.extrapolation.self_similarity import (
    CHOICE_STEPS,
    DB_PER_UNIT,
    FUTURE,
    PAST,
    STEP,
    chosen_lags,
    network_input,
)
from core.extrapolation.spectral_model import build
from training.averaging import Average
from training.corpus import Piece, pieces
from training.history import History
from training.lag_windows import prefetched, tables
from training.saving import save_weights
from training.schedule import cosine_rate

Array = np.ndarray[Any, Any]

BATCH = 8
CHECK_EVERY = 200
DETAIL = 0.3
"""Weight of the second part of the loss: how lively each band is in each second."""


@dataclass(frozen=True)
class Window:
    """One training example: a stretch of a piece, and what `structure`'s network chose from it.

    log_mel: float16 [frames, 80] of the whole piece, units of 20 dB. start, now: frames.
    """

    log_mel: Array
    start: int
    now: int
    sources: Array
    costs: Array

    def arrays(self) -> tuple[Array, Array]:
        """(input [FRAMES, ...], target [FRAMES, 80])."""
        history = self.log_mel[self.start : self.now].astype(np.float32)
        target = self.log_mel[self.now : self.now + FRAMES].astype(np.float32)
        return painter_input(history, self.sources, self.costs), target


def windows(piece: Piece, network: keras.Model, starts: Sequence[int], past: int) -> list[Window]:
    """The windows of `past` steps that begin at `starts` (steps), those that fit."""
    log_mel, _, _ = piece.load()
    levels = np.ascontiguousarray(log_mel.T / DB_PER_UNIT).astype(np.float16)
    made = tables([piece])
    if not made:
        return []
    table, out = made[0], []
    kept = [s for s in starts if s + past + FUTURE <= table.shape[1]]
    inputs, lags = [], []
    for start in kept:
        now = start + past
        groups = min(past, table.shape[0] // STEP)
        recent = table[: groups * STEP, max(now - CHOICE_STEPS, start) : now]
        lags.append(chosen_lags(recent, past * STEP))
        held = np.zeros((groups, PAST, table.shape[2]), np.float32)
        held[:, -min(past, PAST) :] = table[lags[-1], max(now - PAST, start) : now]
        inputs.append(network_input(held, lags[-1], past * STEP))
    if not inputs:
        return []
    said = ops.convert_to_numpy(network(np.stack(inputs), training=False))
    for start, own_lags, own_said in zip(kept, lags, said, strict=True):
        chosen, costs = short_list(own_said, own_lags, past * STEP)
        sources = source_frames(chosen, past * STEP).astype(np.int16)
        out.append(Window(levels, start * STEP, (start + past) * STEP, sources, costs))
    return out


def gathered(
    found: Sequence[Piece], network: keras.Model, per_piece: int, seed: int
) -> list[Window]:
    """Random windows of each piece, a fifth of them shorter than 20 s."""
    rng = np.random.default_rng(seed)
    out = []
    for piece in found:
        past = PAST if rng.random() < 0.8 else int(rng.integers(54, PAST))
        starts = sorted({int(s) for s in rng.integers(0, 12 * PAST // 5, 3 * per_piece)})
        rng.shuffle(starts)
        out += windows(piece, network, starts[:per_piece], past)
    return out


class Batches:
    """Random batches of the windows."""

    def __init__(self, found: Sequence[Window], seed: int) -> None:
        self.found, self.seed = found, seed

    def batch(self, index: int) -> tuple[Array, Array]:
        """Batch `index`; every window a little louder or softer, its input and target alike."""
        rng = np.random.default_rng([self.seed, index])
        picked = [self.found[i].arrays() for i in rng.integers(len(self.found), size=BATCH)]
        inputs, targets = (np.stack(part) for part in zip(*picked, strict=True))
        gain = rng.normal(0.0, 0.15, (BATCH, 1, 1)).astype(np.float32)
        levels = CANDIDATES * BANDS + 2 * BANDS
        inputs[..., :levels] += gain
        return inputs, targets + gain


def mixture(said: Any, inputs: Any) -> Any:
    """The log-mel frames that the network's answer stands for: [batch, FRAMES, 80]."""
    shares = ops.reshape(said[..., : CANDIDATES * GROUPS], (-1, FRAMES, CANDIDATES, GROUPS))
    heard = ops.reshape(inputs[..., : CANDIDATES * BANDS], (-1, FRAMES, CANDIDATES, BANDS)) - LEVEL
    spread = ops.repeat(shares, BANDS // GROUPS, axis=3)
    return ops.sum(spread * heard, axis=2) + said[..., CANDIDATES * GROUPS :]


def liveliness(log_mel: Any) -> Any:
    """Mean absolute change from frame to frame, by band and second: [batch, 10, 80]."""
    change = ops.abs(log_mel[:, 1:] - log_mel[:, :-1])
    change = ops.pad(change, [[0, 0], [1, 0], [0, 0]])
    seconds = FUTURE // SECOND
    return ops.mean(ops.reshape(change, (-1, seconds, FRAMES // seconds, BANDS)), axis=2)


class Trainee(keras.Model):  # type: ignore[misc]
    """The painter, answering with the frames themselves, so that a plain loss can judge them."""

    def __init__(self, painter: keras.Model) -> None:
        super().__init__()
        self.painter = painter

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        return mixture(self.painter(inputs, training=training), inputs)


def loss(target: Any, log_mel: Any) -> Any:
    """Mean absolute difference, and that of the liveliness."""
    apart = ops.mean(ops.abs(target - log_mel))
    return apart + DETAIL * ops.mean(ops.abs(liveliness(target) - liveliness(log_mel)))


def measured(trainee: keras.Model, inputs: Array, targets: Array) -> float:
    """Mean absolute difference, dB."""
    said = [
        ops.convert_to_numpy(trainee(inputs[i : i + 8], training=False))
        for i in range(0, len(inputs), 8)
    ]
    return float(np.abs(np.concatenate(said) - targets).mean()) * DB_PER_UNIT


def train(
    found: Sequence[Window],
    valid: Sequence[Window],
    out: Path,
    *,
    minutes: float,
    steps: int = 10**6,
    check_every: int = CHECK_EVERY,
    config: dict[str, Any] | None = None,
    peak: float = 1e-3,
    seed: int = 0,
    begin: Path | None = None,
) -> keras.Model:
    """Fit until the minutes or the steps are over; writes into `out`, returns the painter.

    begin: weights to begin with.
    """
    out.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(seed)
    trainee = Trainee(build(**(config or {})))
    if begin is not None:
        trainee.painter.load_weights(begin)
    trainee.compile(keras.optimizers.AdamW(peak, weight_decay=1e-2, clipnorm=1.0), loss)
    average = Average(trainee)
    inputs, targets = (np.stack(part) for part in zip(*(w.arrays() for w in valid), strict=True))
    first = inputs[..., :BANDS] - LEVEL
    copied = float(np.abs(first - targets).mean()) * DB_PER_UNIT
    start, best, losses = time.monotonic(), np.inf, []
    history = History(
        out / "history.csv", ("step", "train_loss", "validation_db", "copy_db", "elapsed_s")
    )
    for step, (x, y) in enumerate(prefetched(Batches(found, seed), steps), start=1):
        done = min((time.monotonic() - start) / (minutes * 60), 1.0)
        trainee.optimizer.learning_rate.assign(cosine_rate(peak, step, 100, done))
        losses.append(float(trainee.train_on_batch(x, y)))
        average.update(step)
        last = done >= 1.0 or step == steps
        if step % check_every == 0 or last:
            with average.applied():
                reached = measured(trainee, inputs, targets)
                save_weights(trainee.painter, out / "last.weights.h5", half=True)
                if reached < best:
                    best = reached
                    save_weights(trainee.painter, out / "best.weights.h5", half=True)
            history.add(step, float(np.mean(losses)), reached, copied, time.monotonic() - start)
            losses = []
        if last:
            break
    headline = {
        "metric": "validation_log_mel_db", "value": round(best, 3),
        "baseline": "copying the first candidate", "baseline_value": round(copied, 3),
    }  # fmt: skip
    (out / "headline.json").write_text(json.dumps(headline) + "\n")
    return trainee.painter


def main() -> None:
    """Parse, choose, train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, default=Path("runs/corpus"))
    parser.add_argument("--structure", type=Path, default=Path("weights/structure.weights.h5"))
    parser.add_argument("--out", type=Path, default=Path("runs/spectral"))
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--peak", type=float, default=1e-3)
    parser.add_argument("--begin", type=Path, help="weights to begin with")
    parser.add_argument("--per-piece", type=int, default=6)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--limit", type=int, help="pieces per set, for a quick try")
    args = parser.parse_args()
    network = structure_model.build()
    network.load_weights(args.structure)
    midi = pieces(args.corpus, "train", ("midi_multitrack",))[: args.limit]
    audio = pieces(args.corpus, "train")[: args.limit]
    found = gathered(audio + midi, network, args.per_piece, args.seed)
    valid = [
        window
        for piece in pieces(args.corpus, "valid")[: args.limit]
        for window in windows(piece, network, (0, 107), PAST)
    ]
    print("windows:", len(found), len(valid), flush=True)
    train(
        found, valid, args.out, minutes=args.minutes, peak=args.peak, seed=args.seed,
        begin=args.begin,
    )  # fmt: skip


if __name__ == "__main__":
    main()
