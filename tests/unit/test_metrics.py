import numpy as np
import pytest

from core import metrics
from core.audio import Clip
from core.metrics import (
    METRICS,
    bootstrap_interval,
    continuation_metrics,
    seam_discontinuity,
    seam_of_clip,
)
from tests.unit.sounds import RATE, riff, sine


@pytest.fixture(scope="module")
def parts():
    whole = riff(30.0)
    return whole.between(0, 20), whole.between(20, 30)


def test_the_truth_scores_perfectly(parts):
    before, after = parts
    figures = continuation_metrics(before, after, after)
    assert figures["log_mel_distance_db"] == 0
    assert figures["relative_mse"] == 0
    assert figures["onset_correlation"] == pytest.approx(1)
    assert figures["chroma_correlation"] == pytest.approx(1, abs=1e-3)
    assert figures["beat_f"] == pytest.approx(1)
    assert figures["loudness_difference_db"] == 0
    assert figures["seam_discontinuity"] <= 1.05


def test_silence_scores_as_silence(parts):
    before, after = parts
    figures = continuation_metrics(before, after.scaled(0.0), after)
    assert figures["relative_mse"] == pytest.approx(1)
    assert figures["onset_correlation"] == 0
    assert figures["chroma_correlation"] == 0
    assert figures["beat_f"] == 0
    assert figures["log_mel_distance_db"] > 10


def test_noise_gets_nothing_from_the_centred_chroma(parts):
    before, after = parts
    noise = Clip(0.1 * np.random.default_rng(0).standard_normal((1, after.length)), RATE)
    assert abs(continuation_metrics(before, noise, after)["chroma_correlation"]) < 0.15


def test_figures_do_not_depend_on_the_level_of_the_file(parts):
    before, after = parts
    made = before.between(3, 13)
    loud = continuation_metrics(before, made, after)
    quiet = continuation_metrics(*(clip.scaled(0.05) for clip in (before, made, after)))
    for name in ("log_mel_distance_db", "chroma_correlation", "relative_mse"):
        assert quiet[name] == pytest.approx(loud[name], rel=2e-2), name


def test_without_an_actual_only_the_seam_is_given(parts):
    before, after = parts
    assert set(continuation_metrics(before, after, None)) == {"seam_discontinuity"}
    assert set(continuation_metrics(before, after, after.between(0, 0.4))) == {"seam_discontinuity"}


def test_every_figure_has_an_entry_in_the_vocabulary(parts):
    before, after = parts
    assert set(continuation_metrics(before, after, after)) <= set(METRICS)


def test_a_click_at_the_join_is_seen():
    whole = sine(220.0, 6.0).samples[0]
    before, after = whole[: 4 * RATE], whole[4 * RATE :]
    clicked = after.copy()
    clicked[:3] = 0.9
    no_beats = np.zeros(0, np.float32)
    assert seam_discontinuity(before, after, no_beats) < 1.5
    assert seam_discontinuity(before, clicked, no_beats) > 5
    assert seam_of_clip(before, clicked, no_beats) < 1.5
    late = before.copy()
    late[-700] += 0.5
    assert seam_of_clip(late, after, no_beats) == seam_discontinuity(late, after, no_beats) > 5


def test_beat_f_counts_hits_within_70_ms():
    true = np.array([6.0, 6.5, 7.0, 7.5])
    assert metrics.beat_f(true + 0.05, true) == pytest.approx(1)
    assert metrics.beat_f(true + 0.2, true) == 0
    assert np.isnan(metrics.beat_f(true, true[:1]))


def test_bootstrap_draws_whole_groups():
    values = np.array([0.0] * 50 + [1.0] * 50)
    mean, low, high = bootstrap_interval(values, ["a"] * 50 + ["b"] * 50)
    assert mean == 0.5
    assert (low, high) == (0, 1)
    spread = bootstrap_interval(values, [str(i) for i in range(100)])
    assert 0.35 < spread[1] < spread[0] < spread[2] < 0.65


def test_bootstrap_leaves_out_what_was_not_measured():
    mean, _, _ = bootstrap_interval(np.array([1.0, np.nan, 3.0]), ["a", "b", "c"])
    assert mean == 2
