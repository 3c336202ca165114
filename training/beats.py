"""Train the beats network: beats, bar lines, tempo and metre of solos, of their notes alone.

    python -m training.beats_songs --data DIR --out runs/beat_songs
    python -m training.beats_examples --songs runs/beat_songs --out runs/beats
    python -m training.beats --examples runs/beats --out runs/beats --minutes 40
    python -m training.register runs/beats/best.weights.h5 hearing-beats

Validation is the loss on solos of validation pieces, and how often the likeliest beat length is
within an eighth of an octave. Writes history.csv, headline.json and, in half
precision, the weights at their least loss.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
from keras import ops

from core.hearing.beat_frames import PARTS
from core.hearing.beats_model import WIDTH, build
from core.hearing.beats_network import METRES, TEMPI
from training.averaged_fit import fit, write_headline

Array = np.ndarray[Any, Any]

BATCH = 16
BAR, TEMPO, METRE = 1.0, 0.06, 0.04
"""What the other targets' losses are worth beside that of the beats."""
_WARM_STEPS = 200
_FRAMES = PARTS * 2


class Examples:
    """What training.beats_examples wrote of a split."""

    def __init__(self, folder: Path, split: str) -> None:
        self.shown, self.frames, self.whole = (
            np.load(folder / f"{split}-{kind}.npy", mmap_mode="r")
            for kind in ("shown", "frames", "whole")
        )

    def __len__(self) -> int:
        return len(self.whole)

    def batch(self, rows: Array) -> tuple[Array, Array]:
        """(shown [rows, steps, SHOWN], targets [rows, steps, PARTS * 2 + 1 + TEMPI + METRES]).

        Targets are beat and bar line of each frame, whether they are known, and, the same at all
        steps, shares of beat lengths and of metres.
        """
        frames = self.frames[rows].astype(np.float32)
        whole = self.whole[rows].astype(np.float32)[:, None]
        whole = np.broadcast_to(whole, (*frames.shape[:2], whole.shape[-1]))
        return self.shown[rows].astype(np.float32), np.concatenate([frames, whole], axis=-1)

    def batches(self, size: int, rng: np.random.Generator) -> Iterator[tuple[Array, Array]]:
        """Without end, every solo once before any comes again."""
        size = min(size, len(self))
        while True:
            mixed = rng.permutation(len(self))
            for start in range(0, len(mixed) - size + 1, size):
                yield self.batch(np.sort(mixed[start : start + size]))


def loss(target: Any, said: Any) -> Any:
    """Cross-entropy of frames where they are known, and, weighted, of the whole."""
    wanted, known = target[..., :_FRAMES], target[..., _FRAMES : _FRAMES + 1]
    each = ops.binary_crossentropy(wanted, said[..., :_FRAMES], from_logits=True)
    weight = ops.convert_to_tensor([1.0, BAR] * PARTS, "float32") * known
    value = ops.sum(each * weight) / (PARTS * ops.sum(known) + 1.0)
    at = _FRAMES
    for count, worth in ((TEMPI, TEMPO), (METRES, METRE)):
        true = target[:, 0, at + 1 : at + 1 + count]
        true = true / ops.sum(true, axis=-1, keepdims=True)
        logs = ops.log_softmax(said[:, 0, at : at + count], axis=-1)
        value -= worth * ops.mean(ops.sum(true * logs, axis=-1))
        at += count
    return value


def held_out(model: keras.Model, held: tuple[Array, Array]) -> tuple[float, float]:
    """(loss, share of solos whose likeliest beat length is within an eighth of an octave)."""
    said = model.predict(held[0], batch_size=64, verbose=0)
    away = said[:, 0, _FRAMES : _FRAMES + TEMPI].argmax(axis=1) - _tempi(held[1])
    value = loss(ops.convert_to_tensor(held[1]), ops.convert_to_tensor(said))
    return float(value), float((np.abs(away) <= 2).mean())


def commonest(targets: Array) -> float:
    """Share of solos that the commonest beat length is as near to."""
    right = _tempi(targets)
    return max(float((np.abs(right - tempo) <= 2).mean()) for tempo in range(TEMPI))


def _tempi(targets: Array) -> Array:
    return np.asarray(targets[:, 0, _FRAMES + 1 : _FRAMES + 1 + TEMPI].argmax(axis=1))


def train(
    examples: Path, out: Path, *, minutes: float, steps: int = 10**7, check_every: int = 500,
    batch: int = BATCH, width: int = WIDTH, dropout: float = 0.1, peak: float = 3e-3,
    seed: int = 0,
) -> float:  # fmt: skip
    """`training.averaged_fit.fit`, and the headline; the least validation loss."""
    out.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(seed)
    model = build(width=width, dropout=dropout)
    valid = Examples(examples, "valid")
    held = valid.batch(np.arange(len(valid)))
    solos = Examples(examples, "train").batches(batch, np.random.default_rng(seed))
    best, right = fit(
        model, loss, solos, lambda: held_out(model, held), out, columns=("right_tempi",),
        minutes=minutes, steps=steps, check_every=check_every, peak=peak, warm_steps=_WARM_STEPS,
        decay=1e-2,
    )  # fmt: skip
    write_headline(out, "right_tempi", right, "the commonest tempo", commonest(held[1]))
    return best


def main() -> None:
    """Parse, then train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=Path, default=Path("runs/beats"))
    parser.add_argument("--out", type=Path, default=Path("runs/beats"))
    parser.add_argument("--minutes", type=float, default=40.0)
    parser.add_argument("--width", type=int, default=WIDTH)
    parser.add_argument("--dropout", type=float, default=0.1)
    parser.add_argument("--batch", type=int, default=BATCH)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    train(
        args.examples, args.out, minutes=args.minutes, width=args.width, dropout=args.dropout,
        batch=args.batch, seed=args.seed,
    )  # fmt: skip


if __name__ == "__main__":
    main()
