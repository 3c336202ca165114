"""Key and chords of a solo: a hidden Markov model over its notes on the grid.

After Raphael and Stoddard, "Functional harmonic analysis using probabilistic models" (CMJ 2004):
chords follow one another as counted beside their key, and each says how likely every note is above
its root. The numbers in chords.json are counted by training/chords.py.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.hearing.heard import CHORD_QUALITIES, Chord, Grid, HeardNote
from core.keys import profile_match
from core.score import TICKS_PER_QUARTER, Key

Array = npt.NDArray[np.float64]

QUALITIES = len(CHORD_QUALITIES) - 1
STATES = 12 * QUALITIES
"""Root and quality: state 12 * quality + root."""
MODES = ("major", "minor")
SPANS = {(4, 4): 2, (3, 4): 1, (2, 4): 1, (6, 8): 2}
"""Parts of a bar in which a chord lasts at least, as training/chord_labels.py has them."""
TABLES = Path(__file__).with_name("chords.json")
_KEYS_TRIED = 4
_STEADIER = 1.6
"""What a note is worth beside what came before: chosen on the validation split."""
_HEAVY = 6.0
"""Of notes, beside one quarter: no span says more than so many by their mere number."""


def harmony(notes: Sequence[HeardNote], grid: Grid) -> tuple[Key, tuple[Chord, ...]]:
    """(key, chords from the first bar on) of a solo's notes."""
    weights, parts = _spans(notes, grid)
    bar = grid.beats * grid.beat_ticks
    key, states = decoded(weights, parts)
    chords: list[Chord] = []
    for number, state in enumerate(states):
        root, quality = int(state) % 12, CHORD_QUALITIES[int(state) // 12]
        if not chords or (chords[-1].root, chords[-1].quality) != (root, quality):
            chords.append(Chord(round(number * bar / parts), root, quality))
    return key, tuple(chords)


def harmonic_fit(notes: Sequence[HeardNote], grid: Grid) -> float:
    """Nats by which chords that change with the grid's bars explain the notes, in one key."""
    weights, parts = _spans(notes, grid)
    total = weights.sum(axis=0)
    if np.ptp(total) == 0.0:
        return 0.0
    keys = (Key(tonic, mode) for tonic in range(12) for mode in MODES)
    return _viterbi(weights, parts, max(keys, key=lambda key: profile_match(total, key)))[0]


def _spans(notes: Sequence[HeardNote], grid: Grid) -> tuple[Array, int]:
    """(weights [spans, 12], see class_weights; spans a bar)."""
    starts = grid.to_ticks([note.start_s for note in notes])
    ends = grid.to_ticks([note.end_s for note in notes])
    pitches = np.array([note.pitch for note in notes], np.int64)
    bar = grid.beats * grid.beat_ticks
    bars = max(int(np.ceil((max(ends, default=0.0) - 1) / bar)), 1)
    parts = SPANS.get((grid.beats, grid.beat_unit), 1)
    return class_weights(starts, ends, pitches, bars * parts, bar / parts), parts


def class_weights(
    starts: Array, ends: Array, pitches: npt.NDArray[np.int64], spans: int, ticks: float
) -> Array:
    """How much of each pitch class each span has, [spans, 12]: quarters, more at its beginning."""
    out = np.zeros((spans, 12))
    for start, end, pitch in zip(starts, ends, pitches, strict=True):
        # Notes that a player begins a little early are meant for the next span.
        start = start + min(0.12 * TICKS_PER_QUARTER, 0.3 * (end - start))
        for span in range(max(int(start // ticks), 0), min(int((end - 1) // ticks) + 1, spans)):
            overlap = min(end, (span + 1) * ticks) - max(start, span * ticks)
            first = max(start - span * ticks, 0.0) < 0.3 * TICKS_PER_QUARTER
            out[span, pitch % 12] += max(overlap, 0.0) / TICKS_PER_QUARTER * (1.5 if first else 1.0)
    return out


def decoded(weights: Array, parts: int) -> tuple[Key, npt.NDArray[np.int64]]:
    """(key, state of each span): the likeliest of the keys that fit the notes best."""
    total = weights.sum(axis=0)
    if np.ptp(total) == 0.0:
        return Key(0, "major"), np.zeros(len(weights), np.int64)
    keys = sorted(
        (Key(tonic, mode) for tonic in range(12) for mode in MODES),
        key=lambda key: -profile_match(total, key),
    )[:_KEYS_TRIED]
    found = [(_viterbi(weights, parts, key), key) for key in keys]
    (_, states), key = max(found, key=lambda pair: pair[0][0])
    return key, states


def _viterbi(weights: Array, parts: int, key: Key) -> tuple[float, npt.NDArray[np.int64]]:
    tables = _tables()
    mode = MODES.index(key.mode)
    relative = np.roll(weights, -key.tonic, axis=1)
    heavy = relative.sum(axis=1, keepdims=True)
    relative = relative * np.minimum(1.0, _HEAVY / np.maximum(heavy, 1e-9))
    said = _STEADIER * relative @ tables.notes.T
    score = tables.first[mode] + said[0]
    back = np.zeros((len(said), STATES), np.int64)
    for span in range(1, len(said)):
        into = score[:, None] + tables.change[mode, int(span % parts != 0)]
        back[span] = into.argmax(axis=0)
        score = into.max(axis=0) + said[span]
    states = np.zeros(len(said), np.int64)
    states[-1] = int(score.argmax())
    for span in range(len(said) - 1, 0, -1):
        states[span - 1] = back[span, states[span]]
    absolute = states // 12 * 12 + (states % 12 + key.tonic) % 12
    return float(score.max()), absolute


class Tables:
    """Logarithms, from the key's tonic.

    first: [modes, STATES]. change: [modes, inside a bar, STATES, STATES], from and to. notes:
    [STATES, 12], of each pitch class under each chord.
    """

    def __init__(self, stored: dict[str, list[object]]) -> None:
        self.first = np.array(stored["first"], np.float64)
        self.change = np.array(stored["change"], np.float64)
        above = np.array(stored["notes"], np.float64)
        self.notes = np.stack([np.roll(above[q], root) for q in range(QUALITIES)
                               for root in range(12)])  # fmt: skip


@lru_cache(maxsize=1)
def _tables() -> Tables:
    return Tables(json.loads(TABLES.read_text(encoding="utf-8")))
