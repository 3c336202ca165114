"""Fit the numbers by which chords bear on pitches (core/remixing/band_guide.py).

    python -m training.band_guide --corpus FILE --out core/remixing/band_guide.json

The network is that of `band`. With the tune given it says how likely each pitch of the other
parts is; to these logits the tables are added, and are such that the true pitches are the
likeliest (a log-linear model, its regularised likelihood maximised by L-BFGS, which has one
maximum). The chords are those that bass and harmony play (training/chord_labels.py).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize

from core.composition.instruments import DRUMS, LEAD, SECOND_LEAD
from core.composition.stream import FEATURES, Conditions, windowed
from core.composition.tokens import (
    DRUM_PITCH,
    INSTRUMENT,
    OFFSETS,
    PITCH,
    TICKS_PER_STEP,
    TIME,
    bar_steps,
)
from core.hearing.heard import CHORD_QUALITIES
from core.remixing.band_guide import FAMILIES, PLACES, ChordGuide, family, place
from core.remixing.chords import Chart
from training.chord_labels import of_events
from training.composer_corpus import Piece, load
from training.tunes import usable

Array = np.ndarray[Any, Any]
Network = Callable[[Array], Array]

LENGTH, BATCH = 256, 12
WEIGHT = 2e-5
"""Of the squared numbers, beside the mean nats of a note."""
_CHORD = len(FAMILIES) * PLACES * len(CHORD_QUALITIES) * 12
_NEXT = len(FAMILIES) * len(CHORD_QUALITIES) * 12


def guide_of(piece: Piece) -> ChordGuide:
    """The guide that true chords make of the piece."""
    steps = bar_steps(piece.metre)
    tune = np.isin(piece.events[:, 2], (LEAD, SECOND_LEAD))
    chart = Chart(of_events(piece.events[~tune], piece.bars, piece.metre, steps))
    return ChordGuide(chart, tune_of(piece, steps), piece.metre)


def tune_of(piece: Piece, steps: int) -> list[tuple[int, int, int]]:
    """(start, end, pitch) of the tune, ticks."""
    from core.composition.tokens import note_of

    notes = [note_of(row, steps) for row in piece.events[piece.events[:, 2] == LEAD]]
    return [(note.start, note.end, note.pitch) for note in notes]


def windows(pieces: Sequence[Piece], seed: int) -> list[tuple[Piece, int]]:
    """A random window of each piece: (piece, first bar)."""
    rng = np.random.default_rng(seed)
    return [(piece, int(rng.integers(0, max(piece.bars - 8, 1)))) for piece in pieces]


def known(piece: Piece) -> Conditions:
    """What the band knows of a piece when it plays."""
    return Conditions(piece.metre, piece.genre, piece.mode, piece.tempo_bpm)


def collect(network: Network, picked: Sequence[tuple[Piece, int]]) -> dict[str, Array]:
    """Of every pitched note but the tune's: the network's say on pitch classes, and its context."""
    rows: dict[str, list[Any]] = {
        name: [] for name in ("said", "own", "family", "place", "quality", "root", "near",
                              "next_quality", "next_root", "sounding")
    }  # fmt: skip
    for start in range(0, len(picked), BATCH):
        batch = np.zeros((BATCH, LENGTH, FEATURES), np.float32)
        parts = []
        for row, (piece, first) in enumerate(picked[start : start + BATCH]):
            given = piece.events[:, 2] == LEAD
            features, following, weights = windowed(
                piece.events, given, known(piece), first, piece.bars, LENGTH
            )
            batch[row, : len(features)] = features
            parts.append((piece, first, features, following, weights))
        pitch = slice(OFFSETS[PITCH], OFFSETS[PITCH] + DRUM_PITCH)
        logits = np.asarray(network(batch), np.float32)[..., pitch]
        for row, (piece, first, features, following, weights) in enumerate(parts):
            guide = guide_of(piece)
            bars = first - 1 + np.cumsum(features[:, 0] == 1)
            counted = (weights[:, -1] > 0) & (following[:, INSTRUMENT] != DRUMS)
            for index in np.flatnonzero(counted):
                _add(rows, logits[row, index], following[index], int(bars[index]), guide)
    return {name: np.array(values) for name, values in rows.items()}


def _add(
    rows: dict[str, list[Any]], logits: Array, own: Array, bar: int, guide: ChordGuide
) -> None:
    step, instrument, pitch = (int(own[field]) for field in (TIME, INSTRUMENT, PITCH))
    tick = (bar * guide.bar_steps + step) * TICKS_PER_STEP
    chord, following, begins = guide.context(tick, step)
    said = np.exp(logits - logits.max())
    by_class = np.bincount(np.arange(DRUM_PITCH) % 12, said, minlength=12)
    rows["said"].append(np.log(by_class / by_class.sum() + 1e-9))
    rows["own"].append(pitch % 12)
    rows["family"].append(family(instrument))
    rows["place"].append(place(step, guide.beat_steps, begins))
    rows["quality"].append(CHORD_QUALITIES.index(chord.quality))
    rows["root"].append(chord.root)
    rows["near"].append(following is not None)
    rows["next_quality"].append(
        0 if following is None else CHORD_QUALITIES.index(following.quality)
    )
    rows["next_root"].append(0 if following is None else following.root)
    rows["sounding"].append(guide.sounding(tick))


def _cells(data: dict[str, Array]) -> tuple[Array, Array]:
    """Which numbers bear on each note's 12 classes: indices int [n, 12] into chord and next."""
    classes = np.arange(12)[None]
    away = (classes - data["root"][:, None]) % 12
    cell = (data["family"] * PLACES + data["place"]) * len(CHORD_QUALITIES) + data["quality"]
    ahead = (classes - data["next_root"][:, None]) % 12
    later = data["family"] * len(CHORD_QUALITIES) + data["next_quality"]
    return cell[:, None] * 12 + away, later[:, None] * 12 + ahead


