"""Train the bars network: which of the beats that are heard in a solo begin bars.

    python -m training.bars_examples --songs runs/beat_songs --out runs/bars
    python -m training.bars --examples runs/bars --out runs/bars
    python -m training.register runs/bars/best.weights.h5 hearing-bars

Validation is the loss on solos of validation pieces, and how many beats are rightly said to begin
a bar or not to. Writes history.csv, headline.json and, in half precision, the weights at their
least loss.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
from keras import ops

from core.hearing.bars_model import WIDTH, build
from core.hearing.bars_network import COUNTS, SHOWN
from training.averaged_fit import fit, write_headline
from training.bars_examples import Example, read

Array = np.ndarray[Any, Any]

BATCH = 64
COUNT = 0.15
"""What the loss of the number of beats in a bar is worth beside that of the bars."""
LENGTH = 64
"""Beats, for all batches to be of one shape; of longer solos what comes later is left out."""
CHECKED = 250
"""Validation solos in a batch."""
_WARM_STEPS = 100


def batch(some: Sequence[Example]) -> tuple[Array, Array]:
    """(shown [solos, LENGTH, SHOWN], targets [solos, LENGTH, 2]): begins and count, -1 unknown."""
    shown = np.zeros((len(some), LENGTH, SHOWN), np.float32)
    targets = np.full((len(some), LENGTH, 2), -1.0, np.float32)
    for row, one in enumerate(some):
        beats = min(len(one.begins), LENGTH)
        shown[row, :beats, :-1], shown[row, :beats, -1] = one.shown[:beats], 1.0
        targets[row, :beats, 0], targets[row, :, 1] = one.begins[:beats], one.count
    return shown, targets


def batches(
    training: Sequence[Example], size: int, rng: np.random.Generator
) -> Iterator[tuple[Array, Array]]:
    """Without end, drawn at random."""
    while True:
        yield batch([training[at] for at in rng.integers(len(training), size=size)])


def loss(targets: Any, said: Any) -> Any:
    """Cross-entropy of what is known: of each beat, and of each solo's number of beats in a bar."""
    begins, known = targets[:, :, 0], ops.cast(targets[:, :, 0] >= 0, "float32")
    logits = said[:, :, 0]
    each = ops.softplus(logits) - logits * begins
    bars = ops.sum(each * known) / (ops.sum(known) + 1.0)
    count, counted = targets[:, 0, 1], ops.cast(targets[:, 0, 1] >= 0, "float32")
    wanted = ops.one_hot(ops.cast(ops.maximum(count, 0.0), "int32"), len(COUNTS))
    nats = -ops.sum(wanted * ops.log_softmax(said[:, 0, 1:], axis=-1), axis=-1)
    return bars + COUNT * ops.sum(nats * counted) / (ops.sum(counted) + 1.0)


def held_out(model: keras.Model, held: Sequence[Example]) -> tuple[float, float]:
    """(loss, share of beats that are rightly said to begin a bar or not)."""
    losses, right = [], []
    for first in range(0, len(held), CHECKED):
        shown, targets = batch(held[first : first + CHECKED])
        said = model(shown, training=False)
        losses.append(float(ops.convert_to_numpy(loss(ops.convert_to_tensor(targets), said))))
        known = targets[:, :, 0] >= 0
        begins = ops.convert_to_numpy(said)[:, :, 0] > 0
        right.append(begins[known] == (targets[:, :, 0] > 0)[known])
    return float(np.mean(losses)), float(np.concatenate(right).mean())


def train(
    training: Sequence[Example], held: Sequence[Example], out: Path, *, minutes: float,
    steps: int = 10**7, check_every: int = 300, width: int = WIDTH, dropout: float = 0.4,
    peak: float = 2e-3, size: int = BATCH, seed: int = 0,
) -> float:  # fmt: skip
    """`training.averaged_fit.fit`, and the headline; the least validation loss."""
    out.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(seed)
    model = build(width=width, dropout=dropout)
    best, right = fit(
        model, loss, batches(training, size, np.random.default_rng(seed)),
        lambda: held_out(model, held), out, columns=("right_beats",), minutes=minutes, steps=steps,
        check_every=check_every, peak=peak, warm_steps=_WARM_STEPS, decay=2e-2,
    )  # fmt: skip
    known = np.concatenate([one.begins for one in held])
    no_bars = float((known[known >= 0] == 0).mean())
    write_headline(out, "right_beats", right, "no beat begins a bar", no_bars)
    return best


def main() -> None:
    """Parse, read, train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=Path, default=Path("runs/bars"))
    parser.add_argument("--out", type=Path, default=Path("runs/bars"))
    parser.add_argument("--minutes", type=float, default=16.0)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    training, held = (read(args.examples / f"{split}.npz") for split in ("train", "valid"))
    train(training, held, args.out, minutes=args.minutes, seed=args.seed)


if __name__ == "__main__":
    main()
