"""What the bars network is shown of beats, and how what it says bears on the grid."""

import dataclasses

import numpy as np
import pytest

from core.hearing import bar_features
from core.hearing.bar_features import LAGS, SHOWN, SLICES, features
from core.hearing.bars import grid_of
from core.hearing.bars_network import Bars
from core.hearing.beat_frames import features as frames_of
from core.hearing.beats_network import METRES, TEMPI, Pulse, at_beats
from core.hearing.heard import HeardNote

BEAT_S, BEATS = 0.5, 16
TIMES = 0.25 + BEAT_S * np.arange(BEATS)
ONSETS = 5


def tune(up=0):
    """In C: every third beat the same two notes, on the others one, each its beat long."""
    pitches = [60, 64, 67]
    notes = [
        HeardNote(float(at), pitches[beat % 3] + up, float(at) + BEAT_S)
        for beat, at in enumerate(TIMES)
    ]
    return [*notes, *(HeardNote(float(at), 48 + up, float(at) + BEAT_S) for at in TIMES[::3])]


def pulse(frames=500):
    rng = np.random.default_rng(0)
    shares = rng.random((2, frames)).astype(np.float32)
    return Pulse(*shares, np.full(TEMPI, 1 / TEMPI), np.full(METRES, 1 / METRES))


def shown(notes, said=None):
    return features(notes, TIMES, said or pulse(), frames_of(notes, 9.0))


def test_notes_are_shown_in_the_beat_and_the_slice_in_which_they_begin():
    rows = shown(tune())
    assert rows.shape == (BEATS, SHOWN)
    assert rows.dtype == np.float32
    begun = rows[:, : SLICES * ONSETS].reshape(BEATS, SLICES, ONSETS)
    assert np.allclose(begun[:, 0, 0], np.log1p([2 if beat % 3 == 0 else 1 for beat in range(16)]))
    assert not begun[:, 1:].any()
    late = [*tune(), HeardNote(float(TIMES[5]) + 0.25, 60, float(TIMES[5]) + 0.4)]
    begun = shown(late)[:, : SLICES * ONSETS].reshape(BEATS, SLICES, ONSETS)
    assert list(zip(*np.nonzero(begun[:, 1:, 0]), strict=True)) == [(5, 1)]
    assert begun[5, 2, 1] == pytest.approx(np.log1p(2 * 0.3), abs=1e-3)


def test_classes_are_beside_the_tonic_and_the_key_does_not_matter():
    there, higher = shown(tune()), shown(tune(5))
    np.testing.assert_allclose(there, higher, atol=1e-6)
    classes = there[:, SLICES * ONSETS :][:, :12]
    assert classes.argmax(axis=1)[[1, 2, 4, 5]].tolist() == [4, 7, 4, 7]
    lowest = there[:, SLICES * ONSETS + 24 :][:, :12]
    assert (lowest.sum(axis=1) == 1).all()
    assert lowest[::3].argmax(axis=1).tolist() == [0] * 6


def test_beats_are_compared_with_those_before_and_after():
    at = SLICES * ONSETS + 36 + 3 + 2 * len(LAGS)
    alike = shown(tune())[:, at : at + 2 * len(LAGS)].reshape(BEATS, len(LAGS), 2)
    three = LAGS.index(3)
    np.testing.assert_allclose(alike[3:, three, 0], 1.0, atol=1e-3)
    np.testing.assert_allclose(alike[:-3, three, 1], 1.0, atol=1e-3)
    assert not alike[:3, three, 0].any()
    assert not alike[-3:, three, 1].any()
    assert alike[1:, LAGS.index(1), 0].max() < 0.8


def test_what_the_beats_network_says_is_shown_at_the_beats():
    said = pulse()
    at = SLICES * ONSETS + 36
    expected = np.clip(at_beats(said.beat, TIMES), 0.01, 1)
    np.testing.assert_allclose(shown(tune(), said)[:, at], expected, atol=1e-6)


def test_few_beats_and_notes_outside_of_them_do_no_harm():
    notes = [HeardNote(0.0, 60, 0.2), HeardNote(8.5, 61, 9.0)]
    few = features(notes, np.array([3.0, 3.5]), pulse(), frames_of(notes, 9.0))
    assert few.shape == (2, SHOWN)
    assert np.isfinite(few).all()
    assert not few[:, : SLICES * ONSETS].any()
    every = [HeardNote(1.0, 60 + n, 2.0) for n in range(12)]
    assert np.isfinite(features(every, TIMES, pulse(), frames_of(every, 9.0))).all()
    assert bar_features.SHOWN == SHOWN


@pytest.mark.parametrize("first", range(4))
def test_bars_begin_where_the_bars_network_says(first):
    begins = np.full(BEATS, 0.05, np.float32)
    begins[(4 - first) % 4 :: 4] = 0.95
    unsure = dataclasses.replace(pulse(), beat=np.full(500, 0.5), bar=np.full(500, 0.1))
    said = Bars(begins, np.log([0.05, 0.05, 0.9]))
    asked = []

    def says(beats_s):
        asked.append(beats_s)
        return said

    grid = grid_of(TIMES, TIMES, unsure, 8.0, says=says)
    assert (grid.beats, grid.beat_unit) == (4, 4)
    assert [len(beats_s) for beats_s in asked] == [BEATS]
    place = grid.to_ticks(TIMES[(4 - first) % 4]) / grid.beat_ticks
    assert place % 4 == pytest.approx(0, abs=0.05) or place % 4 == pytest.approx(4, abs=0.05)
    three = Bars(np.where(np.arange(BEATS) % 3 == 0, 0.9, 0.1), np.log([0.05, 0.9, 0.05]))
    assert grid_of(TIMES, TIMES, unsure, 8.0, says=lambda _: three).beats == 3
