"""Where pieces may stand beside a query: n-grams that agree on key, tempo and place vote together.

As fingerprints of recordings are found (Wang, "An industrial-strength audio search algorithm",
2003), with the tempo as a further unknown (Arzt, Böck and Widmer, "Fast identification of piece and
score position via symbolic fingerprinting", 2012).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from core.retrieving.grams import GRAM_NOTES, keys_of_rows, windows
from core.retrieving.index import Index, Ints
from core.retrieving.lines import Line

Floats = npt.NDArray[np.float64]

MAX_HITS = 300_000
"""Places of n-grams that are looked at, those of rare ones first: some tens of milliseconds."""
SKIPPING_BELOW = 400
"""Notes of a query up to which n-grams that leave a note out are looked for too."""
MAX_QUERY_NOTES = 2_000
PAIRS_KEPT = 400
"""Pieces in one key each that are looked at more closely."""
_SKIPPED_WEIGHT = 0.5
_MOST_APART = 4.5
"""Times faster or slower."""
_TEMPO_STEP = 0.125
"""Octaves of tempo in a bin; bins overlap by half."""
_PLACE_TICKS = 192.0
"""Ticks in a bin of places; bins overlap by half."""
_KEYS, _TEMPOS, _PLACES = 256, 64, 1 << 14


@dataclass(frozen=True)
class Candidate:
    """The query may stand in a piece: t of the query at `scale` t + `offset` there, ticks.

    line: of the index. query_line: the one that matches it. transposition: semitones from the query
    to the piece. votes: of the n-grams that say so.
    """

    piece: int
    line: int
    query_line: int
    transposition: int
    scale: float
    offset: float
    votes: float


@dataclass(frozen=True)
class Hits:
    """N-grams that query and collection share. note: [hits] in the index; the rest by hit too.

    gram: number of the query's n-gram. line: the query's. onset, span: ticks of the query's n-gram,
    its first note and from that to its last. pitch: of its first. weight: how rare it is.
    """

    gram: Ints
    note: Ints
    line: Ints
    onset: Floats
    span: Floats
    pitch: Ints
    weight: Floats


def hits(index: Index, query: Sequence[Line]) -> Hits:
    """All that is shared, or of too much the rarest n-grams of the query."""
    rows: list[tuple[Any, ...]] = []
    skipping = sum(len(line) for line in query) <= SKIPPING_BELOW
    room = MAX_QUERY_NOTES
    for number, line in enumerate(query):
        shown = windows(min(len(line), room), skipping)
        room -= min(len(line), room)
        if not len(shown):
            continue
        onsets, pitches = line.onsets[shown], line.pitches[shown]
        plain = len(line) - GRAM_NOTES + 1
        weight = np.where(np.arange(len(shown)) < plain, 1.0, _SKIPPED_WEIGHT)
        rows.append((
            keys_of_rows(onsets, pitches), np.full(len(shown), number), onsets[:, 0],
            onsets[:, -1] - onsets[:, 0], pitches[:, 0], weight,
        ))  # fmt: skip
    if not rows or not index.note_count:
        none, zero = np.zeros(0, np.int64), np.zeros(0)
        return Hits(none, none, none, zero, zero, none, zero)
    wanted, which, onset, span, pitch, weight = map(np.concatenate, zip(*rows, strict=True))
    keys, places = index.postings
    low, high = (np.searchsorted(keys, wanted, side=side) for side in ("left", "right"))
    found = high - low
    order = np.argsort(found, kind="stable")
    order = order[found[order] > 0]
    fits = np.cumsum(found[order]) <= MAX_HITS
    fits[:1] = True
    order = order[fits]
    count = np.minimum(found[order], MAX_HITS)
    gram = np.repeat(order, count)
    within = np.arange(len(gram)) - np.repeat(np.cumsum(count) - count, count)
    note = places[low[gram] + within].astype(np.int64)
    rare = np.log(index.note_count / np.maximum(found, 1)) * weight
    return Hits(gram, note, which[gram], onset[gram], span[gram], pitch[gram], rare[gram])


def candidates(index: Index, query: Sequence[Line], found: Hits, most: int) -> list[Candidate]:
    """The best-voted places, at most two of a piece, the best first."""
    if not len(found.note):
        return []
    owner = index.owners[index.line_of_note[found.note]]
    moved = index.pitches[found.note] - found.pitch
    pair = owner * _KEYS + moved + _KEYS // 2
    together = np.bincount(pair, found.weight)
    sums = together[together > 0]
    least = np.partition(sums, -PAIRS_KEPT)[-PAIRS_KEPT] if len(sums) > PAIRS_KEPT else 0.0
    chosen = np.flatnonzero(together[pair] >= least)
    note, onset = found.note[chosen], found.onset[chosen]
    there = index.onsets[note]
    scale = (index.onsets[note + GRAM_NOTES - 1] - there) / np.maximum(found.span[chosen], 0.5)
    sane = np.flatnonzero((scale < _MOST_APART) & (scale > 1 / _MOST_APART))
    if not len(sane):
        return []
    chosen, scale, there, onset = chosen[sane], scale[sane], there[sane], onset[sane]
    middle = float(np.mean([line.onsets.mean() for line in query]))
    bins = []
    for later in (0, 1):
        tempo = np.floor(np.log2(scale) / _TEMPO_STEP).astype(np.int64) + later
        place = (there - 2.0 ** (tempo * _TEMPO_STEP) * (onset - middle)) / _PLACE_TICKS
        bins += [
            ((pair[chosen] * _TEMPOS + tempo + _TEMPOS // 2) * 2 + half) * _PLACES
            + np.clip(np.floor(place + half / 2).astype(np.int64) + _PLACES // 4, 0, _PLACES - 1)
            for half in (0, 1)
        ]
    votes = np.concatenate(bins)
    member = np.tile(np.arange(len(chosen)), 4)
    order = np.argsort(votes, kind="stable")
    edges = np.flatnonzero(np.diff(votes[order], prepend=-1, append=-1))
    sums = np.add.reduceat(found.weight[chosen[member[order]]], edges[:-1])
    out: list[Candidate] = []
    taken: dict[int, list[set[int]]] = {}
    for best in np.argsort(-sums, kind="stable")[: 6 * most].tolist():
        members = member[order[edges[best] : edges[best + 1]]]
        piece = int(owner[chosen[members[0]]])
        mine, earlier = set(members.tolist()), taken.setdefault(piece, [])
        # Overlapping bins hold the same hits; once is enough.
        if len(earlier) == 2 or any(len(mine & other) > len(mine) / 2 for other in earlier):
            continue
        earlier.append(mine)
        out.append(_candidate(index, found, chosen[members], scale[members], float(sums[best])))
        if len(out) == most:
            break
    return out


def _candidate(index: Index, found: Hits, members: Ints, scale: Floats, votes: float) -> Candidate:
    """What the members of a bin say together: the pair of lines most of them have, medians."""
    note, line = found.note[members], found.line[members]
    there = index.line_of_note[note].astype(np.int64)
    pairs, counts = np.unique(line * len(index.owners) + there, return_counts=True)
    query_line, own_line = divmod(int(pairs[counts.argmax()]), len(index.owners))
    mid = float(np.median(scale))
    first = members[0]
    return Candidate(
        int(index.owners[own_line]),
        own_line,
        query_line,
        int(index.pitches[found.note[first]] - found.pitch[first]),
        mid,
        float(np.median(index.onsets[note] - mid * found.onset[members])),
        votes,
    )
