"""The tree of a MusicXML document to a score."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import replace
from xml.etree.ElementTree import Element

import numpy as np

from core.errors import UserInputError
from core.general_midi import track_name
from core.keys import estimate_key
from core.limits import MAX_BARS, TEMPO_RANGE_BPM
from core.merging import main_metre, merged
from core.midi_events import clean_name
from core.musicxml_measures import Document, Part, Sound, read_measure, read_part
from core.quantise import WRITTEN, beat_ticks, separate, snap
from core.score import TICKS_PER_QUARTER, Note, Score, Track, bars_needed

_NEAR_TICKS = 0.02
"""Times this near to the grid are on it: divisions of a triplet are rarely whole."""


def read_document(root: Element) -> Score:
    """The score of a `score-partwise` or `score-timewise` tree. Raises UserInputError."""
    document = Document()
    parts = []
    listed = {p.get("id", ""): p for p in root.iterfind("part-list/score-part")}
    for part_id, measures in _measures(root).items():
        part = read_part(listed.get(part_id))
        for number, measure in enumerate(measures):
            read_measure(measure, number, part, document)
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
    return score if score.key else replace(score, key=estimate_key(score))


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


def _timeline(document: Document) -> tuple[list[float], list[tuple[float, int, int]], float]:
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


def _tracks(part: Part, starts: list[float], shift: int, beat: int) -> list[Track]:
    """The part's notes as a track, and its drums as another; ties joined, on the grid."""
    tracks = []
    for is_drum in (False, True):
        joined = _joined([s for s in part.sounds if s.is_drum is is_drum], starts)
        if not joined:
            continue
        times = np.array([(a, b) for a, b, _, _ in joined], np.float64) * TICKS_PER_QUARTER + shift
        near = np.rint(times)
        if np.abs(times - near).max() > _NEAR_TICKS:
            near = np.stack(snap(times[:, 0], times[:, 1], beat, WRITTEN), axis=1)
        notes = [
            Note(int(start), pitch, max(1, int(end) - int(start)), velocity)
            for (start, end), (_, _, pitch, velocity) in zip(near, joined, strict=True)
        ]
        name = part.name or track_name(part.program, is_drum)
        tracks.append(Track(name, 0 if is_drum else part.program, separate(notes), is_drum))
    return tracks


def _joined(sounds: list[Sound], starts: list[float]) -> list[tuple[float, float, int, int]]:
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
