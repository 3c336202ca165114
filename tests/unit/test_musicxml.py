"""MusicXML in and out: the same notes in music21, readable bars, and nothing that is let in."""

import dataclasses
import io
import re
import time
import xml.etree.ElementTree as ET
import zipfile

import pytest

from core.errors import UserInputError
from core.keys import fifths, key_of_signature
from core.midi_files import read_midi, write_midi
from core.musicxml import read_musicxml, write_musicxml
from core.quantise import readable
from core.score import Key, Note, Score, Track
from core.score_files import read_score
from tests.unit.scores import music21_notes, pitched, song


def one_track(notes, program=73, bars=1, **fields):
    return Score((Track("A", program, tuple(notes)),), bars, **fields)


def tree(score):
    return ET.fromstring(write_musicxml(score).decode().partition("\n")[2].partition("\n")[2])


def zipped(name, data, container=None):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        if container:
            archive.writestr("META-INF/container.xml", container)
        archive.writestr(name, data)
    return buffer.getvalue()


@pytest.mark.parametrize("metre", [(4, 4), (3, 4), (6, 8), (5, 8), (2, 2), (12, 8), (7, 16)])
def test_music21_and_we_read_the_notes_that_were_written(metre):
    score = dataclasses.replace(song(3), beats=metre[0], beat_unit=metre[1])
    score = dataclasses.replace(score, bars=-(-3 * 96 // score.bar_ticks))
    data = write_musicxml(score)
    assert music21_notes(data) == pitched(readable(score))
    again = read_musicxml(data)
    assert pitched(again) == pitched(readable(score))
    assert (again.bars, again.beats, again.beat_unit) == (score.bars, *metre)


def test_a_score_on_the_grid_comes_back_as_it_was():
    score = song()
    again = read_musicxml(write_musicxml(score))
    assert again.tracks[:4] == score.tracks[:4]
    assert [(n.start, n.pitch, n.velocity) for n in again.tracks[4].notes] == [
        (n.start, n.pitch, n.velocity) for n in score.tracks[4].notes
    ]
    assert again.tracks[4].is_drum
    assert dataclasses.replace(again, tracks=()) == dataclasses.replace(score, tracks=())
    assert write_musicxml(score) == write_musicxml(song())


def test_bars_are_full_beamed_and_without_64ths():
    for measure in tree(song()).iter("measure"):
        filled = sum(
            int(e.findtext("duration")) * (-1 if e.tag == "backup" else 1)
            for e in measure
            if e.tag in ("note", "forward", "backup") and e.find("chord") is None
        )
        assert filled == 96
    kinds = {e.text for e in tree(song()).iter("type")}
    assert kinds <= {"half", "quarter", "eighth", "16th"}
    assert {e.text for e in tree(song()).iter("beam")} >= {"begin", "continue", "end"}


def test_times_off_the_grid_are_brought_to_it():
    notes = [Note(t, 60 + i, 5) for i, t in enumerate((1, 7, 11, 25, 41, 49))]
    score = readable(one_track(notes))
    data = write_musicxml(one_track(notes))
    assert {e.text for e in tree(one_track(notes)).iter("type")} <= {
        "half", "quarter", "eighth", "16th", "32nd",
    }  # fmt: skip
    assert music21_notes(data) == pitched(score)
    assert all(n.start % 3 == 0 or n.start % 4 == 0 for n in score.tracks[0].notes)


def test_triplets_are_bracketed_and_syncopes_need_no_tie():
    root = tree(one_track([Note(8 * i, 60, 8) for i in range(3)]))
    assert [e.get("type") for e in root.iter("tuplet")] == ["start", "stop"]
    root = tree(one_track([Note(0, 60, 12), Note(12, 62, 24), Note(36, 64, 60)]))
    assert [e.text for e in root.iter("type")] == ["eighth", "quarter", "eighth", "half"]
    assert [e.get("type") for e in root.iter("tie")] == ["start", "stop"]


def test_clefs_follow_the_register_and_keyboards_get_two_staves():
    def clefs(score):
        return [
            (c.findtext("sign"), c.findtext("clef-octave-change")) for c in tree(score).iter("clef")
        ]

    assert clefs(song(1)) == [
        ("G", None), ("G", None), ("F", None), ("F", "-1"), ("G", "-1"), ("percussion", None),
    ]  # fmt: skip
    assert clefs(one_track([Note(0, 43, 24)], 42)) == [("F", None)]
    assert clefs(one_track([Note(0, 72, 24)], 0)) == [("G", None)]


def test_spelling_follows_the_key_and_accidentals_hold_for_the_bar():
    notes = [Note(12 * i, p, 12) for i, p in enumerate((63, 63, 64, 63, 70, 66))]
    flat = tree(one_track(notes, key=Key(3, "major")))
    spelt = [(p.findtext("step"), p.findtext("alter")) for p in flat.iter("pitch")]
    assert spelt == [("E", "-1"), ("E", "-1"), ("E", None), ("E", "-1"), ("B", "-1"), ("G", "-1")]
    assert [e.text for e in flat.iter("accidental")] == ["natural", "flat", "flat"]
    assert flat.findtext(".//fifths") == "-3"
    sharp = tree(one_track(notes, key=Key(4, "minor")))
    assert [p.findtext("step") for p in sharp.iter("pitch")] == ["D", "D", "E", "D", "A", "F"]


def test_every_key_comes_back_by_its_signature_and_six_flats_go_with_their_name():
    keys = [Key(tonic, mode) for mode in ("major", "minor") for tonic in range(12)]
    for key in keys:
        assert key_of_signature(fifths(key), key.mode) == key
        written = one_track([Note(0, 60, 24)], key=key)
        assert read_musicxml(write_musicxml(written)).key == key
        assert read_midi(write_midi(written)).key == key
    flat = tree(one_track([Note(0, 63, 24), Note(24, 59, 24)], key=Key(3, "minor")))
    assert str(Key(3, "minor")) == "E♭ minor"
    assert flat.findtext(".//fifths") == "-6"
    assert [p.findtext("step") for p in flat.iter("pitch")] == ["E", "C"]


def test_sounding_pitches_of_transposing_instruments_and_joined_ties():
    data = write_musicxml(one_track([Note(0, 62, 30)], 71, key=Key(2, "major"))).decode()
    b_flat = data.replace("</key>", "</key><transpose><chromatic>-2</chromatic></transpose>")
    score = read_musicxml(b_flat.encode())
    assert score.tracks[0].notes == (Note(0, 60, 30),)


def test_zipped_scores_and_what_the_container_names():
    data = write_musicxml(song(1))
    container = '<container><rootfiles><rootfile full-path="b.xml"/></rootfiles></container>'
    score = read_score(zipped("b.xml", data, container), "song.mxl")
    assert score == read_musicxml(data)
    assert read_score(zipped("any.musicxml", data), "song.mxl") == score
    assert read_score(data.decode().replace("UTF-8", "UTF-16").encode("utf-16"), "a.xml") == score


BOMB = b"""<?xml version="1.0"?><!DOCTYPE score-partwise [<!ENTITY a "aaaaaaaaaa">
<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><score-partwise>&b;</score-partwise>"""
OUTSIDE = b"""<!DOCTYPE score-partwise [<!ENTITY a SYSTEM "file:///etc/hostname">]>
<score-partwise><part-list>&a;</part-list></score-partwise>"""


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (BOMB, "entities"),
        (OUTSIDE, "entities"),
        (b"<score-partwise>", "damaged"),
        (b"<score-partwise/>", "no notes"),
        (b"<a><score-partwise/></a>", "no MusicXML score"),
        (b"<html><body/></html>", "Notes are read from"),
        (b"<score-partwise>" + b"<a>" * 200, "too large"),
        (b"<score-partwise>" + b"\xff\xfe\xff" * 9, "damaged"),
        (b"PK\x03\x04" + b"\0" * 50, "damaged"),
        (zipped("readme.txt", b"hello"), "no MusicXML score"),
        (zipped("a.xml", b" " * 50_000_000), "too large"),
    ],
)
def test_what_is_no_score_is_refused_with_a_sentence(data, says):
    before = time.thread_time()
    with pytest.raises(UserInputError, match=says):
        read_score(data, "file")
    assert time.thread_time() - before < 5


@pytest.mark.parametrize("number", ["", "0", "-4", "nan", "inf", "1e300", "x", "٣"])
@pytest.mark.parametrize("tag", ["divisions", "duration", "beats", "octave", "alter", "fifths"])
def test_odd_numbers_give_a_score_or_a_sentence(tag, number):
    data = write_musicxml(one_track([Note(12 * i, 61 + i, 12) for i in range(8)])).decode()
    odd = re.sub(f"(<{tag}[^>]*>)[^<]*<", rf"\g<1>{number}<", data)
    try:
        score = read_musicxml(odd.encode())
    except UserInputError:
        return
    assert all(n.start >= 0 and n.duration > 0 and 0 <= n.pitch <= 127 for _, n in score.notes())
    assert score.bars >= 1


def test_names_cannot_break_the_document():
    name = 'A <b> & "c" \x00\x1b'
    score = dataclasses.replace(song(1), title=name)
    assert read_musicxml(write_musicxml(score)).title == 'A <b> & "c"'
