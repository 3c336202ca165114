"""A tune in notes, a band out, beside what truly accompanied it: the band against rungs.

    python -m benchmarks arranging --data DIR --json benchmarks/results/arranging.json

Pieces are of the test splits of midi_arranged (its held-out grooves apart), midi_multitrack,
midi_pop909 (a piano to a melody) and midi_lieder (a piano to a voice), as training.composer_corpus
reads them. What is measured on sound, from a solo that has to be heard first, is in `remixing`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import arranging_harmony, arranging_same_bars
from benchmarks.arranging_nll import all_nats, counted, fitting
from benchmarks.arranging_pieces import HELD_OUT, Case, cases, held_out
from benchmarks.composition_nll import interval
from benchmarks.results import Results, Row, Table, summarise
from core.composition.composer_decoder import Weights
from core.hearing.heard import Chord
from core.loaders import load_model
from core.remixing.arrangement import Arrangement, empty
from core.remixing.band_controls import AS_THE_DATA, STYLES, BandControls
from core.remixing.band_drawing import TRUST, Band, drawn
from core.remixing.band_frame import frame_of
from core.remixing.band_patterns import pattern
from core.remixing.chords import Chart
from core.remixing.measures import Parts, measured
from core.remixing.stems import STEMS
from training.composer_corpus import Piece, jobs, load, pieces_of
from training.tunes import SUBSETS, usable

CORPUS = Path("runs/composer_corpus.npz")
EACH = 8
"""Test pieces of each kind."""
NGRAM_PIECES = 200
"""Training pieces that the n-grams are counted in."""
BAND, BAND_TOLD, BAND_BARE = "band", "band, true chords told", "band, no chords"
FIXED, FIXED_TOLD, ANOTHER, TRUTH = (
    "a fixed pattern", "a fixed pattern, true chords told", "another piece's parts", "the truth",
)  # fmt: skip
ENGINES = (BAND, BAND_TOLD, BAND_BARE)
ROWS = (*ENGINES, FIXED, FIXED_TOLD, ANOTHER, TRUTH)

Maker = Callable[[int], Parts]


def corpus(data: Path) -> list[Piece]:
    """All pieces, from the file that training.composer_corpus wrote, or read anew."""
    if CORPUS.is_file():
        return load(CORPUS)
    with ProcessPoolExecutor(2) as pool:
        made = pool.map(_read, jobs(data), chunksize=16)
        return [piece for some in made for piece in some]


def _read(job: tuple[Path, str, dict[str, str], Any]) -> list[Piece]:
    return pieces_of(*job)


def heard_chords(case: Case) -> tuple[Chord, ...]:
    """What is heard in the tune's notes, without its parts."""
    from core.hearing.harmony import harmony

    heard = case.heard(())
    return harmony(heard.notes, heard.grid)[1]


def band(case: Case, chords: Sequence[Chord], weights: Weights, trust: float, seed: int) -> Parts:
    """The band's parts, in the piece's genre, before their beginning and end are dressed."""
    heard = case.heard(chords)
    frame = frame_of(heard, case.seconds)
    controls = BandControls(AS_THE_DATA)
    asked = Band(frame, controls, weights, trust, case.piece.genre)
    every = frozenset(range(frame.score.bars)), frozenset(range(len(STEMS)))
    made = drawn(empty(heard, frame.score, controls), asked, *every, seed)
    return parts_of(made)


def parts_of(made: Arrangement) -> Parts:
    """Its notes by stem."""
    return {stem: made.notes(stem) for stem in STEMS}


def fixed(case: Case, chords: Sequence[Chord]) -> Parts:
    """The pattern of the style that the network's genre stands for."""
    styles = [name for name, style in STYLES.items() if style.genre == case.piece.genre and name]
    style = styles[0] if styles else AS_THE_DATA
    return pattern(style, case.piece.metre, Chart(chords), range(case.piece.bars))


def another(index: int, found: Sequence[Case]) -> Parts:
    """The true parts of another piece of the metre, in this one's key; nothing where none is."""
    mine = found[index]
    others = [
        case
        for case in found
        if case.group != mine.group and case.piece.metre == mine.piece.metre
    ]  # fmt: skip
    if not others:
        return dict.fromkeys(STEMS, ())

    def distance(case: Case) -> tuple[bool, float]:
        other_mode = case.piece.mode != mine.piece.mode
        return other_mode, abs(np.log(case.piece.tempo_bpm / mine.piece.tempo_bpm))

    return min(others, key=distance).parts


