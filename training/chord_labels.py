"""Chords of a piece from what its bass and its harmony play: labels to train and measure with."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.composition.tokens import DRUM_PITCH, DURATIONS, TICKS_PER_STEP, Events
from core.hearing.heard import CHORD_QUALITIES, TRIADS, Chord
from core.remixing.chords import NONE

Array = np.ndarray[Any, Any]

SPANS = {(4, 4): 24, (3, 4): 36, (2, 4): 24, (6, 8): 18}
"""Steps for which a chord lasts at least: half a bar, in 3/4 and 2/4 a whole one."""
_BASS_IS_ROOT, _OUTSIDE, _SEVENTH, _ABSENT, _STAYS, _LEAST = 0.35, 0.6, 0.08, 0.05, 0.05, 0.25


def of_events(events: Events, bars: int, metre: tuple[int, int], bar_steps: int) -> list[Chord]:
    """Chords of a piece's pitched notes, the solo left out by whoever asks; see `of_notes`."""
    pitched = events[events[:, 3] < DRUM_PITCH]
    starts = pitched[:, 0] * bar_steps + pitched[:, 1]
    notes = np.stack([starts, starts + DURATIONS[pitched[:, 4]], pitched[:, 3]], axis=1)
    return of_notes(notes, bars * bar_steps, SPANS[metre])


def of_notes(notes: Array, steps: int, span: int) -> list[Chord]:
    """The triad, seventh or none that fits the notes of each span best, equal ones joined.

    notes: [n, 3], start, end, pitch; start and end in steps. A fit is the share of what sounds that
    is in the chord, less a part of what is not, with a bonus where the lowest note is its root.
    """
    chords: list[Chord] = []
    before: tuple[int, int] | None = None
    for begin in range(0, steps, span):
        overlap = np.minimum(notes[:, 1], begin + span) - np.maximum(notes[:, 0], begin)
        here = overlap > 0
        found: tuple[int, int] | None = before
        if here.any():
            weights = np.bincount(notes[here, 2] % 12, overlap[here], minlength=12)
            sounding = notes[here]
            early = sounding[sounding[:, 0] < begin + span // 2]
            lowest = int((early if len(early) else sounding)[:, 2].min()) % 12
            found = _best(weights / weights.sum(), lowest, before)
        if found != before or not chords:
            root, quality = found or (0, NONE)
            chords.append(Chord(begin * TICKS_PER_STEP, root, CHORD_QUALITIES[quality]))
            before = found
    return chords


def _templates() -> tuple[Array, Array, Array]:
    """[chords, 12] which classes are in each chord, 1 or 0; how many; the roots."""
    rows, sizes, roots = [], [], []
    for name in CHORD_QUALITIES[:NONE]:
        for root in range(12):
            row = np.zeros(12)
            row[[(root + tone) % 12 for tone in TRIADS[name]]] = 1.0
            rows.append(row)
            sizes.append(len(TRIADS[name]))
            roots.append(root)
    return np.array(rows), np.array(sizes), np.array(roots)


_IN, _SIZES, _ROOTS = _templates()


def _best(shares: Array, lowest: int, before: tuple[int, int] | None) -> tuple[int, int] | None:
    inside = _IN @ shares
    absent = _IN @ (shares == 0)
    fit = inside - _OUTSIDE * (1 - inside) - _SEVENTH * (_SIZES - 3) - _ABSENT * absent
    fit += _BASS_IS_ROOT * (lowest == _ROOTS)
    if before is not None:
        fit[before[1] * 12 + before[0]] += _STAYS
    best = int(fit.argmax())
    return (int(_ROOTS[best]), best // 12) if fit[best] > _LEAST else None
