"""One voice's bar as MusicXML `<note>` elements."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass

from core.engraving import Event, Piece, signature_alter, spell
from core.keys import fifths
from core.musicxml_drums import DRUM_PLACES, OTHER_DRUM
from core.score import Key, Note

ACCIDENTALS = {-2: "flat-flat", -1: "flat", 0: "natural", 1: "sharp", 2: "double-sharp"}
_FORTE_VELOCITY = 90
"""What MusicXML's `dynamics` is a percentage of."""


@dataclass(frozen=True)
class VoicePlace:
    """Where a voice is written. voice: from 1. staff: from 1, 0 where there is but one.

    drum_ids: drum -> id of its instrument; None for a pitched track. is_main: its rests are shown.
    """

    voice: int
    staff: int
    is_main: bool
    drum_ids: dict[int, str] | None
    key: Key


def printed_accidentals(events: list[Event], bar_start: int, key: Key) -> set[tuple[int, int]]:
    """(start, pitch) of the notes of a staff's bar that need an accidental, all voices together.

    An accidental holds for its line to the end of the bar; a tie into the bar needs none.
    """
    sharps = fifths(key)
    heard: dict[tuple[str, int], int] = {}
    shown = set()
    for event in sorted(events, key=lambda e: e.start):
        if event.start < bar_start:
            continue
        for note in event.notes:
            letter, alter, octave = spell(note.pitch, key)
            if heard.get((letter, octave), signature_alter(letter, sharps)) != alter:
                shown.add((note.start, note.pitch))
            heard[letter, octave] = alter
    return shown


def write_voice(
    measure: ET.Element, pieces: list[Piece], place: VoicePlace, accidentals: set[tuple[int, int]]
) -> None:
    """Append a full bar of one voice to `measure`."""
    silent = not any(piece.notes for piece in pieces)
    if silent:
        total = sum(piece.duration for piece in pieces)
        rest = _note(measure, place, total, Piece(0, total, ()), full_bar=True)
        rest.set("print-object", "yes" if place.is_main else "no")
        return
    for piece in pieces:
        if piece.notes:
            for number, note in enumerate(piece.notes):
                _note(measure, place, piece.duration, piece, note, number > 0, accidentals)
        elif place.is_main:
            _note(measure, place, piece.duration, piece)
        else:
            forward = ET.SubElement(measure, "forward")
            text(forward, "duration", piece.duration)
            text(forward, "voice", place.voice)
            if place.staff:
                text(forward, "staff", place.staff)


def text(parent: ET.Element, tag: str, value: object) -> ET.Element:
    """Append a child with text; characters that XML has no place for are left out."""
    child = ET.SubElement(parent, tag)
    child.text = "".join(c for c in str(value) if c.isprintable())
    return child


def _note(
    measure: ET.Element,
    place: VoicePlace,
    duration: int,
    piece: Piece,
    note: Note | None = None,
    in_chord: bool = False,
    accidentals: set[tuple[int, int]] | frozenset[tuple[int, int]] = frozenset(),
    full_bar: bool = False,
) -> ET.Element:
    """The elements in the order that MusicXML's schema asks for."""
    element = ET.SubElement(measure, "note")
    head = ""
    if in_chord:
        ET.SubElement(element, "chord")
    if note is None:
        rest = ET.SubElement(element, "rest")
        if full_bar:
            rest.set("measure", "yes")
    else:
        element.set("dynamics", f"{100 * note.velocity / _FORTE_VELOCITY:.2f}")
        head = _place_note(element, note, place)
    text(element, "duration", duration)
    if piece.tied_from:
        ET.SubElement(element, "tie", type="stop")
    if piece.tied_to:
        ET.SubElement(element, "tie", type="start")
    if note is not None and place.drum_ids is not None:
        ET.SubElement(element, "instrument", id=place.drum_ids[note.pitch])
    text(element, "voice", place.voice)
    if not full_bar:
        value, dots = piece.value
        text(element, "type", value)
        for _ in range(dots):
            ET.SubElement(element, "dot")
    struck = note is not None and place.drum_ids is None and not piece.tied_from
    if note is not None and struck and (note.start, note.pitch) in accidentals:
        text(element, "accidental", ACCIDENTALS[spell(note.pitch, place.key)[1]])
    if piece.in_triplet:
        change = ET.SubElement(element, "time-modification")
        text(change, "actual-notes", 3)
        text(change, "normal-notes", 2)
    if head:
        text(element, "notehead", head)
    if place.staff:
        text(element, "staff", place.staff)
    if note is not None and not in_chord:
        for level, kind in enumerate(piece.beams, 1):
            text(element, "beam", kind).set("number", str(level))
    _notations(element, piece, in_chord)
    return element


def _place_note(element: ET.Element, note: Note, place: VoicePlace) -> str:
    """Append `<pitch>` or `<unpitched>`; returns the notehead, "" for the usual one."""
    if place.drum_ids is not None:
        letter, octave, head = DRUM_PLACES.get(note.pitch, OTHER_DRUM)
        unpitched = ET.SubElement(element, "unpitched")
        text(unpitched, "display-step", letter)
        text(unpitched, "display-octave", octave)
        return head
    letter, alter, octave = spell(note.pitch, place.key)
    pitch = ET.SubElement(element, "pitch")
    text(pitch, "step", letter)
    if alter:
        text(pitch, "alter", alter)
    text(pitch, "octave", octave)
    return ""


def _notations(element: ET.Element, piece: Piece, in_chord: bool) -> None:
    bracket = piece.triplet in ("start", "stop") and not in_chord
    if not (piece.tied_from or piece.tied_to or bracket):
        return
    notations = ET.SubElement(element, "notations")
    if piece.tied_from:
        ET.SubElement(notations, "tied", type="stop")
    if piece.tied_to:
        ET.SubElement(notations, "tied", type="start")
    if bracket:
        tuplet = ET.SubElement(notations, "tuplet", type=piece.triplet)
        if piece.triplet == "start":
            tuplet.set("bracket", "yes")
