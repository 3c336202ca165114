"""How an arrangement begins and ends, what is held, and how a distorted guitar plays chords."""

from __future__ import annotations

import dataclasses

from core.composition.instruments import NAMES
from core.hearing.heard import Chord
from core.remixing.arrangement import Arrangement
from core.remixing.band_controls import STYLES
from core.remixing.band_frame import Frame
from core.remixing.band_patterns import BASS_LOW, CRASH, KICK, OTHER_LOW, PIANO_LOW
from core.remixing.chords import classes, in_octave, tonic, voiced
from core.remixing.stems import STEMS
from core.score import TICKS_PER_QUARTER, Key, Note

ENTRIES = {"drums": 0, "bass": 1, "piano": 2, "other": 2}
"""Bars after the first in which each part comes in."""
LEAST_BARS_FOR_ENTRIES = 6
DISTORTED = NAMES.index("distorted guitar")
POWER_FROM, POWER_LOW = 3, 40
"""Notes that make a chord of it, and the guitar's lowest pitch."""
_LONG = TICKS_PER_QUARTER
"""A last note that lasts so long is what the band ends on; else it ends on the last bar's one."""
_RING_BARS = 2
_LEAST = 3
"""Ticks that a note lasts at least."""
_VELOCITY = {"drums": 100, "bass": 88, "piano": 76, "other": 68}


def finished(arrangement: Arrangement, frame: Frame) -> Arrangement:
    """The arrangement with its beginning and its end as its controls ask, and no note too long.

    What a distorted guitar strikes together, from three notes on, is root, fifth and octave: thirds
    growl, and the network piles such chords up over three octaves.
    """
    arrangement = _released(_power_chords(arrangement, frame), frame)
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


def _power_chords(arrangement: Arrangement, frame: Frame) -> Arrangement:
    parts = {}
    for stem in filter(lambda stem: _is_distorted(arrangement, stem), STEMS):
        struck: dict[int, list[Note]] = {}
        for note in arrangement.notes(stem):
            struck.setdefault(note.start, []).append(note)
        parts[stem] = [n for tick, notes in struck.items() for n in _powered(notes, frame, tick)]
    return arrangement.with_notes(parts)


def _powered(notes: list[Note], frame: Frame, tick: int) -> list[Note]:
    """What is struck at a tick, as a power chord where it is a chord."""
    chord = frame.chart.at(tick)
    if len(notes) < POWER_FROM or chord.quality == "none":
        return notes
    long, loud = max(n.duration for n in notes), max(n.velocity for n in notes)
    return [Note(tick, pitch, long, loud) for pitch in _power_chord(chord)]


def _power_chord(chord: Chord) -> list[int]:
    root = in_octave(chord.root, POWER_LOW)
    return [root, root + (6 if chord.quality == "diminished" else 7), root + 12]


def _is_distorted(arrangement: Arrangement, stem: str) -> bool:
    return STYLES[arrangement.controls.style].instrument(stem) == DISTORTED


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
        if _is_distorted(arrangement, stem):
            pitches[stem] = _power_chord(chord)
        before = [
            dataclasses.replace(note, duration=min(note.duration, end - note.start))
            for note in arrangement.notes(stem)
            if note.start < end
        ]
        # A part that rests in the whole piece does not come in for its last chord.
        held = [Note(end, p, length, _VELOCITY[stem]) for p in pitches[stem]] if before else []
        parts[stem] = [*before, *held]
    return arrangement.with_notes(parts)
