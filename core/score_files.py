"""Files with notes in them, whatever their kind, and the table of a score's notes."""

from __future__ import annotations

import csv
import io
from typing import NamedTuple

from core.errors import UserInputError
from core.midi_events import is_midi
from core.midi_files import read_midi
from core.musicxml import is_musicxml, read_musicxml
from core.score import Score


def read_score(data: bytes, name: str) -> Score:
    """The score of a MIDI or MusicXML file (plain or zipped). What it is, its bytes say.

    name: the visitor's, for the sentence. Raises UserInputError for anything that cannot be read.
    """
    if not data:
        raise UserInputError("This file is empty; choose one with notes in it.")
    if is_midi(data[:12]):
        return read_midi(data)
    if is_musicxml(data):
        return read_musicxml(data)
    kind = name.rpartition(".")[2].lower()[:8] if "." in name else ""
    if kind in ("mid", "midi", "xml", "musicxml", "mxl"):
        raise UserInputError(
            f"This .{kind} file is damaged or something else inside; export it again."
        )
    raise UserInputError("Notes are read from MIDI and MusicXML files (.mid, .musicxml, .mxl).")


class NoteRow(NamedTuple):
    """One row of the note table. Times: seconds. step: since the start of the note before.

    instrument: the track's name.
    """

    pitch: int
    start: float
    end: float
    step: float
    duration: float
    instrument: str


def note_table(score: Score) -> list[NoteRow]:
    """All notes in order of start and pitch, with the columns of the paper's table."""
    second = score.seconds_per_tick
    rows: list[NoteRow] = []
    previous = 0
    for index, note in sorted(score.notes(), key=lambda pair: (pair[1].start, pair[1].pitch)):
        step = note.start - (previous if rows else note.start)
        start, end, since, duration = (
            round(ticks * second, 6) for ticks in (note.start, note.end, step, note.duration)
        )
        name = score.tracks[index].name
        rows.append(NoteRow(note.pitch, start, end, since, duration, name))
        previous = note.start
    return rows


def note_csv(score: Score) -> bytes:
    """The note table as CSV, UTF-8, with a header."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(NoteRow._fields)
    writer.writerows(note_table(score))
    return buffer.getvalue().encode()
