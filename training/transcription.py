"""Train the notes network: whether a note begins and sounds at a place in a solo's picture.

    python -m training.transcription --examples runs/transcription --out runs/notes --minutes 45

--examples holds the shards that training.transcription_windows wrote, those that come meanwhile
too. Validation is the loss on the validation split's. See training.perceptron.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np

from core.hearing.candidates import FEATURES
from core.hearing.notes import FINE, ONSET, OUTPUTS
from training.perceptron import Batch, fit, sigmoid_loss
from training.transcription_windows import Shard

BATCH, CHECK_BATCHES = 1024, 16
WIDTHS = (64, 32)
ONSET_WEIGHT, FINE_WEIGHT = 3.0, 0.3


def importance() -> Sequence[float]:
    """Of each output in the loss."""
    out = np.ones(OUTPUTS)
    out[ONSET], out[FINE] = ONSET_WEIGHT, FINE_WEIGHT
    return [float(value) for value in out]


def endless(folder: Path, seed: int) -> Iterator[Batch]:
    """Batches of all shards, each shard as often as the others."""
    rng = np.random.default_rng(seed)
    used: Counter[Path] = Counter()
    while True:
        files = sorted(folder.glob("shard-*-features.npy"))
        least = min(used[file] for file in files)
        file = files[int(rng.choice([at for at, f in enumerate(files) if used[f] == least]))]
        used[file] += 1
        yield from Shard(file).batches(BATCH)


def train(
    examples: Path,
    out: Path,
    *,
    minutes: float,
    steps: int,
    widths: Sequence[int] = WIDTHS,
    check_every: int = 100,
    peak: float = 2e-3,
    resume: Path | None = None,
    seed: int = 0,
) -> float:
    """Fit; writes into `out`, see training.perceptron.fit, and headline.json."""
    held = list(islice(endless(examples / "valid", 0), CHECK_BATCHES))
    best = fit(
        endless(examples / "train", seed), held, (FEATURES, *widths, OUTPUTS),
        sigmoid_loss(importance()), out,
        minutes=minutes, steps=steps, check_every=check_every, peak=peak, resume=resume,
        seed=seed,
    )  # fmt: skip
    headline = {"metric": "validation_loss", "value": round(best, 3)}
    (out / "headline.json").write_text(json.dumps(headline) + "\n", encoding="utf-8")
    return best


def main() -> None:
    """Parse, then train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=Path, default=Path("runs/transcription"))
    parser.add_argument("--out", type=Path, default=Path("runs/notes"))
    parser.add_argument("--minutes", type=float, default=45.0)
    parser.add_argument("--steps", type=int, default=1600)
    parser.add_argument("--peak", type=float, default=2e-3, help="highest rate")
    parser.add_argument("--resume", type=Path, help="weights (.npz) to go on from")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    train(
        args.examples, args.out, minutes=args.minutes, steps=args.steps, peak=args.peak,
        resume=args.resume, seed=args.seed,
    )  # fmt: skip


if __name__ == "__main__":
    main()
