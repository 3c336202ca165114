"""Test pieces for the benchmark of arranging: a tune, its true parts by stem, and its chords.

Pieces are those of training.composer_corpus, in C major or A minor, with the tune on the network's
lead.
"""

from __future__ import annotations

import csv
import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core.composition.instruments import DRUMS, LEAD, NAMES
from core.composition.tokens import TICKS_PER_STEP, bar_steps, note_of
from core.hearing.heard import Chord, Grid, Heard, HeardNote
from core.remixing.stems import STEMS
from core.score import TICKS_PER_QUARTER, Note
from training.chord_labels import of_events
from training.composer_corpus import Piece
from training.tunes import LEAST_NOTES, SUBSETS, with_tune

BARS = 12
"""Of each piece, from where tune and parts both play."""
PIANOS = (NAMES.index("piano"), NAMES.index("electric piano"))
HELD_OUT = "midi_arranged, grooves held out"


@dataclasses.dataclass(frozen=True, eq=False)
class Case:
    """events: of BARS bars, bar 0 first, the tune on LEAD. kind: the subset, held-out ones apart.

    chords: of the true parts. parts: true notes by stem, in ticks.
    """

    id: str
    kind: str
    group: str
    piece: Piece
    chords: tuple[Chord, ...]
    parts: dict[str, list[Note]]

    @property
    def bar_ticks(self) -> int:
        return bar_steps(self.piece.metre) * TICKS_PER_STEP

    def heard(self, chords: Sequence[Chord]) -> Heard:
        """The tune as if it had been played at its tempo. chords: those that are told."""
        beats, unit = self.piece.metre
        beat_s = 60.0 / self.piece.tempo_bpm * 4 / unit
        times = tuple(float(n * beat_s) for n in range(self.piece.bars * beats + 1))
        tick_s = 60.0 / self.piece.tempo_bpm / TICKS_PER_QUARTER
        notes = tuple(
            HeardNote(n.start * tick_s, n.pitch, n.end * tick_s, n.velocity)
            for n in sorted(notes_of(self.piece, {LEAD}))
        )
        return Heard(notes, Grid(times, 0, beats, unit), self.piece.key, tuple(chords))

    @property
    def seconds(self) -> float:
        return self.piece.bars * self.bar_ticks * 60.0 / self.piece.tempo_bpm / TICKS_PER_QUARTER


def stem_of(instrument: int) -> str:
    """Which of STEMS an instrument of the network plays."""
    if instrument == DRUMS:
        return "drums"
    if NAMES[instrument] in ("acoustic bass", "electric bass", "synth bass"):
        return "bass"
    return "piano" if instrument in PIANOS else "other"


def notes_of(piece: Piece, instruments: set[int]) -> list[Note]:
    """Notes of some instruments, in ticks."""
    rows = piece.events[np.isin(piece.events[:, 2], list(instruments))]
    return [note_of(row, bar_steps(piece.metre)) for row in rows]


def held_out(data: Path) -> set[str]:
    """Ids of the arranged pieces whose groove is in no training piece."""
    with (data / "midi_arranged" / "index.csv").open(encoding="utf-8") as file:
        return {row["id"] for row in csv.DictReader(file) if row.get("heldout_groove") == "1"}


def case_of(piece: Piece, unseen: set[str]) -> Case | None:
    """The piece's first BARS bars from where tune and parts both play; None where they never do."""
    tuned = with_tune(piece)
    if tuned is None:
        return None
    tune = tuned.events[:, 2] == LEAD
    first = max(int(tuned.events[tune, 0].min()), int(tuned.events[~tune, 0].min()))
    bars = min(BARS, piece.bars - first)
    events = tuned.events[
        (tuned.events[:, 0] >= first) & (tuned.events[:, 0] < first + bars)
    ].copy()
    events[:, 0] -= first
    tune = events[:, 2] == LEAD
    if bars < 4 or tune.sum() < LEAST_NOTES // 2 or (~tune).sum() < LEAST_NOTES:
        return None
    short = dataclasses.replace(tuned, events=events, bars=bars)
    steps = bar_steps(piece.metre)
    chords = of_events(events[~tune], bars, piece.metre, steps)
    parts: dict[str, list[Note]] = {stem: [] for stem in STEMS}
    for instrument in {int(i) for i in events[~tune, 2]}:
        parts[stem_of(instrument)] += notes_of(short, {instrument})
    name = piece.id.rsplit("-", 1)[0]
    kind = HELD_OUT if name in unseen else piece.subset
    return Case(piece.id, kind, name, short, tuple(chords),
                {stem: sorted(notes) for stem, notes in parts.items()})  # fmt: skip


def cases(found: Sequence[Piece], unseen: set[str], each: int) -> list[Case]:
    """Up to `each` cases of every kind, evenly over the pieces of a split."""
    out: list[Case] = []
    for kind in (*SUBSETS, HELD_OUT):
        mine: list[Any] = [
            piece
            for piece in found
            if (kind == HELD_OUT) == (piece.id.rsplit("-", 1)[0] in unseen)
            and (kind in (HELD_OUT, piece.subset))
        ]
        spread = np.random.default_rng(len(mine)).permutation(len(mine))
        made: list[Case] = []
        for number in spread:
            case = case_of(mine[number], unseen) if len(made) < each else None
            if case is not None:
                made.append(case)
        out += made
    return out
