import numpy as np
import pytest

from core.audio import Clip
from core.errors import UserInputError
from core.extrapolation.loop import Loop, lag_distances, match_costs
from core.extrapolation.render import Segment, align, extrapolate_linear, render
from core.metrics import continuation_metrics
from tests.unit.sounds import RATE, riff, sine


def test_a_periodic_clip_goes_on_as_it_truly_does():
    whole = riff(30.0)
    before, after = whole.between(0, 20), whole.between(20, 30)
    figures = continuation_metrics(before, Loop().extrapolate(before, 10, seed=0), after)
    assert figures["log_mel_distance_db"] < 1.0
    assert figures["onset_correlation"] > 0.95
    assert figures["seam_discontinuity"] < 1.2


def test_a_metronome_keeps_its_beat_within_5_ms():
    clicks = np.zeros(30 * RATE, np.float32)
    for k in range(60):
        clicks[round(k * 0.5 * RATE) : round(k * 0.5 * RATE) + 40] = 0.8
    before = Clip(clicks[None, : round(19.7 * RATE)], RATE)
    made = Loop().extrapolate(before, 10, seed=0).samples[0]
    true = clicks[round(19.7 * RATE) : round(29.7 * RATE)]
    starts = [np.flatnonzero(np.diff((x > 0.4).astype(int)) == 1) for x in (made, true)]
    assert len(starts[0]) == len(starts[1]) > 15
    assert np.abs(starts[0] - starts[1]).max() <= 0.005 * RATE


def test_a_steady_tone_goes_on_without_a_step():
    made = Loop().extrapolate(sine(440.0, 8.0), 12, seed=0).samples[0]
    envelope = np.sqrt(np.convolve(made**2, np.ones(2205) / 2205, "valid"))
    assert 20 * np.log10(envelope.max() / envelope.min()) < 1.0


@pytest.mark.parametrize(("channels", "rate"), [(1, 8000), (2, 44100), (1, 48000)])
def test_rate_channels_and_length_are_the_clips_own(channels, rate):
    clip = riff(6.0, rate=rate, channels=channels)
    made = Loop().extrapolate(clip, 11.5, seed=0)
    assert (made.sample_rate, made.channels) == (rate, channels)
    assert made.length == round(11.5 * rate)
    assert np.abs(made.samples).max() > 0.05


def test_same_seed_same_samples_other_seed_other_path():
    rng = np.random.default_rng(0)
    clip = Clip(0.1 * rng.standard_normal((1, 10 * RATE)), RATE)
    first, again, other = (Loop().extrapolate(clip, 60, seed=s) for s in (5, 5, 6))
    np.testing.assert_array_equal(first.samples, again.samples)
    assert np.abs(first.samples - other.samples).max() > 0.01


@pytest.mark.parametrize("seconds", [1.0, 2.0, 5.0])
def test_short_clips_go_on_too(seconds):
    made = Loop().extrapolate(riff(seconds, period_s=1.0), 10, seed=0)
    tail = made.between(8, 10)
    assert tail.peak() > 0.05


def test_a_clip_under_a_second_is_refused():
    with pytest.raises(UserInputError, match="shorter than a second"):
        Loop().extrapolate(riff(0.5), 10, seed=0)


def test_silence_with_one_click_gives_finite_sound():
    samples = np.zeros((1, 20 * RATE), np.float32)
    samples[0, 5 * RATE] = 1.0
    made = Loop().extrapolate(Clip(samples, RATE), 30, seed=0)
    assert np.isfinite(made.samples).all()
    assert made.peak() <= 1.0


def test_progress_can_stop_it():
    class StopError(Exception):
        pass

    def stop(fraction):
        if fraction > 0:
            raise StopError

    with pytest.raises(StopError):
        Loop().extrapolate(riff(5.0), 10, seed=0, progress=stop)


def test_match_costs_equal_the_plain_sum():
    vectors = np.random.default_rng(0).standard_normal((60, 5)).astype(np.float32)
    weights = np.linspace(0.05, 0.15, 10)
    costs = match_costs(vectors, weights, end=58, min_lag=6)
    for frame in (10, 33, 52):
        squares = np.square(vectors[frame - 10 : frame] - vectors[48:58]).mean(axis=1)
        plain = np.sum(weights * squares)
        assert costs[frame] == pytest.approx(plain, rel=1e-4)
    assert np.isinf(costs[:10]).all()
    assert np.isinf(costs[53:]).all()


def test_lag_distances_equal_the_plain_mean():
    signal = np.random.default_rng(0).standard_normal(50).astype(np.float32)
    got = lag_distances(signal)
    for lag in (1, 7, 30):
        assert got[lag] == pytest.approx(np.mean((signal[lag:] - signal[:-lag]) ** 2), rel=1e-3)


def test_align_finds_the_phase():
    samples = riff(8.0).samples[0]
    exact = len(samples) - 4 * RATE
    assert align(samples, len(samples), exact + 300, 1000, RATE) == exact


def test_linear_prediction_rings_on():
    tone = sine(440.0, 1.0)
    rung = extrapolate_linear(tone.samples[:, : RATE // 2], 600)
    assert np.abs(rung - tone.samples[:, RATE // 2 : RATE // 2 + 600]).max() < 0.02


def test_render_keeps_the_power_across_joins():
    rng = np.random.default_rng(1)
    clip = Clip(0.2 * rng.standard_normal((2, 6 * RATE)), RATE)
    path = [Segment(k * 5000, 5000) for k in (3, 9, 1, 14, 6)]
    made = render(clip, path, 25000).samples[0]
    power = np.convolve(made**2, np.ones(4000) / 4000, "valid")
    assert 10 * np.log10(power.max() / power.min()) < 1.0
