"""How well a query stands where the votes put it, note by note."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.retrieving.index import Index, Ints
from core.retrieving.lines import WHOLE, Line
from core.retrieving.voting import Candidate, Floats

TOLERANCE_TICKS = 5.0
"""Notes are the same where their times differ by less: nearly a sixteenth."""
_FIRST_TOLERANCES = (14.0, 8.0)
"""While the tempo is being fitted."""
_CHANGED, _EXTRA = -0.5, -0.35
"""What a note costs that only the query has, and one that only the piece has."""
_PITCH = 1e6
"""Ticks by which pitches are apart where notes are sorted by pitch and then time."""


@dataclass(frozen=True)
class Source:
    """A line of the index around the passage. first: its first note's number in the index."""

    first: int
    onsets: Floats
    pitches: Ints


@dataclass(frozen=True)
class Pair:
    """One line of the query beside one of the piece.

    query, own: numbers of the notes that are the same, in the query's line and in the index.
    value: of the best stretch, in notes. low, high: the query's notes in it, from and to before.
    """

    query_line: int
    line: int
    query: Ints
    own: Ints
    value: float
    low: int
    high: int


def source(index: Index, line: int, low: float, high: float) -> Source:
    """The notes of a line from `low` to `high` ticks."""
    start, end = int(index.starts[line]), int(index.starts[line + 1])
    onsets = index.onsets[start:end]
    first, last = np.searchsorted(onsets, [low, high])
    inside = slice(start + int(first), start + int(last))
    return Source(
        inside.start, onsets[first:last].astype(np.float64), index.pitches[inside].astype(np.int64)
    )


def same(query: Line, own: Source, at: Candidate, tolerance: float) -> tuple[Ints, Ints, Floats]:
    """(notes of the query, of the source, how far apart in ticks) that are the same, one to one."""
    if not len(own.onsets):
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)
    places = own.pitches * _PITCH + own.onsets
    order = np.argsort(places, kind="stable")
    places = places[order]
    wanted = (query.pitches + at.transposition) * _PITCH + at.scale * query.onsets + at.offset
    after = np.minimum(np.searchsorted(places, wanted), len(places) - 1)
    before = np.maximum(after - 1, 0)
    nearer = np.abs(places[before] - wanted) < np.abs(places[after] - wanted)
    nearest = np.where(nearer, before, after)
    apart = places[nearest] - wanted
    close = np.flatnonzero(np.abs(apart) <= tolerance)
    # Of two notes of the query that want the same one the nearer has it.
    close = close[np.argsort(np.abs(apart[close]), kind="stable")]
    _, first = np.unique(nearest[close], return_index=True)
    kept = np.sort(close[first])
    return kept, order[nearest[kept]], apart[kept]


def fitted(index: Index, query: Sequence[Line], at: Candidate) -> Candidate:
    """The candidate with tempo and place by least squares over the notes that are the same."""
    line = query[at.query_line]
    for tolerance in _FIRST_TOLERANCES:
        own = _around(index, at.line, line, at, tolerance)
        mine, theirs, _ = same(line, own, at, tolerance)
        if len(mine) < 3:
            break
        times, there = line.onsets[mine], own.onsets[theirs]
        centred = times - times.mean()
        spread = float((centred**2).sum())
        if spread <= 0:
            break
        scale = float((centred * there).sum()) / spread
        if not 0.8 < scale / at.scale < 1.25:
            break
        at = replace(at, scale=scale, offset=float(there.mean() - scale * times.mean()))
    return at


def pair(index: Index, query: Sequence[Line], number: int, line: int, at: Candidate) -> Pair:
    """The query's line `number` beside the index's `line`: the stretch that is most alike.

    Notes that are the same count for it, the others of both against it (as Smith and Waterman 1981
    align, on the one diagonal that the candidate names).
    """
    mine = query[number]
    own = _around(index, line, mine, at, TOLERANCE_TICKS)
    matched, theirs, apart = same(mine, own, at, TOLERANCE_TICKS)
    if not len(matched):
        return Pair(number, line, matched, matched, 0.0, 0, 0)
    gains = np.full(len(mine), _CHANGED)
    gains[matched] = 1.0 - 0.5 * (apart / TOLERANCE_TICKS) ** 2
    extra = np.ones(len(own.onsets), bool)
    extra[theirs] = False
    times = np.concatenate([at.scale * mine.onsets + at.offset, own.onsets[extra]])
    values = np.concatenate([gains, np.full(int(extra.sum()), _EXTRA)])
    order = np.argsort(times, kind="stable")
    sums = np.concatenate([[0.0], np.cumsum(values[order])])
    lowest = np.minimum.accumulate(sums)
    end = int((sums - lowest).argmax())
    start = int(sums[: end + 1].argmin())
    inside = order[start:end]
    inside = inside[inside < len(mine)]
    low, high = (int(inside.min()), int(inside.max()) + 1) if len(inside) else (0, 0)
    kept = (matched >= low) & (matched < high)
    value = float(sums[end] - lowest[end])
    return Pair(number, line, matched[kept], theirs[kept] + own.first, value, low, high)


def pairs(index: Index, query: Sequence[Line], at: Candidate) -> list[Pair]:
    """For each of the query's lines the piece's line that it is most like."""
    lines = index.lines_of_piece[at.piece]
    out = []
    for number in range(len(query)):
        tried = [pair(index, query, number, line, at) for line in lines]
        out.append(max(tried, key=lambda found: (found.value, -found.line)))
    return out


def score(query: Sequence[Line], found: Sequence[Pair]) -> float:
    """0 to 1: how much of the query stands there, the mean of all its lines and the best of them.

    That one line is taken whole says as much as that all lines are alike in part.
    """
    total = sum(pair.value for pair in found) / max(sum(len(line) for line in query), 1)
    best = max((pair.value / len(query[pair.query_line]) for pair in found), default=0.0)
    return float(min(max((total + best) / 2, 0.0), 1.0))


def told_apart(query: Sequence[Line]) -> list[int]:
    """The lines whose notes are counted: all, but not WHOLE beside others, whose notes it has."""
    tracks = [number for number, line in enumerate(query) if line.name != WHOLE]
    return tracks or list(range(len(query)))


def _around(index: Index, line: int, mine: Line, at: Candidate, more: float) -> Source:
    low, high = (at.scale * float(mine.onsets[place]) + at.offset for place in (0, -1))
    return source(index, line, low - more, high + more + 1)
