"""What in the training data is closest to some music, in whatever key and tempo.

`nearest` takes a score, `nearest_to_notes` notes in seconds, `nearest_to_clip` a recording;
`nearest_recordings` looks among the recordings instead. The collection is the training split alone,
kept in weights/ (core/retrieving/shipped.py).
"""

from __future__ import annotations

from collections.abc import Sequence

from core.hearing.heard import Grid, HeardNote
from core.retrieving.index import Index, Piece
from core.retrieving.lines import Lines, lines_of_heard, lines_of_score
from core.retrieving.matches import Match, Passage, match
from core.retrieving.ranking import ranking
from core.score import Score

__all__ = ["COUNT", "Match", "Passage", "Piece", "nearest", "nearest_to_lines", "nearest_to_notes"]

COUNT = 10


def nearest(query: Score, count: int = COUNT, *, index: Index | None = None) -> list[Match]:
    """The nearest pieces to a score or melody, the nearest first.

    index: what is searched; the shipped collection by default. Raises UserInputError for fewer than
    four notes beside drums, ModelUnavailableError where the collection is missing or damaged.
    """
    return nearest_to_lines(lines_of_score(query), count, index=index)


def nearest_to_notes(
    notes: Sequence[HeardNote],
    grid: Grid | None = None,
    count: int = COUNT,
    *,
    index: Index | None = None,
) -> list[Match]:
    """The same for notes in seconds, as played or heard. grid: where bars are, if that is known."""
    return nearest_to_lines(lines_of_heard(notes, grid), count, index=index)


def nearest_to_lines(
    query: Lines, count: int = COUNT, *, index: Index | None = None
) -> list[Match]:
    """The same for lines, which the others make of what they are given."""
    from core.retrieving.shipped import collection

    index = collection().index if index is None else index
    return [match(index, query, *found) for found in ranking(index, query)[:count]]
