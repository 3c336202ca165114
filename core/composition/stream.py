"""What the network of `composer` is shown: events in order, with what is known at each of them.

A stream is START, then for each bar its BAR line, the notes that are given in the bar after it
(and, at the start, in the first bar), and the notes to be predicted. So the network hears what
stands fixed a bar before it arrives, as in anticipatory infilling (Thickstun et al., "Anticipatory
Music Transformer", TMLR 2024): with nothing given it composes, with other tracks given it arranges,
with later bars given it leads over to them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.composition.instruments import DRUMS, INSTRUMENTS
from core.composition.tokens import BAR_LINE, MAX_BAR, METRES, SIZES, Events, bar_steps

START, BAR, NOTE, GIVEN = range(4)

GENRES = (
    "pop", "folk", "lieder", "rock", "country", "jazz", "blues", "latin", "soul", "electronic",
    "game", "folk band",
)  # fmt: skip
MODES = ("major", "minor")
TEMPO_EDGES = (60.0, 75.0, 90.0, 105.0, 120.0, 140.0, 170.0)
DENSITIES = 5
MOST_BARS_LEFT = 16
UNKNOWN_BARS_LEFT = MOST_BARS_LEFT + 1
PHRASE = 8
NO_PITCH_CLASS = 12

ONE_HOTS = (
    (0, 4), (1, MAX_BAR), (2, len(INSTRUMENTS)), (3, SIZES[2]), (4, SIZES[3]), (5, SIZES[4]),
    (6, NO_PITCH_CLASS + 1), (7, MAX_BAR), (8, UNKNOWN_BARS_LEFT + 1), (9, PHRASE),
    (10, len(GENRES) + 1), (11, len(METRES)), (12, len(MODES) + 1), (13, len(TEMPO_EDGES) + 2),
    (14, DENSITIES + 1),
)  # fmt: skip
"""(column, values): kind, step, instrument, pitch, duration, velocity, pitch class, step reached,
bars left, bar in the phrase; then of the whole piece genre, metre, mode, tempo, density (0 where
unknown, but for the metre)."""
OWN = 10
"""Columns that each event has for itself; the next five are the piece's."""
TIME_COLUMN = 15
"""Where the event is, in bars."""
RAW = (16, 16 + len(INSTRUMENTS) + 1)
"""Columns taken as they are: 1 for each instrument that plays, and 1 if that is known."""
FEATURES = RAW[1] + len(SIZES)
"""The last columns are the fields of the next event, for the heads."""
WIDTH = sum(size for _, size in ONE_HOTS) + RAW[1] - RAW[0]


@dataclass(frozen=True)
class Conditions:
    """What is known of the whole piece. None where it is not.

    density: fifth of its genre's pieces by notes a bar, 0 to 4. instruments: their numbers.
    bars: length of the piece, where the stream is to know how near the end is.
    """

    metre: tuple[int, int] = (4, 4)
    genre: str | None = None
    mode: str | None = None
    tempo_bpm: float | None = None
    density: int | None = None
    instruments: frozenset[int] | None = None
    bars: int | None = None

    def columns(self) -> npt.NDArray[np.float32]:
        """The piece's columns, OWN to RAW's end, with the time 0."""
        tempo = self.tempo_bpm
        known = [
            GENRES.index(self.genre) + 1 if self.genre in GENRES else 0,
            METRES.index(self.metre),
            MODES.index(self.mode) + 1 if self.mode in MODES else 0,
            0 if tempo is None else int(np.searchsorted(TEMPO_EDGES, tempo, side="right")) + 1,
            0 if self.density is None else self.density + 1,
            0,
        ]
        playing = np.zeros(len(INSTRUMENTS) + 1, np.float32)
        if self.instruments is not None:
            playing[list(self.instruments)] = 1.0
            playing[-1] = 1.0
        return np.concatenate([np.array(known, np.float32), playing])


