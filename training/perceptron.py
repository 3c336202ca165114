"""Fit small perceptrons without a framework, and hand them to Keras.

    python -m training.perceptron runs/notes/best.npz core.hearing.notes_model:build
      --config '{"places": 1024}' --out runs/notes/best.weights.h5

The notes network of core/hearing is three dense layers with some ten thousand weights. On a busy
core a framework takes longer to start and compile than it takes to be fitted, so its gradients are
written out here. Weights are kept as .npz, which the command above makes Keras weights of.
"""

from __future__ import annotations

import argparse
import importlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from training.history import History

Array = np.ndarray[Any, Any]
Batch = tuple[Array, Array, Array]
"""Inputs [rows, features], targets [rows, ...], weights [rows]; float32."""
Loss = Callable[[Array, Array, Array], tuple[float, Array]]
"""(logits, targets, weights) -> (mean, its slope in the logits)."""

_FIRST, _SECOND, _TINY = 0.9, 0.999, 1e-8
_WARM_STEPS = 50


def sigmoid_loss(importance: Sequence[float]) -> Loss:
    """Cross-entropy of independent outputs, each as important as is said, summed over them."""
    scale = np.array(importance, np.float32)

    def loss(logits: Array, targets: Array, weights: Array) -> tuple[float, Array]:
        chance = 1.0 / (1.0 + np.exp(-logits))
        each = np.maximum(logits, 0) - logits * targets + np.log1p(np.exp(-np.abs(logits)))
        share = (weights / weights.sum())[:, None] * scale
        return float((each * share).sum()), (chance - targets) * share

    return loss


def begin(sizes: Sequence[int], rng: np.random.Generator) -> list[Array]:
    """Weights and biases of each layer in turn, drawn as He et al. (ICCV 2015) have it."""
    out: list[Array] = []
    for into, to in pairwise(sizes):
        out.append((rng.standard_normal((into, to)) * np.sqrt(2 / into)).astype(np.float32))
        out.append(np.zeros(to, np.float32))
    return out


def logits_of(weights: Sequence[Array], inputs: Array) -> list[Array]:
    """What each layer gives, the inputs first; all but the last are rectified."""
    layers = [inputs]
    for at in range(0, len(weights), 2):
        x = layers[-1] @ weights[at] + weights[at + 1]
        layers.append(np.maximum(x, 0) if at + 2 < len(weights) else x)
    return layers


def slopes(weights: Sequence[Array], batch: Batch, loss: Loss) -> tuple[float, list[Array]]:
    """(loss, its slope in each of the weights)."""
    layers = logits_of(weights, batch[0])
    value, slope = loss(layers[-1], batch[1], batch[2])
    out: list[Array] = []
    for at in range(len(weights) - 2, -1, -2):
        below = layers[at // 2]
        out += [slope.sum(axis=0), below.T @ slope]
        if at:
            slope = (slope @ weights[at].T) * (below > 0)
    return value, out[::-1]


def fit(
    batches: Iterator[Batch],
    held: Sequence[Batch],
    sizes: Sequence[int],
    loss: Loss,
    out: Path,
    *,
    minutes: float,
    steps: int,
    check_every: int = 100,
    peak: float = 2e-3,
    decay: float = 1e-2,
    averaged: float = 0.99,
    seed: int = 0,
    resume: Path | None = None,
) -> float:
    """AdamW until the minutes or the steps are over, at a rate that falls as a cosine to nothing.

    Kept in `out` are history.csv and best.npz, the moving average of the weights at its least loss
    on `held`, which is returned.
    """
    out.mkdir(parents=True, exist_ok=True)
    weights = read(resume) if resume else begin(sizes, np.random.default_rng(seed))
    first, second = ([np.zeros_like(w) for w in weights] for _ in range(2))
    kept = [w.copy() for w in weights]
    history = History(out / "history.csv", ("step", "train_loss", "validation_loss", "elapsed_s"))
    start, best, losses = time.monotonic(), np.inf, []
    for step, batch in enumerate(batches, start=1):
        done = max(min((time.monotonic() - start) / (minutes * 60), 1.0), step / steps)
        rate = peak * min(1.0, step / _WARM_STEPS) * (0.5 + 0.5 * np.cos(np.pi * done))
        value, found = slopes(weights, batch, loss)
        losses.append(value)
        for at, slope in enumerate(found):
            first[at] += (1 - _FIRST) * (slope - first[at])
            second[at] += (1 - _SECOND) * (slope**2 - second[at])
            way = first[at] / (1 - _FIRST**step)
            size = np.sqrt(second[at] / (1 - _SECOND**step)) + _TINY
            shrunk = decay * weights[at] if weights[at].ndim == 2 else 0.0
            weights[at] = weights[at] - np.float32(rate) * (way / size + shrunk)
            kept[at] += max(1 - averaged, 1 / step) * (weights[at] - kept[at])
        if step % check_every == 0 or done >= 1.0:
            reached = np.mean([loss(logits_of(kept, b[0])[-1], b[1], b[2])[0] for b in held])
            if reached < best:
                best = float(reached)
                write(kept, out / "best.npz")
            history.add(step, float(np.mean(losses)), reached, time.monotonic() - start)
            losses = []
        if done >= 1.0:
            break
    return best


def write(weights: Sequence[Array], file: Path) -> None:
    """Whole or not at all."""
    partial = file.with_name("partial-" + file.name)
    np.savez(partial, *weights)
    partial.replace(file)


def read(file: Path) -> list[Array]:
    """As `write` had them."""
    with np.load(file) as stored:
        return [stored[f"arr_{number}"] for number in range(len(stored.files))]


def main() -> None:
    """Make Keras weights, in half precision, of those in an .npz."""
    from training.saving import save_weights

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("weights", type=Path)
    parser.add_argument("builder", help="package.module:function")
    parser.add_argument("--config", type=json.loads, default={})
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    module, _, function = args.builder.partition(":")
    model = getattr(importlib.import_module(module), function)(**args.config)
    model.set_weights(read(args.weights))
    save_weights(model, args.out, half=True)


if __name__ == "__main__":
    main()
