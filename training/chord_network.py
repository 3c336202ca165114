"""Train the chords network: which chord goes with each half bar of a tune.

    python -m training.chord_network --corpus runs/composer_corpus.npz --out runs/chords
    python -m training.register runs/chords/best.weights.h5 hearing-chords

It learns from training pieces that have a tune and parts to it; the chords are those that bass and
harmony play (training/chord_labels.py). So that it knows chordal solos too, and more lines, in some
windows it hears a part in place of the tune. Subsets are drawn by SHARES, so that none is heard for
its size. Validation is the loss on validation pieces, the mean over subsets, and how often the root
of the likeliest chord is right in them. Writes history.csv, headline.json and, in half precision,
the weights at their least loss.
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

from core.composition.instruments import INSTRUMENTS, LEAD
from core.hearing.chords_model import WIDTH, build
from core.hearing.chords_network import PLACES, SHOWN, STATES, shown
from training.averaged_fit import fit, write_headline
from training.chords import beside_tonic, spans_of
from training.composer_corpus import Piece, load

Array = np.ndarray[Any, Any]

BATCH, LENGTH = 48, 48
"""Windows of a step, and spans of a window."""
SHARES = {
    "midi_arranged": 0.3, "midi_pop909": 0.25, "midi_nottingham": 0.15, "midi_lieder": 0.15,
    "midi_multitrack": 0.15, "chordal": 0.2, "lines": 0.15,
}  # fmt: skip
CHORDAL, LINES = "chordal", "lines"
"""Of all subsets the parts that play chords, and other parts for melodies than the tune."""
LEAST_TOGETHER, LEAST_NOTES = 0.5, 24
"""Of a chordal part: notes that begin with another, for each moment. Of any line: notes."""
MISSED = 0.08
"""In half of the windows so many of the classes are not heard."""
SMOOTHING = 0.02
EACH = 40
"""Validation pieces of a subset."""
_WARM_STEPS = 100
Tunes = dict[str, list[tuple[Array, Array]]]


def tunes(pieces: Sequence[Piece]) -> Tunes:
    """Of each piece with a tune and parts, by subset; CHORDAL and LINES of all subsets.

    ([spans, SHOWN], states [spans]).
    """
    found: Tunes = {}
    for piece in pieces:
        for solo, name in solos(piece).items():
            made = spans_of(piece, solo)
            if made is not None and piece.subset in SHARES:
                states, spans = made
                pair = shown(spans, piece.key), beside_tonic(piece, states)
                found.setdefault(name, []).append(pair)
    for name in {CHORDAL, LINES} & {*found}:
        np.random.default_rng(0).shuffle(found[name])  # or validation has one subset of them
    return found


def solos(piece: Piece) -> dict[int, str]:
    """What may be heard as a solo: instrument -> the name that it is learned under."""
    found = {LEAD: piece.subset}
    for solo, count in zip(*np.unique(piece.events[:, 2], return_counts=True), strict=True):
        own = piece.events[piece.events[:, 2] == solo]
        moments = len(np.unique(own[:, :2], axis=0))
        role = INSTRUMENTS[solo].role
        if count < LEAST_NOTES or solo == LEAD:
            continue
        if role == "harmony" and count - moments > LEAST_TOGETHER * moments:
            found[int(solo)] = CHORDAL
        elif role == "melody":
            found[int(solo)] = LINES
    return found


class Windows:
    """Windows of tunes, drawn by subset."""

    def __init__(self, found: Tunes, seed: int) -> None:
        self.found, self.rng = found, np.random.default_rng(seed)
        self.names = sorted(found)
        shares = np.array([SHARES[name] for name in self.names])
        self.shares = shares / shares.sum()

    def batch(self, size: int) -> tuple[Array, Array]:
        """(shown [size, LENGTH, SHOWN], states [size, LENGTH], -1 where nothing is to be said)."""
        rng = self.rng
        inputs = np.zeros((size, LENGTH, SHOWN), np.float32)
        states = np.full((size, LENGTH), -1)
        for row in range(size):
            some = self.found[self.names[rng.choice(len(self.names), p=self.shares)]]
            seen, true = some[rng.integers(len(some))]
            first = int(rng.integers(max(len(true) - LENGTH, 0) + 1))
            window = seen[first : first + LENGTH].copy()
            if rng.random() < 0.5:
                heard = rng.random((len(window), SHOWN - PLACES - 1)) > MISSED
                window[:, : SHOWN - PLACES - 1] *= heard
            inputs[row, : len(window)] = window
            states[row, : len(window)] = true[first : first + LENGTH]
        return inputs, states

    def batches(self, size: int) -> Iterator[tuple[Array, Array]]:
        """Without end."""
        while True:
            yield self.batch(size)


def loss(target: Any, said: Any) -> Any:
    """Cross-entropy where a chord is known, of labels that leave SMOOTHING to all others."""
    known = ops.cast(target >= 0, "float32")
    wanted = ops.one_hot(ops.maximum(ops.cast(target, "int32"), 0), STATES)
    wanted = (1 - SMOOTHING) * wanted + SMOOTHING / STATES
    each = -ops.sum(wanted * ops.log_softmax(said, axis=-1), axis=-1)
    return ops.sum(each * known) / (ops.sum(known) + 1.0)


def held_out(model: keras.Model, found: Tunes) -> dict[str, tuple[float, float]]:
    """By subset: (nats, share of right roots) of the mean piece."""
    out = {}
    for name, some in found.items():
        figures = []
        for seen, true in some[:EACH]:
            known = true >= 0
            if known.any():
                said = ops.convert_to_numpy(model(seen[None], training=False))[0][known]
                logs = said - np.log(np.exp(said).sum(axis=1, keepdims=True))
                nats = -logs[np.arange(len(logs)), true[known]].mean()
                figures.append((nats, (logs.argmax(axis=1) % 12 == true[known] % 12).mean()))
        out[name] = tuple(np.mean(figures, axis=0).tolist())
    return out


def train(
    training: Tunes, held: Tunes, out: Path, *, minutes: float, steps: int = 10**7,
    check_every: int = 200, width: int = WIDTH, dropout: float = 0.4, peak: float = 2e-3,
    batch: int = BATCH, seed: int = 0,
) -> float:  # fmt: skip
    """`training.averaged_fit.fit`, and the headline; the least validation loss."""
    out.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(seed)
    model = build(width=width, dropout=dropout)
    windows = Windows(training, seed)

    def figures() -> list[float]:
        """Loss and right roots, the mean over subsets, then the roots of each."""
        found = np.array(list(held_out(model, held).values()))
        return [*found.mean(axis=0), *found[:, 1]]

    best, right = fit(
        model, loss, windows.batches(batch), figures, out,
        columns=("right_roots", *(f"roots_{name}" for name in held)), minutes=minutes, steps=steps,
        check_every=check_every, peak=peak, warm_steps=_WARM_STEPS, decay=2e-2,
    )  # fmt: skip
    write_headline(out, "right_roots", right, "the commonest root", commonest(training, held))
    return best


def commonest(training: Tunes, held: Tunes) -> float:
    """Share of right roots, the mean over subsets, of the root that training pieces have most."""
    states = np.concatenate([true for some in training.values() for _, true in some])
    most = int(np.bincount(states[states >= 0] % 12).argmax())
    found = []
    for some in held.values():
        shares = [(true[true >= 0] % 12 == most).mean() for _, true in some if (true >= 0).any()]
        found.append(np.mean(shares))
    return float(np.mean(found))


def main() -> None:
    """Parse, read, train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, default=Path("runs/composer_corpus.npz"))
    parser.add_argument("--out", type=Path, default=Path("runs/chords"))
    parser.add_argument("--minutes", type=float, default=18.0)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    sets = [tunes(load(args.corpus, split)) for split in ("train", "valid")]
    print({name: len(some) for name, some in sets[0].items()}, flush=True)
    train(sets[0], sets[1], args.out, minutes=args.minutes, seed=args.seed)


if __name__ == "__main__":
    main()
