"""A change between two moments of a clip costs more when it loses the beat."""

import numpy as np
import pytest

from core.extrapolation.features import Features
from core.extrapolation.pulse import change_costs, places_in_beat, rhythm_distances

COUNT, BEAT = 861, 22
"""Frames of 20 s, and of a beat at about 117 a minute."""


def onsets(accents=(1.0,)):
    found = np.zeros(COUNT, np.float32)
    beats = np.arange(5, COUNT, BEAT)
    found[beats] = np.resize(accents, len(beats))
    return found


def clip_of(onset):
    return Features(
        np.zeros(1, np.float32), np.zeros((80, COUNT), np.float32),
        np.zeros((12, COUNT), np.float32), onset,
    )  # fmt: skip


def test_places_count_beats_and_go_on_evenly_before_and_after_them():
    places = places_in_beat(onsets())
    assert places.shape == (COUNT,)
    assert np.diff(places) == pytest.approx(1 / BEAT, abs=0.02)
    on_beats = places[5 + BEAT * np.arange(3, 30)]
    assert np.ptp(on_beats % 1) < 0.15


def test_where_nothing_begins_there_is_no_beat_and_no_price():
    still = np.zeros(COUNT, np.float32)
    assert places_in_beat(still) is None
    assert places_in_beat(onsets()[:30]) is None
    assert not change_costs(clip_of(still), COUNT)[:600, :600].any()


def test_a_whole_beat_is_cheap_and_half_a_beat_is_not():
    costs = change_costs(clip_of(onsets()), COUNT)
    assert costs.shape == (COUNT, COUNT)
    assert costs == pytest.approx(costs.T)
    at = 200
    assert costs[at, at] == 0
    assert costs[at, at + 4 * BEAT] < 0.3
    assert costs[at, at + 4 * BEAT + BEAT // 2] > 5


def test_a_whole_bar_is_cheaper_than_a_beat_where_the_rhythm_has_bars():
    bar = 4 * BEAT
    distances = rhythm_distances(onsets((3.0, 1.0, 2.0, 1.0)))
    assert distances[0] == 0
    assert distances[2 * bar] < 0.2 * distances[2 * bar + BEAT]
    assert distances[2 * bar + BEAT] < distances[2 * bar + BEAT // 2]
    assert np.all(distances[COUNT * 3 // 4 :] == 1)


def test_the_shortest_of_clips_has_prices():
    costs = change_costs(clip_of(onsets()), 44)
    assert np.isfinite(costs).all()
