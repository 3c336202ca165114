"""Writing a bar: the network's answers drawn field by field, within what the notation allows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from core.composition.composer_decoder import Decoder
from core.composition.controls import Controls
from core.composition.drawing import draw, probabilities
from core.composition.form import Echo
from core.composition.instruments import DRUMS
from core.composition.stream import Stream
from core.composition.tokens import (
    BAR_LINE,
    DRUM_PITCH,
    DURATION,
    INSTRUMENT,
    PITCH,
    SIZES,
    TIME,
    VELOCITY,
)

MOST_NOTES_PER_BAR = 160
TRIES = 12
CHOICES = 6
"""Pitches named for each note, and its own if that is not among them."""
TAKEN_UP_NATS = 2.2
"""How far, at repetition 0, the logits of what is taken up are raised; twice that at 1, none at -1.
training/README.md says how many notes come back then."""
Choices = tuple[tuple[int, float], ...]
"""(pitch, probability), the likeliest first."""
Event = tuple[int, int, int, int, int]
"""step, instrument, pitch, duration, velocity: a row of Events without its bar."""
TakenUp = int | Sequence[Event] | None
"""What a bar is drawn towards: an earlier bar (core.composition.form), notes, or nothing."""


class Guide(Protocol):
    """What else is known of the notes to come: nats that are added to logits."""

    def instruments(self, lately: Sequence[Event]) -> npt.NDArray[np.float32]:
        """float32 [SIZES[INSTRUMENT]]. lately: what was written in this bar and the one before."""
        ...

    def pitches(
        self, bar: int, step: int, instrument: int, lately: Sequence[Event] = ()
    ) -> npt.NDArray[np.float32]:
        """float32 [SIZES[PITCH]], of a note of the instrument. lately: of this bar."""
        ...


class Writer:
    """Keeps a stream and a decoder in step, and draws what comes next.

    allowed: instruments that may be drawn. open_from: the step of the first bar written from which
    notes may be drawn; the bar's earlier ones stand. ranges: instrument -> its lowest and highest
    pitch, where that is known. guide: of what is drawn.
    """

    def __init__(
        self,
        stream: Stream,
        decoder: Decoder,
        rng: np.random.Generator,
        controls: Controls,
        allowed: frozenset[int],
        open_from: int = 0,
        ranges: Mapping[int, tuple[int, int]] | None = None,
        guide: Guide | None = None,
    ) -> None:
        self.stream, self.decoder, self.rng, self.controls = stream, decoder, rng, controls
        self.allowed = np.zeros(SIZES[INSTRUMENT], bool)
        self.allowed[list(allowed)] = True
        self.ranges, self.guide = ranges or {}, guide
        self._open_from = open_from
        self._played: dict[int, list[Event]] = {}
        self._echo: Echo | None = None
        self._state = self._push()
        self.written: list[Event] = []
        self.choices: list[Choices] = []

    def _push(self) -> npt.NDArray[np.float32]:
        return self.decoder.push(self.stream.features(len(self.stream.rows) - 1)[0])

    def bar_line(self) -> None:
        """A bar begins."""
        self.stream.bar_line()
        self._state = self._push()
        self.written, self.choices = [], []

    def given(self, bar: int, event: Sequence[int]) -> None:
        """A note that stands, of this bar or the next."""
        self.stream.given(bar, event)
        self._state = self._push()

    def heard(self, event: Sequence[int]) -> None:
        """A note of this bar as if it had been drawn."""
        self.stream.note(event)
        self._state = self._push()
        step, instrument, pitch, duration, velocity = event
        played = self._played.setdefault(self.stream.bar, [])
        played.append((step, instrument, pitch, duration, velocity))

    def write_bar(self, forced: Sequence[Event] = (), taken_up: TakenUp = None) -> None:
        """Draw notes until the bar is over; `written` and `choices` then hold those drawn.

        forced: notes in order that belong to this bar whatever is drawn; each is put in before the
        first drawn note that would come after it, and is not among `written`. taken_up: what the
        bar is drawn towards.
        """
        waiting = list(forced)
        if isinstance(taken_up, int):
            taken_up = self._played.get(taken_up, [])
        self._echo = None if taken_up is None else Echo(taken_up)
        last: Event | None = None
        while len(self.written) < MOST_NOTES_PER_BAR:
            drawn = self._draw(last)
            if waiting and (drawn is None or waiting[0][:3] <= drawn[0][:3]):
                last = waiting.pop(0)
                self.heard(last)
                continue
            if drawn is None:
                break
            last, choices = drawn
            self.heard(last)
            self.written.append(last)
            self.choices.append(choices)
        for event in waiting:
            self.heard(event)
        self._open_from = 0

    def _draw(self, last: Event | None) -> tuple[Event, Choices] | None:
        """The next note and the pitches that it might have had; None for the bar line.

        What would stand before `last` in the order of events is drawn again, from the time on, so
        that notes come with the chances that the network gives them where they are in order. To
        forbid it field by field would pile up chords: once "at the same time" is drawn, whatever is
        left above would have to be taken.
        """
        for _ in range(TRIES):
            drawn = self._draw_freely(last, self._times(last))
            if drawn is None or last is None or drawn[0][:3] > last[:3]:
                return drawn
        later = self._times(last)
        if last is not None:
            later[last[0]] = False
        return self._draw_freely(last, later)

    def _draw_freely(
        self, last: Event | None, times: npt.NDArray[np.bool_]
    ) -> tuple[Event, Choices] | None:
        x = self._state
        echo = None if self._echo is None else self._echo.after(last)
        step = self._field(TIME, x, times, self._towards(TIME, echo))
        if step == BAR_LINE:
            return None
        if echo is not None and echo[TIME] != step:
            echo = None
        x = self.decoder.told(TIME, x, step)
        towards = self._towards(INSTRUMENT, echo)
        if self.guide is not None:
            bar = self.stream.bar
            lately = [*self._played.get(bar - 1, ()), *self._played.get(bar, ())]
            towards = towards + self.guide.instruments(lately)
        instrument = self._field(INSTRUMENT, x, self.allowed, towards)
        if echo is not None and echo[INSTRUMENT] != instrument:
            echo = None
        x = self.decoder.told(INSTRUMENT, x, instrument)
        drum = instrument == DRUMS
        pitches = np.zeros(SIZES[PITCH], bool)
        low, high = self.ranges.get(instrument, (0, SIZES[PITCH]))
        pitches[max(low, DRUM_PITCH if drum else 0) : min(high + 1, SIZES[PITCH])] = True
        if not drum:
            pitches[DRUM_PITCH:] = False
        said = self.decoder.logits(PITCH, x)
        if self.guide is not None:
            bar = self.stream.bar
            said = said + self.guide.pitches(bar, step, instrument, self._played.get(bar, ()))
        pitch = self._pick(probabilities(said + self._towards(PITCH, echo), pitches))
        if echo is not None and echo[PITCH] != pitch:
            echo = None
        x = self.decoder.told(PITCH, x, pitch)
        duration = 0
        if not drum:
            duration = self._field(DURATION, x, None, self._towards(DURATION, echo))
        x = self.decoder.told(DURATION, x, duration)
        velocity = self._field(VELOCITY, x, None, self._towards(VELOCITY, echo))
        chances = probabilities(said, pitches)
        best = np.argsort(-chances, kind="stable")[:CHOICES]
        named = sorted({*(int(i) for i in best), pitch}, key=lambda i: (-chances[i], i))
        choices = tuple((i, float(chances[i])) for i in named)
        return (step, instrument, pitch, duration, velocity), choices

    def _towards(self, field: int, echo: Event | None) -> npt.NDArray[np.float32] | float:
        """What is added to a field's logits: in favour of the note that is taken up."""
        strength = TAKEN_UP_NATS * (1.0 + self.controls.repetition)
        if self._echo is None or strength <= 0.0 or (echo is None and field != TIME):
            return 0.0
        bias = np.zeros(SIZES[field], np.float32)
        bias[BAR_LINE if echo is None else echo[field]] = strength
        return bias

    def _field(
        self,
        field: int,
        x: npt.NDArray[np.float32],
        allowed: npt.NDArray[np.bool_] | None = None,
        bias: npt.NDArray[np.float32] | float = 0.0,
    ) -> int:
        return self._pick(probabilities(self.decoder.logits(field, x) + bias, allowed))

    def _pick(self, chances: npt.NDArray[np.float64]) -> int:
        c = self.controls
        return draw(chances, self.rng, temperature=c.temperature, top_p=c.top_p)

    def _times(self, last: Event | None) -> npt.NDArray[np.bool_]:
        """Steps from the last note on to the end of the bar, and the bar line."""
        allowed = np.zeros(SIZES[TIME], bool)
        allowed[max(self._open_from, last[0] if last else 0) : self.stream.steps] = True
        allowed[BAR_LINE] = True
        return allowed
