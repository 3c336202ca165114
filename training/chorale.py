"""Train `chorale`'s network on Bach's chorales, the standard split, every sixteenth a frame.

    python -m training.chorale --data DIR --out runs/chorale-1 --minutes 30
    python -m training.chorale --data DIR --out runs/chorale --join runs/chorale-1 runs/chorale-2

Each epoch every training piece is moved to a random key in which its voices stay within the ranges
that the training set has, and the pieces are laid end to end. For some of them the network is told
where the bar lines are, and how much is left, so that the app may say so; validation never says.
Weights are averaged over the last steps. Writes weights, `config.json` and `history.csv`. The
second form joins the networks of several runs into the one that ships, which averages what they
say; it writes weights, and `headline.json` with its figure on the validation split.
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

from core.composition.chorale_frames import (
    FEATURES,
    LEFT_AT,
    METRE_AT,
    VOICES,
    encoded,
    left_code,
    metre_code,
    packed,
    table,
    transposed,
)
from core.composition.chorale_likelihood import nats, of_rows, rows_of
from core.composition.chorale_model import build
from training.history import History
from training.saving import save_weights
from training.schedule import cosine_rate

Array = np.ndarray[Any, Any]

BATCH, FRAMES = 16, 240
CHECK_EVERY = 200
FURTHEST = 6
"""Semitones a piece is moved at most."""
TOLD = 0.15
"""Share of pieces whose bar lines are told, and of those whose end is."""
AVERAGE_EVERY, AVERAGING = 5, 0.96
"""Steps from one set of weights to the next in the mean, and what the mean keeps at each."""
WARM_UP = 100
MEMBER = {"absolute": [False], "units": [256], "depth": [24], "width": [256]}
"""The default network of a run."""


def chorales(data: Path, split: str) -> list[Array]:
    """The split's pieces as frames, [frames, 4] each; rests are 0."""
    with np.load(
        data / "jsb_chorales" / "Jsb16thSeparated.npz", allow_pickle=True, encoding="latin1"
    ) as file:
        return [encoded(piece) for piece in file[split]]


def bar_lines(frames: Array) -> tuple[int, int]:
    """(beats in a bar, sixteenths before the first bar line), guessed: nobody wrote them down.

    Long notes begin on strong beats, and the last chord on one of the strongest.
    """
    onset = np.ones_like(frames, dtype=bool)
    onset[1:] = frames[1:] != frames[:-1]
    weight = np.zeros(len(frames))
    for voice in range(VOICES):
        starts = np.flatnonzero(onset[:, voice])
        lengths = np.diff(np.append(starts, len(frames)))
        weight[starts] += np.minimum(lengths, 16) - 4.0
    weight[np.flatnonzero(onset.any(axis=1))[-1]] += 0.25 * len(frames) / 16
    found = {}
    for beats in (4, 3):
        bar = 4 * beats
        for upbeat in range(0, 12, 4):  # no chorale begins with an upbeat of three beats
            strong = weight[upbeat::bar].sum()
            if beats == 4:
                strong += 0.5 * weight[(upbeat + 8) % 16 :: bar].sum()
            found[beats, upbeat] = strong / len(frames) * bar
    return max(found, key=lambda k: found[k] * (0.8 if k[0] == 3 else 1.0))


class Corpus:
    """The training pieces with their tables; `epoch` lays them end to end."""

    def __init__(self, pieces: list[Array]) -> None:
        self.pieces = pieces
        self.tables = [table(piece) for piece in pieces]
        self.bars = [bar_lines(piece) for piece in pieces]
        sung = [np.concatenate([p[p[:, v] > 0, v] for p in pieces]) for v in range(VOICES)]
        self.ranges = [(int(s.min()), int(s.max())) for s in sung]

    def moves(self, piece: Array) -> tuple[int, int]:
        """The lowest and highest transposition that keeps all voices within the ranges."""
        low, high = -FURTHEST, FURTHEST
        for voice, (lowest, highest) in enumerate(self.ranges):
            notes = piece[piece[:, voice] > 0, voice]
            if len(notes):
                low = max(low, lowest - int(notes.min()))
                high = min(high, highest - int(notes.max()))
        return min(low, 0), max(high, 0)

    def epoch(self, rng: np.random.Generator) -> Array:
        """[rows, FRAMES, FEATURES + 5]: what the network takes, in random order and keys."""
        rows = []
        for index in rng.permutation(len(self.pieces)):
            piece = self.pieces[index]
            low, high = self.moves(piece)
            past, frames = transposed(
                self.tables[index], piece, int(rng.integers(low, high, endpoint=True))
            )
            length = len(piece)
            if rng.random() < TOLD:
                past[:, LEFT_AT] = [left_code(length - t) for t in range(length)]
            if rng.random() < TOLD:
                beats, upbeat = self.bars[index]
                past[:, METRE_AT] = [metre_code(t - upbeat, beats) for t in range(length)]
            rows.append(packed(past, frames))
        stream = np.concatenate(rows)
        stream = np.roll(stream, -int(rng.integers(FRAMES)), axis=0)
        whole = len(stream) // FRAMES
        stream = stream[: whole * FRAMES].reshape(whole, FRAMES, -1)
        return stream[rng.permutation(whole)]


