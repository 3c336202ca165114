"""What is heard in a solo, and the way between seconds and the grid of a score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.score import TICKS_PER_QUARTER, Key

Array = npt.NDArray[np.float64]

CHORD_QUALITIES = ("major", "minor", "dominant", "diminished", "none")
"""What the arrangers tell apart: a triad with or without its own seventh, and no chord at all."""
TRIADS: Mapping[str, tuple[int, ...]] = {
    "major": (0, 4, 7),
    "minor": (0, 3, 7),
    "dominant": (0, 4, 7, 10),
    "diminished": (0, 3, 6),
    "none": (),
}
"""Semitones above the root that are played."""
TONES: Mapping[str, frozenset[int]] = {
    "major": frozenset((0, 4, 7, 11)),
    "minor": frozenset((0, 3, 7, 10)),
    "dominant": frozenset((0, 4, 7, 10)),
    "diminished": frozenset((0, 3, 6, 9, 10)),
    "none": frozenset(),
}
"""Semitones above the root that belong to the chord: its own seventh among them."""


@dataclass(frozen=True, order=True)
class HeardNote:
    """A note in seconds. pitch: MIDI number. velocity: 1 to 127. end_s is after start_s."""

    start_s: float
    pitch: int
    end_s: float
    velocity: int = 80


@dataclass(frozen=True)
class Grid:
    """Where the beats are, and which of them begin bars.

    beats_s: times of consecutive beats, seconds, rising, 2 at least.
    first_beat: place of beats_s[0] in its bar, 0 for a bar's first beat: a pickup is a bar that
    begins before the sound does.
    beats, beat_unit: the metre's numbers; a beat lasts 1 / beat_unit of a whole note, so 6/8 has
    six beats a bar.

    Raises ValueError for fewer than two beats, or beats that do not rise.
    """

    beats_s: tuple[float, ...]
    first_beat: int = 0
    beats: int = 4
    beat_unit: int = 4

    def __post_init__(self) -> None:
        if len(self.beats_s) < 2 or np.diff(self.beats_s).min() <= 0:
            raise ValueError("a grid needs two beats or more, one after the other")
        if not 0 <= self.first_beat < self.beats:
            raise ValueError(f"first_beat must be in the bar, not {self.first_beat}")

    @property
    def beat_ticks(self) -> int:
        return TICKS_PER_QUARTER * 4 // self.beat_unit

    @property
    def tempo_bpm(self) -> float:
        """Quarters a minute, by the median beat."""
        quarter_s = float(np.median(np.diff(self.beats_s))) * self.beat_unit / 4
        return 60.0 / quarter_s

    def to_ticks(self, seconds: npt.ArrayLike) -> Array:
        """Times on the grid, in ticks from the first bar's beginning, fractions kept.

        Between beats by straight lines; before the first and after the last at the pace there.
        """
        times = np.asarray(seconds, np.float64)
        beats, low = self._extended(times)
        places = np.arange(len(beats)) + low + self.first_beat
        return np.asarray(np.interp(times, beats, places * self.beat_ticks), np.float64)

    def to_seconds(self, ticks: npt.ArrayLike) -> Array:
        """The inverse of `to_ticks`."""
        places = np.asarray(ticks, np.float64) / self.beat_ticks - self.first_beat
        low = int(min(np.floor(places.min(initial=0.0)), 0)) - 1
        high = int(max(np.ceil(places.max(initial=0.0)), len(self.beats_s) - 1)) + 1
        numbers = np.arange(low, high + 1)
        return np.asarray(np.interp(places, numbers, self._at(numbers)), np.float64)

    def _at(self, numbers: npt.NDArray[np.int_]) -> Array:
        """Times of beats by number, beyond the ends too."""
        beats = np.array(self.beats_s)
        inside = np.clip(numbers, 0, len(beats) - 1)
        first, last = self._paces()
        out = beats[inside] + np.minimum(numbers, 0) * first
        return np.asarray(out + np.maximum(numbers - (len(beats) - 1), 0) * last, np.float64)

    def _paces(self) -> tuple[float, float]:
        """Seconds a beat at either end: the median of the four beats there."""
        steps = np.diff(self.beats_s)
        return float(np.median(steps[:4])), float(np.median(steps[-4:]))

    def _extended(self, seconds: Array) -> tuple[Array, int]:
        """(beats that cover all of `seconds`, number of the first of them)."""
        first, last = self._paces()
        before = max(self.beats_s[0] - seconds.min(initial=self.beats_s[0]), 0.0)
        after = max(seconds.max(initial=self.beats_s[-1]) - self.beats_s[-1], 0.0)
        low = -int(np.ceil(before / first)) - 1
        high = len(self.beats_s) + int(np.ceil(after / last)) + 1
        return self._at(np.arange(low, high)), low


@dataclass(frozen=True)
class Chord:
    """A chord from one tick on. root: pitch class, C is 0. quality: one of CHORD_QUALITIES.

    sure: how likely each of the 12 semitones from the root up belongs to it; () of a chord that is
    told, not heard.
    """

    start: int
    root: int
    quality: str
    sure: tuple[float, ...] = ()


@dataclass(frozen=True)
class Heard:
    """All that an arranger is told of a solo.

    notes: in order. grid: beats and bars over the whole clip. key: the likeliest.
    chords: over the grid, in order, the first at the first bar's beginning.
    tuning_cents: how far the solo is from 440 Hz, -50 to 50.
    steady: 0 to 1, how sure the beats are; near 0 for speech, noise and rubato.
    """

    notes: tuple[HeardNote, ...]
    grid: Grid
    key: Key
    chords: tuple[Chord, ...]
    tuning_cents: float = 0.0
    steady: float = 1.0
