import dataclasses
import itertools

import numpy as np
import pytest

from core.audio import Clip
from core.extrapolation.ending import ENDINGS, end, end_at
from core.extrapolation.last_hit import last_hit
from core.extrapolation.run import run
from core.recipe import Recipe
from tests.unit.sounds import RATE, riff, sine

STEP_S = 0.5


def metronome(seconds: float, accent_every: int = 4) -> Clip:
    """Clicks of 2 ms each half second, each `accent_every`th four times as loud."""
    out = np.zeros(round(seconds * RATE), np.float32)
    for k in range(int(seconds / STEP_S)):
        at = round(k * STEP_S * RATE)
        level = 0.8 if k % accent_every == 0 else 0.2
        out[at : at + 44] = level * np.cos(np.arange(44))
    return Clip(out[None], RATE)


def level_db(clip: Clip, start_s: float, end_s: float) -> float:
    power = np.mean(np.square(clip.between(start_s, end_s).samples, dtype=np.float64))
    return float(10 * np.log10(max(power, 1e-12)))


@pytest.mark.parametrize("ending", list(ENDINGS))
@pytest.mark.parametrize(("seconds", "rate", "channels"), [(10.0, 44100, 2), (0.1, 8000, 1)])
def test_length_rate_and_channels_stay(ending, seconds, rate, channels):
    whole = riff(6.0 + seconds, rate=rate, channels=channels)
    before, made = whole.between(0, 6), whole.between(6, 6 + seconds)
    out = end(before, made, ending)
    assert (out.length, out.sample_rate, out.channels) == (made.length, rate, channels)
    if ending == "none":
        np.testing.assert_array_equal(out.samples, made.samples)
    else:
        assert np.abs(out.samples[:, -1]).max() == 0.0


def test_an_unknown_ending_is_refused():
    with pytest.raises(KeyError, match="cadence"):
        end(riff(5.0), riff(5.0), "cadence")


@pytest.mark.parametrize(("seconds", "fade_s"), [(40.0, 4.0), (8.0, 2.0)])
def test_a_fade_falls_steadily_over_four_seconds_or_a_quarter(seconds, fade_s):
    tone = sine(440.0, 5.0 + seconds)
    before, made = tone.between(0, 5), tone.between(5, 5 + seconds)
    out = end(before, made, "fade")
    kept = round((seconds - fade_s) * RATE)
    np.testing.assert_array_equal(out.samples[:, :kept], made.samples[:, :kept])
    levels = [
        level_db(out, seconds - fade_s * (1 - k / 8), seconds - fade_s * (1 - (k + 1) / 8))
        for k in range(8)
    ]
    assert all(later < earlier - 0.1 for earlier, later in itertools.pairwise(levels))
    assert levels[4] == pytest.approx(levels[0] - 7.4, abs=1.0)


def test_on_a_beat_stops_on_the_accent_within_10_ms_and_rings():
    whole = metronome(30.0)
    before, made = whole.between(0, 20), whole.between(20, 30)
    start, stop = last_hit(before, made)
    assert start / RATE == pytest.approx(8.0, abs=0.01)  # each fourth beat, 2 s apart
    assert start < stop <= round(8.5 * RATE)
    out, kept = end_at(before, made, "beat")
    assert kept == stop
    loud = np.flatnonzero(np.abs(out.samples[0]) > 0.15)
    assert loud[-1] / RATE == pytest.approx(8.0, abs=0.01)
    np.testing.assert_array_equal(out.samples[:, : start + 20], made.samples[:, : start + 20])


def test_on_a_beat_keeps_the_music_and_dies_away_without_a_click():
    whole = riff(30.0)
    before, made = whole.between(0, 20), whole.between(20, 30)
    out, kept = end_at(before, made, "beat")
    start, _ = last_hit(before, made)
    late = (start / RATE) % 0.5  # a note begins each half second
    assert min(late, 0.5 - late) < 0.01
    assert 6.0 <= start / RATE <= 8.5
    np.testing.assert_array_equal(
        out.samples[:, : kept - RATE // 20], made.samples[:, : kept - RATE // 20]
    )
    assert np.abs(np.diff(out.samples)).max() <= 1.05 * np.abs(np.diff(made.samples)).max()
    ring = np.abs(np.diff(out.samples[:, kept - RATE // 20 :])).max()
    assert ring <= np.abs(np.diff(made.samples[:, start:kept])).max()
    stop_s = kept / RATE
    levels = [level_db(out, stop_s + k * 0.25, stop_s + k * 0.25 + 0.25) for k in range(4)]
    assert levels[0] > level_db(made, stop_s - 0.25, stop_s) - 12
    assert all(later < earlier - 6 for earlier, later in itertools.pairwise(levels))
    assert np.abs(out.samples[:, -RATE // 100 :]).max() < 1e-3


def test_on_a_beat_is_a_fade_where_there_is_none():
    tone = sine(440.0, 30.0)
    before, made = tone.between(0, 20), tone.between(20, 30)
    np.testing.assert_array_equal(
        end(before, made, "beat").samples, end(before, made, "fade").samples
    )


def test_on_a_beat_of_silence_is_silence():
    silence = Clip(np.zeros((2, 10 * RATE), np.float32), RATE)
    assert end(silence, silence, "beat").peak() == 0.0


@pytest.mark.parametrize("ending", list(ENDINGS))
def test_run_measures_before_the_ending_and_cuts_the_path_there(ending):
    whole = riff(30.0)
    before, after = whole.between(0, 20), whole.between(20, 30)
    options = {"engines": ["loop"], "seconds": 10.0, "seed": 0}
    plain = run(before, after, **options)[0]
    ended = run(before, after, **options, ending=ending)[0]
    same = set(plain.metrics) - {"compute_ratio"}
    assert {k: plain.metrics[k] for k in same} == {k: ended.metrics[k] for k in same}
    length = sum(segment.length for segment in ended.path)
    assert sum(segment.length for segment in plain.path) == plain.clip.length
    assert (length < plain.clip.length) == (ending == "beat")
    assert np.abs(ended.clip.samples[:, :length]).max() > 0.05


def test_a_recipe_without_an_ending_has_none():
    recipe = Recipe("extrapolate", {"loop": None}, 0, {"start_s": 0.0, "seconds": 10.0}, "0" * 64)
    assert recipe.ending == "none"
    faded = dataclasses.replace(recipe, parameters={**recipe.parameters, "ending": "fade"})
    assert Recipe.from_json(faded.to_json()).ending == "fade"
    assert faded.key() != recipe.key()
