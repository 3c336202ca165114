"""The longest passage of a piece that stands in a training piece, in whatever key."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from core.composition.tokens import DRUM_PITCH, Events

MAX_NOTES = 600
_PRIME = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.uint64(0xBF58476D1CE4E5B9)

Hashes = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class Line:
    """Notes in order: where each begins, in steps of a twelfth of a quarter, and its pitch.

    owner: number of the piece. bar_steps: steps in its bars.
    """

    owner: int
    onsets: npt.NDArray[np.int64]
    pitches: npt.NDArray[np.int64]
    bar_steps: int


def parts(events: Events, bar_steps: int, owner: int = 0) -> Iterator[Line]:
    """A line for each instrument but the drums."""
    for instrument in np.unique(events[:, 2]):
        yield from _lines(events[events[:, 2] == instrument], bar_steps, owner)


def texture(events: Events, bar_steps: int, owner: int = 0) -> Iterator[Line]:
    """One line of all the instruments together but the drums."""
    yield from _lines(events, bar_steps, owner)


def _lines(events: Events, bar_steps: int, owner: int) -> Iterator[Line]:
    pitched = events[events[:, 3] < DRUM_PITCH]
    onsets = pitched[:, 0] * bar_steps + pitched[:, 1]
    order = np.lexsort((pitched[:, 3], onsets))
    if len(order) > 1:
        yield Line(owner, onsets[order], pitched[order, 3], bar_steps)


def longest_copies(
    made: Sequence[Line], training: Sequence[Line], owners: int
) -> npt.NDArray[np.float64]:
    """[owners]: bars of each piece's longest passage that a line of `training` has too.

    A passage is the same where the steps from note to note, in time and in pitch, are the same. It
    counts from its first note's beginning to its last one's. At most MAX_NOTES notes are compared.
    """
    longest = np.zeros(owners)
    if not made or not training:
        return longest
    codes, at, owner, position, bars = _moves(made, mark=1)
    theirs, their_at, _, _, _ = _moves(training, mark=-1)
    mine_hash = np.zeros(len(at), np.uint64)
    their_hash = np.zeros(len(their_at), np.uint64)
    for length in range(MAX_NOTES):
        # One more move for each place where a passage of this length is still common to both.
        mine_hash = _mixed(mine_hash, codes[at + length])
        their_hash = _mixed(their_hash, theirs[their_at + length])
        wanted = np.unique(mine_hash)
        kept = _among(wanted, their_hash)
        their_at, their_hash = their_at[kept], their_hash[kept]
        kept = _among(np.unique(their_hash), mine_hash)
        at, mine_hash = at[kept], mine_hash[kept]
        if not len(at):
            break
        spans = (position[at + length + 1] - position[at]) / bars[at]
        np.maximum.at(longest, owner[at], spans)
    return longest


def _moves(lines: Sequence[Line], mark: int) -> tuple[Any, ...]:
    """(codes of the moves from note to note, places to begin at, owner, onset, bar steps by note).

    Behind each line stands a code of its own that matches nothing, and all codes are padded.
    """
    codes, owners, onsets, bars = [], [], [], []
    for number, line in enumerate(lines):
        moves = np.diff(line.onsets) * 512 + np.diff(line.pitches) + 256
        codes.append(np.append(moves, mark * (2**40 + number)))
        owners.append(np.full(len(line.onsets), line.owner))
        onsets.append(line.onsets)
        bars.append(np.full(len(line.onsets), line.bar_steps))
    joined = np.concatenate(codes)
    padding = np.full(MAX_NOTES + 1, mark * 2**41, np.int64)
    return (
        np.concatenate([joined, padding]),
        np.flatnonzero(np.abs(joined) < 2**40),
        np.concatenate(owners),
        np.concatenate([*onsets, padding]),
        np.concatenate(bars).astype(np.float64),
    )


def _mixed(state: Hashes, value: npt.NDArray[np.int64]) -> Hashes:
    with np.errstate(over="ignore"):
        mixed = (state ^ value.astype(np.uint64)) * _PRIME
        return np.asarray((mixed ^ (mixed >> np.uint64(29))) * _MIX, np.uint64)


def _among(table: Hashes, wanted: Hashes) -> npt.NDArray[np.bool_]:
    """Which of `wanted` are in the sorted table."""
    if not len(table):
        return np.zeros(len(wanted), bool)
    return table[np.minimum(np.searchsorted(table, wanted), len(table) - 1)] == wanted