def biased(data: dict[str, Array], numbers: Array) -> Array:
    """[n, 12]: the tables' say for each note."""
    chord, later = _cells(data)
    near = data["near"][:, None]
    solo = numbers[_CHORD + _NEXT :][data["family"]][:, None] * data["sounding"]
    return np.asarray(numbers[:_CHORD][chord] + near * numbers[_CHORD:][later] + solo)


def nats(data: dict[str, Array], numbers: Array) -> float:
    """Mean nats of the true pitch classes."""
    scores = data["said"] + biased(data, numbers)
    top = scores.max(axis=1, keepdims=True)
    log_sum = np.log(np.exp(scores - top).sum(axis=1)) + top[:, 0]
    return float((log_sum - scores[np.arange(len(scores)), data["own"]]).mean())


def fit(data: dict[str, Array], weight: float = WEIGHT) -> Array:
    """The numbers, one after another: chord, next, solo."""
    chord, later = _cells(data)
    count, rows = len(data["own"]), np.arange(len(data["own"]))
    size = _CHORD + _NEXT + len(FAMILIES)

    def value_and_slope(numbers: Array) -> tuple[float, Array]:
        scores = data["said"] + biased(data, numbers)
        scores = scores - scores.max(axis=1, keepdims=True)
        chances = np.exp(scores)
        chances /= chances.sum(axis=1, keepdims=True)
        value = -float(np.log(chances[rows, data["own"]] + 1e-12).mean())
        error = chances / count
        error[rows, data["own"]] -= 1 / count
        slope = np.zeros(size)
        slope[:_CHORD] = np.bincount(chord.ravel(), error.ravel(), minlength=_CHORD)
        near = (error * data["near"][:, None]).ravel()
        slope[_CHORD : _CHORD + _NEXT] = np.bincount(later.ravel(), near, minlength=_NEXT)
        told = (error * data["sounding"]).sum(axis=1)
        slope[_CHORD + _NEXT :] = np.bincount(data["family"], told, minlength=len(FAMILIES))
        return value + weight * float(numbers @ numbers), slope + 2 * weight * numbers

    found = minimize(value_and_slope, np.zeros(size), jac=True, method="L-BFGS-B",
                     options={"maxiter": 200})  # fmt: skip
    return np.asarray(found.x)


def as_tables(numbers: Array) -> dict[str, Any]:
    """As core.remixing.band_guide reads them, rounded to hundredths."""
    qualities = len(CHORD_QUALITIES)
    chord = numbers[:_CHORD].reshape(len(FAMILIES), PLACES, qualities, 12)
    later = numbers[_CHORD : _CHORD + _NEXT].reshape(len(FAMILIES), qualities, 12)
    parts = {"chord": chord, "next": later, "solo": numbers[_CHORD + _NEXT :]}
    return {name: np.round(part, 2).tolist() for name, part in parts.items()}


def main() -> None:
    from core.loaders import load_model

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--windows", type=int, default=900)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    model = load_model("band").model

    def network(batch: Array) -> Array:
        return np.asarray(model.predict_on_batch(batch))

    def gathered(split: str, most: int) -> dict[str, Array]:
        pieces = usable(load(args.corpus, split))
        order = np.random.default_rng(args.seed).permutation(len(pieces))[:most]
        return collect(network, windows([pieces[i] for i in order], args.seed))

    train, valid = gathered("train", args.windows), gathered("valid", args.windows // 4)
    numbers = fit(train)
    none = np.zeros_like(numbers)
    print(f"{len(train['own'])} notes; nats of a pitch class on {len(valid['own'])} of validation: "
          f"{nats(valid, none):.3f} without chords, {nats(valid, numbers):.3f} with")  # fmt: skip
    args.out.write_text(json.dumps(as_tables(numbers)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
