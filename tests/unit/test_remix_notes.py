"""Bands from sound in notes: the true grid, notes on it, and what the measures say of them."""

import dataclasses

import numpy as np
import pytest

from benchmarks import remix_notes
from benchmarks.remix_notes import figures, grid_of, on_grid, parts_of, true_parts
from core.errors import UserInputError
from core.hearing.heard import Grid, Heard
from core.remixing.arrangement import empty
from core.remixing.band_controls import BandControls
from core.remixing.stems import STEMS
from core.score import Key, Note, Score, Track
from tests.unit.stems import band_piece

PIECES = [band_piece(8.0, start_s=0.25), band_piece(8.0, name="b", beat_s=0.52, transpose=6)]


def test_notes_are_put_on_the_true_beats():
    grid = grid_of(PIECES[0])
    assert (grid.beats, grid.beat_unit, grid.first_beat) == (4, 4, 0)
    notes = np.array([[0.25, 0.75, 60, 90], [1.26, 1.49, 64, 90], [0.0, 0.2, 40, 90]])
    assert on_grid(notes, grid) == [Note(0, 60, 24, 90), Note(48, 64, 12, 90)]
    assert [(n.start, n.pitch) for n in true_parts(0, PIECES)["bass"]][:3] == [
        (0, 36), (24, 36), (48, 36)
    ]  # fmt: skip


def test_in_six_eighths_a_beat_is_three_eighths():
    jig = dataclasses.replace(band_piece(6.0, beat_s=0.6, metre=(2, 4)), metre=(6, 8))
    grid = grid_of(jig)
    assert (grid.beats, grid.beat_unit) == (6, 8)
    assert grid.beats_s[:4] == pytest.approx((0.0, 0.2, 0.4, 0.6))
    assert grid.to_ticks([1.2])[0] == pytest.approx(72)


def test_an_arrangement_is_measured_at_the_seconds_at_which_it_is_played():
    grid = grid_of(PIECES[0])
    twice = tuple(float(t) for t in np.arange(0.25, 8.3, 0.25))  # heard at twice the pace
    heard = Heard((), Grid(twice), Key(0, "major"), ())
    score = Score((Track("Solo", 73, ()),), 8)
    made = empty(heard, score, BandControls()).with_notes({"bass": [Note(48, 36, 48)]})
    played = parts_of(made, grid)
    assert list(played["bass"]) == [Note(24, 36, 24, played["bass"][0].velocity)]
    assert not played["piano"]


def test_the_truth_is_right_and_another_key_is_not():
    right = figures(0, PIECES, true_parts)
    assert right["chord_note_rate"] == right["bass_root_agreement"] == 1.0
    assert right["density_ratio"] == 1.0
    wrong = figures(0, PIECES, remix_notes.another)
    assert wrong["chord_note_rate"] < 0.3
    assert wrong["bass_root_agreement"] == 0.0
    alone = figures(0, PIECES[:1], remix_notes.another)
    assert "chord_note_rate" not in alone
    assert alone["density_ratio"] == 0.0


def test_the_table_leaves_out_what_is_refused(monkeypatch):
    def refusing(index, pieces):
        if index == 1:
            raise UserInputError("no")
        return true_parts(index, pieces)

    monkeypatch.setitem(remix_notes.MAKERS, "band", refusing)
    made = remix_notes.table(PIECES, ["band", "the truth", "silence"])
    assert [row[:2] for row in made.rows] == [["band", "1"], ["the truth", "2"]]
    assert made.rows[0][2] == "1.00 [1.00, 1.00]"
    assert len(made.columns) == len(made.rows[0]) == 7


def test_what_the_band_and_the_pattern_play_is_put_on_the_grid(monkeypatch):
    heard = Heard((), Grid(tuple(np.arange(0.25, 8.3, 0.5))), Key(0, "major"), ())
    made = empty(heard, Score((Track("Solo", 73, ()),), 4), BandControls()).with_notes(
        {stem: [Note(96, 38, 12)] for stem in STEMS}
    )
    asked = []
    monkeypatch.setattr(remix_notes, "heard_in", lambda solo: heard)
    monkeypatch.setattr(remix_notes, "arranged", lambda *a: asked.append(a) or made)
    monkeypatch.setattr(remix_notes, "patterned", lambda solo, style: asked.append(style) or made)
    for make in (remix_notes.band, remix_notes.fixed):
        assert make(1, PIECES[:1] * 2)["bass"][0].start == 96
    assert asked[0][2:] == (1, BandControls())
    assert asked[1] == "pop"
