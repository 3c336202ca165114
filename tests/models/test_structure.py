import itertools

import numpy as np
import pytest

from core.audio import Clip
from core.extrapolation import mixing, structure
from core.extrapolation.candidates import CANDIDATES, FRAMES
from core.extrapolation.features import features
from core.extrapolation.lag_rule import LagRule
from core.extrapolation.loop import source_costs
from core.extrapolation.painting import BANDS, GROUPS
from core.extrapolation.search import best_path, lead_up_distances, worth_trying
from core.extrapolation.self_similarity import (
    CHANNELS,
    FUTURE,
    LAGS,
    PAST,
    POSITIONS,
    SEEN,
    STEP,
    combined,
    distances,
    frames,
    network_input,
    pyramid,
)
from core.extrapolation.structure_model import build
from core.metrics import continuation_metrics
from tests.unit.sounds import RATE, riff, sine
from training import lag_windows
from training import structure as training
from training.corpus import Piece

TINY = {"width": 8, "dilations": (1, 2), "attention_after": (0,), "heads": 2}


@pytest.fixture
def indifferent(monkeypatch):
    """`structure` with a network that has no opinion: what is asked of it is kept.

    Of six moments the painter hears the first alone.
    """
    asked = []
    heard = np.zeros((1, FRAMES, CANDIDATES * GROUPS + BANDS), np.float32)
    heard[..., :GROUPS] = 1.0
    monkeypatch.setattr(mixing, "load_model", lambda _: lambda inputs: heard)

    def network(batch):
        asked.append(batch)
        return np.zeros((1, LAGS, FUTURE), np.float32)

    monkeypatch.setattr(structure, "load_model", lambda _: network)
    return asked


@pytest.fixture
def piece(tmp_path):
    rng = np.random.default_rng(0)
    count = (PAST + FUTURE) * STEP + 1
    theme = rng.uniform(-50, 20, (80, 150)).astype(np.float32)
    log_mel = np.tile(theme, 9)[:, :count] + rng.normal(0, 2, (80, count)).astype(np.float32)
    chroma = rng.uniform(0, 1, (12, count)).astype(np.float32)
    onset = rng.uniform(0, 1, count).astype(np.float32)
    np.savez(tmp_path / "a.npz", log_mel=log_mel, chroma=chroma, onset=onset)
    return Piece("a", "audio", "train", tmp_path / "a.npz")


def test_the_network_is_asked_what_it_was_trained_on(piece, indifferent):
    """Inference and training compute their input apart; on the same frames it must be the same."""
    log_mel, chroma, _ = piece.load()
    count = PAST * STEP
    table = lag_windows.tables([piece])[0]
    trained, _ = lag_windows.example(table, 0, PAST, LAGS)
    moments = structure.Moments.__new__(structure.Moments)
    some = frames(log_mel[:, : count + FUTURE * STEP], chroma[:, : count + FUTURE * STEP])
    kept = type(some)(some.log_mel[:count], some.chroma[:count], some.onset[:count])
    moments.count, moments.table = count, distances(kept)
    moments.predicted(np.arange(count))
    asked = indifferent[0][0]
    assert asked.shape == trained.shape == (LAGS, SEEN * CHANNELS + POSITIONS)
    # Tables are stored in half precision: now and then another of four equal lags is chosen.
    alike = np.abs(asked - trained).max(axis=1) < 0.02
    assert alike.mean() > 0.98
    assert np.abs(trained[: PAST - 1]).max(axis=1).min() > 0.1