def loss(frames: Any, said: Any) -> Any:
    """Mean negative log-probability of the frames' notes, nats."""
    notes = ops.cast(frames, "int32")[..., None]
    return -ops.mean(ops.take_along_axis(said, notes, axis=-1))


def train(
    pieces: list[Array],
    valid: list[Array],
    out: Path,
    *,
    minutes: float,
    steps: int = 10**6,
    check_every: int = CHECK_EVERY,
    config: dict[str, Any] | None = None,
    peak: float = 2e-3,
    decay: float = 0.02,
    batch: int = BATCH,
    seed: int = 0,
    eager: bool = False,
) -> keras.Model:
    """Fit until the minutes or the steps are over; writes into `out`, returns the network.

    eager: compile nothing, which is quicker for a step or two.
    """
    out.mkdir(parents=True, exist_ok=True)
    (out / "config.json").write_text(json.dumps(MEMBER | (config or {})) + "\n")
    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    model, averaged = build(**(config or {})), build(**(config or {}))
    optimizer = keras.optimizers.AdamW(peak, weight_decay=decay, clipnorm=1.0)
    model.compile(optimizer, loss, run_eagerly=eager)
    averaged.compile(run_eagerly=eager)
    corpus = Corpus(pieces)
    prepared = (*rows_of(valid), [len(piece) for piece in valid])
    history = History(
        out / "history.csv", ("step", "epoch", "train_nats", "validation_nats", "elapsed_s")
    )
    mean: list[Array] = []
    start, best, losses, step, epoch, done = time.monotonic(), np.inf, [], 0, 0, 0.0
    rows = corpus.epoch(rng)
    while done < 1.0:
        if len(rows) < batch:
            rows, epoch = np.concatenate([rows, corpus.epoch(rng)]), epoch + 1
        part, rows = rows[:batch], rows[batch:]
        step += 1
        spent = 0.0 if step == 1 else (time.monotonic() - start) / (minutes * 60)
        done = min(max(spent, step / steps), 1.0)
        rate = cosine_rate(peak, step, WARM_UP, done)
        model.optimizer.learning_rate.assign(max(rate, 1e-5))
        losses.append(float(model.train_on_batch(part, part[..., FEATURES + 1 :])))
        if step == 1:
            start = time.monotonic()  # without the compilation
        if step % AVERAGE_EVERY == 0 or not mean:
            now = model.get_weights()
            keep = AVERAGING if step > WARM_UP else 0.0
            mean = [keep * a + (1 - keep) * b for a, b in zip(mean or now, now, strict=True)]
        if step % check_every == 0 or done >= 1.0:
            averaged.set_weights(mean)
            missed = of_rows(averaged.predict_on_batch, *prepared)
            reached = float(np.concatenate(missed).mean())
            save_weights(averaged, out / "last.weights.h5", half=True)
            if reached < best:
                best = reached
                save_weights(averaged, out / "best.weights.h5", half=True)
            history.add(step, epoch, np.mean(losses), reached, time.monotonic() - start)
            losses = []
    return averaged


def join(runs: Sequence[Path], valid: list[Array], out: Path, **config: Any) -> keras.Model:
    """The networks of several runs as one; writes into `out`.

    config: what else `chorale_model.build` takes (shifts, temperature). The entry in
    training/entries must have the same configuration as `config.json`, written here.
    """
    out.mkdir(parents=True, exist_ok=True)
    parts = [json.loads((run / "config.json").read_text()) for run in runs]
    whole = {name: [value for part in parts for value in part[name]] for name in MEMBER} | config
    model = build(**whole)
    for member, part, run in zip(model.members, parts, runs, strict=True):
        single = build(**part)
        single.load_weights(run / "best.weights.h5")
        member.set_weights(single.get_weights())
    save_weights(model, out / "best.weights.h5", half=True)
    (out / "config.json").write_text(json.dumps(whole) + "\n")
    missed = nats(model.predict_on_batch, valid)
    headline = {
        "metric": "validation_nats_per_voice_token",
        "value": round(float(np.concatenate(missed).mean()), 4),
    }
    (out / "headline.json").write_text(json.dumps(headline) + "\n")
    print(headline, flush=True)
    return model


def main() -> None:
    """Parse, read, train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("runs/chorale"))
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--peak", type=float, default=2e-3)
    parser.add_argument("--decay", type=float, default=0.02, help="of the weights (AdamW)")
    parser.add_argument("--batch", type=int, default=BATCH)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--config", type=json.loads, default={}, help="of the network (JSON)")
    parser.add_argument("--join", type=Path, nargs="+", help="folders of runs; no training")
    args = parser.parse_args()
    valid = chorales(args.data, "valid")
    if args.join:
        join(args.join, valid, args.out, **args.config)
        return
    train(
        chorales(args.data, "train"),
        valid,
        args.out,
        minutes=args.minutes,
        config=args.config,
        peak=args.peak,
        decay=args.decay,
        batch=args.batch,
        seed=args.seed,
    )


if __name__ == "__main__":
    main()
