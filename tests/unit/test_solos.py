"""Solos that are given as notes."""

import numpy as np
import pytest

from core.audio import Clip, encode_wav
from core.errors import UserInputError
from core.midi_files import write_midi
from core.musicxml import write_musicxml
from core.remixing.solos import is_notes, read_solo, tune_of
from core.score import Note, Score, Track
from core.tunes import melody_track, solo_tracks

QUARTERS = tuple(Note(24 * n, 60 + n % 12, 24) for n in range(16))
LINE = Track("Line", 73, QUARTERS)
RIGHT, LEFT = Track("Right", 0, QUARTERS), Track("Left", 0, (Note(0, 40, 96), Note(0, 47, 96)))
DRUMS = Track("Drums", 0, (Note(0, 36, 6),), is_drum=True)


def test_two_hands_of_a_piano_are_one_instrument_and_a_melody_is_alone():
    assert solo_tracks(Score((LEFT, DRUMS, RIGHT), 4)) == (LEFT, RIGHT)
    assert solo_tracks(Score((LEFT, LINE, RIGHT), 4)) == (LINE,)
    named = Track("MELODY", 0, QUARTERS)
    assert solo_tracks(Score((LEFT, named), 4)) == (named,)
    assert solo_tracks(Score((DRUMS,), 4)) == ()
    assert melody_track(Score((LEFT, DRUMS, RIGHT), 4)) is RIGHT


@pytest.mark.parametrize("written", [write_midi, write_musicxml])
def test_notes_are_played_and_say_where_the_beats_are(written):
    data = written(Score((LINE, DRUMS), 4, tempo_bpm=120.0))
    assert is_notes(data)
    solo = read_solo(data, 1.25, 4.0)
    assert solo.clip.duration_s == pytest.approx(4.0, abs=0.01)
    assert solo.clip.peak() > 0.05
    assert solo.heard is not None
    assert [note.pitch for note in solo.heard.notes] == [60 + n for n in range(3, 11)]
    assert solo.heard.notes[0].start_s == pytest.approx(0.25)
    # Beats are at 0, .5, 1 and 1.5 s: the part begins inside the third.
    assert solo.heard.grid.beats_s[0] == pytest.approx(0.25)
    assert solo.heard.grid.first_beat == 3
    assert solo.heard.grid.to_ticks(0.25) == pytest.approx(72)


def test_the_tune_begins_with_its_first_bar_of_notes():
    late = Track("Line", 73, tuple(Note(n.start + 200, n.pitch, 24) for n in QUARTERS))
    tune = tune_of(write_midi(Score((late,), 7, tempo_bpm=100.0)))
    assert tune.tracks[0].notes[0].start == 200 - 192
    assert tune.tempo_bpm == pytest.approx(100.0)


def test_a_sound_is_a_solo_that_is_to_be_heard():
    t = np.arange(44100) / 44100
    data = encode_wav(Clip((0.3 * np.sin(2 * np.pi * 440 * t))[None].astype(np.float32), 44100))
    assert not is_notes(data)
    assert read_solo(data, 0.0, 1.0).heard is None


def test_drums_alone_and_a_part_without_notes_are_said_in_a_sentence():
    with pytest.raises(UserInputError, match="beside drums"):
        read_solo(write_midi(Score((DRUMS,), 1)), 0.0, 1.0)
    early = Track("Line", 73, (Note(0, 60, 24), Note(24, 62, 24)))
    with pytest.raises(UserInputError, match="no notes"):
        read_solo(write_midi(Score((early,), 4, tempo_bpm=60.0)), 8.0, 4.0)