def test_targets_are_the_true_distances_of_what_follows(piece):
    log_mel, chroma, _ = piece.load()
    table = lag_windows.tables([piece])[0]
    _, target = lag_windows.example(table, 0, PAST, PAST)
    # The theme is 150 frames long: the groups that hold its multiples are by far the best.
    known = target >= 0
    best = [int(np.where(known[:, t], target[:, t], 9).argmin()) for t in range(30)]
    assert set(best) <= {150 * k // STEP for k in range(1, 6)}
    assert not known[:, -1][: FUTURE - 1].any(), "sources may not lie in the future"
    some = frames(log_mel[:, : (PAST + FUTURE) * STEP], chroma[:, : (PAST + FUTURE) * STEP])
    at = PAST * STEP + np.arange(STEP)
    true = np.abs(some.log_mel[at] - some.log_mel[at - 150]).mean()
    assert target[150 // STEP, 0] == pytest.approx(true, abs=2e-3)


def test_a_changed_window_changes_input_and_target_alike(piece):
    table = lag_windows.tables([piece])[0]
    change = lag_windows.Change(np.array([4.0, 0.0, 0.0, 0.0], np.float32))
    plain, low = (
        lag_windows.example(table, 0, PAST, PAST, c)[1] for c in (lag_windows.UNCHANGED, change)
    )
    now = table[150, PAST : PAST + FUTURE, 0].astype(np.float32)
    np.testing.assert_allclose(low[150 // STEP, :30], now[:30], atol=1e-3)
    assert np.abs(plain - low).max() > 0.01


def test_missing_past_is_zero_and_changes_nothing():
    rng = np.random.default_rng(0)
    past = rng.uniform(0, 1, (LAGS, PAST, CHANNELS)).astype(np.float32)
    lags = np.arange(LAGS) * STEP + 1
    short = network_input(past, lags, 100 * STEP)
    other = past.copy()
    other[:, : PAST - 100] = 7.0
    other[100:] = 7.0
    np.testing.assert_array_equal(short, network_input(other, lags, 100 * STEP))
    assert not short[100:].any()


def test_the_pyramid_keeps_the_last_steps_and_blurs_the_rest():
    past = np.arange(PAST, dtype=np.float32)[None, :, None]
    seen = pyramid(past)[0, :, 0]
    assert len(seen) == SEEN
    np.testing.assert_array_equal(seen[:23], np.arange(PAST - 23, PAST))
    assert seen[23] == np.arange(PAST - 71, PAST - 67).mean()
    assert seen[-1] == np.arange(136, 144).mean()


def test_lead_ups_match_their_definition():
    rng = np.random.default_rng(0)
    table = rng.uniform(0, 1, (40, 40)).astype(np.float32)
    found = lead_up_distances(table, 5)
    kept = np.exp(-1 / 5)
    a, b, depth = 30, 22, 22
    weights = (1 - kept) * kept ** np.arange(depth)
    direct = sum(w * table[a - 1 - k, b - 1 - k] for k, w in enumerate(weights))
    direct += kept**depth * table.mean()
    assert found[a, b] == pytest.approx(direct, rel=1e-4)


def test_the_path_is_the_cheapest_of_all():
    rng = np.random.default_rng(1)
    costs = rng.uniform(0, 1, (5, 4)).astype(np.float32)
    costs[2, 1] = np.inf
    changes = rng.uniform(0.1, 0.6, (5, 4, 4)).astype(np.float32)
    start = rng.uniform(0, 1, 4).astype(np.float32)

    def price(path):
        total = start[path[0]] + costs[0, path[0]]
        for t in range(1, 5):
            total += costs[t, path[t]]
            if path[t] != path[t - 1]:
                total += changes[t, path[t], path[t - 1]]
        return total

    best = min(itertools.product(range(4), repeat=5), key=price)
    assert tuple(best_path(costs, changes, start)) == best


def test_lags_worth_trying_are_the_cheapest_and_leave_no_step_without_one():
    costs = np.full((3, 6), np.inf, np.float32)
    costs[0] = [5, 1, 2, 3, 4, 6]
    costs[1] = [9, 9, 9, 9, 9, 8]
    costs[2, 0] = 7.0
    assert worth_trying(costs, 2).tolist() == [0, 1, 2, 5]
    assert worth_trying(costs, 6).tolist() == list(range(6))


def test_without_an_opinion_a_periodic_clip_still_goes_on(indifferent):
    whole = riff(30.0)
    before, after = whole.between(0, 20), whole.between(20, 30)
    made, path = structure.Structure().continue_along(before, 10, seed=0)
    figures = continuation_metrics(before, made, after)
    assert figures["log_mel_distance_db"] < 1.5
    assert figures["onset_correlation"] > 0.9
    assert sum(s.length for s in path) == made.length
    assert all(0 <= s.source <= before.length - s.length for s in path)


def test_a_long_clip_is_played_from_its_last_forty_seconds(indifferent):
    clip = riff(55.0)
    _, path = structure.Structure().continue_along(clip, 15, seed=0)
    assert min(s.source for s in path) >= 15 * RATE


def test_the_clip_stays_in_reach_however_long_it_goes_on(indifferent):
    moments = structure.Moments(features(riff(20.0)))
    path = np.tile(np.arange(400), 10)
    history = moments.history(path)
    assert len(history) == LAGS * STEP
    assert set(range(moments.count - PAST * STEP, moments.count)) <= set(history.tolist())
    np.testing.assert_array_equal(history[-PAST * STEP :], path[-PAST * STEP :])


@pytest.mark.parametrize("seconds", [1.0, 2.0, 5.0])
def test_short_clips_go_on_too(indifferent, seconds):
    made = structure.Structure().extrapolate(riff(seconds, period_s=1.0), 12, seed=0)
    assert made.between(10, 12).peak() > 0.05


def test_a_short_clip_goes_on_as_loop_says(indifferent):
    """Where the network has no opinion the path is that of `loop`, which plays its copies again."""
    found = features(riff(5.0, period_s=1.6))
    moments = structure.Moments(found)
    assert moments.by_length(structure.LEAN) == pytest.approx(2.0, abs=0.02)
    best = moments.count - int(np.argmin(source_costs(found, moments.count)))
    path = moments.chunks(60, np.random.default_rng(0))[0].path
    periodic = moments.count + np.arange(240) % best - best
    assert np.mean(path[:240] == periodic) > 0.9


def test_twenty_seconds_lean_on_nothing():
    moments = structure.Moments.__new__(structure.Moments)
    for seconds, lean in ((2, 2.0), (5, 2.0), (10, 0.7), (20, 0.0), (40, 0.0)):
        moments.count = int(seconds * RATE / 512)
        assert moments.by_length(structure.LEAN) == pytest.approx(lean, abs=0.02)


def test_the_rule_of_loop_by_lag():
    costs = np.full(101, np.inf, np.float32)
    costs[20:81] = 3.0
    costs[58] = 1.0  # 42 frames before the end
    rule = LagRule(costs)
    assert rule.costs(np.array([42]))[0] == 0.0
    assert rule.costs(np.array([30]))[0] == pytest.approx(2.0)
    assert rule.costs(np.array([5]))[0] > 2.0
    groups = np.arange(LAGS) * STEP
    best = rule.best_of_groups(groups)
    assert best[42 // STEP] == 42
    np.testing.assert_array_equal(best[200:], groups[200:])


def test_a_steady_tone_goes_on_without_a_step(indifferent):
    made = structure.Structure().extrapolate(sine(440.0, 8.0), 12, seed=0).samples[0]
    envelope = np.sqrt(np.convolve(made**2, np.ones(2205) / 2205, "valid"))
    assert 20 * np.log10(envelope.max() / envelope.min()) < 1.0


@pytest.mark.parametrize("hz", [220.0, 441.3])
def test_a_short_tone_is_repeated_in_phase(indifferent, hz):
    """At the clip's end a repeat is cut to where it fits, not moved to where it does not."""
    made = structure.Structure().extrapolate(sine(hz, 3.0), 12, seed=0).samples[0]
    envelope = np.sqrt(np.convolve(made**2, np.ones(2205) / 2205, "valid"))
    assert 20 * np.log10(envelope.max() / envelope.min()) < 0.3


def test_where_all_moments_are_alike_no_source_is_better(indifferent):
    assert structure.Moments(features(sine(440.0, 8.0))).unlike < 0.05
    assert structure.Moments(features(riff(8.0, period_s=1.0))).unlike > 0.5


def test_silence_goes_on_as_silence(indifferent):
    made = structure.Structure().extrapolate(Clip(np.zeros((1, 5 * RATE)), RATE), 10, seed=0)
    assert made.peak() == 0.0


def test_combined_weighs_log_mel_first():
    one = np.zeros((CHANNELS,), np.float32)
    one[0] = 1.0
    assert combined(one) == pytest.approx(0.25)


def test_two_training_steps_write_loadable_weights(piece, tmp_path, eagerly):
    table = lag_windows.tables([piece])
    model = training.train(
        (table, table, table), tmp_path, minutes=10, steps=2, check_every=2, config=TINY
    )
    again = build(**TINY)
    again.load_weights(tmp_path / "last.weights.h5")
    batch, _ = lag_windows.example(table[0], 0, PAST, PAST)
    said = np.asarray(again(batch[None]))
    assert said.shape == (1, PAST, FUTURE)
    assert np.isfinite(said).all()
    assert (tmp_path / "history.csv").read_text().count("\n") == 2
    assert model.count_params() == again.count_params()
    assert "validation_path_db" in (tmp_path / "headline.json").read_text()
