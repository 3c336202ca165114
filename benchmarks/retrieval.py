"""How well a passage finds the piece that it is from, whatever was done to it.

    python -m benchmarks retrieval --data DIR --json benchmarks/results/retrieval.json

The index is over every piece of the data, all splits, for what a query is from must be in it; the
shipped collection has the training split alone. Queries are made from pieces of one split. A right
answer is the piece itself, one of its group (the tune and its arrangement, near-duplicates), or a
piece that has the passage note for note.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.results import Results, Row, Table, summarise
from benchmarks.retrieval_heard import HEARD, heard_queries
from benchmarks.retrieval_queries import CHANGES, Asked, Passage, passage
from benchmarks.retrieval_rungs import by_chroma, by_grams, by_votes, containing
from core.errors import UserInputError
from core.retrieval import nearest
from core.retrieving import words
from core.retrieving.chroma import of_index
from core.retrieving.index import Index
from core.retrieving.lines import Lines, lines_of_score
from core.retrieving.ranking import ranking
from core.retrieving.recordings import Recordings
from core.retrieving.shipped import dumps, loads
from core.retrieving.sounding import Heard, heard_ranking
from core.score import Score
from training.retrieval_index import index_of, read

INDEX = Path("runs/retrieval_all.npz")
"""The index over all pieces, made here where it is not there."""
SPLITS = ("train", "valid", "test")
OURS, VOTES, GRAMS, CHROMA = "ours", "n-grams that vote", "n-grams alone", "chroma alone"
NEW = "music that the collection does not have"
"""The row of what the copy score says of such music, which the page names for comparison."""
MOVED, SPOILED, PLAYED = "transposed, other tempo", "20 % of notes corrupted", HEARD[0]
CHROMA_EVERY = 10
"""Chroma alone is slow: of the queries that are no recordings it is asked one in so many."""
PER_SUBSET = 24
"""Queries from each subset at most."""
HEARD_PER_SUBSET = 6
"""Passages of each subset that are made recordings: a third of them, so many at most."""
TOP = 10

Ranker = Callable[[Lines, Heard | None], list[int]]


@dataclass
class Answered:
    """What one method made of one query: the rank's reciprocal, 0 beyond all, and its time."""

    asked: Asked
    reciprocal: float
    strict: float
    milliseconds: float


def run(data: Path, *, wanted: Sequence[str] | None, limit: int | None, split: str) -> Results:
    """Measure. wanted: names of methods; limit: pieces of each subset."""
    index = whole_index(data)
    chromas = of_index(index)
    passages = list(_passages(data, split, limit or PER_SUBSET))
    print(f"{len(index.pieces)} pieces, {len(passages)} passages", flush=True)
    methods: dict[str, Ranker] = {
        OURS: lambda lines, heard: [
            at.piece
            for at, _, _ in (
                ranking(index, lines) if heard is None else heard_ranking(index, lines, heard)
            )
        ],
        VOTES: lambda lines, heard: by_votes(index, lines),
        GRAMS: lambda lines, heard: by_grams(index, lines),
        CHROMA: lambda lines, heard: by_chroma(chromas, lines, heard),
    }
    if wanted:
        methods = {name: method for name, method in methods.items() if name in wanted}
    heard = heard_queries(index, _spread(passages), answers)
    asked = [*_asked(index, passages), *heard]
    answered: dict[str, list[Answered]] = {name: [] for name in methods}
    for number, query in enumerate(asked):
        if number % 100 == 0:
            print(f"{number} of {len(asked)} queries", flush=True)
        for name, method in methods.items():
            if name == CHROMA and query.heard is None and number % CHROMA_EVERY:
                continue
            answered[name].append(answer(query, method))
    rows = [*(_row(name, found) for name, found in answered.items()), _new_music(passages)]
    return Results(
        "retrieval",
        f"passages of {split} pieces among {len(index.pieces)} pieces",
        len(asked),
        rows,
        (_by_condition(answered), _by_subset(answered), _speed(index, answered)),
    )


def whole_index(data: Path) -> Index:
    """Over every piece there is, read once and kept in INDEX."""
    if not INDEX.exists():
        print(f"reading the MIDI files into {INDEX}, some minutes", flush=True)
        INDEX.parent.mkdir(parents=True, exist_ok=True)
        INDEX.write_bytes(dumps(index_of(list(read(data, SPLITS))), Recordings.of([])))
    return loads(INDEX.read_bytes()).index


def answers(index: Index, source: Passage) -> tuple[frozenset[int], frozenset[int]]:
    """(right answers, those without pieces that merely have the passage note for note)."""
    group = source.read.piece.group
    strict = {n for n, piece in enumerate(index.pieces) if piece.group == group}
    found = containing(index, lines_of_score(source.line).lines[0])
    return frozenset(strict | found), frozenset(strict)


def answer(query: Asked, method: Ranker) -> Answered:
    """A query that cannot be looked for, or heard, has found nothing."""
    began = time.process_time()
    ranked = method(query.lines, query.heard) if query.lines is not None else []
    spent = 1e3 * (time.process_time() - began)

    def reciprocal(right: frozenset[int]) -> float:
        return next((1.0 / rank for rank, n in enumerate(ranked, 1) if n in right), 0.0)

    return Answered(query, reciprocal(query.right), reciprocal(query.strict), spent)


