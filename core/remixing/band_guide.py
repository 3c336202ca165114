"""How chords, the chord to come and the solo bear on a pitch: what the network is not told.

The network hears the solo's notes, and chords only as far as it finds them in there. What a chart
says is added to its logits: for each family of instruments and place in the chord, a number for
every distance from the chord's root. The numbers are fitted by training.band_guide to the notes of
training pieces, with the network's own answers beside them, so that nothing is counted twice. Of a
chord that was heard it is told beside, how sure each of its tones is: what may be wrong is played
less.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core.composition.instruments import DRUMS, INSTRUMENTS, NAMES
from core.composition.tokens import (
    DRUM_PITCH,
    INSTRUMENT,
    PITCH,
    SIZES,
    STEPS_PER_QUARTER,
    TICKS_PER_STEP,
    bar_steps,
)
from core.composition.writing import Event
from core.hearing.heard import CHORD_QUALITIES, Chord
from core.hearing.spans import PARTS
from core.remixing.chords import NONE, Chart

Array = npt.NDArray[np.float32]

FAMILIES = ("bass", "harmony", "melody")
CHORD_BEGINS, ON_BEAT, OFF_BEAT = range(3)
PLACES = 3
NEAR_STEPS = 6
"""Within so many steps before the next chord it is told too: half a quarter."""
WANTED = 2.0
"""Nats in favour of an instrument that has rested for a bar."""
ROOT_FIRST = 4.0
"""Nats in favour of the root for a bass's first note in a chord and in each of core.hearing.spans:
a chord that was heard as one may be two."""
NOT_SURER = 0.05
"""No tone is believed to be surer to belong to a chord, or not to, than by so much from 1 or 0."""
TABLES = Path(__file__).with_name("band_guide.json")

_CLASSES = np.arange(DRUM_PITCH) % 12


@functools.lru_cache(maxsize=1)
def tables() -> dict[str, Any]:
    """The numbers, nats, by distance from the root; float32.

    `chord` [FAMILIES, PLACES, CHORD_QUALITIES, 12], `next` [FAMILIES, CHORD_QUALITIES, 12], `solo`
    [FAMILIES].
    """
    found = json.loads(TABLES.read_text(encoding="utf-8"))
    return {name: np.array(found[name], np.float32) for name in ("chord", "next", "solo")}


def family(instrument: int) -> int:
    """Which of FAMILIES an instrument is of."""
    if "bass" in NAMES[instrument] and NAMES[instrument] != "low brass":
        return 0
    return 1 if INSTRUMENTS[instrument].role == "harmony" else 2


def place(step: int, beat_steps: int, begins: bool) -> int:
    """CHORD_BEGINS, ON_BEAT or OFF_BEAT. begins: a bar or a chord begins at this step."""
    if begins:
        return CHORD_BEGINS
    return ON_BEAT if step % beat_steps == 0 else OFF_BEAT


def by_class(
    chord: Chord,
    following: Chord | None,
    where: int,
    kind: int,
    sounding: npt.NDArray[np.bool_],
    given: dict[str, Any],
) -> npt.NDArray[np.float64]:
    """float64 [12]: nats for each pitch class. sounding: [12], those of the solo at that moment.

    following: the next chord, if it is near. given: `tables()`.
    """  # fmt: skip
    away = (np.arange(12) - chord.root) % 12
    quality = CHORD_QUALITIES.index(chord.quality)
    out = given["chord"][kind, where, quality, away] + given["solo"][kind] * sounding
    if following is not None:
        ahead = (np.arange(12) - following.root) % 12
        out = out + given["next"][kind, CHORD_QUALITIES.index(following.quality), ahead]
    return np.asarray(out, np.float64)


def surely(chord: Chord) -> npt.NDArray[np.float64]:
    """float64 [12]: the logit of each pitch class to belong to a heard chord; of a told one 0."""
    if not chord.sure:
        return np.zeros(12)
    sure = np.roll(np.array(chord.sure), chord.root)
    return np.log((sure + NOT_SURER) / (1.0 - sure + NOT_SURER))


class ChordGuide:
    """core.composition.writing.Guide for one piece.

    chart, solo: in the network's key and bars. solo: (start, end, pitch) in ticks. trust: how far
    the chords are believed, 1 as the numbers were fitted. sureness: what it is worth, how sure a
    tone of a heard chord is, 1 for its logit as it is. playing: instruments that are not to rest
    for long.
    """

    def __init__(
        self,
        chart: Chart,
        solo: list[tuple[int, int, int]],
        metre: tuple[int, int],
        trust: float = 1.0,
        playing: frozenset[int] = frozenset(),
        sureness: float = 0.0,
    ) -> None:
        self.chart, self.bar_steps = chart, bar_steps(metre)
        self.beat_steps = STEPS_PER_QUARTER if metre[1] == 4 else STEPS_PER_QUARTER * 3 // 2
        self.span_steps = self.bar_steps // PARTS.get(metre, 1)
        self.trust, self.sureness, self.playing = trust, sureness, playing
        self._solo = np.array(solo, np.int64).reshape(-1, 3)
        self._starts = {chord.start for chord in chart.chords}

    def instruments(self, lately: Sequence[Event]) -> Array:
        """Nats in favour of those that have rested for a bar."""
        out = np.zeros(SIZES[INSTRUMENT], np.float32)
        out[list(self.playing - {event[1] for event in lately})] = WANTED
        return out

    def pitches(
        self, bar: int, step: int, instrument: int, lately: Sequence[Event] | None = None
    ) -> Array:
        """Nats of every pitch, the same in all octaves.

        lately: what was written in this bar. A bass that has not played in the chord, or in the
        span, is led to the root by ROOT_FIRST more; without `lately`, as when notes are only
        judged, that is left out.
        """
        out = np.zeros(SIZES[PITCH], np.float32)
        if instrument == DRUMS or self.trust <= 0:
            return out
        tick = (bar * self.bar_steps + step) * TICKS_PER_STEP
        bias = self.classes(tick, step, instrument)
        chord = self.chart.at(tick)
        if lately is not None and family(instrument) == 0 and chord.quality != "none":
            bar_tick = bar * self.bar_steps * TICKS_PER_STEP
            span = step // self.span_steps * self.span_steps
            begun = max(bar_tick + span * TICKS_PER_STEP, chord.start)
            played = [bar_tick + e[0] * TICKS_PER_STEP for e in lately if e[1] == instrument]
            if not any(start >= begun for start in played):
                bias[chord.root % 12] += ROOT_FIRST
        bias = self.trust * bias + self.sureness * surely(chord)
        out[:DRUM_PITCH] = bias[_CLASSES]
        return out

    def classes(self, tick: int, step: int, instrument: int) -> npt.NDArray[np.float64]:
        """float64 [12]: nats for each pitch class of a note that begins at `tick`."""
        chord, following, begins = self.context(tick, step)
        if CHORD_QUALITIES.index(chord.quality) == NONE and following is None:
            return np.zeros(12)
        where = place(step, self.beat_steps, begins)
        return by_class(chord, following, where, family(instrument), self.sounding(tick), tables())

    def context(self, tick: int, step: int) -> tuple[Chord, Chord | None, bool]:
        """(chord, the next one where it is near, whether a bar or a chord begins)."""
        following = self.chart.following(tick)
        if following is not None and following.start - tick > NEAR_STEPS * TICKS_PER_STEP:
            following = None
        return self.chart.at(tick), following, step == 0 or tick in self._starts

    def sounding(self, tick: int) -> npt.NDArray[np.bool_]:
        """Bool [12]: pitch classes of the solo that sound at a tick."""
        now = self._solo[(self._solo[:, 0] <= tick) & (self._solo[:, 1] > tick), 2]
        return np.asarray(np.bincount(now % 12, minlength=12)[:12] > 0)
