"""The harmony that parts play of themselves, and whether the tune fits it.

A tune leaves its chords open: parts with other chords than the true ones are wrong in those, and
may still be in agreement with each other and with the tune. So chords are taken from each row's own
parts, in the way the true ones are taken from the true parts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from benchmarks.arranging_pieces import Case, notes_of
from benchmarks.results import Table
from core.composition.instruments import LEAD
from core.composition.tokens import TICKS_PER_STEP, bar_steps
from core.remixing.chords import Chart
from core.remixing.measures import PITCHED, Parts, bass_root_agreement, chord_note_rate
from training.chord_labels import SPANS, of_notes

CHANGES = "changes a bar"
COLUMNS = ("notes in the chord", "bass on the root", "tune in the chord", CHANGES)


def chart_of(parts: Parts, metre: tuple[int, int], bars: int) -> Chart:
    """The chords that the parts play, as training.chord_labels names them."""
    notes = np.array(
        [(n.start, n.end, n.pitch) for stem in PITCHED for n in parts.get(stem, ())], float
    ).reshape(-1, 3)
    notes[:, :2] /= TICKS_PER_STEP
    bar = bar_steps(metre)
    return Chart(of_notes(notes.astype(int), bars * bar, SPANS.get(metre, bar)))


def harmony_of(parts: Parts, case: Case) -> list[float]:
    """COLUMNS of one arrangement, shares from 0 to 1; NaN where there is nothing to count."""
    chart = chart_of(parts, case.piece.metre, case.piece.bars)
    tune = {"other": notes_of(case.piece, {LEAD})}
    return [
        chord_note_rate(parts, chart),
        bass_root_agreement(parts, chart),
        chord_note_rate(tune, chart),
        (len(chart.chords) - 1) / case.piece.bars,
    ]


def table(found: Mapping[str, Sequence[Sequence[float]]]) -> Table:
    """Means by row. found: name -> `harmony_of` each case."""
    lines = []
    for name, figures in found.items():
        columns = [np.array(column, float) for column in zip(*figures, strict=True)]
        known = [column[np.isfinite(column)] for column in columns]
        lines.append([name, *(f"{some.mean():.2f}" if len(some) else "" for some in known)])
    return Table(
        "In the harmony that each plays",
        "Means. Chords here are those that a row's own parts play, found as the true ones are "
        "found in the true parts: whether parts agree with each other, and the tune with them, "
        "where they need not be the true chords.",
        ["name", *COLUMNS],
        lines,
    )
