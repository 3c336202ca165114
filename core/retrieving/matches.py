"""A piece beside a query as people look at it: the passages, and how much of them is the same."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from core.quantise import separate
from core.retrieving import aligning
from core.retrieving.aligning import Pair
from core.retrieving.index import DURATION_TICKS, Index, Piece
from core.retrieving.lines import WHOLE, Lines
from core.retrieving.voting import Candidate
from core.score import TICKS_PER_QUARTER, Note, Score, Track

SHOWN_BARS = 16
"""A passage is shown and played up to this long."""


@dataclass(frozen=True)
class Passage:
    """Some bars as they are shown. notes: in the piece's ticks from the passage's first bar on.

    shared: of each note, whether the other passage has it too. first_bar, end_bar: in its own
    music, counted from 0; end_bar is the one behind the last.
    """

    notes: tuple[Note, ...]
    shared: tuple[bool, ...]
    first_bar: int
    end_bar: int


@dataclass(frozen=True)
class Match:
    """A piece of the collection beside the query.

    score: 0 to 1, how alike the passages are. transposition: semitones from the query to the piece.
    tempo_ratio: how many times faster the piece goes. query, found: the passages, in ticks of the
    piece both, so that the one lies above the other.
    copied_share: share of the query's notes that stand in the piece too, at these places.
    copied_notes, copied_pitches, copied_bars: the longest run of them that nothing comes between in
    either, in notes, in different pitches, and in bars of the query from the first note's beginning
    to the last one's.
    sound: the piece's passage as a score, to play.
    """

    piece: Piece
    score: float
    transposition: int
    tempo_ratio: float
    query: Passage
    found: Passage
    copied_share: float
    copied_notes: int
    copied_pitches: int
    copied_bars: float
    sound: Score


def match(index: Index, query: Lines, at: Candidate, found: Sequence[Pair], value: float) -> Match:
    """What `core.retrieving.ranking` found, for people. found: a pair for each of the lines."""
    piece = index.pieces[at.piece]
    counted = [found[number] for number in aligning.told_apart(query.lines)]
    best = max(found, key=lambda pair: pair.value)
    there = index.onsets[best.own]
    first, end = _bars(float(there.min()), float(there.max()), piece.bar_ticks)
    low, high = first * piece.bar_ticks, end * piece.bar_ticks
    mine = query.lines[best.query_line].onsets[best.query]
    run = max(_longest_run(query, pair) for pair in found)
    return Match(
        piece,
        value,
        at.transposition,
        query.seconds_per_tick / (at.scale * piece.seconds_per_tick),
        Passage(
            *_parted(_query_notes(query, at, counted), low, high),
            *_bars(float(mine.min()), float(mine.max()), query.bar_ticks),
        ),
        Passage(*_parted(_piece_notes(index, counted), low, high), first, end),
        sum(len(pair.query) for pair in counted)
        / sum(len(query.lines[pair.query_line]) for pair in counted),
        *run,
        _score(index, at.piece, first, end),
    )


def _bars(low: float, high: float, bar_ticks: float) -> tuple[int, int]:
    """Whole bars around two times, SHOWN_BARS at most."""
    first, last = (int((at + aligning.TOLERANCE_TICKS) // bar_ticks) for at in (low, high))
    return first, min(last + 1, first + SHOWN_BARS)


def _longest_run(query: Lines, pair: Pair) -> tuple[int, int, float]:
    """(notes, pitches, bars) of the longest stretch whose notes follow one another in both."""
    if not len(pair.query):
        return 0, 0, 0.0
    breaks = np.flatnonzero((np.diff(pair.query) != 1) | (np.diff(pair.own) != 1)) + 1
    edges = [0, *breaks.tolist(), len(pair.query)]
    line = query.lines[pair.query_line]
    onsets, pitches = line.onsets[pair.query], line.pitches[pair.query]
    spans = [
        (
            end - start,
            len(np.unique(pitches[start:end])),
            float(onsets[end - 1] - onsets[start]) / query.bar_ticks,
        )
        for start, end in itertools.pairwise(edges)
    ]
    return max(spans)


Row = tuple[float, int, float, bool]
"""Onset and duration in ticks of the piece, around its pitch; whether it is in both."""


def _query_notes(query: Lines, at: Candidate, pairs: Iterable[Pair]) -> Iterable[Row]:
    for pair in pairs:
        line, both = query.lines[pair.query_line], set(pair.query.tolist())
        onsets = at.scale * line.onsets + at.offset
        for number, (onset, pitch, length) in enumerate(
            zip(onsets.tolist(), line.pitches.tolist(), line.durations.tolist(), strict=True)
        ):
            yield onset, pitch, at.scale * length, number in both


def _piece_notes(index: Index, pairs: Iterable[Pair]) -> Iterable[Row]:
    both: dict[int, set[int]] = {}
    for pair in pairs:
        both.setdefault(pair.line, set()).update(pair.own.tolist())
    for line, shared in both.items():
        for note in range(int(index.starts[line]), int(index.starts[line + 1])):
            pitch, length = int(index.pitches[note]), float(index.durations[note]) * DURATION_TICKS
            yield float(index.onsets[note]), pitch, length, note in shared


def _parted(
    rows: Iterable[Row], low: float, high: float
) -> tuple[tuple[Note, ...], tuple[bool, ...]]:
    """Notes that begin from `low` to `high`, and which of them are shared."""
    kept: dict[tuple[int, int], tuple[Note, bool]] = {}
    for onset, pitch, length, shared in rows:
        if low - aligning.TOLERANCE_TICKS <= onset < high and 0 <= pitch <= 127:
            start = max(round(onset - low), 0)
            cut = max(min(round(length), round(high - low) - start), 1)
            earlier = kept.get((start, pitch))
            kept[start, pitch] = Note(start, pitch, cut), shared or bool(earlier and earlier[1])
    ordered = [kept[place] for place in sorted(kept)]
    return tuple(note for note, _ in ordered), tuple(shared for _, shared in ordered)


def _score(index: Index, piece: int, first: int, end: int) -> Score:
    """Bars of a piece, its tracks apart; WHOLE alone where there is no other line."""
    about = index.pieces[piece]
    lines = index.lines_of_piece[piece]
    lines = tuple(n for n in lines if index.names[n] != WHOLE) or lines
    low, high = first * about.bar_ticks, end * about.bar_ticks
    tracks = []
    for line in lines:
        start, stop = int(index.starts[line]), int(index.starts[line + 1])
        a, b = start + np.searchsorted(index.onsets[start:stop], [low, high])
        notes = [
            Note(
                round(onset - low), pitch, max(round(min(length * DURATION_TICKS, high - onset)), 1)
            )
            for onset, pitch, length in zip(
                index.onsets[a:b].tolist(),
                index.pitches[a:b].tolist(),
                index.durations[a:b].tolist(),
                strict=True,
            )
        ]
        if notes:
            tracks.append(Track(index.names[line], int(index.programs[line]), separate(notes)))
    # The index keeps a bar's length and no metre: one of quarters or eighths that has it.
    eighths = round(about.bar_ticks * 2 / TICKS_PER_QUARTER)
    metre = (eighths // 2, 4) if eighths % 2 == 0 else (eighths, 8)
    tempo_bpm = 60.0 / (about.seconds_per_tick * TICKS_PER_QUARTER)
    return Score(tuple(tracks), end - first, tempo_bpm, *metre, title=about.title)
