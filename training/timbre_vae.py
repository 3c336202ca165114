"""Train `timbre-vae`'s network on analysed notes.

    python -m training.timbre_vae_notes --data DIR --soundfonts A.sf2 B.sf2 --out runs/notes.npz
    python -m training.timbre_vae --notes runs/notes.npz --out runs/timbre_vae --minutes 35
    python -m training.register runs/timbre_vae/timbre-vae.weights.h5 timbre-vae
    python -m training.timbre_vae_map --notes runs/notes.npz

Runs on any Keras backend. Validation is on instruments that were not trained on: mean absolute
difference of audible levels in dB, when a note is said again (`same`) and when another note of the
instrument is said (`other`). Writes averaged weights, `history.csv` and `headline.json`.
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
from keras import ops

from core.sampling.harmonics import KNOT_TIMES_S, KNOTS
from core.sampling.timbre_notes import (
    ASKED,
    CHANNELS,
    HEARD,
    LEVEL_MIDDLE_DB,
    LEVEL_UNIT_DB,
    LEVELS,
    OUTPUT,
)
from core.sampling.timbre_vae_model import TimbreVae, build
from training.history import History
from training.saving import save_weights
from training.timbre_vae_examples import Examples, Notes

Array = np.ndarray[Any, Any]

BATCH = 64
CHECK_EVERY = 500
DIVERGENCE = 0.02
"""dB of level error that a nat of the latent is worth."""
FREE_NATS = 0.05
TRAIT_WEIGHT = 6.0
AUDIBLE_DB = -60.0


class Trainee(keras.Model):  # type: ignore[misc]
    """[batch, HEARD + ASKED + latent] -> [batch, OUTPUT + 2 latent].

    The last inputs are the normal numbers that the latent is drawn with; behind the output stand
    its mean and log variance, for the loss.
    """

    def __init__(self, vae: TimbreVae) -> None:
        super().__init__()
        self.vae = vae

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        mean, log_variance = self.vae.encode(inputs[:, :HEARD])
        drawn = mean + ops.exp(0.5 * log_variance) * inputs[:, HEARD + ASKED :]
        said = self.vae.decode(drawn, inputs[:, HEARD : HEARD + ASKED])
        return ops.concatenate([said, mean, log_variance], axis=1)


def loss(target: Any, said: Any) -> Any:
    """dB: weighted mean error of levels, traits and pitch, and the latent's divergence."""
    cells = CHANNELS * KNOTS
    latent = (said.shape[1] - OUTPUT) // 2
    weight = target[:, OUTPUT : OUTPUT + cells]
    error = ops.abs(said[:, :cells] - target[:, :cells])
    # Below the floor everything is silence.
    silence = (target[:, :cells] < -2.49) & (said[:, :cells] < -2.49)
    error = ops.where(silence, 0.0, error)
    # Rounded off below 1 dB, so that small errors do not keep the fit from settling.
    error = ops.where(error < 0.05, 10.0 * error**2 + 0.025, error)
    level = LEVEL_UNIT_DB * ops.sum(error * weight) / (ops.sum(weight) + 1e-6)
    trait_weight = target[:, OUTPUT + cells :]
    trait = ops.sum(ops.abs(said[:, cells:OUTPUT] - target[:, cells:OUTPUT]) * trait_weight)
    trait = trait / (ops.sum(trait_weight) + 1e-6)
    mean, log_variance = said[:, OUTPUT : OUTPUT + latent], said[:, OUTPUT + latent :]
    nats = 0.5 * (mean**2 + ops.exp(log_variance) - log_variance - 1.0)
    nats = ops.maximum(ops.mean(nats, axis=0), FREE_NATS)
    return level + TRAIT_WEIGHT * trait + DIVERGENCE * ops.sum(nats)


def courses(notes: Notes, count: int) -> tuple[Array, Array]:
    """(kernel [count, KNOTS], bias [KNOTS]): the likeliest courses of a level, to begin with."""
    rng = np.random.default_rng(0)
    picked = rng.permutation(len(notes))[:800]
    levels = notes.levels[picked].astype(np.float32).transpose(0, 2, 1).reshape(-1, KNOTS)
    levels = levels[levels.max(axis=1) > -85.0]
    scaled = (levels - LEVEL_MIDDLE_DB) / LEVEL_UNIT_DB
    weight = np.sqrt(np.gradient(KNOT_TIMES_S)) + 0.05
    _, _, axes = np.linalg.svd((scaled[::7] * weight), full_matrices=False)
    return (axes[:count] / weight).astype(np.float32), np.zeros(KNOTS, np.float32)


def audible_error(said: Array, targets: Array) -> float:
    """Mean absolute difference of levels, dB, where the true one is above AUDIBLE_DB."""
    cells = LEVELS * KNOTS
    true = targets[:, :cells] * LEVEL_UNIT_DB + LEVEL_MIDDLE_DB
    made = said[:, :cells] * LEVEL_UNIT_DB + LEVEL_MIDDLE_DB
    weight = targets[:, OUTPUT : OUTPUT + cells] * (true > AUDIBLE_DB)
    return float((np.abs(made - true) * weight).sum() / weight.sum())


