import numpy as np
import pytest

from core.extrapolation import mixing, spectral, structure
from core.extrapolation.candidates import (
    CANDIDATES,
    FRAMES,
    SECOND,
    best_lags,
    short_list,
    source_frames,
)
from core.extrapolation.painting import BANDS, EXTRA, GROUPS, painted, painter_input, spectrum
from core.extrapolation.self_similarity import FUTURE, LAGS, STEP
from core.extrapolation.spectral_model import build
from core.inversion import consistent
from core.metrics import log_mel_distance_db
from core.spectrogram import log_mel_db, mel_filters, stft
from tests.unit.sounds import RATE, riff
from training import spectral as training

TINY = {"width": 8, "dilations": (1,)}


@pytest.fixture
def first_only(monkeypatch):
    """Networks without an opinion: no lag is better, and only the first candidate is heard."""
    shares = np.zeros((1, FRAMES, CANDIDATES, GROUPS), np.float32)
    shares[:, :, 0] = 1.0
    said = np.concatenate([shares.reshape(1, FRAMES, -1), np.zeros((1, FRAMES, BANDS))], axis=2)
    answers = {
        "structure": np.zeros((1, LAGS, FUTURE), np.float32),
        "spectral": said.astype(np.float32),
    }
    for module in (structure, spectral, mixing):
        monkeypatch.setattr(module, "load_model", lambda name: lambda _: answers[name])


def test_hearing_one_candidate_gives_its_sound_back():
    """The path from shares to sound adds and loses nothing where one candidate is all."""
    own = stft(riff(12.0).samples[0])[:, :FRAMES]
    log_mel = log_mel_db(riff(12.0))[:, :FRAMES].T / 20
    sources = np.tile(np.arange(FRAMES), (CANDIDATES, 1))
    inputs = painter_input(log_mel, sources, np.zeros((CANDIDATES, 10), np.float32))
    said = np.zeros((FRAMES, CANDIDATES * GROUPS + BANDS), np.float32)
    said[:, :GROUPS] = 1.0
    picture = painted(said, inputs)
    np.testing.assert_allclose(picture.log_mel, log_mel, atol=1e-4)
    mixed = spectrum(picture, np.stack([own] * CANDIDATES), mel_filters())
    made = consistent(mixed, iterations=4, length=FRAMES * 512)
    true = riff(12.0).samples[0, : FRAMES * 512]
    assert np.abs(made - true)[2048:-2048].max() < 0.02


def test_shares_choose_between_candidates_band_by_band():
    rng = np.random.default_rng(0)
    candidates = np.exp(2j * np.pi * rng.random((CANDIDATES, 1025, FRAMES))).astype(np.complex64)
    candidates[1] *= 10
    shares = np.zeros((FRAMES, CANDIDATES, GROUPS), np.float32)
    shares[:, 0, : GROUPS // 2] = 1.0
    shares[:, 1, GROUPS // 2 :] = 1.0
    power = mel_filters() @ np.ones(1025)
    levels = 10 * np.log10(power)[None] + np.repeat([0.0, 20.0], BANDS // 2)[None]
    picture = spectral.Painted(shares, np.tile(levels / 20, (FRAMES, 1)))
    mixed = np.abs(spectrum(picture, candidates, mel_filters())).mean(axis=1)
    assert mixed[20] == pytest.approx(1.0, rel=0.1)
    assert mixed[800] == pytest.approx(10.0, rel=0.1)


def test_painted_levels_are_followed():
    own = stft(riff(12.0).samples[0])[:, :FRAMES]
    log_mel = log_mel_db(riff(12.0))[:, :FRAMES].T / 20
    shares = np.zeros((FRAMES, CANDIDATES, GROUPS), np.float32)
    shares[:, 0] = 1.0
    softer = spectral.Painted(shares, log_mel - 0.5)
    mixed = spectrum(softer, np.stack([own] * CANDIDATES), mel_filters())
    ratio = np.abs(mixed).sum() / np.abs(own).sum()
    assert 20 * np.log10(ratio) == pytest.approx(-10.0, abs=1.0)


def test_the_short_list_is_best_first_and_apart():
    lags = np.arange(LAGS) * STEP + 2
    said = np.ones((LAGS, FUTURE), np.float32)
    said[150], said[152], said[200], said[140] = 0.0, 0.1, 0.2, 0.3
    chosen, costs = short_list(said, lags, 215 * STEP)
    assert (chosen[0] == lags[150]).all()
    for second in range(3):
        assert lags[152] not in chosen[:, second], "too near the best one"
        assert chosen[1, second] == lags[200]
        assert chosen[2, second] == lags[140]
    assert (np.diff(costs[:4, 0]) >= 0).all()


def test_a_path_stays_with_its_lag_unless_another_is_clearly_better():
    scores = np.full((3, 10), 1.0, np.float32)
    scores[0], scores[1] = 0.5, 0.49
    scores[2, 5:] = 0.0
    path = best_lags(scores)
    assert len(set(path[:5].tolist())) == 1
    assert (path[5:] == 2).all()


def test_sources_never_lie_in_the_future():
    chosen = np.full((CANDIDATES, 10), 100, np.int64)
    sources = source_frames(chosen, 300)
    assert sources.shape == (CANDIDATES, FRAMES)
    assert sources.max() == 299
    np.testing.assert_array_equal(sources[0, :200], [*range(200, 300), *range(200, 300)])


@pytest.mark.parametrize("channels", [1, 2])
def test_the_engine_keeps_length_rate_channels_and_level(first_only, channels):
    clip = riff(12.0, rate=44100, channels=channels)
    made = spectral.Spectral().extrapolate(clip, 21.0, seed=0)
    assert (made.channels, made.sample_rate, made.length) == (channels, 44100, 21 * 44100)
    power = [float(np.square(c.samples).mean()) for c in (made.between(12, 20), clip)]
    assert abs(10 * np.log10(power[0] / power[1])) < 2.5
    own, now = (log_mel_db(c).mean(axis=1, keepdims=True) for c in (clip, made))
    assert log_mel_distance_db(own, now) < 4.0


def test_short_clips_and_silence(first_only):
    assert spectral.Spectral().extrapolate(riff(1.5, period_s=0.5), 5, seed=0).peak() > 0.02
    silent = riff(5.0).scaled(0.0)
    assert spectral.Spectral().extrapolate(silent, 5, seed=0).peak() < 1e-3


def test_two_training_steps_write_loadable_weights(tmp_path, eagerly):
    rng = np.random.default_rng(0)
    log_mel = rng.uniform(-2, 1, (900, BANDS)).astype(np.float16)
    sources = rng.integers(0, 400, (CANDIDATES, FRAMES)).astype(np.int16)
    window = training.Window(log_mel, 0, 430, sources, np.zeros((CANDIDATES, 10), np.float32))
    training.train([window], [window], tmp_path, minutes=10, steps=2, check_every=2, config=TINY)
    again = build(**TINY)
    again.load_weights(tmp_path / "last.weights.h5")
    said = np.asarray(again(np.zeros((1, FRAMES, CANDIDATES * BANDS + EXTRA), np.float32)))
    shares = said[0, :, : CANDIDATES * GROUPS].reshape(FRAMES, CANDIDATES, GROUPS)
    np.testing.assert_allclose(shares.sum(axis=1), 1.0, atol=1e-4)
    assert "copy_db" in (tmp_path / "history.csv").read_text()
    assert FUTURE // SECOND * SECOND == FUTURE
    assert RATE == 22050
