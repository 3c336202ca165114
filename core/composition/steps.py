"""Redraws as steps of a plan: what is redrawn, from where, with which seed; as a link's text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from core.errors import UserInputError
from core.score import Score

MAX_STEPS = 64
MAX_NUMBER = 10**6
_STEP = re.compile(
    r"b([\d,-]+)_t([\d,-]+)(?:_f(\d{1,6}))?(?:_c(\d+):(\d+):(\d+):(\d+))?_s(\d{1,10})"
)


@dataclass(frozen=True)
class Taken:
    """A note for which the visitor took another of the model's choices.

    track: its index. start: tick. pitch: what it was; taken: what it is to be.
    """

    track: int
    start: int
    pitch: int
    taken: int


@dataclass(frozen=True)
class Step:
    """One redraw, as core.composition.controls.Redraw has it, with its seed."""

    bars: frozenset[int]
    tracks: frozenset[int]
    seed: int
    from_tick: int = 0
    taken: Taken | None = None

    def applied(self, piece: Score) -> tuple[Score, tuple[int, int, int] | None]:
        """(the piece with the taken note put in, that note as Redraw's `chosen`).

        Raises UserInputError when the piece has no such note, bar or track.
        """
        if max(self.bars, default=0) >= piece.bars or max(self.tracks, default=0) >= len(
            piece.tracks
        ):
            raise _unfit()
        if self.taken is None:
            return piece, None
        taken = self.taken
        if taken.track >= len(piece.tracks) or taken.taken > 127:
            raise _unfit()
        track = piece.tracks[taken.track]
        there = [n for n in track.notes if (n.start, n.pitch) == (taken.start, taken.pitch)]
        if not there:
            raise _unfit()
        old = there[0]
        # A chord may hold the taken pitch already: it stays one note.
        others = tuple(
            n for n in track.notes if n != old and (n.start, n.pitch) != (old.start, taken.taken)
        )
        new = replace(old, pitch=taken.taken)
        tracks = list(piece.tracks)
        tracks[taken.track] = replace(track, notes=(*others, new))
        return replace(piece, tracks=tuple(tracks)), (taken.track, new.start, new.pitch)


def _unfit() -> UserInputError:
    return UserInputError(
        "This redraw does not fit the piece; make the piece anew, then redraw it."
    )


def steps_to_text(steps: Sequence[Step]) -> str:
    """Short enough for a link: `b0-3,7_t0,2_f96_c1:96:60:64_s5`, steps with a dot between."""
    texts = []
    for step in steps:
        text = f"b{_ranges(step.bars)}_t{_ranges(step.tracks)}"
        if step.from_tick:
            text += f"_f{step.from_tick}"
        if step.taken is not None:
            taken = step.taken
            text += f"_c{taken.track}:{taken.start}:{taken.pitch}:{taken.taken}"
        texts.append(f"{text}_s{step.seed}")
    return ".".join(texts)


def steps_from_text(text: str) -> tuple[Step, ...] | None:
    """The inverse of `steps_to_text`; None when the text is nothing of the kind."""
    steps: list[Step] = []
    for part in filter(None, text.split(".")):
        match = _STEP.fullmatch(part)
        bars = match and _numbers(match[1])
        tracks = match and _numbers(match[2])
        if match is None or not bars or not tracks or len(steps) == MAX_STEPS:
            return None
        taken = Taken(*map(int, match.groups()[3:7])) if match[4] else None
        steps.append(
            Step(frozenset(bars), frozenset(tracks), int(match[8]), int(match[3] or 0), taken)
        )
    return tuple(steps)


def _ranges(numbers: Iterable[int]) -> str:
    """`0-3,7` for 0, 1, 2, 3, 7."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ",".join(f"{a}" if a == b else f"{a}-{b}" for a, b in runs)


def _numbers(text: str) -> set[int] | None:
    found: set[int] = set()
    for part in text.split(","):
        low, _, high = part.partition("-")
        if not low.isdecimal() or not (high or low).isdecimal():
            return None
        first, last = int(low), int(high or low)
        if not first <= last < min(first + 1000, MAX_NUMBER):
            return None
        found |= set(range(first, last + 1))
    return found
