"""Passages as recordings: rendered, and heard by the app before they are looked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from benchmarks.retrieval_queries import Asked, Passage, paced, transposed
from core.errors import UserInputError
from core.retrieving.index import Index
from core.retrieving.lines import lines_of_heard
from core.retrieving.sounding import of_clip
from core.score import Score
from core.synth import render
from core.transcription import hear

HEARD = (
    "recording of the tune",
    "recording of the tune, transposed, other tempo",
    "recording of all parts",
)
Answers = Callable[[Index, Passage], tuple[frozenset[int], frozenset[int]]]


def heard_queries(index: Index, passages: Sequence[Passage], answers: Answers) -> Iterator[Asked]:
    """Each passage as recordings of the three kinds; one in which no tune is heard has no lines."""
    for number, source in enumerate(passages):
        right, strict = answers(index, source)
        rng = np.random.default_rng([number, 7])
        moved = paced(transposed(source.line, rng), rng)
        for condition, score in zip(HEARD, (source.line, moved, source.score), strict=True):
            clip = render(_from_start(score))
            lines = None
            try:
                heard = hear(clip)
                lines = lines_of_heard(heard.notes, heard.grid)
            except UserInputError:
                print(f"no tune heard: {source.read.piece.id}, {condition}", flush=True)
            yield Asked(condition, source, lines, right, strict, of_clip(clip))


def _from_start(score: Score) -> Score:
    """Without rests of whole bars before the first note, which a recording would not have."""
    first = min(note.start for track in score.tracks for note in track.notes)
    return score.between(first // score.bar_ticks, score.bars)
