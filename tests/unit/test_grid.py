"""Between seconds and ticks: beats that hurry, pickups, compound metres, and beyond both ends."""

import numpy as np
import pytest

from core.hearing.heard import Grid


def test_a_steady_grid_is_a_straight_line():
    grid = Grid((1.0, 1.5, 2.0, 2.5, 3.0))
    np.testing.assert_allclose(grid.to_ticks([1.0, 1.25, 3.0]), [0, 12, 96])
    assert grid.tempo_bpm == pytest.approx(120.0)


def test_before_the_first_and_after_the_last_beat_the_pace_goes_on():
    grid = Grid((1.0, 1.5, 2.0), first_beat=1)
    np.testing.assert_allclose(grid.to_ticks([0.0, 0.5, 4.0]), [-24, 0, 168])
    np.testing.assert_allclose(grid.to_seconds([-24, 0, 168]), [0.0, 0.5, 4.0])


def test_there_and_back_on_beats_that_hurry():
    beats = np.cumsum(np.linspace(0.6, 0.4, 20))
    grid = Grid(tuple(beats), first_beat=2, beats=3)
    times = np.linspace(-3.0, 15.0, 200)
    np.testing.assert_allclose(grid.to_seconds(grid.to_ticks(times)), times, atol=1e-9)


def test_six_eight_counts_quarters_for_its_tempo():
    grid = Grid((0.0, 0.25, 0.5), beats=6, beat_unit=8)
    assert grid.beat_ticks == 12
    assert grid.tempo_bpm == pytest.approx(120.0)


@pytest.mark.parametrize("beats", [(), (1.0,), (1.0, 1.0), (2.0, 1.0)])
def test_what_is_no_grid_is_refused(beats):
    with pytest.raises(ValueError, match="beats"):
        Grid(beats)


def test_a_first_beat_outside_its_bar_is_refused():
    with pytest.raises(ValueError, match="first_beat"):
        Grid((0.0, 0.5), first_beat=4)