def makers(
    found: Sequence[Case], heard: Sequence[Sequence[Chord]], weights: Weights
) -> dict[str, Maker]:
    """What each row plays to a case."""
    return {
        BAND: lambda i: band(found[i], heard[i], weights, TRUST, i),
        BAND_TOLD: lambda i: band(found[i], found[i].chords, weights, TRUST, i),
        BAND_BARE: lambda i: band(found[i], heard[i], weights, 0.0, i),
        FIXED: lambda i: fixed(found[i], heard[i]),
        FIXED_TOLD: lambda i: fixed(found[i], found[i].chords),
        ANOTHER: lambda i: another(i, found),
        TRUTH: lambda i: found[i].parts,
    }


def run(data: Path, *, wanted: Sequence[str] | None, limit: int | None, split: str) -> Results:
    """Measure. wanted: rows by name; all by default. limit: pieces of each kind."""
    every = corpus(data)
    found = cases([p for p in every if p.split == split], held_out(data), limit or EACH)
    heard = [heard_chords(case) for case in found]
    model, plain = load_model("band").model, load_model("composer").model
    weights = Weights(model)
    train = _training([piece for piece in every if piece.split == "train"])
    nats = all_nats(model.predict_on_batch, plain.predict_on_batch, found, heard, train)
    notes = [counted(fitting(case.piece)) for case in found]
    rows, by_kind = [], []
    own: dict[str, list[list[float]]] = {}
    made = makers(found, heard, weights)
    for name in ROWS if wanted is None else [row for row in ROWS if row in wanted]:
        print(name, flush=True)
        played = [made[name](index) for index in range(len(found))]
        figures = [
            measured(parts, case.parts, Chart(case.chords), case.bar_ticks)
            for parts, case in zip(played, found, strict=True)
        ]
        own[name] = [
            arranging_harmony.harmony_of(parts, case)
            for parts, case in zip(played, found, strict=True)
        ]
        row = summarise(
            name, "engine" if name in ENGINES else "rung", figures, [c.group for c in found]
        )
        if name in nats:
            figure = {"nats_per_event": interval(nats[name], notes)}
            row = dataclasses.replace(row, metrics={**figure, **row.metrics})
        rows.append(row)
        by_kind += _by_kind(name, figures, found)
    for name, values in nats.items():
        if name not in {row.name for row in rows} and wanted is None:
            rows.append(Row(name, "rung", {"nats_per_event": interval(values, notes)}))
    return Results(
        "arranging",
        f"{split} split, {len(found)} tunes of {', '.join(SUBSETS)}",
        len(found),
        rows,
        (
            _surprise(nats, notes, found),
            arranging_harmony.table(own),
            arranging_same_bars.table(every),
            _kinds(by_kind),
        ),
    )


def _training(pieces: Sequence[Piece]) -> list[Piece]:
    """Pieces to count n-grams in, drawn over the subsets."""
    order = np.random.default_rng(0).permutation(len(pieces))[: 2 * NGRAM_PIECES]
    return usable([pieces[i] for i in order])[:NGRAM_PIECES]


def _surprise(nats: dict[str, list[float]], notes: Sequence[int], found: Sequence[Case]) -> Table:
    hidden = sum(nats["no context: the tune hidden"])
    kinds = list(dict.fromkeys(case.kind for case in found))
    lines = []
    for name, values in nats.items():
        line = [name, f"{sum(values) / sum(notes):.3f}", f"{100 * (sum(values) / hidden - 1):+.1f}"]
        for kind in kinds:
            mine = [i for i, case in enumerate(found) if case.kind == kind]
            line.append(f"{sum(values[i] for i in mine) / sum(notes[i] for i in mine):.2f}")
        lines.append(line)
    note = (
        f"Nats a note over {sum(notes):,} notes of the true parts. The tune is told to the band "
        "alone; chords are those heard in the tune, or the true parts' own where they are told."
    )
    columns = ["model", "nats", "% beside the tune hidden", *kinds]
    return Table("How much a note of the parts surprises", note, columns, lines)


def _by_kind(
    name: str, figures: Sequence[dict[str, float]], found: Sequence[Case]
) -> list[list[str]]:
    lines = []
    for kind in dict.fromkeys(case.kind for case in found):
        own = [f for f, case in zip(figures, found, strict=True) if case.kind == kind]
        cells = []
        for metric in ("chord_note_rate", "bass_root_agreement", "groove_similarity"):
            values = [f[metric] for f in own if metric in f]
            cells.append(f"{np.mean(values):.2f}" if values else "")
        lines.append([name, kind, *cells])
    return lines


def _kinds(lines: Sequence[Sequence[str]]) -> Table:
    note = f"Means. {HELD_OUT}: the accompaniment's pattern is in no training piece."
    columns = ["name", "music", "notes in the chord", "bass on the root", "groove"]
    return Table("By kind of music", note, columns, lines)
