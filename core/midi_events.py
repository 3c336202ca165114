"""The notes and the meta events of a MIDI file's bytes, however odd the file is.

Own code, since the bytes come from strangers: it never raises for what a file holds, reads what is
there of a cut file, and stops at limits. About a million events a second.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from core.limits import MAX_NOTES

_META_TEMPO, _META_TIME, _META_KEY, _META_NAME, _META_END = 0x51, 0x58, 0x59, 0x03, 0x2F
_MAX_META_EVENTS = 20_000
_DATA_BYTES = {0x8: 2, 0x9: 2, 0xA: 2, 0xB: 2, 0xC: 1, 0xD: 1, 0xE: 2}
_NAME_LETTERS = 60


class TooManyNotesError(Exception):
    """The file has more than MAX_NOTES notes."""


@dataclass(frozen=True)
class RawNote:
    """A note as in the file. start, end: the file's ticks. program: -1 where the track sets none.

    chunk: index of the track in the file. channel: 0 to 15, 9 is drums.
    """

    start: int
    end: int
    pitch: int
    velocity: int
    chunk: int
    channel: int
    program: int


@dataclass
class MidiEvents:
    """What a MIDI file says. Times: ticks from the start of the file.

    division: as in the header; a quarter's ticks, or with the top bit set SMPTE frames.
    tempos: (time, microseconds a quarter). metres: (time, beats, beat unit). keys: (time, sharps,
    1 for minor). names: track chunk -> its name. programs: channel -> the first program that any
    track sets for it. ends: track chunk -> the time of its end.
    """

    midi_type: int = 1
    division: int = 480
    notes: list[RawNote] = field(default_factory=list)
    tempos: list[tuple[int, int]] = field(default_factory=list)
    metres: list[tuple[int, int, int]] = field(default_factory=list)
    keys: list[tuple[int, int, int]] = field(default_factory=list)
    names: dict[int, str] = field(default_factory=dict)
    programs: dict[int, int] = field(default_factory=dict)
    ends: dict[int, int] = field(default_factory=dict)


def is_midi(data: bytes) -> bool:
    """Whether these are the bytes of a MIDI file, or of one inside a RIFF container."""
    return data.startswith(b"MThd") or (data.startswith(b"RIFF") and data[8:12] == b"RMID")


def parse_events(data: bytes) -> MidiEvents:
    """Everything that can be read. Raises TooManyNotesError; nothing for damage."""
    events = MidiEvents()
    at = max(data.find(b"MThd"), 0)
    if len(data) >= at + 14:
        size, events.midi_type, _, events.division = struct.unpack_from(">IHHH", data, at + 4)
        at += 8 + max(6, size if size <= len(data) - at - 8 else 6)
    chunk = 0
    while at + 8 <= len(data):
        name, size = data[at : at + 4], struct.unpack_from(">I", data, at + 4)[0]
        start, end = at + 8, at + 8 + size
        if name != b"MTrk":
            # A track whose length is wrong leaves us in its middle: go on at the next one.
            known = end <= len(data) and name.isalnum()
            found = data.find(b"MTrk", at + 1)
            at = end if known else found if found > 0 else len(data)
            continue
        stopped = _read_track(data, start, min(end, len(data)), chunk, events)
        chunk += 1
        at = end if end <= len(data) else max(stopped, start)
    return events


def _read_track(data: bytes, at: int, end: int, chunk: int, events: MidiEvents) -> int:
    """Read one track's events into `events`; the position behind the last one read."""
    time = 0
    status = 0
    programs: dict[int, int] = {}
    open_notes: dict[int, list[tuple[int, int, int]]] = {}
    try:
        while at < end:
            delta = 0
            for _ in range(4):
                byte = data[at]
                at += 1
                delta = delta << 7 | byte & 0x7F
                if byte < 0x80:
                    break
            time += delta
            byte = data[at]
            if byte >= 0x80:
                status = byte
                at += 1
            if status < 0x80:
                at += 1  # a data byte that no status goes with
                continue
            kind = status >> 4
            if kind == 0xF:
                at, kept = _read_system(data, at, status, time, chunk, events)
                status = 0  # they end running status
                if not kept:
                    break
                continue
            channel = status & 0xF
            first = data[at] & 0x7F
            if kind <= 0x9:
                velocity = data[at + 1] & 0x7F
                key = channel << 7 | first
                if kind == 0x9 and velocity:
                    waiting = open_notes.setdefault(key, [])
                    waiting.append((time, velocity, programs.get(channel, -1)))
                elif open_notes.get(key):
                    _close(events, open_notes[key].pop(0), time, key, chunk)
            elif kind == 0xC:
                programs[channel] = first
                events.programs.setdefault(channel, first)
            at += _DATA_BYTES[kind]
    except IndexError:
        at = len(data)
    for key, waiting in open_notes.items():
        for opened in waiting:
            _close(events, opened, time, key, chunk)
    events.ends[chunk] = time
    return at


def _close(
    events: MidiEvents, opened: tuple[int, int, int], end: int, key: int, chunk: int
) -> None:
    if len(events.notes) >= MAX_NOTES:
        raise TooManyNotesError
    start, velocity, program = opened
    events.notes.append(RawNote(start, end, key & 0x7F, velocity, chunk, key >> 7, program))


def _read_system(
    data: bytes, at: int, status: int, time: int, chunk: int, events: MidiEvents
) -> tuple[int, bool]:
    """One meta, exclusive or other system event from behind its status byte.

    Returns the position behind it, and False where the track ends here.
    """
    if status == 0xFF:
        kind = data[at]
        at, size = _read_length(data, at + 1)
        _keep_meta(kind, data[at : at + size], time, chunk, events)
        return at + size, kind != _META_END
    if status in (0xF0, 0xF7):
        at, size = _read_length(data, at)
        return at + size, True
    return at + {0xF1: 1, 0xF2: 2, 0xF3: 1}.get(status, 0), True


def _read_length(data: bytes, at: int) -> tuple[int, int]:
    size = 0
    for _ in range(4):
        byte = data[at]
        at += 1
        size = size << 7 | byte & 0x7F
        if byte < 0x80:
            break
    return at, size


def _keep_meta(kind: int, body: bytes, time: int, chunk: int, events: MidiEvents) -> None:
    """Tempos of 0, metres that nobody can count in and keys that do not exist are left out."""
    if kind == _META_TEMPO and len(body) >= 3:
        tempo = int.from_bytes(body[:3], "big")
        if tempo > 0 and len(events.tempos) < _MAX_META_EVENTS:
            events.tempos.append((time, tempo))
    elif kind == _META_TIME and len(body) >= 2:
        if 1 <= body[0] <= 32 and body[1] <= 5 and len(events.metres) < _MAX_META_EVENTS:
            events.metres.append((time, body[0], 2 ** body[1]))
    elif kind == _META_KEY and len(body) >= 2:
        sharps = body[0] - 256 if body[0] > 127 else body[0]
        if -7 <= sharps <= 7 and body[1] <= 1 and len(events.keys) < _MAX_META_EVENTS:
            events.keys.append((time, sharps, body[1]))
    elif kind == _META_NAME and chunk not in events.names:
        events.names[chunk] = clean_name(body[: 4 * _NAME_LETTERS])


def clean_name(raw: bytes) -> str:
    """A name for people: UTF-8 or else Latin-1, without control characters, 60 letters at most."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:_NAME_LETTERS]
