"""Simpler ways to look for a passage, and which pieces have it note for note."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from core.retrieving import chroma
from core.retrieving.chroma import Chroma
from core.retrieving.index import Index
from core.retrieving.lines import Line, Lines
from core.retrieving.ranking import CONSIDERED
from core.retrieving.sounding import Heard
from core.retrieving.voting import candidates, hits


def by_votes(index: Index, lines: Lines) -> list[int]:
    """N-grams that agree on key, tempo and place, without a look at the notes."""
    found = candidates(index, lines.lines, hits(index, lines.lines), CONSIDERED)
    return list(dict.fromkeys(at.piece for at in found))


def by_grams(index: Index, lines: Lines) -> list[int]:
    """N-grams as words of a text: the cosine of tf-idf vectors, each word counted once."""
    found = hits(index, lines.lines)
    if not len(found.note):
        return []
    owner = index.owners[index.line_of_note[found.note]]
    _, first = np.unique(owner * (int(found.gram.max()) + 1) + found.gram, return_index=True)
    total = np.bincount(owner[first], found.weight[first], len(index.pieces))
    total /= _norms(index)
    order = np.argsort(-total, kind="stable")
    return [int(n) for n in order[:100] if total[n] > 0]


@lru_cache(maxsize=1)
def _norms(index: Index) -> npt.NDArray[np.float64]:
    """[pieces]: the length of each piece's vector, taken as the root of its different n-grams."""
    keys, places = index.postings
    owner = index.owners[index.line_of_note[places]]
    fresh = np.ones(len(keys), bool)
    # In sorted n-grams, places rise and so do their owners.
    fresh[1:] = (keys[1:] != keys[:-1]) | (owner[1:] != owner[:-1])
    counts = np.bincount(owner[fresh], minlength=len(index.pieces))
    return np.asarray(np.sqrt(np.maximum(counts, 1.0)))


def by_chroma(
    chromas: tuple[Chroma, npt.NDArray[np.int64]], lines: Lines, heard: Heard | None
) -> list[int]:
    """Chroma twice a second at the query's own tempo, in the best key and place."""
    if heard is not None:
        query = heard[len(heard) // 2]
    else:
        line = lines.lines[0]
        onsets = (line.onsets - line.onsets.min()) * lines.seconds_per_tick
        ends = onsets + line.durations * lines.seconds_per_tick
        query = chroma.of_notes(onsets, ends, line.pitches)
    value, _, _ = chroma.best_places(query, *chromas)
    return [int(n) for n in np.argsort(-value, kind="stable")[:100]]


@lru_cache(maxsize=1)
def _steps(index: Index) -> npt.NDArray[np.int64]:
    return np.diff(index.onsets).astype(np.int64) * 512 + np.diff(index.pitches)


def containing(index: Index, line: Line) -> set[int]:
    """Pieces in which a line has the very notes, in whatever key: same steps in time and pitch."""
    wanted = np.diff(line.onsets).astype(np.int64) * 512 + np.diff(line.pitches)
    steps = _steps(index)
    at = np.flatnonzero(steps[: len(steps) - len(wanted) + 1] == wanted[0])
    for offset, code in enumerate(wanted[1:], 1):
        at = at[steps[at + offset] == code]
    whole = index.line_of_note[at] == index.line_of_note[at + len(wanted)]
    return set(index.owners[index.line_of_note[at[whole]]].tolist())
