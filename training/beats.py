"""Train the beats network: beats, bar lines, tempo and metre of solos, of their notes alone.

    python -m training.beats_songs --data DIR --out runs/beat_songs
    python -m training.beats_examples --songs runs/beat_songs --out runs/beats
    python -m training.beats --examples runs/beats --out runs/beats --minutes 45
    python -m training.register runs/beats/best.weights.h5 hearing-beats

Validation is the loss on solos of validation pieces, and how often the likeliest beat length is
within an eighth of an octave. Writes history.csv, headline.json and, in half
precision, the weights at their least loss.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from core.hearing.beat_frames import FEATURES, PARTS
from core.hearing.beats_network import TEMPI, Network
from training.beats_slopes import Target, Weights, begin, loss, slopes
from training.history import History

Array = np.ndarray[Any, Any]

BATCH = 8
WIDTH = 24
_FIRST, _SECOND, _TINY = 0.9, 0.99, 1e-8
_WARM_STEPS = 40
_CLIP = 1.0


class Examples:
    """What training.beats_examples wrote of a split."""

    def __init__(self, folder: Path, split: str) -> None:
        self.shown, self.frames, self.whole = (
            np.load(folder / f"{split}-{kind}.npy", mmap_mode="r")
            for kind in ("shown", "frames", "whole")
        )

    def __len__(self) -> int:
        return len(self.whole)

    def batch(self, rows: Array) -> tuple[Array, Array, Target]:
        """(shown [rows, steps, PARTS * FEATURES], mask [rows, steps, 1], targets)."""
        shown = self.shown[rows].astype(np.float32)
        frames = self.frames[rows].astype(np.float32)
        target = frames[:, :, :-1], frames[:, :, -1:], self.whole[rows].astype(np.float32)
        return shown[:, :, :-1], shown[:, :, -1:], target

    def batches(self, size: int, rng: np.random.Generator) -> Iterator[tuple[Array, Array, Target]]:
        """Without end, every solo once before any comes again."""
        size = min(size, len(self))
        while True:
            mixed = rng.permutation(len(self))
            for start in range(0, len(mixed) - size + 1, size):
                yield self.batch(np.sort(mixed[start : start + size]))


def held_out(weights: Weights, held: tuple[Array, Array, Target]) -> tuple[float, float]:
    """(loss, share of solos whose likeliest beat length is within an eighth of an octave)."""
    shown, mask, (wanted, known, shares) = held
    network = Network({name: (kernel, bias) for name, (kernel, bias) in weights.items()})
    frames, whole = np.zeros_like(wanted), np.zeros_like(shares)
    for number, rows in enumerate(shown):
        steps = int(mask[number].sum())
        said, whole[number] = network.logits(rows[:steps].reshape(steps * PARTS, FEATURES))
        frames[number, :steps] = said.reshape(steps, -1)
    away = whole[:, :TEMPI].argmax(axis=1) - shares[:, :TEMPI].argmax(axis=1)
    return loss(frames, whole, (wanted, known, shares))[0], float((np.abs(away) <= 2).mean())


def commonest(held: tuple[Array, Array, Target]) -> float:
    """Share of solos that the commonest beat length is as near to."""
    right = held[2][2][:, :TEMPI].argmax(axis=1)
    return max(float((np.abs(right - tempo) <= 2).mean()) for tempo in range(TEMPI))


def to_keras(weights: Weights, width: int, file: Path) -> None:
    """Write them as those of core.hearing.beats_model."""
    from core.hearing.beats_model import build
    from training.saving import save_weights

    model = build(width=width)
    for name, pair in weights.items():
        getattr(model, name).set_weights(pair)
    save_weights(model, file, half=True)


def train(
    examples: Path, out: Path, *, minutes: float, steps: int = 10**7, check_every: int = 100,
    batch: int = BATCH, width: int = WIDTH, peak: float = 4e-3, decay: float = 1e-2, seed: int = 0,
) -> float:  # fmt: skip
    """AdamW until the minutes or the steps are over, at a rate that falls as a cosine to nothing.

    The least validation loss, of which the weights are kept.
    """
    out.mkdir(parents=True, exist_ok=True)
    weights = begin(width, np.random.default_rng(seed))
    first, second = ({n: [np.zeros_like(w) for w in ws] for n, ws in weights.items()}
                     for _ in range(2))  # fmt: skip
    valid = Examples(examples, "valid")
    held = valid.batch(np.arange(len(valid)))
    history = History(
        out / "history.csv", ("step", "minutes", "train_loss", "validation_loss", "right_tempi")
    )
    began, losses, best, right, kept = time.monotonic(), [], np.inf, 0.0, weights
    solos = Examples(examples, "train").batches(batch, np.random.default_rng(seed))
    for step, (shown, mask, target) in enumerate(solos, start=1):
        spent = (time.monotonic() - began) / 60
        done = min(max(spent / minutes, step / steps), 1.0)
        rate = np.float32(peak * min(1.0, step / _WARM_STEPS) * (0.5 + 0.5 * np.cos(np.pi * done)))
        value, found = slopes(weights, shown, mask, target)
        losses.append(value)
        norm = np.sqrt(sum(float((s * s).sum()) for pair in found.values() for s in pair))
        for name, pair in found.items():
            for at, slope in enumerate(pair):
                slope = slope * np.float32(min(1.0, _CLIP / max(norm, _TINY)))
                mean, square = first[name][at], second[name][at]
                mean += (1 - _FIRST) * (slope - mean)
                square += (1 - _SECOND) * (slope**2 - square)
                way = mean / (1 - _FIRST**step)
                size = np.sqrt(square / (1 - _SECOND**step)) + _TINY
                shrunk = decay * weights[name][at] if at == 0 else 0.0
                weights[name][at] = weights[name][at] - rate * (way / size + shrunk)
        if step % check_every == 0 or done >= 1.0:
            reached, tempi = held_out(weights, held)
            history.add(step, spent, float(np.mean(losses)), reached, tempi)
            losses = []
            if reached < best:
                best, right = reached, tempi
                kept = {name: list(pair) for name, pair in weights.items()}
        if done >= 1.0:
            break
    to_keras(kept, width, out / "best.weights.h5")
    headline = {
        "metric": "right_tempi", "value": round(right, 3),
        "baseline": "the commonest tempo", "baseline_value": round(commonest(held), 3),
    }  # fmt: skip
    (out / "headline.json").write_text(json.dumps(headline) + "\n", encoding="utf-8")
    return best


def main() -> None:
    """Parse, then train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=Path, default=Path("runs/beats"))
    parser.add_argument("--out", type=Path, default=Path("runs/beats"))
    parser.add_argument("--minutes", type=float, default=25.0)
    parser.add_argument("--width", type=int, default=WIDTH)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    train(args.examples, args.out, minutes=args.minutes, width=args.width, seed=args.seed)


if __name__ == "__main__":
    main()
