"""MIDI and MusicXML files that nobody should send."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Iterator

import numpy as np

from benchmarks.hostile_sounds import CUTS, FLIPS, Named, _changed
from core.midi_files import write_midi
from core.musicxml import write_musicxml
from core.score import Note, Score, Track

TEMPO = b"\x00\xff\x51\x03"
END = b"\x00\xff\x2f\x00"


def all_of_them(rng: np.random.Generator) -> Iterator[Named]:
    """Every file of notes."""
    tune = Track("Tune", 0, tuple(Note(24 * n, 60 + n % 12, 24) for n in range(64)))
    score = Score((tune, Track("Drums", 0, (Note(0, 36, 6),), is_drum=True)), 16)
    midi, xml = write_midi(score), write_musicxml(score)
    for name, data in (("mid", midi), ("musicxml", xml), ("mxl", _zipped({"score.xml": xml}))):
        for share in CUTS:
            yield "notes cut short", f"cut-{share}.{name}", data[: max(int(len(data) * share), 1)]
        for count in FLIPS:
            yield "notes with bytes changed", f"changed-{count}.{name}", _changed(data, count, rng)
    yield from _midi(rng)
    yield from _xml(xml.decode())


def _head(form: int = 1, tracks: int = 1, division: int = 480) -> bytes:
    return b"MThd" + struct.pack(">IHHH", 6, form, tracks, division)


def _track(events: bytes, claimed: int | None = None) -> bytes:
    return b"MTrk" + struct.pack(">I", len(events) if claimed is None else claimed) + events


def _midi(rng: np.random.Generator) -> Iterator[Named]:
    note = b"\x00\x90\x3c\x40\x60\x80\x3c\x00"
    on = b"\x00\x90\x3c\x40"
    name = b"\x00\xff\x03\x19<script>alert(1)</script>"
    late = b"\xff\xff\xff\x7f\x90\x3c\x40"
    files = {
        "no-tracks": _head(tracks=0),
        "65535-tracks-claimed": _head(tracks=65535) + _track(note + END),
        "1000-tracks": _head(tracks=1000) + _track(note + END) * 1000,
        "endless-track": _head() + _track(note + END, claimed=0xFFFFFFFF),
        "no-division": _head(division=0) + _track(note + END),
        "smpte": _head(division=0xE728) + _track(note + END),
        "type-2": _head(form=2, tracks=2) + _track(note + END) * 2,
        "type-9": _head(form=9) + _track(note + END),
        "tempo-0": _head() + _track(TEMPO + b"\x00\x00\x00" + note + END),
        "tempo-most": _head() + _track(TEMPO + b"\xff\xff\xff" + note + END),
        "tempo-cut": _head() + _track(b"\x00\xff\x51\x01\x07" + note + END),
        "metre-0": _head() + _track(b"\x00\xff\x58\x04\x00\xff\x18\x08" + note + END),
        "key-of-99": _head() + _track(b"\x00\xff\x59\x02\x63\x09" + note + END),
        "years-late": _head() + _track(late * 40 + END),
        "never-off": _head() + _track(on * 5000 + END),
        "5-mb-of-notes": _head() + _track(note * 600_000 + END),
        "running-status": _head() + _track(on + b"\x01\x3c\x00\x01\x3c\x40" * 9 + END),
        "no-status": _head() + _track(b"\x00\x3c\x40\x00\x3c\x40" + END),
        "huge-text": _head() + _track(b"\x00\xff\x03\x8f\xff\x7f" + b"<b>" * 11000 + note + END),
        "script-as-name": _head() + _track(name + note + END),
        "endless-number": _head() + _track(b"\xff" * 4000),
        "endless-exclusive": _head() + _track(b"\x00\xf0" + b"\x7f" * 60000),
        "only-drums": _head() + _track(b"\x00\x99\x24\x40\x60\x89\x24\x00" * 50 + END),
        "only-tempo": _head() + _track(TEMPO + b"\x07\xa1\x20" + END),
        "riff": b"RIFF\x40\x00\x00\x00RMIDdata\x30\x00\x00\x00" + _head() + _track(note + END),
        "noise": _head() + _track(rng.bytes(100_000)),
    }  # fmt: skip
    for name, data in files.items():
        yield "crafted MIDI", f"{name}.mid", data


def _xml(good: str) -> Iterator[Named]:
    laughs = "".join(
        f'<!ENTITY l{n} "{"&l" + str(n - 1) + ";" if n else "ha"}'
        f'{("&l" + str(n - 1) + ";") * 9 if n else ""}">'
        for n in range(10)
    )
    kind = "<!DOCTYPE score-partwise [{}]>"
    start = good.index("<score-partwise")
    told = good[start:]
    first = told.index(">") + 1
    named = told[:first] + "<movement-title>&x;</movement-title>" + told[first:]
    texts = {
        "laughs": kind.format(laughs) + named.replace("&x;", "&l9;"),
        "passwd": kind.format('<!ENTITY x SYSTEM "file:///etc/passwd">') + named,
        "remote": kind.format('<!ENTITY x SYSTEM "http://127.0.0.1:1/">') + named,
        "parameter": kind.format('<!ENTITY % p SYSTEM "http://127.0.0.1:1/d"> %p;') + told,
        "deep": "<score-partwise>" + "<part>" * 100_000,
        "no-divisions": told.replace("<divisions>", "<divisions>0"),
        "negative": told.replace("<duration>", "<duration>-"),
        "endless-note": told.replace("<duration>", "<duration>999999999"),
        "not-a-number": told.replace("<duration>", "<duration>NaN"),
        "metre-0": told.replace("<beats>4", "<beats>0"),
        "million-beats": told.replace("<beats>4", "<beats>1000000"),
        "octave-99": told.replace("<octave>4", "<octave>99"),
        "no-parts": "<score-partwise></score-partwise>",
        "timewise": "<score-timewise></score-timewise>",
        "script": told.replace("Tune", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        "huge-name": told.replace("Tune", "T" * 3_000_000),
        "utf-16": "",
    }
    for name, text in texts.items():
        data = good.encode("utf-16") if name == "utf-16" else text.encode()
        yield "crafted MusicXML", f"{name}.musicxml", data
    packed = {
        "bomb": _zipped({"score.xml": b" " * 300_000_000}),
        "outside": _zipped({"../../tmp/score.xml": good.encode()}),
        "10000-files": _zipped({f"{n}.xml": b"<a/>" for n in range(10_000)}),
        "zip-in-zip": _zipped({"score.xml": _zipped({"score.xml": good.encode()})}),
        "no-score": _zipped({"readme.txt": b"hello"}),
        "container-to-nowhere": _zipped(
            {"META-INF/container.xml": b'<container><rootfiles><rootfile full-path="/etc/passwd"/>'
             b"</rootfiles></container>"}
        ),
    }  # fmt: skip
    for name, data in packed.items():
        yield "crafted archive", f"{name}.mxl", data


def _zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo(name)  # without today's date
            archive.writestr(info, data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
