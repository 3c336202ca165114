"""What the measures of a MusicXML part say: sounding notes, metres, tempo, key, loudness."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from core.errors import UserInputError
from core.general_midi import DRUM_CHANNEL
from core.keys import key_of_signature
from core.limits import MAX_NOTES
from core.midi_events import clean_name
from core.musicxml_drums import drum_at
from core.score import Key

_NATURALS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_QUARTERS = {"whole": 4.0, "half": 2.0, "quarter": 1.0, "eighth": 0.5, "16th": 0.25}
_DYNAMICS = {"pp": 40, "p": 54, "mp": 68, "mf": 80, "f": 94, "ff": 108}
_FORTE_VELOCITY = 90
_DEFAULT_VELOCITY = 80
_MAX_QUARTERS = 1e5
"""No duration in a file is longer; it keeps sums finite."""

_PROGRAMS_BY_WORD = (
    ("piano", 0),
    ("harpsichord", 6),
    ("celesta", 8),
    ("organ", 19),
    ("bass guitar", 33),
    ("guitar", 24),
    ("contrabass", 43),
    ("double bass", 43),
    ("violoncello", 42),
    ("cello", 42),
    ("viola", 41),
    ("violin", 40),
    ("harp", 46),
    ("string", 48),
    ("trumpet", 56),
    ("trombone", 57),
    ("tuba", 58),
    ("horn", 60),
    ("sax", 65),
    ("oboe", 68),
    ("bassoon", 70),
    ("clarinet", 71),
    ("piccolo", 72),
    ("flute", 73),
    ("recorder", 74),
    ("soprano", 52),
    ("alto", 52),
    ("tenor", 52),
    ("bass", 32),
    ("voice", 52),
    ("choir", 52),
    ("vocal", 52),
)
"""For parts that name no program: the first word in the part's name decides."""


@dataclass
class Sound:
    """A note as read. start, duration: quarters, start within the measure. tied: to the next."""

    start: float
    duration: float
    pitch: int
    velocity: int
    is_drum: bool
    tied_from: bool
    tied_to: bool
    measure: int


@dataclass
class Part:
    """A part and its state while it is read. drums: instrument id -> drum."""

    name: str
    program: int
    is_drum: bool
    drums: dict[str, int]
    sounds: list[Sound] = field(default_factory=list)
    divisions: float = 1.0
    transpose: int = 0
    velocity: int = _DEFAULT_VELOCITY


@dataclass
class Document:
    """What holds for all parts. metres: (measure, beats, unit). lengths: measure -> quarters."""

    metres: list[tuple[int, int, int]] = field(default_factory=list)
    lengths: dict[int, float] = field(default_factory=lambda: defaultdict(float))
    tempo_bpm: float | None = None
    key: Key | None = None
    pickup: bool = False
    notes: int = 0


def read_part(listed: Element | None) -> Part:
    """What the part list says of a part: `<score-part>`, None where it says nothing."""
    if listed is None:
        return Part("", 0, False, {})
    name = clean_name((listed.findtext("part-name") or "").encode())
    program, is_drum = -1, False
    drums = {}
    for midi in listed.iterfind("midi-instrument"):
        if program < 0:
            program = int(_number(midi.findtext("midi-program"), 0.0)) - 1
        is_drum = is_drum or _number(midi.findtext("midi-channel"), 0.0) == DRUM_CHANNEL + 1
        drum = int(_number(midi.findtext("midi-unpitched"), 0.0)) - 1
        if 0 <= drum <= 127:
            drums[midi.get("id", "")] = drum
    if not 0 <= program <= 127:
        words = name.lower()
        program = next((number for word, number in _PROGRAMS_BY_WORD if word in words), 0)
    return Part(name, program, is_drum, drums)


def _number(text: str | None, default: float) -> float:
    """A finite number of at most _MAX_QUARTERS either way."""
    try:
        value = float(text) if text else default
    except ValueError:
        return default
    return min(max(value, -_MAX_QUARTERS), _MAX_QUARTERS) if math.isfinite(value) else default


def read_measure(measure: Element, number: int, part: Part, document: Document) -> None:
    """Add a measure's notes to its part. number: from 0, whatever the file calls it.

    Raises UserInputError for more than MAX_NOTES notes in all.
    """
    now = chord_start = longest = 0.0
    for element in measure:
        tag = element.tag
        if tag == "note":
            if element.find("grace") is not None or element.find("cue") is not None:
                continue
            length = max(_number(element.findtext("duration"), 0.0), 0.0) / part.divisions
            if element.find("chord") is None:
                chord_start = now
                now += length
            _read_note(element, chord_start, length, number, part, document)
        elif tag in ("backup", "forward"):
            length = max(_number(element.findtext("duration"), 0.0), 0.0) / part.divisions
            now = max(now + (length if tag == "forward" else -length), 0.0)
        elif tag == "attributes":
            _read_attributes(element, number, part, document)
        elif tag in ("direction", "sound"):
            _read_direction(element, part, document)
        now = min(now, _MAX_QUARTERS)
        longest = max(longest, now)
    document.lengths[number] = max(document.lengths[number], longest)
    if number == 0 and (measure.get("implicit") == "yes" or measure.get("number") == "0"):
        document.pickup = True


