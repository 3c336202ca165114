"""The collection that is searched: lines of notes by piece, and where n-grams stand in them."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from core.retrieving.grams import GRAM_NOTES, keys_of
from core.retrieving.lines import Line, Lines

Ints = npt.NDArray[np.int64]

DURATION_TICKS = 2
"""Durations are kept in these, up to 255 of them."""
_MAX_REST_TICKS = 65_535
_NO_GRAM = 2**31 - 1
_POSITION_BITS = 23
"""8 million notes can be told apart."""


@dataclass(frozen=True)
class Piece:
    """What is said of a piece. subset, id: where it is in the data.

    credit: who made it. licence: of the notes. bar_ticks, seconds_per_tick: as in Lines. group:
    shared by near-duplicates.
    """

    subset: str
    id: str
    title: str
    credit: str
    licence: str
    bar_ticks: float = 96.0
    seconds_per_tick: float = 0.5 / 24
    group: str = ""


@dataclass(frozen=True, eq=False)
class Index:
    """Pieces and their lines, one behind the other.

    onsets (ticks), pitches, durations (in DURATION_TICKS): [notes]. starts: [lines + 1], where each
    line begins among the notes. owners: [lines], each line's piece. names, programs: [lines].
    """

    pieces: tuple[Piece, ...]
    onsets: npt.NDArray[np.int32]
    pitches: npt.NDArray[np.int16]
    durations: npt.NDArray[np.uint8]
    starts: Ints
    owners: Ints
    names: tuple[str, ...]
    programs: npt.NDArray[np.int16]

    @classmethod
    def of(cls, items: Iterable[tuple[Piece, Lines]]) -> Index:
        """The index of pieces with their lines; onsets are taken to whole ticks."""
        pieces: list[Piece] = []
        lines: list[Line] = []
        owners: list[int] = []
        for piece, found in items:
            owners += [len(pieces)] * len(found.lines)
            lines += found.lines
            pieces.append(piece)
        lengths = [len(line) for line in lines]
        return cls(
            tuple(pieces),
            _joined([np.rint(line.onsets) for line in lines], np.int32),
            _joined([line.pitches for line in lines], np.int16),
            _joined([_kept(line.durations) for line in lines], np.uint8),
            np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
            np.array(owners, np.int64),
            tuple(line.name for line in lines),
            np.array([line.program for line in lines], np.int16),
        )

    @cached_property
    def line_of_note(self) -> npt.NDArray[np.int32]:
        """[notes]: each note's line."""
        lines = np.arange(len(self.owners), dtype=np.int32)
        return np.repeat(lines, np.diff(self.starts))

    @cached_property
    def lines_of_piece(self) -> tuple[tuple[int, ...], ...]:
        """[pieces]: the lines of each."""
        edges = np.searchsorted(self.owners, np.arange(len(self.pieces) + 1))
        return tuple(tuple(range(a, b)) for a, b in itertools.pairwise(edges.tolist()))

    @cached_property
    def postings(self) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
        """(n-grams in rising order, the note where each begins): [n-grams] both.

        One 64-bit sort of both together takes a sixth of the time of sorting places by n-grams.
        """
        keys = keys_of(self.onsets, self.pitches)
        # An n-gram from one line into the next is none: those sort behind all others, and go.
        for back in range(1, GRAM_NOTES):
            keys[self.starts[1:-1] - back] = _NO_GRAM
        both = keys.astype(np.int64)
        both <<= _POSITION_BITS
        both |= np.arange(len(keys))
        both.sort()
        both = both[: np.searchsorted(both, _NO_GRAM << _POSITION_BITS)]
        places = (both & ((1 << _POSITION_BITS) - 1)).astype(np.int32)
        both >>= _POSITION_BITS
        return both.astype(np.int32), places

    @property
    def note_count(self) -> int:
        return len(self.onsets)

    def arrays(self) -> dict[str, Any]:
        """What a file holds of it: `from_arrays` reads it."""
        steps = np.minimum(np.diff(self.onsets, prepend=0), _MAX_REST_TICKS)
        jumps = steps[self.starts[:-1]].astype(np.int32)
        steps[self.starts[:-1]] = 0
        names = sorted(set(self.names))
        return {
            "steps": steps.astype(np.uint16),
            "jumps": jumps,
            "pitches": self.pitches.astype(np.uint8),
            "durations": self.durations,
            "lengths": np.diff(self.starts).astype(np.uint16),
            "owners": self.owners.astype(np.uint16),
            "names": np.array([names.index(name) for name in self.names], np.uint16),
            "programs": self.programs.astype(np.uint8),
            "about": _bytes({"names": names, "pieces": [_row(piece) for piece in self.pieces]}),
        }

    @classmethod
    def from_arrays(cls, stored: Any) -> Index:
        """The index of a file. Raises ValueError and KeyError where the file is another's."""
        about = json.loads(bytes(stored["about"]))
        starts = np.concatenate([[0], np.cumsum(stored["lengths"], dtype=np.int64)])
        steps = stored["steps"].astype(np.int32)
        if len(steps) != starts[-1] or len(steps) >= 1 << _POSITION_BITS:
            raise ValueError("lines and notes do not agree")
        steps[starts[:-1]] = stored["jumps"]
        return cls(
            tuple(Piece(*row) for row in about["pieces"]),
            np.cumsum(steps, dtype=np.int32),
            stored["pitches"].astype(np.int16),
            stored["durations"],
            starts,
            stored["owners"].astype(np.int64),
            tuple(about["names"][at] for at in stored["names"].tolist()),
            stored["programs"].astype(np.int16),
        )


def _row(piece: Piece) -> list[Any]:
    return list(asdict(piece).values())


def _kept(durations: npt.NDArray[np.float64]) -> npt.NDArray[np.uint8]:
    return np.clip(np.ceil(durations / DURATION_TICKS), 1, 255).astype(np.uint8)


def _joined(parts: Sequence[npt.NDArray[Any]], dtype: Any) -> npt.NDArray[Any]:
    return np.concatenate(parts).astype(dtype) if parts else np.zeros(0, dtype)


def _bytes(value: Any) -> npt.NDArray[np.uint8]:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return np.frombuffer(text.encode(), np.uint8)
