"""The path of a continuation that copies: which stretches of the clip are played, in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.audio import Clip


@dataclass(frozen=True)
class Segment:
    """Copy the clip from `source` on (a sample index), for `length` samples."""

    source: int
    length: int


@dataclass(frozen=True)
class Stretch:
    """`seconds` of a continuation, from `at_s` on, that play the clip from `source_s` on."""

    at_s: float
    source_s: float
    seconds: float


def within(path: Sequence[Segment], clip_length: int, length: int) -> tuple[Segment, ...]:
    """The segments as `render` plays them: cut at the clip's end, `length` samples together.

    Segments that go on where the one before them stopped become one with it.
    """
    played: list[Segment] = []
    left = length
    for segment in path:
        copied = min(segment.length, left, clip_length - segment.source)
        if copied <= 0:
            continue
        left -= copied
        if played and played[-1].source + played[-1].length == segment.source:
            played[-1] = Segment(played[-1].source, played[-1].length + copied)
        else:
            played.append(Segment(segment.source, copied))
    return tuple(played)


def stretches(path: Sequence[Segment], clip: Clip, made: Clip) -> list[Stretch]:
    """The path in seconds, as far as `made`, which has the clip's rate, is long."""
    rate = clip.sample_rate
    found: list[Stretch] = []
    at = 0
    for segment in within(path, clip.length, made.length):
        found.append(Stretch(at / rate, segment.source / rate, segment.length / rate))
        at += segment.length
    return found