def _read_note(
    element: Element, start: float, length: float, measure: int, part: Part, document: Document
) -> None:
    pitch, is_drum = _pitch(element, part)
    if pitch < 0 or length <= 0.0:
        return
    document.notes += 1
    if document.notes > MAX_NOTES:
        raise UserInputError(
            f"This score has more than {MAX_NOTES:,} notes; export the part that you want."
        )
    loudness = _number(element.get("dynamics"), 0.0)
    velocity = round(loudness / 100 * _FORTE_VELOCITY) if loudness > 0 else part.velocity
    ties = {tie.get("type") for tie in element.iterfind("tie")}
    part.sounds.append(
        Sound(
            start,
            length,
            pitch,
            min(max(velocity, 1), 127),
            is_drum,
            "stop" in ties,
            "start" in ties,
            measure,
        )
    )


def _pitch(element: Element, part: Part) -> tuple[int, bool]:
    """(MIDI pitch that sounds, whether it is a drum); -1 for a rest."""
    instrument = element.find("instrument")
    drum = part.drums.get(instrument.get("id", "")) if instrument is not None else None
    unpitched = element.find("unpitched")
    if unpitched is not None:
        if drum is None:
            letter = unpitched.findtext("display-step") or "C"
            octave = int(_number(unpitched.findtext("display-octave"), 5.0))
            drum = drum_at(letter, octave, element.findtext("notehead") or "")
        return drum, True
    pitch = element.find("pitch")
    if pitch is None:
        return -1, False
    letter = (pitch.findtext("step") or "").strip()
    if letter not in _NATURALS:
        return -1, False
    alter = _number(pitch.findtext("alter"), 0.0)
    octave = int(_number(pitch.findtext("octave"), 4.0))
    number = 12 * (octave + 1) + _NATURALS[letter] + round(alter)
    if not part.is_drum:
        number += part.transpose
    return (number if 0 <= number <= 127 else -1), part.is_drum


def _read_attributes(element: Element, measure: int, part: Part, document: Document) -> None:
    divisions = _number(element.findtext("divisions"), 0.0)
    if divisions > 0.0:
        part.divisions = divisions
    transpose = element.find("transpose")
    if transpose is not None:
        octaves = _number(transpose.findtext("octave-change"), 0.0)
        part.transpose = round(_number(transpose.findtext("chromatic"), 0.0) + 12 * octaves)
    time = element.find("time")
    if time is not None:
        beats = int(_number(time.findtext("beats"), 0.0))
        unit = int(_number(time.findtext("beat-type"), 0.0))
        if 1 <= beats <= 32 and unit in (1, 2, 4, 8, 16, 32):
            document.metres.append((measure, beats, unit))
    sharps = element.findtext("key/fifths")
    if sharps is not None and document.key is None and not part.is_drum:
        number = round(_number(sharps, 0.0)) + _fifths_of_transposition(part.transpose)
        if -9 <= number <= 9:
            mode = "minor" if element.findtext("key/mode") == "minor" else "major"
            document.key = key_of_signature(number, mode)


def _fifths_of_transposition(semitones: int) -> int:
    """By how many fifths the sounding key lies from the written one, -5 to 6."""
    return (semitones * 7 + 5) % 12 - 5


def _read_direction(element: Element, part: Part, document: Document) -> None:
    sound = element if element.tag == "sound" else element.find("sound")
    if sound is not None:
        tempo = _number(sound.get("tempo"), 0.0)
        if tempo > 0.0 and document.tempo_bpm is None:
            document.tempo_bpm = tempo
    for kind in element.iterfind("direction-type"):
        metronome = kind.find("metronome")
        if metronome is not None and document.tempo_bpm is None:
            per_minute = _number(metronome.findtext("per-minute"), 0.0)
            quarters = _QUARTERS.get(metronome.findtext("beat-unit") or "", 1.0)
            dotted = 1.5 if metronome.find("beat-unit-dot") is not None else 1.0
            if per_minute > 0.0:
                document.tempo_bpm = per_minute * quarters * dotted
        for mark in kind.iterfind("dynamics/*"):
            part.velocity = _DYNAMICS.get(mark.tag, part.velocity)
