"""Composers: what they expect of test pieces, what their own pieces are like, and how fast.

    python -m benchmarks composition --data DIR --json benchmarks/results/composition.json

Each engine writes a piece of 16 bars for each of up to 100 test pieces, told its genre and metre.
`--engines` takes engines' names, and `nll` and `speed` for those tables, to run it in parts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import chorale_nll, composition_nll, composition_speed
from benchmarks.composition_pieces import (
    BARS,
    PIECES,
    RANDOM,
    TRAINING,
    TRUE,
    Made,
    beside,
    chorales,
    compose,
    corpus,
    excerpts,
    piano_part,
    random_notes,
)
from benchmarks.copying import longest_copies, parts, texture
from benchmarks.results import Results, Row, Table, summarise
from core.composition.tokens import bar_steps, encode
from core.engines import engines
from core.music_measures import degenerate, distances, measured
from training.composer_corpus import Piece

NLL, SPEED = "nll", "speed"
SAMPLED = "notes-lstm, temperature 1"
COPIED_BARS = 2
DRAWS = 200

Measures = Sequence[Mapping[str, Any]]


def distance_metrics(made: Measures, true: Measures) -> dict[str, dict[str, float]]:
    """The distances as metrics, with 95 % bootstrap intervals: pieces of both sides drawn.

    Drawing twice leaves less variety and raises a distance, so the interval is moved by what the
    draws are above it on average.
    """
    whole = distances(made, true)
    rng = np.random.default_rng(0)
    drawn = []
    for _ in range(DRAWS):
        mine = [made[i] for i in rng.integers(0, len(made), len(made))]
        theirs = [true[i] for i in rng.integers(0, len(true), len(true))]
        drawn.append(distances(mine, theirs))
    found = {}
    for name, value in whole.items():
        values = np.array([draw[name] for draw in drawn])
        low, high = np.percentile(values, [2.5, 97.5]) - values.mean() + value
        found[name] = {"mean": value, "low": max(float(low), 0.0), "high": float(high)}
    return found


def copies(sets: Sequence[Made], found: Sequence[Piece]) -> dict[str, list[dict[str, float]]]:
    """Row -> for each piece `copied_bars` and `copied_share`; all rows in one search."""
    training = [(p.events, bar_steps(p.metre)) for p in found if p.split == "train"]
    scores = [(made.name, score) for made in sets for score in made.scores]
    encoded = [(encode(s), bar_steps((s.beats, s.beat_unit))) for _, s in scores]
    out: dict[str, list[dict[str, float]]] = {made.name: [] for made in sets}
    longest = {}
    for lines in (parts, texture):
        mine = [line for i, (events, steps) in enumerate(encoded)
                for line in lines(events, steps, i)]  # fmt: skip
        theirs = [line for events, steps in training for line in lines(events, steps)]
        longest[lines] = longest_copies(mine, theirs, len(scores))
    for (name, _), part, together in zip(scores, longest[parts], longest[texture], strict=True):
        out[name].append(
            {"copied_bars": float(part), "copied_share": float(together > COPIED_BARS)}
        )
    return out


def row_of(
    made: Made, true: Measures, copied: Sequence[Mapping[str, float]] | None, own: bool = False
) -> Row:
    """All that one set of pieces is measured by. own: they are the true pieces themselves."""
    figures: list[dict[str, float]] = []
    for index, score in enumerate(made.scores):
        item = {"degenerate_share": float(bool(degenerate(score)))}
        if copied:
            item |= copied[index]
        if made.seconds:
            item["notes_per_second"] = score.note_count / made.seconds[index]
            item["sixteen_bars_s"] = made.seconds[index]
        figures.append(item)
    row = summarise(made.name, made.kind, figures, [str(i) for i in range(len(figures))])
    if own:
        return row
    found = distance_metrics([measured(score) for score in made.scores], true)
    return replace(row, metrics={**found, **row.metrics})


def piano_table(sets: Sequence[Made], found: Sequence[Piece], split: str) -> Table | None:
    """Engines that write for piano alone, beside the piano parts that notes-lstm learned from."""
    lieder = [p for p in found if p.subset == "midi_lieder"]
    true = [piano_part(e.score) for e in excerpts(lieder, split, PIECES)]
    own = [piano_part(e.score) for e in excerpts(lieder, "train", PIECES)]
    true, own = ([s for s in scores if s.note_count] for scores in (true, own))
    if len(true) < 2 or len(own) < 2:
        return None
    reference = [measured(score) for score in true]
    listed = [made for made in sets if made.name.startswith("notes-lstm")]
    listed.append(Made("piano parts of training lieder", "rung", own))
    lines: list[list[str]] = []
    columns: list[str] = []
    for made in listed:
        values = distances([measured(score) for score in made.scores], reference)
        columns = list(values)
        lines.append([made.name, *(f"{value:.2f}" for value in values.values())])
    heads = [name.removesuffix("_distance").replace("_", " ") for name in columns]
    return Table(
        "notes-lstm against its own kind of music",
        f"Distances as above, to the piano parts of {len(true)} test lieder instead of to all test "
        "pieces: the network learned from the piano parts of lieder.",
        ["pieces", *["mean of all", *heads[1:]]],
        lines,
    )


def generated(references: Sequence[Any], wanted: Sequence[str] | None) -> list[Made]:
    """The pieces of every engine that can run here."""
    found: list[Made | None] = []
    for info in engines("compose"):
        if wanted is None or info.name in wanted:
            found.append(compose(info.name, info.name, references))
            if info.name == "notes-lstm" and found[-1] is not None:
                found.append(compose(SAMPLED, info.name, references, temperature=1.0))
    return [made for made in found if made is not None]


def run(
    data: Path,
    *,
    wanted: Sequence[str] | None = None,
    limit: int | None = None,
    split: str = "test",
) -> Results:
    """The whole benchmark, or the parts wanted."""
    found = corpus(data)
    references = excerpts(found, split, min(limit or PIECES, PIECES))
    true = [reference.score for reference in references]
    bach = chorales(data, split, len(references))
    sets = generated(references, wanted)
    rungs = [
        Made(TRAINING, "rung", beside(references, found)),
        Made(RANDOM, "rung", [random_notes(r, i) for i, r in enumerate(references)]),
    ]
    tests = [Made(TRUE, "rung", true), *([Made("test chorales", "rung", bach)] if bach else [])]
    # Training pieces stand in the training set: what they copy says nothing.
    copied = copies([*sets, rungs[1], *tests], found)
    reference, choral = ([measured(s) for s in scores] for scores in (true, bach))
    rows = [
        row_of(made, choral if made.name == "chorale" and bach else reference,
               copied.get(made.name))
        for made in [*sets, *rungs]
    ]  # fmt: skip
    rows += [row_of(made, reference, copied[made.name], own=True) for made in tests]
    tables: list[Table] = []
    piano = piano_table(sets, found, split)
    if piano is not None and any(made.name == "notes-lstm" for made in sets):
        tables.append(piano)
    if wanted is None or NLL in wanted:
        surprise, more = composition_nll.measure(found, split, limit)
        bach_table = chorale_nll.table(data, limit=limit)
        rows = merged(rows, surprise)
        tables = [*more, *([bach_table] if bach_table else []), *tables]
    if wanted is None or SPEED in wanted:
        tables += composition_speed.tables(limit)
    described = (
        f"{BARS} bars for each of {len(references)} {split} pieces of "
        f"{', '.join(sorted({r.piece.subset for r in references}))}; "
        "chorale is held against Bach's chorales"
    )
    return Results("composition", described, len(references), rows, tables)


def merged(rows: Sequence[Row], more: Sequence[Row]) -> list[Row]:
    """Rows of the same name as one."""
    named = {row.name: row for row in rows}
    for row in more:
        before = named.get(row.name)
        named[row.name] = (
            row if before is None else replace(before, metrics={**row.metrics, **before.metrics})
        )
    return list(named.values())
