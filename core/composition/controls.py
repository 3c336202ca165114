"""What a visitor asks of a composer: the controls, and what of a piece is to be redrawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.score import Key, Score

Watch = Callable[[Score], None]
"""Called with the piece as far as it is written, at least once a bar."""


def nobody(score: Score) -> None:
    """Take no notice: the default when nobody watches."""


@dataclass(frozen=True)
class Controls:
    """None leaves a matter to the engine. An engine ignores what it has no control for.

    genre: one of the engine's own names. density: notes, from 0 (few) to 1 (many).
    instruments: names of core.composition.instruments, those that play.
    temperature: of drawing; 0 takes the likeliest each time (argmax). top_p: nucleus, 0 to 1.
    repetition: how much sections that return are like what they return to, from -1 (not at all)
    over 0 (the engine's own measure) to 1 (nearly the same).
    """

    genre: str | None = None
    tempo_bpm: float | None = None
    key: Key | None = None
    metre: tuple[int, int] | None = None
    density: float | None = None
    instruments: tuple[str, ...] | None = None
    temperature: float = 1.0
    top_p: float = 0.95
    repetition: float = 0.0


@dataclass(frozen=True)
class Redraw:
    """What of `piece` is drawn anew; all its other notes stand as they are.

    bars, tracks: a note is redrawn where its bar and its track are both among them.
    from_tick: within those, only notes that start at this tick or later; the note of `chosen`
    (track index, start, pitch), put there by the visitor, stands too.
    """

    piece: Score
    bars: frozenset[int]
    tracks: frozenset[int]
    from_tick: int = 0
    chosen: tuple[int, int, int] | None = None
