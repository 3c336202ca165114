"""What in the training data is closest to some music, in whatever key and tempo.

`nearest` takes a score, `nearest_to_notes` notes in seconds, `nearest_to_clip` a recording;
`nearest_recordings` looks among the recordings instead. The collection is the training split alone,
kept in weights/ (core/retrieving/shipped.py).
"""

from __future__ import annotations

from collections.abc import Sequence

from core.audio import Clip
from core.hearing.heard import Grid, HeardNote
from core.progress import Progress, ignore, part
from core.retrieving.index import Index
from core.retrieving.lines import Lines, lines_of_heard, lines_of_score
from core.retrieving.matches import Match, match
from core.retrieving.ranking import ranking
from core.retrieving.recordings import RecordingMatch
from core.score import Score

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


def nearest_to_clip(
    clip: Clip, count: int = COUNT, *, index: Index | None = None, progress: Progress = ignore
) -> list[Match]:
    """The nearest pieces to a recording: its notes as they are heard, and its harmony.

    Raises UserInputError where no tune can be heard, ModelUnavailableError.
    """
    from core.retrieving.shipped import collection
    from core.retrieving.sounding import heard_ranking, of_clip
    from core.transcription import hear

    index = collection().index if index is None else index
    heard = hear(clip, part(progress, 0.0, 0.8))
    query = lines_of_heard(heard.notes, heard.grid)
    found = heard_ranking(index, query, of_clip(clip))[:count]
    progress(1.0)
    return [match(index, query, *row) for row in found]


def nearest_recordings(clip: Clip, count: int = COUNT) -> list[RecordingMatch]:
    """The training recordings most like a clip, in harmony and sound, the nearest first.

    Raises UserInputError for silence and for less than two seconds, ModelUnavailableError.
    """
    from core.retrieving.shipped import collection

    return collection().recordings.nearest(clip, count)