def _passages(data: Path, split: str, most: int) -> Iterator[Passage]:
    counts: dict[str, int] = {}
    # A third more rows, for some have no passage.
    for number, one in enumerate(read(data, (split,), most + most // 3)):
        if counts.get(one.piece.subset, 0) < most and (found := passage(one, number)) is not None:
            counts[one.piece.subset] = counts.get(one.piece.subset, 0) + 1
            yield found


def _spread(passages: Sequence[Passage]) -> list[Passage]:
    """Those that are made recordings, evenly from each subset."""
    out = []
    for subset in dict.fromkeys(p.read.piece.subset for p in passages):
        mine = [p for p in passages if p.read.piece.subset == subset]
        count = min(-(-len(mine) // 3), HEARD_PER_SUBSET)
        out += [mine[round(at)] for at in np.linspace(0, len(mine) - 1, count)]
    return out


def _asked(index: Index, passages: Sequence[Passage]) -> Iterator[Asked]:
    for number, source in enumerate(passages):
        right, strict = answers(index, source)
        for condition, change in CHANGES.items():
            changed: Score = change(source.line, np.random.default_rng([number, len(condition)]))
            try:
                lines = lines_of_score(changed)
            except UserInputError:
                lines = None  # fewer than four notes are left
            yield Asked(condition, source, lines, right, strict)


# ---- tables -------------------------------------------------------------------------------------


def _row(name: str, found: Sequence[Answered]) -> Row:
    figures, groups = [], []
    for one in found:
        condition = one.asked.condition
        values = {}
        if one.asked.heard is None:
            values["query_ms"] = one.milliseconds
        if condition == MOVED:
            values |= {"moved_reciprocal_rank": one.reciprocal,
                       "moved_recall": float(one.reciprocal >= 1 / TOP)}  # fmt: skip
        elif condition == SPOILED:
            values["spoiled_reciprocal_rank"] = one.reciprocal
        elif condition == PLAYED:
            values["heard_reciprocal_rank"] = one.reciprocal
        figures.append(values)
        groups.append(one.asked.source.read.piece.group)
    return summarise(name, "engine" if name == OURS else "rung", figures, groups)


def _new_music(passages: Sequence[Passage]) -> Row:
    """Likeness and copy score of the passages beside the shipped collection's nearest."""
    figures, groups = [], []
    for source in passages:
        found = nearest(source.line, 1)
        groups.append(source.read.piece.group)
        figures.append({
            "nearest_likeness": found[0].score if found else 0.0,
            "nearest_share": found[0].copied_share if found else 0.0,
            "nearest_run_notes": float(found[0].copied_notes) if found else 0.0,
            "quoted_share": float(bool(found) and words.is_quotation(found[0])),
        })  # fmt: skip
    return summarise(NEW, "rung", figures, groups)


def _interval(values: Sequence[float], groups: Sequence[str]) -> str:
    figure = summarise(
        "", "rung", [{"moved_reciprocal_rank": v} for v in values], groups
    ).metrics["moved_reciprocal_rank"]  # fmt: skip
    return f"{figure['mean']:.3f} [{figure['low']:.3f}, {figure['high']:.3f}]"


def _by_condition(answered: dict[str, list[Answered]]) -> Table:
    rows = []
    for condition in [*CHANGES, *HEARD]:
        for name, found in answered.items():
            mine = [one for one in found if one.asked.condition == condition]
            if not mine:
                continue
            groups = [one.asked.source.read.piece.group for one in mine]
            rows.append([
                condition,
                name,
                str(len(mine)),
                _interval([one.reciprocal for one in mine], groups),
                _interval([float(one.reciprocal >= 1 / TOP) for one in mine], groups),
                _interval([one.strict for one in mine], groups),
            ])  # fmt: skip
    return Table(
        "Every kind of query",
        "Passages of 8 bars of a piece's tune. From the corrupted ones on all are transposed by up "
        "to 6 semitones and are 0.6 to 1.6 times as fast; a corrupted note is dropped, changed in "
        "pitch or given a wrong one beside it, at equal odds. Recordings are rendered by the app's "
        "SoundFont and heard by the app. The strict rank does not count pieces that merely have "
        "the passage note for note. Intervals: 95 % bootstrap over groups.",
        ("Query", "Method", "Queries", "Mean reciprocal rank", "Recall at 10", "Strict rank"),
        rows,
    )


def _by_subset(answered: dict[str, list[Answered]]) -> Table:
    rows = []
    found = answered.get(OURS, [])
    for subset in dict.fromkeys(one.asked.source.read.piece.subset for one in found):
        mine = [one for one in found if one.asked.source.read.piece.subset == subset]
        cells = []
        for condition in (MOVED, SPOILED, *HEARD):
            values = [one.reciprocal for one in mine if one.asked.condition == condition]
            cells.append(f"{np.mean(values):.3f} ({len(values)})" if values else "–")
        rows.append([subset, *cells])
    return Table(
        f"Subsets, {OURS}",
        "Mean reciprocal rank, and how many queries.",
        ("Subset", MOVED, SPOILED, *HEARD),
        rows,
    )


def _speed(index: Index, answered: dict[str, list[Answered]]) -> Table:
    rows = []
    for name, found in answered.items():
        spent = [one.milliseconds for one in found if one.asked.heard is None]
        if spent:
            rows.append([name, str(len(spent)), f"{np.median(spent):.0f}",
                         f"{np.percentile(spent, 95):.0f}", f"{max(spent):.0f}"])  # fmt: skip
    return Table(
        "Speed",
        f"Milliseconds of one core's time for a query over {len(index.pieces)} pieces "
        f"({index.note_count} notes), the index in memory.",
        ("Method", "Queries", "Median", "95th percentile", "Most"),
        rows,
    )
