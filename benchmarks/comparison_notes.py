"""Patterns as notes that begin: what two have in common, and how alike a set's patterns are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.copying import Line
from core.comparing.patterns import (
    DRUM_CLASSES,
    FIRST_PITCH,
    NO_EVENT,
    STEPS_PER_BAR,
    Kind,
    Pattern,
)

GRAM = 4
IN_TURN = 16
"""Patterns whose n-grams are counted together."""

Array = npt.NDArray[np.float64]


def begins(patterns: Pattern, kind: Kind) -> Pattern:
    """[patterns, steps, lines]: what begins at a step, 0 for nothing.

    A melodic voice is a line of tokens; each drum is a line of its own.
    """
    lines = []
    for number, voice in enumerate(kind.voices):
        tokens = patterns[..., number]
        if voice == "drums":
            lines += [tokens >> bit & 1 for bit in range(len(DRUM_CLASSES))]
        else:
            lines.append(np.where(tokens >= FIRST_PITCH, tokens, 0))
    return np.stack(lines, axis=-1)


def alike(one: Pattern, other: Pattern) -> Array:
    """Of `begins` [..., steps, lines] each: notes in common, of all there are in either (Jaccard).

    Two patterns of nothing are alike.
    """
    common = ((one == other) & (one > 0)).sum(axis=(-2, -1))
    together = (one > 0).sum(axis=(-2, -1)) + (other > 0).sum(axis=(-2, -1)) - common
    return np.where(together > 0, common / np.maximum(together, 1), 1.0)


def best_matches(patterns: Pattern, kind: Kind, owners: Sequence[str] | None = None) -> Array:
    """[patterns]: how alike each is to the one of the set that is most like it.

    owners: the piece of each; those of its own piece are left out.
    """
    own = np.arange(len(patterns)) if owners is None else np.unique(owners, return_inverse=True)[1]
    notes = begins(patterns, kind)
    found = np.zeros(len(patterns))
    for place in range(len(patterns)):
        others = notes[own != own[place]]
        if len(others):
            found[place] = alike(notes[place], others).max()
    return found


def distinct(patterns: Pattern, kind: Kind, gram: int = GRAM, size: int = IN_TURN) -> Array:
    """[sets of `size`]: different n-grams among all, "distinct-n" (Li et al. 2016).

    A note is its token and the steps to the next beginning; the notes of a voice are its text.
    NaN for a set without any.
    """
    found = []
    for first in range(0, len(patterns) - size + 1, size):
        grams: list[tuple[int, ...]] = []
        for number, voice in enumerate(kind.voices):
            least = 1 if voice == "drums" else FIRST_PITCH
            for line in patterns[first : first + size, :, number]:
                at = np.flatnonzero(line >= least)
                gaps = np.diff(np.append(at, kind.steps))
                notes = (line[at] * (kind.steps + 1) + gaps).tolist()
                grams += [(number, *notes[i : i + gram]) for i in range(len(notes) - gram + 1)]
        found.append(len(set(grams)) / len(grams) if grams else np.nan)
    return np.array(found)


@dataclass(frozen=True)
class Rebuilt:
    """How patterns came back, [patterns] each.

    tokens: share that is right. notes: how many there are. begun: of those the ones that begin on
    their step with their pitch; whole: that end where they should, too (a drum's hit has no end).
    made: notes of what came back.
    """

    tokens: Array
    notes: Array
    begun: Array
    whole: Array
    made: Array


def rebuilt(true: Pattern, made: Pattern, kind: Kind) -> Rebuilt:
    """What came back of patterns [patterns, steps, voices]."""
    there, back = begins(true, kind), begins(made, kind)
    right = (there > 0) & (there == back)
    ends = np.ones_like(right)
    for number, voice in enumerate(kind.voices):
        if voice != "drums":  # melodic voices come before the drums, so lines have their numbers
            ends[..., number] = _ends(true[..., number]) == _ends(made[..., number])
    total = (1, 2)
    return Rebuilt(
        (true == made).mean(axis=total),
        (there > 0).sum(axis=total).astype(np.float64),
        right.sum(axis=total).astype(np.float64),
        (right & ends).sum(axis=total).astype(np.float64),
        (back > 0).sum(axis=total).astype(np.float64),
    )


def _ends(tokens: Pattern) -> Pattern:
    """[patterns, steps]: the step of the next event after each step."""
    steps = tokens.shape[1]
    at = np.where(tokens != NO_EVENT, np.arange(steps), steps)
    following = np.minimum.accumulate(at[:, ::-1], axis=1)[:, ::-1]
    return np.concatenate([following[:, 1:], np.full((len(tokens), 1), steps)], axis=1)


def lines(patterns: Pattern, kind: Kind) -> list[Line]:
    """The melodic voices for `benchmarks.copying`, each pattern's under its number."""
    found = []
    for number, voice in enumerate(kind.voices):
        if voice != "drums":
            for owner, line in enumerate(patterns[..., number]):
                at = np.flatnonzero(line >= FIRST_PITCH)
                if len(at) > 1:
                    found.append(Line(owner, at, line[at], STEPS_PER_BAR))
    return found