class Stream:
    """Collects events; `features` is what the network is shown of them.

    first_bar: of the stream in its piece.
    """

    def __init__(self, conditions: Conditions, first_bar: int = 0) -> None:
        self.conditions = conditions
        self.steps = bar_steps(conditions.metre)
        self.first_bar = first_bar
        self.bar = first_bar - 1
        self.cursor = 0
        self.rows: list[tuple[float, ...]] = []
        self._piece = conditions.columns()
        self._append(START, (0, 0, 0, 0, 0), 0.0)

    def bar_line(self) -> None:
        """A new bar begins."""
        self.bar += 1
        self.cursor = 0
        self._append(BAR, (0, 0, 0, 0, 0), float(self.bar - self.first_bar))

    def note(self, event: Sequence[int]) -> None:
        """A note of the present bar that the network predicts: a row of Events without the bar."""
        self.cursor = int(event[0])
        self._append(NOTE, event, self.bar - self.first_bar + event[0] / self.steps)

    def given(self, bar: int, event: Sequence[int]) -> None:
        """A note that stands fixed, of this bar or the next."""
        self._append(GIVEN, event, bar - self.first_bar + event[0] / self.steps)

    def _append(self, kind: int, event: Sequence[int], time: float) -> None:
        step, instrument, pitch, duration, velocity = event
        silent = kind in (START, BAR) or instrument == DRUMS
        left, total = UNKNOWN_BARS_LEFT, self.conditions.bars
        if total is not None:
            left = min(max(total - 1 - self.bar, 0), MOST_BARS_LEFT)
        pitch_class = NO_PITCH_CLASS if silent else pitch % 12
        self.rows.append(
            (
                kind, step, instrument, pitch, duration, velocity, pitch_class, self.cursor, left,
                max(self.bar, 0) % PHRASE, time,
            )
        )  # fmt: skip

    def features(self, start: int = 0, end: int | None = None) -> npt.NDArray[np.float32]:
        """float32 [events, FEATURES] of events start to end - 1; the next events' fields are 0."""
        rows = np.array(self.rows[start:end], np.float32)
        out = np.zeros((len(rows), FEATURES), np.float32)
        out[:, :OWN] = rows[:, :OWN]
        out[:, OWN : RAW[1]] = self._piece
        out[:, TIME_COLUMN] = rows[:, OWN]
        return out


def windowed(
    events: Events,
    given: npt.NDArray[np.bool_],
    conditions: Conditions,
    first_bar: int,
    end_bar: int,
    most: int,
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """A stretch of a piece as the network is trained on it, at most `most` events.

    events [notes, 6], given [notes]: which of them stand fixed. Returns the features with the next
    events' fields filled in, [n, FEATURES], those fields [n, 5], and weights [n, 5]: which of them
    are to be predicted (of a bar line the time alone).
    """
    stream = Stream(conditions, first_bar)
    targets: list[tuple[int, ...]] = []
    weights: list[int] = []  # 0 nothing, 1 the time alone, 5 all

    def expect(fields: tuple[int, ...], weight: int) -> None:
        targets.append(fields)
        weights.append(weight)

    line = (BAR_LINE, 0, 0, 0, 0)
    edges = np.searchsorted(events[:, 0], np.arange(first_bar, end_bar + 2))
    for bar in range(first_bar, end_bar + 1):
        expect(line, 0 if bar == first_bar else 1)
        stream.bar_line()
        if bar == end_bar or len(stream.rows) > most:
            break
        ahead = [bar, bar + 1] if bar == first_bar else [bar + 1]
        for other in (b for b in ahead if b < end_bar):
            low, high = edges[other - first_bar], edges[other - first_bar + 1]
            for row in events[low:high][given[low:high]].tolist():
                expect(line, 0)
                stream.given(other, row[1:])
        low, high = edges[bar - first_bar], edges[bar - first_bar + 1]
        for row in events[low:high][~given[low:high]].tolist():
            expect(tuple(row[1:]), 5)
            stream.note(row[1:])
    length = min(len(targets), most)
    features = stream.features(0, length)
    following = np.array(targets[:length], np.int64)
    features[:, -len(SIZES) :] = following
    counted = np.array(weights[:length])[:, None]
    return features, following, (np.arange(len(SIZES)) < counted).astype(np.float32)
