"""The training that the small networks of hearing share: averaged weights, against the clock."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from training.averaging import Average
from training.history import History
from training.saving import save_weights
from training.schedule import cosine_rate

Array = np.ndarray[Any, Any]


def fit(
    model: keras.Model, loss: Callable[[Any, Any], Any], batches: Iterable[tuple[Array, Array]],
    held_out: Callable[[], Sequence[float]], out: Path, *, columns: Sequence[str], minutes: float,
    steps: int, check_every: int, peak: float, warm_steps: int, decay: float,
) -> tuple[float, float]:  # fmt: skip
    """AdamW until the minutes or the steps are over, at a rate that falls as a cosine to nothing.

    batches: (shown, targets), as many as are asked for. held_out: (validation loss, figures by
    `columns`) of the model as it is, which then has its averaged weights. Writes history.csv and,
    in half precision, best.weights.h5 at the least validation loss. That loss, and the first figure
    there.
    """
    model.compile(keras.optimizers.AdamW(peak, weight_decay=decay, clipnorm=1.0), loss)
    average = Average(model)
    own = ("step", "minutes", "train_loss", "validation_loss")
    history = History(out / "history.csv", (*own, *columns))
    began, losses, best, figure = time.monotonic(), [], np.inf, 0.0
    for step, (shown, targets) in enumerate(batches, start=1):
        spent = (time.monotonic() - began) / 60
        done = min(max(spent / minutes, step / steps), 1.0)
        model.optimizer.learning_rate.assign(cosine_rate(peak, step, warm_steps, done))
        losses.append(float(model.train_on_batch(shown, targets)))
        average.update(step)
        if step % check_every == 0 or done >= 1.0:
            with average.applied():
                reached, *figures = held_out()
                if reached < best:
                    best, figure = float(reached), float(figures[0])
                    save_weights(model, out / "best.weights.h5", half=True)
            history.add(step, spent, float(np.mean(losses)), reached, *figures)
            losses = []
        if done >= 1.0:
            break
    return best, figure


def write_headline(
    out: Path, metric: str, value: float, baseline: str, baseline_value: float
) -> None:
    """headline.json, which `training.register` reads."""
    headline = {
        "metric": metric, "value": round(value, 3),
        "baseline": baseline, "baseline_value": round(baseline_value, 3),
    }  # fmt: skip
    (out / "headline.json").write_text(json.dumps(headline) + "\n", encoding="utf-8")
