"""How an arrangement begins and ends: parts that come in one by one, a last chord that is held."""

from __future__ import annotations

import dataclasses

from core.remixing.arrangement import Arrangement
from core.remixing.band_frame import Frame
from core.remixing.band_patterns import BASS_LOW, CRASH, KICK, OTHER_LOW, PIANO_LOW
from core.remixing.chords import classes, in_octave, tonic, voiced
from core.remixing.stems import STEMS
from core.score import TICKS_PER_QUARTER, Key, Note

ENTRIES = {"drums": 0, "bass": 1, "piano": 2, "other": 2}
"""Bars after the first in which each part comes in."""
LEAST_BARS_FOR_ENTRIES = 6
_LONG = TICKS_PER_QUARTER
"""A last note that lasts so long is what the band ends on; else it ends on the last bar's one."""
_RING_BARS = 2
_LEAST = 3
"""Ticks that a note lasts at least."""
_VELOCITY = {"drums": 100, "bass": 88, "piano": 76, "other": 68}


def finished(arrangement: Arrangement, frame: Frame) -> Arrangement:
    """The arrangement with its beginning and its end as its controls ask, and no note too long."""
    arrangement = _released(arrangement, frame)
    if arrangement.controls.intro and frame.last - frame.first + 1 >= LEAST_BARS_FOR_ENTRIES:
        arrangement = _entering(arrangement, frame)
    if arrangement.controls.ending and frame.last > frame.first:
        arrangement = _ended(arrangement, frame)
    return arrangement


def _released(arrangement: Arrangement, frame: Frame) -> Arrangement:
    """Notes end where a chord begins that they are not of: what is held is to stay in tune."""

    def end(note: Note) -> int:
        later = (c for c in frame.chart.chords if note.start < c.start < note.end)
        strange = (c.start for c in later if classes(c) and note.pitch % 12 not in classes(c))
        return max(next(strange, note.end), note.start + _LEAST)

    return arrangement.with_notes(
        {
            stem: [
                dataclasses.replace(note, duration=end(note) - note.start)
                for note in arrangement.notes(stem)
            ]
            for stem in STEMS
            if stem != "drums"
        }
    )


def _entering(arrangement: Arrangement, frame: Frame) -> Arrangement:
    bar = frame.score.bar_ticks
    return arrangement.with_notes(
        {
            stem: [n for n in arrangement.notes(stem) if n.start >= (frame.first + after) * bar]
            for stem, after in ENTRIES.items()
        }
    )


def end_tick(frame: Frame) -> int:
    """Where the last chord is struck: with the solo's last note if that is held and on a beat."""
    score = frame.score
    beat = TICKS_PER_QUARTER if score.beat_unit == 4 else TICKS_PER_QUARTER * 3 // 2
    last = max(score.tracks[0].notes)
    begin = frame.last * score.bar_ticks
    held = last.duration >= _LONG and last.start % beat == 0
    return last.start if held and last.start >= begin else begin


def _ended(arrangement: Arrangement, frame: Frame) -> Arrangement:
    score = frame.score
    end = end_tick(frame)
    length = min(score.ticks - end, _RING_BARS * score.bar_ticks)
    chord = frame.chart.at(end)
    if chord.quality == "none":
        chord = tonic(score.key or Key(0, "major"))
    pitches = {
        "drums": [KICK, CRASH],
        "bass": [in_octave(chord.root, BASS_LOW)],
        "piano": voiced(chord, PIANO_LOW),
        "other": voiced(chord, OTHER_LOW),
    }
    parts = {}
    for stem in STEMS:
        before = [
            dataclasses.replace(note, duration=min(note.duration, end - note.start))
            for note in arrangement.notes(stem)
            if note.start < end
        ]
        # A part that rests in the whole piece does not come in for its last chord.
        held = [Note(end, p, length, _VELOCITY[stem]) for p in pitches[stem]] if before else []
        parts[stem] = [*before, *held]
    return arrangement.with_notes(parts)
