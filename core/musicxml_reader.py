"""The tree of a MusicXML document to a score."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

import numpy as np

from core.errors import UserInputError
from core.general_midi import DRUM_CHANNEL, track_name
from core.keys import estimate_key, key_of_signature
from core.limits import MAX_BARS, MAX_NOTES, TEMPO_RANGE_BPM
from core.merging import main_metre, merged
from core.midi_events import clean_name
from core.musicxml_drums import drum_at
from core.quantise import WRITTEN, beat_ticks, separate, snap
from core.score import TICKS_PER_QUARTER, Key, Note, Score, Track, bars_needed

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
class _Sound:
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
class _Part:
    """A part and its state while it is read. drums: instrument id -> drum."""

    name: str
    program: int
    is_drum: bool
    drums: dict[str, int]
    sounds: list[_Sound] = field(default_factory=list)
    divisions: float = 1.0
    transpose: int = 0
    velocity: int = _DEFAULT_VELOCITY


@dataclass
class _Document:
    """What holds for all parts. metres: (measure, beats, unit). lengths: measure -> quarters."""

    metres: list[tuple[int, int, int]] = field(default_factory=list)
    lengths: dict[int, float] = field(default_factory=lambda: defaultdict(float))
    tempo_bpm: float | None = None
    key: Key | None = None
    pickup: bool = False
    notes: int = 0


def read_document(root: Element) -> Score:
    """The score of a `score-partwise` or `score-timewise` tree. Raises UserInputError."""
    document = _Document()
    parts = []
    listed = {p.get("id", ""): p for p in root.iterfind("part-list/score-part")}
    for part_id, measures in _measures(root).items():
        part = _part(listed.get(part_id))
        for number, measure in enumerate(measures):
            _read_measure(measure, number, part, document)
        parts.append(part)
    if document.notes == 0:
        raise UserInputError("There are no notes in this score; choose one that has some.")
    starts, metres, end = _timeline(document)
    beats, unit, shift = main_metre(metres, end)
    bar_ticks = beats * TICKS_PER_QUARTER * 4 // unit
    if document.pickup and shift == 0:
        shift = -round(document.lengths[0] * TICKS_PER_QUARTER) % bar_ticks
    beat = beat_ticks(beats, unit)
    tracks = merged([t for part in parts for t in _tracks(part, starts, shift, beat)])
    bars = bars_needed((n for t in tracks for n in t.notes), bar_ticks)
    rests = math.ceil((end * TICKS_PER_QUARTER + shift) / bar_ticks - 0.01)
    if max(bars, rests) > MAX_BARS:
        raise UserInputError(
            f"This piece is longer than {MAX_BARS:,} bars; export the part that you want."
        )
    tempo = min(max(document.tempo_bpm or 120.0, TEMPO_RANGE_BPM[0]), TEMPO_RANGE_BPM[1])
    score = Score(tracks, max(bars, rests), tempo, beats, unit, document.key, _title(root))
    if score.key is None:
        return Score(tracks, score.bars, tempo, beats, unit, estimate_key(score), score.title)
    return score


def _measures(root: Element) -> dict[str, list[Element]]:
    """Part id -> its measures. In a timewise score the parts stand inside the measures."""
    parts: dict[str, list[Element]] = defaultdict(list)
    if root.tag == "score-timewise":
        for measure in root.iterfind("measure"):
            for part in measure.iterfind("part"):
                parts[part.get("id", "")].append(part)
    else:
        for part in root.iterfind("part"):
            parts[part.get("id", "")].extend(part.iterfind("measure"))
    return parts


def _part(listed: Element | None) -> _Part:
    if listed is None:
        return _Part("", 0, False, {})
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
    return _Part(name, program, is_drum, drums)


def _number(text: str | None, default: float) -> float:
    """A finite number of at most _MAX_QUARTERS either way."""
    try:
        value = float(text) if text else default
    except ValueError:
        return default
    return min(max(value, -_MAX_QUARTERS), _MAX_QUARTERS) if math.isfinite(value) else default


def _read_measure(measure: Element, number: int, part: _Part, document: _Document) -> None:
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
    element: Element, start: float, length: float, measure: int, part: _Part, document: _Document
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
        _Sound(
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


def _pitch(element: Element, part: _Part) -> tuple[int, bool]:
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


def _read_attributes(element: Element, measure: int, part: _Part, document: _Document) -> None:
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


def _read_direction(element: Element, part: _Part, document: _Document) -> None:
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


def _timeline(document: _Document) -> tuple[list[float], list[tuple[float, int, int]], float]:
    """(start of each measure, metres with their times, end of the piece), in quarters."""
    by_measure = {measure: (beats, unit) for measure, beats, unit in document.metres}
    starts = []
    now, nominal = 0.0, 4.0
    for measure in range(max(document.lengths) + 1):
        if measure in by_measure:
            beats, unit = by_measure[measure]
            nominal = 4.0 * beats / unit
        starts.append(now)
        now += document.lengths.get(measure, 0.0) or nominal
    metres = [(starts[measure], *metre) for measure, metre in by_measure.items()]
    return starts, metres, now


def _tracks(part: _Part, starts: list[float], shift: int, beat: int) -> list[Track]:
    """The part's notes as a track, and its drums as another; ties joined, on the grid."""
    tracks = []
    for is_drum in (False, True):
        joined = _joined([s for s in part.sounds if s.is_drum is is_drum], starts)
        if not joined:
            continue
        times = np.array([(a, b) for a, b, _, _ in joined], np.float64) * TICKS_PER_QUARTER + shift
        near = np.rint(times)
        if np.abs(times - near).max() > 0.02:
            near = np.stack(snap(times[:, 0], times[:, 1], beat, WRITTEN), axis=1)
        notes = [
            Note(int(start), pitch, max(1, int(end) - int(start)), velocity)
            for (start, end), (_, _, pitch, velocity) in zip(near, joined, strict=True)
        ]
        name = part.name or track_name(part.program, is_drum)
        tracks.append(Track(name, 0 if is_drum else part.program, separate(notes), is_drum))
    return tracks


def _joined(sounds: list[_Sound], starts: list[float]) -> list[tuple[float, float, int, int]]:
    """(start, end, pitch, velocity) in quarters, with what ties join as one note."""
    out: list[tuple[float, float, int, int]] = []
    waiting: dict[tuple[int, int], int] = {}
    for sound in sorted(sounds, key=lambda s: (s.measure, s.start)):
        start = starts[sound.measure] + sound.start
        end = start + sound.duration
        at = waiting.pop((sound.pitch, round(start * 1000)), None) if sound.tied_from else None
        if at is None:
            at = len(out)
            out.append((start, end, sound.pitch, sound.velocity))
        else:
            first = out[at]
            out[at] = (first[0], end, first[2], first[3])
        if sound.tied_to:
            waiting[sound.pitch, round(end * 1000)] = at
    return out


def _title(root: Element) -> str:
    title = root.findtext("work/work-title") or root.findtext("movement-title") or ""
    return clean_name(title.encode())
