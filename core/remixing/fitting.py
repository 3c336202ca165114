"""The style that fits a tune, where a visitor names none: by its metre, pace and feel.

A rule and no model. It stands on what `core.transcription` heard of the solo, so the same solo gets
the same style.
"""

from __future__ import annotations

from core.remixing.band_frame import Frame
from core.score import TICKS_PER_QUARTER

SLOW_BPM, QUICK_BPM = 84.0, 138.0
"""Under the one a ballad, over the other rock, pop between them."""
SWING_BPM = 100.0
"""What swings slower than this is a blues."""
SWUNG, BUSY = 0.6, 0.25
"""Share of off-beats that are late, and of notes on sixteenths, from which on a tune is so."""
LEAST_OFF_BEATS = 4
_HALF, _LATE = TICKS_PER_QUARTER // 2, 2 * TICKS_PER_QUARTER // 3
_SIXTEENTHS = (TICKS_PER_QUARTER // 4, 3 * TICKS_PER_QUARTER // 4)


def fitting(frame: Frame) -> str:
    """One of `core.remixing.band_controls.STYLES`, with a pattern of its own."""
    score = frame.score
    if score.beat_unit == 8:
        return "folk"
    if score.beats == 3:
        return "waltz"
    if score.beats == 2:
        return "country"
    places = [note.start % TICKS_PER_QUARTER for note in score.tracks[0].notes]
    late, straight = places.count(_LATE), places.count(_HALF)
    if late + straight >= LEAST_OFF_BEATS and late >= SWUNG * (late + straight):
        return "blues" if score.tempo_bpm < SWING_BPM else "swing"
    if score.tempo_bpm < SLOW_BPM:
        return "ballad"
    if score.tempo_bpm > QUICK_BPM:
        return "rock"
    busy = sum(places.count(place) for place in _SIXTEENTHS)
    return "funk" if busy >= BUSY * len(places) else "pop"
