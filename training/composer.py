"""Train `composer`'s network on the events of training.composer_corpus.

    python -m training.composer --corpus FILE --out runs/composer --minutes 80 [--network lstm]

Each example is a window of a piece that begins at a bar line. In half of them nothing is given; in
the others some tracks, some bars or both stand fixed, as when a visitor redraws the rest. What is
known of the piece (genre, tempo, density, instruments, where it ends) is hidden at random, so that
every control may be left open. Validation is the nats of a note on the validation split, with
nothing given and nothing known but the metre. Writes checkpoints, the averaged weights,
`history.csv` and `headline.json`; a run that was stopped goes on from its checkpoint with --resume.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
from keras import ops

from core.composition.composer_model import build
from core.composition.tokens import BAR_LINE, OFFSETS, SIZES, TIME
from training import composer_lstm
from training.composer_corpus import Piece, load
from training.composer_examples import Examples, validation
from training.history import History
from training.saving import save_weights

Array = np.ndarray[Any, Any]

LENGTH, BATCH = 256, 12
CHECK_EVERY = 250
WARM_UP = 200


def loss(target: Any, logits: Any) -> Any:
    """Nats a note. target [batch, events, 10]: the five fields, then their weights."""
    total = 0.0
    for field, (offset, size) in enumerate(zip(OFFSETS, SIZES, strict=True)):
        said = ops.log_softmax(logits[..., offset : offset + size], axis=-1)
        true = ops.one_hot(ops.cast(target[..., field], "int32"), size)
        total = total - ops.sum(ops.sum(said * true, -1) * target[..., len(SIZES) + field])
    return total / (ops.sum(target[..., -1]) + 1e-6)


def nats(model: keras.Model, inputs: Array, target: Array, batch: int) -> tuple[float, list[float]]:
    """(nats a note, the same of each field) over all windows. The last batch is padded."""
    sums, notes = np.zeros(len(SIZES)), 0.0
    for start in range(0, len(inputs), batch):
        part = np.zeros((batch, *inputs.shape[1:]), np.float32)
        count = len(inputs[start : start + batch])
        part[:count] = inputs[start : start + batch]
        logits = np.asarray(model.predict_on_batch(part))[:count]
        true = target[start : start + count]
        for field, (offset, size) in enumerate(zip(OFFSETS, SIZES, strict=True)):
            part_logits = logits[..., offset : offset + size].astype(np.float64)
            top = part_logits.max(-1, keepdims=True)
            log_sum = np.log(np.exp(part_logits - top).sum(-1)) + top[..., 0]
            index = true[..., field : field + 1].astype(int)
            said = np.take_along_axis(part_logits, index, -1)[..., 0] - log_sum
            sums[field] -= (said * true[..., len(SIZES) + field]).sum()
        notes += true[..., -1].sum()
    return float(sums.sum() / notes), [float(x) for x in sums / notes]


def nats_by_frequency(found: Sequence[Piece], target: Array) -> float:
    """Nats a note of the validation windows where each value is as likely as in training."""
    events = np.concatenate([p.events for p in found])
    lines = sum(p.bars for p in found)
    total = 0.0
    for field, size in enumerate(SIZES):
        counts = np.bincount(events[:, 1 + field], minlength=size) + 1.0
        if field == TIME:
            counts[BAR_LINE] += lines
        said = np.log(counts / counts.sum())[target[..., field].astype(int)]
        total -= float((said * target[..., len(SIZES) + field]).sum())
    return total / float(target[..., -1].sum())


class Schedule(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
    """A short rise, then a cosine down to a fiftieth of the peak over `steps`."""

    def __init__(self, peak: float, steps: int) -> None:
        self.peak, self.steps = peak, steps

    def __call__(self, step: Any) -> Any:
        step = ops.cast(step, "float32")
        done = ops.clip(step / self.steps, 0.0, 1.0)
        cosine = 0.02 + 0.98 * 0.5 * (1.0 + ops.cos(np.pi * done))
        return self.peak * ops.minimum(step / WARM_UP, 1.0) * cosine

    def get_config(self) -> dict[str, Any]:
        return {"peak": self.peak, "steps": self.steps}


def train(
    found: Sequence[Piece],
    valid: Sequence[Piece],
    out: Path,
    *,
    steps: int,
    minutes: float = 1e9,
    peak: float = 1.5e-3,
    seed: int = 0,
    config: dict[str, Any] | None = None,
    length: int = LENGTH,
    batch: int = BATCH,
    resume: bool = False,
    start: Path | None = None,
    eager: bool = False,
    check_every: int = CHECK_EVERY,
    network: Callable[..., keras.Model] = build,
    windows: Callable[..., Examples] = Examples,
    held_out: Callable[..., tuple[Array, Array]] = validation,
    momentum: float = 0.999,
) -> float:
    """Train for `steps` steps or `minutes`; returns the validation nats of the averaged weights.

    start: weights to begin with, as of an earlier run whose checkpoint is gone.
    eager: compile nothing, which is quicker for a step or two.
    network: makes the model from `config`. windows, held_out: make the examples of either split.
    momentum: of the averaged weights, from step to step.
    """
    out.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(seed)
    model = network(**(config or {}))
    if start is not None:
        model.load_weights(start)
    optimizer = keras.optimizers.AdamW(
        Schedule(peak, steps), weight_decay=0.05, beta_2=0.98, global_clipnorm=1.0,
        use_ema=True, ema_momentum=momentum, ema_overwrite_frequency=None,
    )  # fmt: skip
    model.compile(
        optimizer=optimizer,
        loss=loss,
        run_eagerly=eager,
        # The other backends take longer to compile than they save.
        jit_compile=keras.backend.backend() == "jax" and not eager,
    )
    optimizer.build(model.trainable_variables)
    examples = windows(found, seed, length, batch)
    (out / "density.json").write_text(json.dumps(examples.edges, indent=1, sort_keys=True) + "\n")
    checkpoint, done = out / "checkpoint.npz", 0
    if resume and checkpoint.exists():
        done = restore(model, checkpoint)
    held = held_out(valid, length, 96)
    history = History(out / f"history{'-' + str(done) if done else ''}.csv",
                      ("step", "minutes", "train", "valid", "time", "instrument", "pitch",
                       "duration", "velocity"))  # fmt: skip
    began, recent, best = time.monotonic(), [], float("nan")
    for inputs, target in examples.stream(done):
        recent.append(float(model.train_on_batch(inputs, target)))
        done += 1
        spent = (time.monotonic() - began) / 60
        over = done >= steps or spent >= minutes
        if done % check_every == 0 or over:
            best = averaged(model, out, held, batch, history, done, spent, float(np.mean(recent)))
            keep(model, checkpoint, done)
            recent = []
        if over:
            break
    headline = {
        "metric": "validation_nats_per_note",
        "value": round(best, 4),
        "baseline": "frequency of each field's values",
        "baseline_value": round(nats_by_frequency(found, held[1]), 4),
    }
    (out / "headline.json").write_text(json.dumps(headline) + "\n")
    return best


def averaged(
    model: keras.Model, out: Path, held: tuple[Array, Array], batch: int, history: History,
    done: int, spent: float, recent: float,
) -> float:  # fmt: skip
    """Measure and save the averaged weights; the training goes on with its own."""
    own = [ops.convert_to_numpy(v) for v in model.trainable_variables]
    # Copies: JAX gives away a variable's memory in the next step, and the means need theirs.
    means = [ops.convert_to_numpy(v) for v in model.optimizer._model_variables_moving_average]
    for variable, mean in zip(model.trainable_variables, means, strict=True):
        variable.assign(mean)
    value, fields = nats(model, *held, batch)
    save_weights(model, out / "composer.weights.h5", half=True)
    for variable, array in zip(model.trainable_variables, own, strict=True):
        variable.assign(array)
    history.add(done, round(spent, 2), recent, value, *fields)
    return value


def keep(model: keras.Model, path: Path, done: int) -> None:
    """Weights and optimiser state, whole or not at all."""
    arrays = {f"w{i}": ops.convert_to_numpy(v) for i, v in enumerate(model.trainable_variables)}
    arrays |= {f"o{i}": ops.convert_to_numpy(v) for i, v in enumerate(model.optimizer.variables)}
    partial = path.with_name("partial-" + path.name)
    np.savez(partial, done=done, **arrays)
    partial.replace(path)


def restore(model: keras.Model, path: Path) -> int:
    """The reverse of `keep`; the number of steps done."""
    with np.load(path) as arrays:
        for i, variable in enumerate(model.trainable_variables):
            variable.assign(arrays[f"w{i}"])
        for i, variable in enumerate(model.optimizer.variables):
            variable.assign(arrays[f"o{i}"])
        return int(arrays["done"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=6000)
    parser.add_argument("--minutes", type=float, default=1e9)
    parser.add_argument("--peak", type=float, default=1.5e-3)
    parser.add_argument("--network", choices=["transformer", "lstm"], default="transformer")
    parser.add_argument("--width", type=int, default=160)
    parser.add_argument("--depth", type=int, default=4)
    parser.add_argument("--heads", type=int, default=4)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--start", type=Path, help="weights to begin with")
    args = parser.parse_args()
    config = {"width": args.width, "depth": args.depth, "heads": args.heads, "dropout": 0.1}
    network = build
    if args.network == "lstm":
        config, network = {}, composer_lstm.build
    train(
        load(args.corpus, "train"), load(args.corpus, "valid"), args.out, steps=args.steps,
        minutes=args.minutes, peak=args.peak, seed=args.seed, config=config, resume=args.resume,
        start=args.start, network=network,
    )  # fmt: skip


if __name__ == "__main__":
    main()
