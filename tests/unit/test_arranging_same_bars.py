import dataclasses

import numpy as np
import pytest

from benchmarks import arranging_same_bars as same_bars
from core.composition.instruments import LEAD
from core.hearing.harmony import tones_right
from tests.models.test_chords_training import piece

C, E_MINOR, A_MINOR, G = 0, 12 + 4, 12 + 9, 7


def test_triads_are_right_as_far_as_they_belong_to_the_chord():
    played = np.array([C, C, C, A_MINOR, G])
    meant = np.array([C, A_MINOR, E_MINOR, C, C])
    # Chords have their own seventh: A minor has C, E and G, and C major has the B of E minor.
    np.testing.assert_allclose(tones_right(played, meant), [1, 1, 2 / 3, 2 / 3, 2 / 3])


def with_bars(name, split, change=lambda events: events, bars=(0, 1, 2, 3)):
    """A piece whose tune has these bars of the plain one, and in others one note a bar."""
    plain = piece(0)
    events = change(plain.events.copy())
    events = events[(events[:, 2] != LEAD) | np.isin(events[:, 0], bars)]
    own = np.array([
        (bar, step + len(name), LEAD, 40 + bar, 3, 80)
        for bar in range(8) for step in range(0, 36, 12) if bar not in bars
    ])  # fmt: skip
    events = np.concatenate([events, own])
    order = np.lexsort((events[:, 2], events[:, 1], events[:, 0]))
    return dataclasses.replace(plain, id=name, split=split, events=events[order])


def test_bars_in_other_tunes_are_compared_and_those_of_one_tune_are_not():
    own, again = with_bars("a-1", "test"), with_bars("a-2", "train")
    renamed = with_bars("bb-1", "train", bars=(0, 1, 2))
    other = with_bars("ccc-1", "train", bars=(2,))
    assert same_bars.table([own, again, renamed]).rows == []
    (line,) = same_bars.table([own, again, renamed, other]).rows
    assert line[:2] == ["midi_arranged", "1"]
    assert float(line[2]) == float(line[4]) == 1.0
    assert 0.5 < float(line[3]) <= 1.0


def test_another_tunes_chords_count_as_far_as_they_are_right():
    def higher(events):
        events[events[:, 2] != LEAD, 3] += 5  # a fourth: another root everywhere
        return events

    own, other = with_bars("a-1", "valid"), with_bars("bb-1", "train", higher, (2,))
    (line,) = same_bars.table([own, other]).rows
    assert float(line[4]) == 0.0
    assert float(line[2]) == pytest.approx(1 / 3, abs=0.01)
