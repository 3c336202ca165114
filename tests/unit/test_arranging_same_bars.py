import dataclasses

import numpy as np
import pytest

from benchmarks import arranging_same_bars as same_bars
from core.hearing.harmony import tones_right
from tests.models.test_chords_training import piece

C, E_MINOR, A_MINOR, G = 0, 12 + 4, 12 + 9, 7


def test_triads_are_right_as_far_as_they_belong_to_the_chord():
    played = np.array([C, C, C, A_MINOR, G])
    meant = np.array([C, A_MINOR, E_MINOR, C, C])
    # Chords have their own seventh: A minor has C, E and G, and C major has the B of E minor.
    np.testing.assert_allclose(tones_right(played, meant), [1, 1, 2 / 3, 2 / 3, 2 / 3])


def test_bars_in_other_pieces_are_compared_and_those_of_one_tune_are_not():
    own = dataclasses.replace(piece(0), id="a-1", split="test")
    again = dataclasses.replace(own, id="a-2", split="train")
    other = dataclasses.replace(own, id="b-1", split="train")
    assert same_bars.table([own, again]).rows == []
    (line,) = same_bars.table([own, again, other]).rows
    assert line[0] == "midi_arranged"
    assert int(line[1]) >= 4
    assert float(line[2]) == float(line[4]) == 1.0
    assert 0.5 < float(line[3]) <= 1.0


def test_another_pieces_chords_count_as_far_as_they_are_right():
    own = dataclasses.replace(piece(0), id="a-1", split="valid")
    events = own.events.copy()
    parts = events[:, 2] != same_bars.LEAD
    events[parts, 3] += 5  # a fourth higher: another root everywhere
    other = dataclasses.replace(own, id="b-1", split="train", events=events)
    (line,) = same_bars.table([own, other]).rows
    assert float(line[4]) == 0.0
    assert float(line[2]) == pytest.approx(1 / 3, abs=0.01)
