"""Train the notes network: which notes begin and sound at each moment of a solo.

    python -m training.transcription --examples runs/transcription --out runs/notes --minutes 45

--examples is what training.transcription_examples wrote; examples that come meanwhile are taken up.
Validation is the F-measure of notes (onsets within 50 ms, no offsets) on validation pieces.
Writes checkpoints, the best and the last weights, `history.csv` and `headline.json`.
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

from core.hearing.candidates import candidates, features, salience
from core.hearing.constant_q import PITCHES
from core.hearing.measures import note_f
from core.hearing.notes import FINE, NOTE, ONSET, OUTPUTS, notes_of
from core.hearing.notes_model import build
from training.averaging import Average
from training.history import History
from training.saving import save_weights
from training.transcription_windows import Batches, Example

BATCH = 1024
CHECK_EVERY = 200
ONSET_WEIGHT, FINE_WEIGHT = 3.0, 0.3


def loss(target: Any, logits: Any) -> Any:
    """Cross-entropy of every output, summed; mean over places."""
    each = ops.relu(logits) - logits * target + ops.log1p(ops.exp(-ops.abs(logits)))
    weights = np.ones(OUTPUTS, np.float32)
    weights[ONSET], weights[FINE] = ONSET_WEIGHT, FINE_WEIGHT
    return ops.sum(each * weights, axis=-1)


class Check:
    """Validation examples, and how well notes are found in them."""

    def __init__(self, folder: Path, limit: int) -> None:
        files = sorted(folder.glob("*-*.npz"))
        picked = np.linspace(0, len(files) - 1, min(limit, len(files))).round().astype(int)
        self.examples = [Example(files[at]) for at in picked]
        self.shown = []
        for example in self.examples:
            salient = salience(example.picture())
            at = candidates(salient)
            self.shown.append((at, features(example.picture(), salient, *at)))

    def reached(self, model: keras.Model) -> tuple[float, float]:
        """Mean F-measure of (single lines, chords); of none, 0."""
        found: dict[bool, list[float]] = {True: [], False: []}
        for example, (at, shown) in zip(self.examples, self.shown, strict=True):
            padded = np.pad(shown, ((0, -len(shown) % BATCH), (0, 0)))
            logits = np.concatenate([
                np.asarray(model(part, training=False))
                for part in np.split(padded, len(padded) // BATCH)
            ])[: len(shown)]  # fmt: skip
            sure = np.zeros((len(example.levels), PITCHES, 2), np.float32)
            sure[at] = 1 / (1 + np.exp(-logits[:, [ONSET, NOTE]]))
            loudness = np.zeros(sure.shape[:2], np.float32)
            heard = notes_of(sure[..., 0], sure[..., 1], loudness)
            found[example.single].append(note_f(heard, example.notes))
        single, chords = (float(np.mean(f)) if f else 0.0 for f in (found[True], found[False]))
        return single, chords


def train(
    examples: Path,
    out: Path,
    *,
    minutes: float,
    steps: int = 10**9,
    check_every: int = CHECK_EVERY,
    check_limit: int = 20,
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
    batches, check = (
        Batches(examples / "train", seed, BATCH),
        Check(examples / "valid", check_limit),
    )
    average = Average(model, decay=0.98)
    history = History(
        out / "history.csv",
        ("step", "train_loss", "single_note_f", "chord_note_f", "examples", "elapsed_s"),
    )
    start, best, losses = time.monotonic(), 0.0, []
    step = 0
    while True:
        step += 1
        done = min((time.monotonic() - start) / (minutes * 60), 1.0)
        rate = peak * min(1.0, step / 50) * (0.5 + 0.5 * np.cos(np.pi * done))
        model.optimizer.learning_rate.assign(max(rate, 1e-6))
        losses.append(float(model.train_on_batch(*batches.next())))
        average.update(step)
        last = done >= 1.0 or step == steps
        if step % check_every == 0 or last:
            with average.applied():
                single, chords = check.reached(model)
                save_weights(model, out / "last.weights.h5", half=True)
                if single + chords > best:
                    best = single + chords
                    save_weights(model, out / "best.weights.h5", half=True)
                    (out / "headline.json").write_text(
                        json.dumps({"metric": "validation_note_f", "value": round(best / 2, 3),
                                    "baseline": "none", "baseline_value": 0.0}) + "\n"
                    )  # fmt: skip
            elapsed = time.monotonic() - start
            count = len(batches.examples)
            history.add(step, float(np.mean(losses)), single, chords, count, elapsed)
            losses = []
            batches.refresh()
        if last:
            return model


def main() -> None:
    """Parse, then train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=Path, default=Path("runs/transcription"))
    parser.add_argument("--out", type=Path, default=Path("runs/notes"))
    parser.add_argument("--minutes", type=float, default=45.0)
    parser.add_argument("--resume", type=Path, help="weights to go on from")
    parser.add_argument("--peak", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    train(
        args.examples, args.out, minutes=args.minutes, resume=args.resume, peak=args.peak,
        seed=args.seed,
    )  # fmt: skip


if __name__ == "__main__":
    main()
