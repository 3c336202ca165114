"""From votes to a ranking: candidates fitted and aligned, the best place of each piece."""

from __future__ import annotations

from collections.abc import Sequence

from core.retrieving import aligning
from core.retrieving.aligning import Pair
from core.retrieving.index import Index
from core.retrieving.lines import Lines
from core.retrieving.voting import Candidate, candidates, hits

CONSIDERED = 40
"""Candidates of which the line that votes most is aligned."""
CLOSELY = 14
"""The best of them, of which all lines are."""

Ranked = tuple[Candidate, list[Pair], float]
"""Where the query stands, the best pair for each of its lines, and the score."""


def ranking(index: Index, query: Lines, extra: Sequence[Candidate] = ()) -> list[Ranked]:
    """Pieces once each, the nearest first; those that share no n-gram in one place are left out.

    extra: places to look at besides those that n-grams vote for.
    """
    lines = query.lines
    voted = candidates(index, lines, hits(index, lines), CONSIDERED)
    voted += extra
    placed = [aligning.fitted(index, lines, at) for at in voted]
    value = [aligning.pair(index, lines, at.query_line, at.line, at).value for at in placed]
    order = sorted(range(len(placed)), key=lambda n: (-value[n], -placed[n].votes, n))
    best: dict[int, Ranked] = {}
    # What the votes do not name is looked at all the same.
    for number in [*order[:CLOSELY], *range(len(placed) - len(extra), len(placed))]:
        at = placed[number]
        found = aligning.pairs(index, lines, at)
        score = aligning.score(lines, found)
        if score > 0 and (at.piece not in best or score > best[at.piece][2]):
            best[at.piece] = at, found, score
    return sorted(best.values(), key=lambda row: (-row[2], -row[0].votes, row[0].piece))
