"""Train the beats network: where in the beat each moment of a solo lies.

    python -m training.beats --examples runs/beats --out runs/beats --minutes 20

--examples is what training.beats_examples wrote. Validation is cross-entropy on the validation
split, beside that of the places' mere shares. See training.perceptron.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core.hearing.onsets import FEATURES
from core.hearing.pulse import PLACES, PRIOR
from training.perceptron import Batch, fit, softmax_loss

BATCH, CHECK_BATCHES = 1024, 14
WIDTHS = (64, 48)
Array = np.ndarray[Any, Any]


def stored(file: Path, seed: int) -> tuple[Array, Array]:
    """(features float16, places one-hot float32), shuffled."""
    with np.load(file) as found:
        shown, named = found["shown"], found["named"]
    mixed = np.random.default_rng(seed).permutation(len(named))
    return shown[mixed], np.eye(PLACES, dtype=np.float32)[named[mixed]]


def endless(shown: Array, named: Array) -> Iterator[Batch]:
    """Whole batches, over and over."""
    size = min(BATCH, len(named))
    ones = np.ones(size, np.float32)
    while True:
        for start in range(0, len(named) - size + 1, size):
            rows = slice(start, start + size)
            yield shown[rows].astype(np.float32), named[rows], ones


def train(
    examples: Path,
    out: Path,
    *,
    minutes: float,
    steps: int,
    widths: Sequence[int] = WIDTHS,
    check_every: int = 100,
    seed: int = 0,
) -> float:
    """Fit; writes into `out`, see training.perceptron.fit, and headline.json."""
    shown, named = stored(examples / "valid.npz", 0)
    count = min(CHECK_BATCHES, max(len(named) // BATCH, 1))
    batches = endless(shown, named)
    held = [next(batches) for _ in range(count)]
    best = fit(
        endless(*stored(examples / "train.npz", seed)), held, (FEATURES, *widths, PLACES),
        softmax_loss, out,
        minutes=minutes, steps=steps, check_every=check_every, seed=seed,
    )  # fmt: skip
    plain = float(-(named @ np.log(np.array(PRIOR))).mean())
    headline = {
        "metric": "validation_loss", "value": round(best, 3),
        "baseline": "shares of places", "baseline_value": round(plain, 3),
    }  # fmt: skip
    (out / "headline.json").write_text(json.dumps(headline) + "\n", encoding="utf-8")
    return best


def main() -> None:
    """Parse, then train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=Path, default=Path("runs/beats"))
    parser.add_argument("--out", type=Path, default=Path("runs/beats"))
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--steps", type=int, default=1400)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    train(args.examples, args.out, minutes=args.minutes, steps=args.steps, seed=args.seed)


if __name__ == "__main__":
    main()
