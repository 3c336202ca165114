"""Count how chords follow one another and which notes they have, for core/hearing/harmony.py.

    python -m training.chords --corpus runs/composer_corpus.npz --out core/hearing/chords.json

Chords are those that bass and harmony of the training split play (training/chord_labels.py), notes
those of the tune. Prints the accuracy on tunes of the validation split.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core.composition.instruments import LEAD, SECOND_LEAD
from core.composition.tokens import DRUM_PITCH, DURATIONS, TICKS_PER_STEP, bar_steps
from core.hearing.chords_network import QUALITIES, STATES
from core.hearing.harmony import MODES, likelihoods, most_right
from core.hearing.heard import CHORD_QUALITIES
from core.hearing.spans import Spans, spans_in_ticks
from core.remixing.chords import Chart
from training.chord_labels import of_events
from training.composer_corpus import Piece, load

Array = np.ndarray[Any, Any]

SMOOTHING = 20.0
"""Counts' worth of the chords' own shares added to how each is followed."""
NOTE_SMOOTHING = 20.0


def spans_of(piece: Piece, solo: int = LEAD) -> tuple[Array, Spans] | None:
    """(true state of each span, -1 for none; the solo); None without a solo or parts to the tune.

    solo: the instrument that is heard, the tune's or one of the parts.
    States are beside C in major and beside A in minor, which is where the corpus has its pieces.
    """
    tune = np.isin(piece.events[:, 2], (LEAD, SECOND_LEAD))
    band = piece.events[~tune & (piece.events[:, 3] < DRUM_PITCH)]
    notes = piece.events[piece.events[:, 2] == solo]
    if len(band) < 16 or len(notes) < 16:
        return None
    steps = bar_steps(piece.metre)
    chart = Chart(of_events(band, piece.bars, piece.metre, steps))
    starts = (notes[:, 0] * steps + notes[:, 1]) * float(TICKS_PER_STEP)
    ends = starts + DURATIONS[notes[:, 4]] * TICKS_PER_STEP
    bar = steps * TICKS_PER_STEP
    spans = spans_in_ticks(starts, ends, notes[:, 3], piece.bars, bar, piece.metre)
    states = np.full(len(spans), -1)
    for span in range(len(states)):
        chord = chart.at(int(span * bar / spans.parts))
        quality = CHORD_QUALITIES.index(chord.quality)
        if quality < QUALITIES:
            states[span] = 12 * quality + chord.root
    return states, spans


def beside_tonic(piece: Piece, states: Array) -> Array:
    """The states as the network and the tables have them, beside the key's tonic; -1 stays."""
    return np.where(states < 0, -1, states // 12 * 12 + (states % 12 - piece.key.tonic) % 12)


def counted(pieces: Sequence[Piece]) -> dict[str, Any]:
    """The tables of core.hearing.harmony."""
    first = np.full((2, STATES), 0.2)
    change = np.zeros((2, 2, STATES, STATES))
    notes = np.zeros((QUALITIES, 12))
    for piece in pieces:
        found = spans_of(piece)
        if found is None:
            continue
        states, spans = found
        mode, parts, weights = MODES.index(piece.mode), spans.parts, spans.weights
        relative = beside_tonic(piece, states)
        for span, state in enumerate(relative):
            if state < 0:
                continue
            first[mode, state] += 1
            notes[state // 12] += np.roll(weights[span], -(states[span] % 12))
            if span and relative[span - 1] >= 0:
                change[mode, int(span % parts != 0), relative[span - 1], state] += 1
    share = first / first.sum(axis=1, keepdims=True)
    change += SMOOTHING * share[:, None, None]
    change /= change.sum(axis=3, keepdims=True)
    notes += NOTE_SMOOTHING
    notes /= notes.sum(axis=1, keepdims=True)
    # Beside how often each class is at all, so that a long note is no worse than a short one.
    tables = {"first": share, "change": change, "notes": notes * 12}
    return {name: np.round(np.log(table), 2).tolist() for name, table in tables.items()}


def accuracy(pieces: Sequence[Piece]) -> tuple[float, float]:
    """Share of spans whose (root, root and third) are found from the tune alone."""
    right = np.zeros(2)
    total = 0
    minor = {CHORD_QUALITIES.index(q) for q in ("minor", "diminished")}
    for piece in pieces:
        found = spans_of(piece)
        if found is None:
            continue
        states, spans = found
        said = most_right(likelihoods(spans)[1])
        known = states >= 0
        root = (said % 12 == states % 12)[known]
        third = np.isin(said // 12, list(minor)) == np.isin(states // 12, list(minor))
        right += [root.sum(), (root & third[known]).sum()]
        total += int(known.sum())
    return float(right[0] / max(total, 1)), float(right[1] / max(total, 1))


def main() -> None:
    """Parse, count, write, measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--limit", type=int, help="pieces, evenly over the corpus")
    args = parser.parse_args()
    pieces = load(args.corpus)

    def some(split: str, limit: int | None) -> list[Piece]:
        found = [piece for piece in pieces if piece.split == split]
        return found[:: max(len(found) // (limit or len(found)), 1)]

    tables = counted(some("train", args.limit))
    args.out.write_text(json.dumps(tables, separators=(",", ":")) + "\n", encoding="utf-8")
    print("validation (root, root and third):", accuracy(some("valid", 40)), flush=True)


if __name__ == "__main__":
    main()
