"""Replays of two bars: found in a path, let be where the clip repeats itself, and avoided."""

import numpy as np
import pytest

from core.audio import Clip
from core.extrapolation import structure
from core.extrapolation.features import Features, features
from core.extrapolation.replays import Replays, frames_in
from core.extrapolation.self_similarity import FUTURE, LAGS, STEP, frames_of
from core.repetition import TWO_BARS_S, may_have_runs, near_runs
from core.spectrogram import DISPLAY
from tests.unit.sounds import RATE, riff

COUNT = 861


def clip_of(log_mel):
    frames = log_mel.shape[1]
    quiet = np.zeros(frames * DISPLAY.hop_length, np.float32)
    return Features(quiet, log_mel, np.zeros((12, frames), np.float32), np.zeros(frames))


@pytest.fixture
def never_alike():
    rng = np.random.default_rng(0)
    return Replays(clip_of(rng.uniform(-50, 0, (80, COUNT + 1)).astype(np.float32)), COUNT)


def test_what_is_played_twice_for_two_bars_is_found_and_what_is_shorter_is_not(never_alike):
    span = never_alike.span
    assert span == round(TWO_BARS_S * DISPLAY.frame_rate_hz)
    once = np.arange(100, 100 + span + 30)
    path = np.concatenate([once, np.arange(500, 540), once])
    assert never_alike.too_long(np.zeros(0, np.int64), path) == [
        (len(once) + 40, pytest.approx(len(once) + 40, abs=12), pytest.approx(len(path), abs=12))
    ]
    short = np.concatenate([once[: span // 2], np.arange(500, 700), once[: span // 2]])
    assert not never_alike.too_long(np.zeros(0, np.int64), short)
    assert not never_alike.too_long(np.zeros(0, np.int64), np.arange(430))


def test_a_replay_counts_from_what_was_heard_before_and_ends_with_the_window(never_alike):
    before, path = np.arange(COUNT), np.arange(COUNT - 430, COUNT)
    ((lag, start, stop),) = never_alike.too_long(before, path)
    assert lag == 430
    assert start == pytest.approx(0, abs=12)
    assert stop == 430
    far = np.concatenate([before, np.arange(430, COUNT)])
    assert not never_alike.too_long(far, np.arange(430))
    assert frames_in([(430, -20, 100), (300, 50, 120)], 430) == 120


def test_the_price_is_on_the_sources_that_go_on_with_the_replay(never_alike):
    size, steps = COUNT, 108
    lags = np.array([500, 430, 600])
    heard = np.concatenate([np.arange(size), np.arange(size - 430, size)])
    sources = size + np.arange(steps)[:, None] * STEP + 1 - lags[None]
    found = never_alike.too_long(np.arange(size), heard[size:])
    priced = never_alike.priced(found, heard, np.minimum(sources, size - 1), size)
    assert not priced[:, [0, 2]].any()
    first = round(0.7 * never_alike.span) // STEP
    assert not priced[: first - 4, 1].any()
    assert priced[first : 430 // STEP, 1].all()


def test_what_the_clip_itself_repeats_may_be_played_again():
    clip = riff(20.0)
    found = features(clip)
    count = frames_of(found).count
    replays = Replays(found, count)
    period = round(4.0 * DISPLAY.frame_rate_hz)
    again = np.tile(np.arange(count - 2 * period, count), 3)
    assert not replays.too_long(np.zeros(0, np.int64), again)


def test_a_long_continuation_of_what_never_repeats_does_not_go_round_in_circles(monkeypatch):
    """A network that always prefers the sound of 6 s ago."""
    said = np.zeros((1, LAGS, FUTURE), np.float32)
    said[:, 60:66] = -0.1
    monkeypatch.setattr(structure, "load_model", lambda _: lambda batch: said)
    rng = np.random.default_rng(3)
    steps = rng.uniform(-1, 1, (100, RATE // 5)) * rng.uniform(0.1, 1, (100, 1))
    colours = np.exp(-np.arange(60)[None] * rng.uniform(0.02, 1.0, (100, 1)))
    sound = [np.convolve(s, c)[: RATE // 5] for s, c in zip(steps, colours, strict=True)]
    found = features(Clip(0.3 * np.concatenate(sound)[None], RATE))

    def longest(tries):
        monkeypatch.setattr(structure, "REPLAY_TRIES", tries)
        moments = structure.Moments(found)
        chunks = moments.chunks(400, np.random.default_rng(0))
        path = np.concatenate([chunk.path for chunk in chunks])
        replays = moments.replays.too_long(np.zeros(0, np.int64), path)
        return frames_in(replays, len(path)) / len(path)

    assert longest(0) > 0.5
    assert longest(structure.REPLAY_TRIES or 8) < 0.2


@pytest.mark.parametrize("shortest", [30, 43, 60, 170])
def test_lags_without_runs_are_told_quickly_and_none_is_overlooked(shortest):
    rng = np.random.default_rng(shortest)
    distances = np.repeat(rng.uniform(0, 6, (200, 20)), 20, axis=1).astype(np.float32)
    distances[:5] = 6.0
    found = np.array([bool(near_runs(row, shortest, 3.0)) for row in distances])
    told = may_have_runs(distances, shortest, 3.0)
    assert (told | ~found).all()
    assert not told[:5].any()
    assert found.any()
