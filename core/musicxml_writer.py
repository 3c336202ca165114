"""Scores to MusicXML 4.0 that people can read: keys, clefs, beams, triplets, voices, drum staves.

Written straight from the score, so that the bytes depend on nothing else: music21's own writer puts
random numbers into its ids, and takes seconds where this takes milliseconds.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass
from itertools import pairwise

from core.engraving import Event, voices_of, write_bar
from core.general_midi import DRUM_CHANNEL
from core.keys import estimate_key, fifths
from core.musicxml_drums import drum_name
from core.musicxml_notes import VoicePlace, printed_accidentals, text, write_voice
from core.quantise import beat_ticks, readable
from core.score import TICKS_PER_QUARTER, Key, Note, Score, Track

_HEAD = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n'
    b'<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" '
    b'"http://www.musicxml.org/dtds/partwise.dtd">\n'
)
_KEYBOARDS = frozenset([*range(8), *range(16, 22), 46])
"""Programs that read two staves: pianos, organs, accordion, harp."""
_OCTAVE_LOWER = frozenset(range(24, 40))
"""Guitars and basses sound an octave below what they read."""
_MIDDLE_C = 60


@dataclass(frozen=True)
class _Staff:
    """A staff and what it shows. clef: sign, line and octave change."""

    clef: tuple[str, int, int]
    voices: list[list[Event]]


def write_musicxml(score: Score) -> bytes:
    """The score as MusicXML, with the notes of `readable(score)`: same score, same bytes.

    Keyboards with a wide range get a grand staff, others a clef by their register, drums a
    percussion staff. Drums last until the next hit, since their length says nothing.
    """
    score = readable(score)
    key = score.key or estimate_key(score) or Key(0, "major")
    root = ET.Element("score-partwise", version="4.0")
    if score.title:
        text(ET.SubElement(root, "work"), "work-title", score.title)
    software = ET.SubElement(ET.SubElement(root, "identification"), "encoding")
    text(software, "software", "Encore")
    part_list = ET.SubElement(root, "part-list")
    for index, track in enumerate(score.tracks):
        _list_part(part_list, track, index)
    for index, track in enumerate(score.tracks):
        root.append(_part(score, track, index, key))
    ET.indent(root, " ")
    return _HEAD + ET.tostring(root, encoding="unicode").encode() + b"\n"


def _instrument_id(index: int, pitch: int | None = None) -> str:
    return f"P{index + 1}-I{1 if pitch is None else pitch + 1}"


def _list_part(part_list: ET.Element, track: Track, index: int) -> None:
    part = ET.SubElement(part_list, "score-part", id=f"P{index + 1}")
    text(part, "part-name", track.name or f"Track {index + 1}")
    pitches = sorted({note.pitch for note in track.notes}) if track.is_drum else [None]
    for pitch in pitches:
        instrument = ET.SubElement(part, "score-instrument", id=_instrument_id(index, pitch))
        name = track.name or "Instrument" if pitch is None else drum_name(pitch)
        text(instrument, "instrument-name", name)
    for pitch in pitches:
        midi = ET.SubElement(part, "midi-instrument", id=_instrument_id(index, pitch))
        channel = DRUM_CHANNEL if track.is_drum else _pitched_channel(index)
        text(midi, "midi-channel", channel + 1)
        text(midi, "midi-program", track.program + 1)
        if pitch is not None:
            text(midi, "midi-unpitched", pitch + 1)


def _pitched_channel(index: int) -> int:
    channel = index % 15
    return channel if channel < DRUM_CHANNEL else channel + 1


def _staves(track: Track, beat: int, end: int) -> list[_Staff]:
    if track.is_drum:
        return [_Staff(("percussion", 2, 0), [_drum_line(track.notes, beat, end)])]
    pitches = sorted(note.pitch for note in track.notes) or [_MIDDLE_C]
    if track.program in _KEYBOARDS and pitches[0] < 55 and pitches[-1] > 64:
        upper = tuple(n for n in track.notes if n.pitch >= _MIDDLE_C)
        lower = tuple(n for n in track.notes if n.pitch < _MIDDLE_C)
        return [
            _Staff(("G", 2, 0), voices_of(upper)),
            _Staff(("F", 4, 0), voices_of(lower)),
        ]
    middle = pitches[len(pitches) // 2]
    octave = 0
    if track.program in _OCTAVE_LOWER and middle < 64:
        octave = -1
    sign = ("G", 2) if middle - 12 * octave >= 57 else ("F", 4)
    return [_Staff((*sign, octave), voices_of(track.notes))]


def _drum_line(notes: tuple[Note, ...], beat: int, end: int) -> list[Event]:
    """All hits as one voice; each lasts until the next one or the end of its beat."""
    hits: dict[int, list[Note]] = {}
    for note in notes:
        hits.setdefault(note.start, []).append(note)
    starts = [*sorted(hits), end]
    return [
        Event(start, min(after, (start // beat + 1) * beat), tuple(hits[start]))
        for start, after in pairwise(starts)
    ]


def _part(score: Score, track: Track, index: int, key: Key) -> ET.Element:
    part = ET.Element("part", id=f"P{index + 1}")
    staves = _staves(track, beat_ticks(score.beats, score.beat_unit), score.ticks)
    by_bar = [_events_by_bar(staff, score.bar_ticks) for staff in staves]
    drum_ids = {n.pitch: _instrument_id(index, n.pitch) for n in track.notes}
    for bar in range(score.bars):
        measure = ET.SubElement(part, "measure", number=str(bar + 1))
        if bar == 0:
            _attributes(measure, score, key, staves, track.is_drum)
            if index == 0:
                _tempo(measure, score.tempo_bpm)
        first_voice = 1
        for staff, voices in enumerate(by_bar, 1):
            lines = voices.get(bar, {0: []})
            everything = [event for events in lines.values() for event in events]
            shown = printed_accidentals(everything, bar * score.bar_ticks, key)
            for voice, events in lines.items():
                if voice or staff > 1:
                    text(ET.SubElement(measure, "backup"), "duration", score.bar_ticks)
                place = VoicePlace(
                    first_voice + voice,
                    staff if len(staves) > 1 else 0,
                    voice == 0,
                    drum_ids if track.is_drum else None,
                    key,
                )
                start = bar * score.bar_ticks
                pieces = write_bar(events, start, score.bar_ticks, score.beats, score.beat_unit)
                write_voice(measure, pieces, place, shown)
            first_voice += max(len(staves[0].voices), 4)
    if score.bars:
        line = ET.SubElement(part[-1], "barline", location="right")
        text(line, "bar-style", "light-heavy")
    return part


def _events_by_bar(staff: _Staff, bar_ticks: int) -> dict[int, dict[int, list[Event]]]:
    """For each bar and voice the events that sound in it; voice 0 first, and always there."""
    bars: dict[int, dict[int, list[Event]]] = {}
    for voice, events in enumerate(staff.voices):
        for event in events:
            for bar in range(event.start // bar_ticks, (event.end - 1) // bar_ticks + 1):
                lines = bars.setdefault(bar, {0: []})
                lines.setdefault(voice, []).append(event)
    return bars


def _attributes(
    measure: ET.Element, score: Score, key: Key, staves: list[_Staff], is_drum: bool
) -> None:
    attributes = ET.SubElement(measure, "attributes")
    text(attributes, "divisions", TICKS_PER_QUARTER)
    signature = ET.SubElement(attributes, "key")
    text(signature, "fifths", 0 if is_drum else fifths(key))
    if not is_drum:
        text(signature, "mode", key.mode)
    time = ET.SubElement(attributes, "time")
    text(time, "beats", score.beats)
    text(time, "beat-type", score.beat_unit)
    if len(staves) > 1:
        text(attributes, "staves", len(staves))
    for number, staff in enumerate(staves, 1):
        sign, line, octave = staff.clef
        clef = ET.SubElement(attributes, "clef", number=str(number))
        text(clef, "sign", sign)
        if sign != "percussion":
            text(clef, "line", line)
        if octave:
            text(clef, "clef-octave-change", octave)


def _tempo(measure: ET.Element, tempo_bpm: float) -> None:
    direction = ET.SubElement(measure, "direction", placement="above")
    metronome = ET.SubElement(ET.SubElement(direction, "direction-type"), "metronome")
    text(metronome, "beat-unit", "quarter")
    text(metronome, "per-minute", f"{tempo_bpm:.0f}")
    ET.SubElement(direction, "sound", tempo=f"{tempo_bpm:g}")
