"""Scores and files made on the spot, for tests of reading, writing, printing and playing."""

import struct

import music21

from core.score import TICKS_PER_QUARTER, Key, Note, Score, Track

G_MAJOR = Key(7, "major")


def song(bars=4, tempo_bpm=100.0, key=G_MAJOR):
    """Lead, piano with both hands, bass, guitar and drums; syncopes, triplets, ties, two voices."""
    lead, piano, bass, guitar, drums = [], [], [], [], []
    for bar in range(bars):
        at = bar * 96
        lead += [Note(at + 12 * i, 67 + (3 * i + bar) % 12, 12, 90) for i in range(3)]
        lead += [Note(at + 36, 74, 24), Note(at + 60, 78, 60)]
        piano += [Note(at, p, 48, 70) for p in (43, 50, 59, 62, 67)]
        piano += [Note(at + 48, 71, 48), *(Note(at + 48 + 8 * i, 62 + i, 8) for i in range(6))]
        bass += [Note(at + 18 * i, 31 + i, 18 - 6 * (i % 2), 100) for i in range(5)]
        guitar += [Note(at + 24 * i, p, 24) for i in range(4) for p in (52, 55, 59)]
        drums += [Note(at + 12 * i, 42, 1, 60 + i) for i in range(8)]
        drums += [Note(at + 48 * i, 36, 3) for i in range(2)] + [Note(at + 24, 38, 3)]
    end = bars * 96
    cut = [Note(n.start, n.pitch, min(n.duration, end - n.start), n.velocity) for n in lead]
    tracks = (
        Track("Lead", 73, tuple(cut)),
        Track("Piano", 0, tuple(piano)),
        Track("Bass", 33, tuple(bass)),
        Track("Guitar", 25, tuple(guitar)),
        Track("Drums", 0, tuple(drums), True),
    )
    return Score(tracks, bars, tempo_bpm, key=key, title="A song")


def chunk(name, body):
    return name + struct.pack(">I", len(body)) + body


def head(midi_type=0, tracks=1, division=480):
    return chunk(b"MThd", struct.pack(">HHH", midi_type, tracks, division))


def delta(ticks):
    """A time as MIDI writes it: seven bits a byte."""
    out = [ticks & 0x7F]
    while ticks := ticks >> 7:
        out.insert(0, ticks & 0x7F | 0x80)
    return bytes(out)


def event(ticks, *values):
    return delta(ticks) + bytes(values)


END = event(0, 0xFF, 0x2F, 0)


def melody(channel=0, count=8, length=480, first=60):
    """Notes one after another, as a track's bytes without its end."""
    return b"".join(
        event(0, 0x90 | channel, first + i, 80) + event(length, 0x80 | channel, first + i, 0)
        for i in range(count)
    )


def midi(*tracks, midi_type=0, division=480):
    head_bytes = head(midi_type, len(tracks), division)
    return head_bytes + b"".join(chunk(b"MTrk", body + END) for body in tracks)


def music21_notes(data):
    """(start, pitch, duration) in ticks of all pitched notes that music21 reads, ties joined.

    music21's own stripTies misses chords whose notes end apart.
    """
    found = []
    for part in music21.converter.parseData(data.decode(), format="musicxml").parts:
        rows = []
        for element in part.flatten().notes:
            for note in getattr(element, "notes", (element,)):
                if isinstance(note, music21.note.Note):
                    times = [
                        float(t) * TICKS_PER_QUARTER for t in (element.offset, note.quarterLength)
                    ]
                    rows.append((times[0], note.pitch.midi, times[1], note.tie and note.tie.type))
        going_on = {}
        for start, pitch, duration, tie in sorted(rows, key=lambda row: row[:3]):
            note = [start, pitch, duration]
            if tie in ("stop", "continue"):
                note = going_on.pop((pitch, round(start)))
                note[2] += duration
            else:
                found.append(note)
            if tie in ("start", "continue"):
                going_on[pitch, round(note[0] + note[2])] = note
        assert not going_on
    return sorted((round(start), pitch, round(duration)) for start, pitch, duration in found)


def pitched(score):
    """(start, pitch, duration) of all pitched notes."""
    return sorted(
        (n.start, n.pitch, n.duration) for t in score.tracks if not t.is_drum for n in t.notes
    )
