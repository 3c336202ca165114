"""Moments of solos with their places in the beat, from symbolic music, played as people play.

    python -m training.beats_examples --corpus runs/composer_corpus.npz --out runs/beats

Nothing is rendered: tunes, accompaniments and both together are played at a tempo that wanders,
some notes are missed, doubled or heard an octave off, as a transcription would have it.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core.composition.instruments import LEAD
from core.composition.tokens import DRUM_PITCH, DURATIONS, STEPS_PER_QUARTER, bar_steps
from core.hearing.heard import HeardNote
from core.hearing.onsets import features, moments
from core.hearing.pulse import BEAT, DOWNBEAT, HALF, OTHER, QUARTER, THIRD
from training.composer_corpus import Piece, load

Array = np.ndarray[Any, Any]

SECONDS = (8.0, 40.0)
JITTER_S = 0.011
NEAR_S = 0.035
_LEAST_NOTES = 12


def beat_steps(metre: tuple[int, int]) -> int:
    """Steps of a beat: a quarter, or a dotted one in 6/8."""
    return STEPS_PER_QUARTER if metre[1] == 4 else STEPS_PER_QUARTER * 3 // 2


def played(
    piece: Piece, rng: np.random.Generator
) -> tuple[list[HeardNote], Array, Array, Array] | None:
    """(notes as heard, times of beats, their places in the bar, times of all steps) or None.

    A drawn stretch of the tune, the rest or both; times in s from its start.
    """
    pitched = piece.events[piece.events[:, 3] < DRUM_PITCH]
    lead = pitched[:, 2] == LEAD
    kind = rng.random()
    if kind < 0.6 or lead.all():
        rows = pitched[lead]
    elif kind < 0.8:
        others = np.unique(pitched[~lead, 2])
        rows = pitched[pitched[:, 2] == rng.choice(others)] if len(others) else pitched[lead]
    else:
        others = np.unique(pitched[~lead, 2])
        picked = [LEAD, rng.choice(others)] if len(others) else [LEAD]
        rows = pitched[np.isin(pitched[:, 2], picked)]
    per_bar, beat = bar_steps(piece.metre), beat_steps(piece.metre)
    starts = rows[:, 0] * per_bar + rows[:, 1]
    if len(rows) < _LEAST_NOTES:
        return None
    beat_s = 60.0 / piece.tempo_bpm * beat / STEPS_PER_QUARTER * np.exp(rng.uniform(-0.2, 0.2))
    first = int(starts[rng.integers(len(starts))])
    span = int(rng.uniform(*SECONDS) / beat_s * beat)
    inside = (starts >= first) & (starts < first + span)
    if inside.sum() < _LEAST_NOTES:
        return None
    rows, starts = rows[inside], starts[inside]
    low, high = first // beat - 2, (first + span) // beat + 3
    step_s = _pace(np.arange(low, high), beat_s, rng)
    beats_s = np.concatenate([[0.0], np.cumsum(step_s)])
    numbers = np.arange(low, high + 1)
    beats_s -= float(np.interp(first / beat, numbers, beats_s)) - rng.uniform(0.0, 1.0)
    ends = starts + DURATIONS[rows[:, 4]]
    onset = np.interp(starts / beat, numbers, beats_s)
    offset = np.interp(ends / beat, numbers, beats_s)
    notes = _heard(onset, offset, rows[:, 3], rows[:, 5] * 11.0, rng)
    return notes, beats_s, numbers % (per_bar // beat), numbers.astype(float)


def _pace(numbers: Array, beat_s: float, rng: np.random.Generator) -> Array:
    """Seconds of each beat: steady, wandering or slowing down."""
    kind = rng.random()
    wander = np.zeros(len(numbers))
    if kind > 0.5:
        wander = np.cumsum(rng.normal(0, 0.008 if kind < 0.8 else 0.02, len(numbers)))
    if kind > 0.9:
        wander += np.linspace(0, rng.uniform(-0.15, 0.3), len(numbers))
    return beat_s * np.exp(np.clip(wander, -0.4, 0.4))


def _heard(
    onset: Array, offset: Array, pitch: Array, velocity: Array, rng: np.random.Generator
) -> list[HeardNote]:
    """Notes as a transcription of a performance has them."""
    sung = onset + rng.normal(0, JITTER_S * rng.uniform(0.3, 1.5), len(onset))
    length = (offset - onset) * rng.uniform(0.5, 1.05) * np.exp(rng.normal(0, 0.15, len(onset)))
    kept = rng.random(len(onset)) > rng.uniform(0, 0.15)
    extra = rng.random(len(onset)) < rng.uniform(0, 0.1)
    move = int(rng.integers(-5, 6))
    flat = rng.random() < 0.3
    out = []
    for at in range(len(onset)):
        loud = float(80 if flat else velocity[at] + rng.normal(0, 6))
        start, long = max(float(sung[at]), 0.0), max(float(length[at]), 0.04)
        tone = int(np.clip(pitch[at] + move, 0, 127))
        strength = int(np.clip(loud, 20, 120))
        if kept[at]:
            out.append(HeardNote(start, tone, start + long, strength))
        if extra[at]:
            late = start + float(rng.choice([0.0, rng.uniform(0, long)]))
            out.append(HeardNote(late, min(tone + int(rng.choice([0, 12, 19])), 127),
                                 late + 0.5 * long, max(strength - 20, 20)))  # fmt: skip
    return sorted(out)


def places(times_s: Array, beats_s: Array, in_bar: Array, metre: tuple[int, int]) -> Array:
    """The place of each moment, see core.hearing.pulse; OTHER where it is near none."""
    number = np.interp(times_s, beats_s, np.arange(len(beats_s)))
    whole = np.floor(number).astype(int)
    phase = number - whole
    length = np.diff(beats_s)[np.clip(whole, 0, len(beats_s) - 2)]
    out = np.full(len(times_s), OTHER)
    best = np.full(len(times_s), NEAR_S)
    marks = [(0.0, BEAT), (1.0, BEAT), (0.5, HALF), (1 / 3, THIRD), (2 / 3, THIRD)]
    if metre[1] == 4:
        marks += [(0.25, QUARTER), (0.75, QUARTER)]
    for mark, place in marks:
        away = np.abs(phase - mark) * length
        nearer = away < best
        out[nearer], best[nearer] = place, away[nearer]
    nearest = np.clip(np.round(number).astype(int), 0, len(in_bar) - 1)
    out[(out == BEAT) & (in_bar[nearest] == 0)] = DOWNBEAT
    return out


def examples(pieces: Sequence[Piece], passes: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """(features float16 [n, FEATURES], places int8 [n]) of all pieces, `passes` times over."""
    shown, named = [], []
    for _ in range(passes):
        for piece in pieces:
            made = played(piece, rng)
            if made is None:
                continue
            notes, beats_s, in_bar, _ = made
            found = moments(notes)
            shown.append(features(found).astype(np.float16))
            named.append(places(found[:, 0], beats_s, in_bar, piece.metre).astype(np.int8))
    return np.concatenate(shown), np.concatenate(named)


def main() -> None:
    """Parse, then make both splits."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, default=Path("runs/composer_corpus.npz"))
    parser.add_argument("--out", type=Path, default=Path("runs/beats"))
    parser.add_argument("--passes", type=int, default=2)
    parser.add_argument("--limit", type=int, help="pieces of each split, for a quick try")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    corpus = load(args.corpus)
    for split, passes in (("valid", 1), ("train", args.passes)):
        rng = np.random.default_rng([args.seed, passes])
        pieces = [piece for piece in corpus if piece.split == split][: args.limit]
        shown, named = examples(pieces, passes, rng)
        np.savez(args.out / f"{split}.npz", shown=shown, named=named)
        shares = np.bincount(named, minlength=OTHER + 1) / len(named)
        print(split, len(pieces), "pieces", shown.shape, np.round(shares, 3), flush=True)


if __name__ == "__main__":
    main()
