"""Fine-tune `composer`'s network to play along: the tune stands, the parts are to be predicted.

    python -m training.band --corpus FILE --start weights/composer.weights.h5 --out runs/band

Pieces are those with a tune and parts beside it. The tune is always told, a bar ahead; in a quarter
of the examples some parts are too, and in a sixth some bars, as when a visitor redraws the rest.
Validation is the nats of a note of the parts, with the tune told, and known as the band knows it.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core.composition.instruments import LEAD
from core.composition.stream import FEATURES, Conditions
from core.composition.tokens import SIZES
from training.composer import train
from training.composer_corpus import Piece, load
from training.composer_examples import Examples, conditions_of, fill
from training.tunes import usable

Array = np.ndarray[Any, Any]

PARTS_TOLD, BARS_TOLD = 0.25, 0.16
PEAK, MOMENTUM = 4e-4, 0.99
SHARES = {"midi_pop909": 0.36, "midi_arranged": 0.36, "midi_multitrack": 0.13}
"""As composer's, but less of what is soon learned by heart: game music and the lieder, the rest."""


class Accompaniments(Examples):
    """Windows in which the tune stands."""

    shares = SHARES

    def told(self, piece: Piece, rng: Any) -> tuple[Conditions, Array]:
        """See `Examples`."""
        instruments = piece.events[:, 2]
        given = instruments == LEAD
        parts = np.setdiff1d(np.unique(instruments), [LEAD])
        if len(parts) > 1 and rng.random() < PARTS_TOLD:
            some = rng.choice(parts, rng.integers(1, len(parts)), replace=False)
            given |= np.isin(instruments, some)
        if rng.random() < BARS_TOLD:
            bars = rng.random(piece.bars + 1).cumsum() // 4 % 2 == 1
            given |= bars[piece.events[:, 0]]
        return conditions_of(piece, self.edges, rng), given


def held_out(found: Sequence[Piece], length: int, most: int) -> tuple[Array, Array]:
    """The opening and the middle of up to `most` pieces, evenly over the split."""
    picked = [found[i] for i in np.linspace(0, len(found) - 1, min(most, len(found))).astype(int)]
    inputs = np.zeros((2 * len(picked), length, FEATURES), np.float32)
    target = np.zeros((2 * len(picked), length, 2 * len(SIZES)), np.float32)
    for row, piece in enumerate(picked):
        known = Conditions(piece.metre, piece.genre, piece.mode, piece.tempo_bpm)
        for half in (0, 1):
            place = 2 * row + half
            given = piece.events[:, 2] == LEAD
            first = half * (piece.bars // 2)
            fill(inputs[place], target[place], piece, given, known, first)
    return inputs, target


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--start", type=Path, required=True, help="composer's weights")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--minutes", type=float, default=1e9)
    parser.add_argument("--peak", type=float, default=PEAK)
    parser.add_argument("--check-every", type=int, default=250)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--resume", action="store_true")
    args = parser.parse_args()
    train(
        usable(load(args.corpus, "train")), usable(load(args.corpus, "valid")), args.out,
        steps=args.steps, minutes=args.minutes, peak=args.peak, seed=args.seed,
        start=args.start, resume=args.resume, check_every=args.check_every,
        windows=Accompaniments, held_out=held_out, momentum=MOMENTUM,
        config={"width": 160, "depth": 4, "heads": 4, "dropout": 0.1},
    )  # fmt: skip


if __name__ == "__main__":
    main()
