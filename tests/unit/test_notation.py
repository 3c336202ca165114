"""Sheet music: pages that fit their width, in any thread, the same each time."""

import re
import threading
import xml.etree.ElementTree as ET

import pytest

from core.notation import sheet_music
from core.score import Note, Score, Track
from core.workers import engraved_svg
from tests.unit.scores import song


def width(page):
    return float(ET.fromstring(page).get("viewBox").split()[2])


def test_pages_hold_every_note_and_fit_the_width():
    score = song(2)
    wide = sheet_music(score, width_px=900)
    assert [width(page) for page in wide] == [900] * len(wide)
    heads = sum(len(re.findall(r'class="notehead"', page)) for page in wide)
    assert heads >= score.note_count
    narrow = sheet_music(song(6), width_px=320, height_px=500)
    assert len(narrow) > 1
    assert {width(page) for page in narrow} == {320}


def test_same_score_same_bytes_in_every_thread():
    score = song(1)
    first = sheet_music(score)
    found = []
    threads = [threading.Thread(target=lambda: found.append(sheet_music(score))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [first, first]
    assert "Lead" in first[0]


def test_names_cannot_bring_elements_into_the_page():
    evil = '<script>alert("x")</script>'
    page = sheet_music(Score((Track(evil, 0, (Note(0, 60, 24),)),), 1, title=evil))[0]
    assert "<script" not in page
    assert "script" in page


def test_a_failure_is_said():
    with pytest.raises(RuntimeError, match="Verovio failed"):
        engraved_svg(b"no music", {})