def held_out(valid: Notes, latent: int) -> tuple[Array, Array, Array]:
    """(inputs, targets, whether the same note is asked for) of plain pairs of the unseen."""
    found = [Examples(valid, 7, 64, plain=True).pair(np.random.default_rng(i), latent)
             for i in range(8)]  # fmt: skip
    inputs = np.concatenate([f[0] for f in found])
    targets = np.concatenate([f[1] for f in found])
    return inputs, targets, np.abs(inputs[:, 0] - inputs[:, HEARD]) < 1e-6


def train(
    notes: Notes, valid: Notes, out: Path, *, minutes: float, steps: int = 10**7,
    check_every: int = CHECK_EVERY, batch: int = BATCH, peak: float = 2e-3, seed: int = 0,
    config: dict[str, Any] | None = None, start: Path | None = None,
) -> float:  # fmt: skip
    """Fit until the minutes or the steps are over; the last validation error of `other`, dB."""
    out.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(seed)
    vae = build(**(config or {}))
    vae.course.set_weights(list(courses(notes, vae.curves)))
    if start is not None:
        vae.load_weights(start)
    trainee = Trainee(vae)
    trainee.compile(
        optimizer=keras.optimizers.AdamW(peak, weight_decay=1e-3, global_clipnorm=1.0, beta_2=0.99),
        loss=loss,
        jit_compile=keras.backend.backend() == "jax",
    )
    inputs, targets, same = held_out(valid, vae.latent)
    history = History(
        out / "history.csv", ("step", "minutes", "train", "same_db", "other_db", "nats")
    )
    averages: list[Array] = []
    began, losses, reached = time.monotonic(), [], (float("nan"), float("nan"), float("nan"))
    examples = Examples(notes, seed, batch).stream(vae.latent)
    for step, (x, y) in enumerate(examples, start=1):
        spent = (time.monotonic() - began) / 60
        done = min(max(spent / minutes, step / steps), 1.0)
        rate = peak * min(1.0, step / 200) * (0.01 + 0.99 * 0.5 * (1.0 + np.cos(np.pi * done)))
        if step % 10 == 1:
            trainee.optimizer.learning_rate.assign(rate)
        losses.append(float(trainee.train_on_batch(x, y)))
        if step % 20 == 0 or not averages:
            averages = moved(averages, vae, 0.95 if step > 1000 else 0.8)
        last = done >= 1.0 or step >= steps
        if step % check_every == 0 or last:
            reached = checked(trainee, averages, inputs, targets, same, out)
            history.add(step, round(spent, 2), float(np.mean(losses)), *reached)
            losses = []
        if last:
            break
    flat = notes.levels.astype(np.float32).mean(axis=0).T.reshape(1, -1)
    usual = (np.repeat(flat, len(targets), 0) - LEVEL_MIDDLE_DB) / LEVEL_UNIT_DB
    headline = {
        "metric": "validation_other_note_db", "value": round(reached[1], 3),
        "baseline": "mean of the training notes",
        "baseline_value": round(audible_error(usual[~same], targets[~same]), 3),
    }  # fmt: skip
    (out / "headline.json").write_text(json.dumps(headline) + "\n")
    return reached[1]


def moved(averages: list[Array], vae: TimbreVae, momentum: float) -> list[Array]:
    """The moving average of the weights, one step on."""
    now = [ops.convert_to_numpy(v) for v in vae.trainable_variables]
    if not averages:
        return [v.copy() for v in now]
    return [momentum * a + (1.0 - momentum) * v for a, v in zip(averages, now, strict=True)]


def checked(
    trainee: Trainee, averages: list[Array], inputs: Array, targets: Array, same: Array, out: Path
) -> tuple[float, float, float]:  # fmt: skip
    """Measure and save the averaged weights: (same, other, nats of the latent)."""
    own = [ops.convert_to_numpy(v) for v in trainee.vae.trainable_variables]
    for variable, array in zip(trainee.vae.trainable_variables, averages, strict=True):
        variable.assign(array)
    said = np.concatenate(
        [
            np.asarray(trainee.predict_on_batch(inputs[i : i + BATCH]))
            for i in range(0, len(inputs), BATCH)
        ]
    )
    save_weights(trainee.vae, out / "timbre-vae.weights.h5", half=True)
    for variable, array in zip(trainee.vae.trainable_variables, own, strict=True):
        variable.assign(array)
    latent = trainee.vae.latent
    mean, log_variance = said[:, OUTPUT : OUTPUT + latent], said[:, OUTPUT + latent :]
    nats = 0.5 * (mean**2 + np.exp(log_variance) - log_variance - 1.0)
    levels = said[:, :OUTPUT]
    return (
        audible_error(levels[same], targets[same]),
        audible_error(levels[~same], targets[~same]),
        float(nats.sum(axis=1).mean()),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--notes", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("runs/timbre_vae"))
    parser.add_argument("--minutes", type=float, default=35.0)
    parser.add_argument("--steps", type=int, default=10**7)
    parser.add_argument("--peak", type=float, default=2e-3)
    parser.add_argument("--width", type=int, default=384)
    parser.add_argument("--latent", type=int, default=16)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--start", type=Path, help="weights to begin with")
    args = parser.parse_args()
    train(
        Notes(args.notes, "train"), Notes(args.notes, "valid"), args.out, minutes=args.minutes,
        steps=args.steps, peak=args.peak, seed=args.seed, start=args.start,
        config={"width": args.width, "latent": args.latent},
    )  # fmt: skip


if __name__ == "__main__":
    main()
