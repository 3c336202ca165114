"""An arrangement as files: MIDI and MusicXML for other programs, JSON for our gallery, a chart."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from core.composition.stored import from_json as score_of
from core.composition.stored import to_json as score_text
from core.hearing.heard import Chord, Grid, Heard, HeardNote
from core.remixing.arrangement import Arrangement
from core.remixing.band_controls import BandControls
from core.remixing.chart_text import in_lines
from core.remixing.chords import Chart, name
from core.score import Composition, Key, Score

FILE = "{}-arrangement.json"
"""The name of an engine's arrangement in the gallery."""
TIME_DIGITS = 4


def titled(arrangement: Arrangement, title: str) -> Score:
    """Solo and parts on the grid, at one tempo, the parts that rest left out."""
    tracks = tuple(track for track in arrangement.score.tracks if track.notes)
    return dataclasses.replace(arrangement.score, tracks=tracks, title=title)


def midi(arrangement: Arrangement, title: str = "") -> bytes:
    """A standard MIDI file of type 1, solo and parts in tracks of their own."""
    from core.midi_files import write_midi

    return write_midi(titled(arrangement, title))


def musicxml(arrangement: Arrangement, title: str = "") -> bytes:
    """MusicXML 4, for notation programs."""
    from core.musicxml_writer import write_musicxml

    return write_musicxml(titled(arrangement, title))


def chart(arrangement: Arrangement) -> list[list[str]]:
    """For each bar the names of its chords, each where it begins; a bar begins with what lasts."""
    key = arrangement.score.key
    return [[name(chord, key) for chord in chords] for chords in chords_by_bar(arrangement)]


def chords_by_bar(arrangement: Arrangement) -> list[list[Chord]]:
    """The chords of `chart`: one after another of one name is left out."""
    bar_ticks, chords = arrangement.score.bar_ticks, Chart(arrangement.chords)
    rows = []
    for bar in range(arrangement.score.bars):
        begin, end = bar * bar_ticks, (bar + 1) * bar_ticks
        later = [chord for chord in chords.chords if begin < chord.start < end]
        whole = [chords.at(begin), *later]
        rows.append([c for at, c in enumerate(whole) if at == 0 or name(c) != name(whole[at - 1])])
    return rows


def chart_text(arrangement: Arrangement, bars_a_line: int = 4) -> str:
    """The chart as text: `| C | F G7 | C |`, four bars a line."""
    return in_lines(chart(arrangement), bars_a_line)


def to_json(arrangement: Arrangement) -> str:
    """Compact JSON; times to a tenth of a millisecond."""
    heard, grid = arrangement.heard, arrangement.heard.grid
    fields: dict[str, Any] = {
        "notes": [[_round(n.start_s), n.pitch, _round(n.end_s), n.velocity] for n in heard.notes],
        "beats_s": [_round(time) for time in grid.beats_s],
        "metre": [grid.first_beat, grid.beats, grid.beat_unit],
        "key": [heard.key.tonic, heard.key.mode],
        "chords": [[c.start, c.root, c.quality, list(c.sure)] for c in heard.chords],
        "tuning_cents": heard.tuning_cents,
        "steady": heard.steady,
        "controls": arrangement.controls.to_fields(),
        "score": json.loads(score_text(Composition(arrangement.score))),
    }
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")) + "\n"


def from_json(text: str) -> Arrangement:
    """The inverse of `to_json`."""
    fields = json.loads(text)
    heard = Heard(
        tuple(HeardNote(*note) for note in fields["notes"]),
        Grid(tuple(fields["beats_s"]), *fields["metre"]),
        Key(*fields["key"]),
        tuple(
            Chord(start, root, quality, tuple(sure))
            for start, root, quality, sure in fields["chords"]
        ),
        fields["tuning_cents"],
        fields["steady"],
    )
    score = score_of(json.dumps(fields["score"])).score
    return Arrangement(heard, score, BandControls.from_fields(fields["controls"]))


def _round(seconds: float) -> float:
    return round(float(seconds), TIME_DIGITS)
