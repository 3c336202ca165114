"""Another accompanist over the same bar: how far a tune says its chords.

Where a bar of a tune stands in another piece too, in the same key, that piece's chords are what
somebody else played to it. How often those are right here says how far the notes leave it open.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.results import Table
from core.composition.instruments import LEAD
from core.hearing.harmony import likelihoods, most_right, tones_right
from core.hearing.spans import Spans
from training.chords import spans_of
from training.composer_corpus import Piece

Array = np.ndarray[Any, Any]

LEAST_NOTES = 3
"""Of a bar that is compared."""
MOST_PAIRS = 12
"""Of the pieces that share a bar."""
SAME_TUNE = 0.25
"""Two pieces that share more of their bars are one tune under two names."""
COLUMNS = (
    "music", "bars", "tones, another's chords", "tones, named", "roots, another's", "roots, named",
)  # fmt: skip
Bar = tuple[Piece, Array, int, Spans]
"""Piece, its chords in the bar (12 * quality + root), which bar, the whole tune."""


def shared(pieces: Sequence[Piece]) -> dict[tuple[Any, ...], list[Bar]]:
    """The bars of tunes with known chords, by subset, metre, mode and notes."""
    found: dict[tuple[Any, ...], list[Bar]] = defaultdict(list)
    for piece in pieces:
        made = spans_of(piece)
        if made is None:
            continue
        states, spans = made
        notes: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
        for row in piece.events[piece.events[:, 2] == LEAD]:
            notes[int(row[0])].append((int(row[1]), int(row[3]) % 12, int(row[4])))
        for bar, own in notes.items():
            chords = states[bar * spans.parts : (bar + 1) * spans.parts]
            if len(own) >= LEAST_NOTES and len(chords) == spans.parts and (chords >= 0).all():
                key = (piece.subset, piece.metre, piece.mode, tuple(sorted(own)))
                found[key].append((piece, chords, bar, spans))
    return found


def name_of(piece: Piece) -> str:
    """Of midi_arranged a tune's name, of which there are several arrangements."""
    return piece.id.rsplit("-", 1)[0] if piece.subset == "midi_arranged" else piece.id


def of_one_tune(a: Piece, b: Piece, bars: dict[str, set[Any]]) -> bool:
    """Whether two pieces are one tune: by name, or by the share of bars that both have."""
    if name_of(a) == name_of(b):
        return True
    mine, other = bars[f"{a.subset}/{a.id}"], bars[f"{b.subset}/{b.id}"]
    return len(mine & other) > SAME_TUNE * min(len(mine), len(other))


def figures(
    found: Sequence[Bar],
    bars: dict[str, set[Any]],
    named: dict[str, Array],
    rng: np.random.Generator,
) -> Array | None:
    """Of one bar, over its held-out pieces; None where no other tune has it.

    [tones another's, tones named, roots another's, roots named]. bars: of each piece. named: chords
    by piece, those of earlier bars.
    """
    held = [bar for bar in found if bar[0].split != "train"]
    pairs = [(a, b) for a in held for b in found if not of_one_tune(a[0], b[0], bars)]
    if not pairs:
        return None
    pairs = [pairs[at] for at in rng.permutation(len(pairs))[:MOST_PAIRS]]
    rows = []
    for (piece, true, bar, spans), other in pairs:
        key = f"{piece.subset}/{piece.id}"
        if key not in named:
            named[key] = most_right(likelihoods(spans)[1])
        ours = named[key][bar * spans.parts : (bar + 1) * spans.parts]
        rows.append([
            tones_right(other[1], true).mean(), tones_right(ours, true).mean(),
            (other[1] % 12 == true % 12).mean(), (ours % 12 == true % 12).mean(),
        ])  # fmt: skip
    return np.asarray(np.mean(rows, axis=0))


def table(pieces: Sequence[Piece]) -> Table:
    """Of the validation and test pieces of each subset."""
    rng, named, bars = np.random.default_rng(0), dict[str, Array](), defaultdict[str, set[Any]](set)
    every = shared(pieces)
    for key, found in every.items():
        for piece, *_ in found:
            bars[f"{piece.subset}/{piece.id}"].add(key)
    rows: dict[str, list[Array]] = defaultdict(list)
    for key, found in every.items():
        figure = figures(found, bars, named, rng)
        if figure is not None:
            rows[key[0]].append(figure)
    lines = [
        [subset, str(len(some)), *(f"{value:.2f}" for value in np.mean(some, axis=0))]
        for subset, some in sorted(rows.items())
    ]
    return Table(
        "Another accompanist over the same bar",
        "Bars of validation and test tunes, of three notes or more, that stand in another tune as "
        "well, in the same key: share of a triad's notes that belong to the true chord, and of "
        "right roots, of the chords that the other tune has there and of those named from this "
        "tune alone. What somebody else played to the same notes says how far they leave it open.",
        list(COLUMNS),
        lines,
    )
