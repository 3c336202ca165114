"""Writing a bar: the network's answers drawn field by field, within what the notation allows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from core.composition.composer_decoder import Decoder
from core.composition.controls import Controls
from core.composition.drawing import draw, probabilities
from core.composition.stream import Stream
from core.composition.tokens import BAR_LINE, DURATION, INSTRUMENT, PITCH, SIZES, TIME, VELOCITY

MOST_NOTES_PER_BAR = 160
CHOICES = 6
REPETITION_NATS = 2.5
"""How far `repetition` 1 moves the logit of what was played 1, 2, 4 or 8 bars ago."""
ECHOES = (1, 2, 4, 8)

Event = tuple[int, int, int, int, int]
"""step, instrument, pitch, duration, velocity: a row of Events without its bar."""


class Writer:
    """Keeps a stream and a decoder in step, and draws what comes next.

    allowed: instruments that may be drawn. open_from: the step of the first bar written from which
    notes may be drawn; the bar's earlier ones stand.
    """

    def __init__(
        self,
        stream: Stream,
        decoder: Decoder,
        rng: np.random.Generator,
        controls: Controls,
        allowed: frozenset[int],
        open_from: int = 0,
    ) -> None:
        self.stream, self.decoder, self.rng, self.controls = stream, decoder, rng, controls
        self.allowed = np.zeros(SIZES[INSTRUMENT], bool)
        self.allowed[list(allowed)] = True
        self._open_from = open_from
        self._played: dict[int, set[tuple[int, int, int]]] = {}
        self._state = self._push()
        self.written: list[Event] = []
        self.choices: list[tuple[tuple[int, float], ...]] = []

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
        self._played.setdefault(self.stream.bar, set()).add((event[0], event[1], event[2]))

    def write_bar(self, forced: Sequence[Event] = ()) -> None:
        """Draw notes until the bar is over; `written` and `choices` then hold those drawn.

        forced: notes in order that belong to this bar whatever is drawn; each is put in before the
        first drawn note that would come after it, and is not among `written`.
        """
        waiting = list(forced)
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

    def _draw(self, last: Event | None) -> tuple[Event, tuple[tuple[int, float], ...]] | None:
        """The next note and the pitches that it might have had; None for the bar line."""
        x = self._state
        step = self._field(TIME, x, self._times(last), self._echo_times())
        if step == BAR_LINE:
            return None
        x = self.decoder.told(TIME, x, step)
        together = last is not None and last[0] == step
        allowed = self.allowed.copy()
        if together and last is not None:
            allowed[: last[1]] = False
            if last[2] >= SIZES[PITCH] - 1:
                allowed[last[1]] = False
            if not allowed.any():
                return None
        instrument = self._field(INSTRUMENT, x, allowed)
        x = self.decoder.told(INSTRUMENT, x, instrument)
        pitches = np.ones(SIZES[PITCH], bool)
        if together and last is not None and last[1] == instrument:
            pitches[: last[2] + 1] = False
        logits = self.decoder.logits(PITCH, x)
        half = slice(128, 256) if instrument == 2 else slice(0, 128)
        outside = np.ones(SIZES[PITCH], bool)
        outside[half] = False
        pitches &= ~outside
        if not pitches.any():
            return None
        chances = probabilities(logits + self._echo_pitches(step, instrument), pitches)
        pitch = self._pick(chances)
        x = self.decoder.told(PITCH, x, pitch)
        duration = 0
        if instrument != 2:
            duration = self._field(DURATION, x)
        x = self.decoder.told(DURATION, x, duration)
        velocity = self._field(VELOCITY, x)
        best = np.argsort(-chances, kind="stable")[:CHOICES]
        named = sorted({*(int(i) for i in best), pitch}, key=lambda i: (-chances[i], i))
        choices = tuple((i, float(chances[i])) for i in named)
        return (step, instrument, pitch, duration, velocity), choices

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

    def _echo_times(self) -> npt.NDArray[np.float32] | float:
        strength = self.controls.repetition
        if not strength:
            return 0.0
        bias = np.zeros(SIZES[TIME], np.float32)
        for back in ECHOES:
            for step, _, _ in self._played.get(self.stream.bar - back, ()):
                bias[step] = strength * REPETITION_NATS / 2
        return bias

    def _echo_pitches(self, step: int, instrument: int) -> npt.NDArray[np.float32] | float:
        strength = self.controls.repetition
        if not strength:
            return 0.0
        bias = np.zeros(SIZES[PITCH], np.float32)
        for back in ECHOES:
            for other, who, pitch in self._played.get(self.stream.bar - back, ()):
                if (other, who) == (step, instrument):
                    bias[pitch] = strength * REPETITION_NATS
        return bias
