"""MusicXML files, plain or zipped, to scores and back."""

from __future__ import annotations

import io
import lzma
import zipfile
import zlib
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from core.errors import UserInputError
from core.musicxml_reader import read_document
from core.musicxml_writer import write_musicxml
from core.score import Score

__all__ = ["is_musicxml", "read_musicxml", "write_musicxml"]

MAX_BYTES = 10 * 10**6
MAX_XML_BYTES = 40 * 10**6
"""Unzipped."""
MAX_ELEMENTS = 2_000_000
MAX_DEPTH = 100

_ZIP = b"PK\x03\x04"
_CONTAINER = "META-INF/container.xml"
_DAMAGED = "This MusicXML file is damaged; export it again or choose another one."
_TOO_LARGE = "This MusicXML file is too large; export the part of the piece that you want."


def is_musicxml(data: bytes) -> bool:
    """Whether these look like the bytes of a MusicXML file, plain or zipped."""
    if data.startswith(_ZIP):
        return True
    # UTF-16 has a zero byte beside each letter.
    head = data[:20_000].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    return head.startswith(b"<") and (b"score-partwise" in head or b"score-timewise" in head)


def read_musicxml(data: bytes) -> Score:
    """The score of a MusicXML file: sounding pitches, ties joined, repeats as written.

    Own reader, since the bytes come from strangers: entities are refused, sizes are bounded, and
    it takes a tenth of music21's time. Raises UserInputError where it cannot be read, has no notes
    or is too large.
    """
    if len(data) > MAX_BYTES:
        raise UserInputError(_TOO_LARGE)
    if data.startswith(_ZIP):
        data = _unzipped(data)
    root = _parse(data)
    if root.tag not in ("score-partwise", "score-timewise"):
        raise UserInputError("There is no MusicXML score in this file; choose another one.")
    return read_document(root)


def _unzipped(data: bytes) -> bytes:
    """The score inside a .mxl file."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _member(archive, _score_name(archive))
    except (
        zipfile.BadZipFile,
        zlib.error,
        lzma.LZMAError,
        OSError,
        EOFError,
        KeyError,
        ValueError,
        NotImplementedError,
        RuntimeError,  # it is encrypted
    ) as error:
        if isinstance(error, UserInputError):
            raise
        raise UserInputError(_DAMAGED) from error


def _score_name(archive: zipfile.ZipFile) -> str:
    """What the container names, or else the first file that may be it."""
    names = archive.namelist()
    if _CONTAINER in names:
        for element in _parse(_member(archive, _CONTAINER)).iter():
            path = element.get("full-path", "")
            if element.tag.endswith("rootfile") and path in names:
                return path
    for name in names:
        if name.lower().endswith((".xml", ".musicxml")) and not name.startswith("META-INF"):
            return name
    raise UserInputError("There is no MusicXML score in this archive; choose another file.")


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    """A file of the archive, never more of it than MAX_XML_BYTES, whatever its head claims."""
    with archive.open(name) as file:
        data = file.read(MAX_XML_BYTES + 1)
    if len(data) > MAX_XML_BYTES:
        raise UserInputError(_TOO_LARGE)
    return data


def _parse(data: bytes) -> Element:
    """The document's tree. Entities, and documents too deep or too large, are refused."""
    builder = TreeBuilder()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    elements = depth = 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal elements, depth
        elements += 1
        depth += 1
        if elements > MAX_ELEMENTS or depth > MAX_DEPTH:
            raise UserInputError(_TOO_LARGE)
        builder.start(tag, attributes)

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(tag)

    def refuse(*_: object) -> None:
        raise UserInputError("This XML file defines entities, which scores never do; export again.")

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(data, True)
        return builder.close()
    except (expat.ExpatError, ValueError, LookupError, AssertionError) as error:
        if isinstance(error, UserInputError):
            raise
        raise UserInputError(_DAMAGED) from error
