"""Figures of the listening test: against textbooks, and against a truth that is simulated."""

import math

import numpy as np
import pytest

from core.listening.results import results
from core.listening.statistics import ELO_MIDDLE, ELO_SCALE, elo, log_strengths, wilson
from tests.unit.listening import check, single, vote


def test_wilson_is_the_textbooks():
    # Newcombe, Statistics in Medicine 17, 1998, table I.
    for wins, votes, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605),
                                   (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)):  # fmt: skip
        found = wilson(wins / votes, votes)
        assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


def test_wilson_without_votes_says_nothing():
    found = wilson(math.nan, 0)
    assert (found.low, found.high) == (0.0, 1.0)


def test_bradley_terry_finds_a_simulated_truth():
    truth = np.array([1.2, 0.4, 0.0, -0.6, -1.0])
    rng = np.random.default_rng(3)
    wins = np.zeros((5, 5))
    for _ in range(8_000):
        i, j = rng.choice(5, 2, replace=False)
        wins[i, j] += 1 / (1 + np.exp(truth[j] - truth[i])) > rng.random()
    games = wins + wins.T
    for i, j in zip(*np.nonzero(np.triu(games)), strict=True):
        wins[j, i] = games[i, j] - wins[i, j]
    found = log_strengths(wins)
    assert np.allclose(found - found[2], truth, atol=0.12)
    ratings = elo(wins, 2)
    for rating, strength in zip(ratings, truth, strict=True):
        assert rating.value == pytest.approx(ELO_MIDDLE + ELO_SCALE * strength, abs=20)
        assert rating.low - 10 <= ELO_MIDDLE + ELO_SCALE * strength <= rating.high + 10
    assert ratings[2].low == ratings[2].value == ratings[2].high == ELO_MIDDLE


def test_the_intervals_hold_the_truth_about_as_often_as_they_say():
    truth = np.array([0.0, 0.8, -0.5])
    chance = 1 / (1 + np.exp(truth[None] - truth[:, None]))
    held = 0
    for seed in range(15):
        rng = np.random.default_rng(seed)
        wins = np.zeros((3, 3))
        for i, j in ((0, 1), (0, 2), (1, 2)):
            wins[i, j] = rng.binomial(30, chance[i, j])
            wins[j, i] = 30 - wins[i, j]
        found = elo(wins, 0)[1]
        held += found.low <= ELO_MIDDLE + ELO_SCALE * truth[1] <= found.high
    assert held >= 12


def test_few_votes_make_wide_intervals_and_one_sided_ones_stay_finite():
    widths = []
    for votes in (1, 10, 1000):
        wins = np.array([[0.0, 0.0], [float(votes), 0.0]])
        rating = elo(wins, 0)[1]
        assert ELO_MIDDLE < rating.value < ELO_MIDDLE + 2000
        wins = np.array([[0.0, 0.4 * votes], [0.6 * votes, 0.0]])
        found = elo(wins, 0)[1]
        widths.append(found.high - found.low)
    assert widths[0] > 500
    assert widths[0] > 2 * widths[1] > 4 * widths[2]


def test_without_a_truth_the_mean_is_in_the_middle():
    found = elo(np.array([[0.0, 5.0], [2.0, 0.0]]), None)
    assert sum(one.value for one in found) / 2 == pytest.approx(ELO_MIDDLE)


def test_results_count_the_votes_behind_each_figure():
    votes = []
    for at in range(40):
        visit = f"{at:016x}"
        votes += [
            check(visit),
            vote(visit, shown=("truth", "loop"), choice=int(at % 4 == 0)),
            vote(visit, shown=("noisy", "loop"), choice=1, item="two"),
            single(visit, shown="loop", choice=int(at < 10), item="three"),
        ]
    (found,) = results(votes)
    assert found.job == "extrapolate"
    assert found.votes == 120
    assert [row.maker for row in found.ratings] == ["truth", "loop", "noisy"]
    assert [row.votes for row in found.ratings] == [40, 80, 40]
    assert found.anchored
    assert found.ratings[0].figure.value == ELO_MIDDLE
    (share,) = found.taken_for_true
    assert (share.maker, share.votes, share.figure.value) == ("loop", 40, 0.75)
    assert share.figure == wilson(0.75, 40)
    assert results(votes) == [found]


def test_few_votes_are_said_to_be_few():
    (found,) = results([check(), single()])
    assert "1 vote so far" in found.words
    assert "wide" in found.words
    assert results([]) == []
