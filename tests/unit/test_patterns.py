"""Patterns of tokens on a grid of sixteenths, to notes and back."""

import numpy as np
import pytest

from core.comparing.patterns import (
    KINDS,
    NO_EVENT,
    NOTE_OFF,
    TOKENS,
    drum_notes,
    drum_tokens,
    line_notes,
    line_tokens,
    pitch_token,
    to_score,
)
from core.score import Note


def test_a_line_comes_back_from_its_tokens():
    notes = [Note(0, 60, 12, 90), Note(12, 62, 6, 90), Note(24, 64, 24, 90), Note(180, 67, 12, 90)]
    tokens = line_tokens(notes, 32)
    assert tokens[0] == pitch_token(60)
    assert tokens[3] == NOTE_OFF
    assert tokens[1] == NO_EVENT
    assert line_notes(tokens) == notes


def test_of_a_chord_the_highest_note_stays_and_overlaps_are_cut():
    tokens = line_tokens([Note(0, 60, 48), Note(0, 67, 48), Note(12, 72, 12)], 16)
    assert [(n.start, n.pitch, n.duration) for n in line_notes(tokens)] == [
        (0, 67, 12),
        (12, 72, 12),
    ]


@pytest.mark.parametrize("pitch", [0, 20, 21, 108, 109, 127])
def test_every_pitch_has_a_token_of_its_class(pitch):
    token = pitch_token(pitch)
    assert 2 <= token < TOKENS["melody"]
    assert (line_notes([token])[0].pitch - pitch) % 12 == 0


def test_drums_are_bits_and_come_back_as_their_class():
    tokens = drum_tokens([Note(0, 35, 6), Note(0, 42, 6), Note(6, 40, 6), Note(6, 27, 6)], 16)
    assert [(n.start, n.pitch) for n in drum_notes(tokens)] == [(0, 36), (0, 42), (6, 38)]
    assert tokens.max() < TOKENS["drums"]


@pytest.mark.parametrize("name", KINDS)
def test_a_pattern_is_a_piece_with_a_track_for_each_voice(name):
    kind = KINDS[name]
    pattern = np.zeros((kind.steps, len(kind.voices)), int)
    pattern[0] = [pitch_token(60) if voice != "drums" else 1 for voice in kind.voices]
    score = to_score(pattern, kind)
    assert [track.name for track in score.tracks] == list(kind.voices)
    assert score.bars == kind.bars
    assert score.note_count == len(kind.voices)
    with pytest.raises(ValueError, match=kind.name):
        to_score(pattern[:-1], kind)
