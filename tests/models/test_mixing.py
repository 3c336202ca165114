import numpy as np
import pytest

from core.audio import Clip
from core.extrapolation import mixing
from core.extrapolation.candidates import CANDIDATES, FRAMES
from core.extrapolation.features import features
from core.extrapolation.mixing import Chunk, band_weights, in_doubt, likeness, mix, mixed
from core.extrapolation.painting import BANDS, GROUPS
from tests.unit.sounds import RATE, riff, sine

LENGTH = 4 * RATE
FLOOR = -80.0


def said(shares, add=0.0):
    """The painter's answer with the same shares, [CANDIDATES], everywhere."""
    by_range = np.repeat(np.asarray(shares, np.float32), GROUPS)
    levels = np.full(BANDS, add, np.float32)
    return np.tile(np.concatenate([by_range, levels]), (FRAMES, 1))


@pytest.fixture
def equal_shares(monkeypatch):
    answer = said(np.full(CANDIDATES, 1 / CANDIDATES))[None]
    monkeypatch.setattr(mixing, "load_model", lambda _: lambda inputs: answer)


def test_the_played_sound_alone_comes_back_as_it_is():
    sounds = np.stack([riff(4.0).samples] * CANDIDATES)
    sounds[1:] = 0.3 * np.random.default_rng(0).standard_normal(sounds[1:].shape)
    out = mix(sounds, said([1, 0, 0, 0, 0, 0]), RATE)
    np.testing.assert_allclose(out, sounds[0], atol=2e-3)


@pytest.mark.parametrize("rate", [8000, 22050, 44100, 48000])
def test_equal_sounds_mix_to_themselves_at_any_rate(rate):
    wave = 0.3 * np.sin(2 * np.pi * 440 * np.arange(2 * rate) / rate)
    sounds = np.tile(wave.astype(np.float32), (CANDIDATES, 2, 1))
    out = mix(sounds, said(np.full(CANDIDATES, 1 / CANDIDATES)), rate)
    assert out.shape == (2, 2 * rate)
    inner = slice(rate // 4, -rate // 4)
    np.testing.assert_allclose(out[:, inner], sounds[0][:, inner], atol=3e-3)


def test_nothing_is_added_where_all_sources_agree():
    sounds = np.tile(0.1 * sine(440.0, 4.0).samples, (CANDIDATES, 1, 1))
    out = mix(sounds, said(np.full(CANDIDATES, 1 / CANDIDATES), add=0.5), RATE)
    inner = slice(RATE // 2, -RATE // 2)
    level_db = 20 * np.log10(np.std(out[:, inner]) / np.std(sounds[0][:, inner]))
    assert abs(level_db) < 0.5


def test_a_tone_at_the_clips_end_is_aligned_too():
    """Where no later sample is left, earlier ones are tried: a period within reach is found."""
    period, length, reach = 100, RATE, 256
    wave = np.sin(2 * np.pi * np.arange(3 * RATE) / period).astype(np.float32)
    wanted = wave[50 : 50 + length]
    for rough in (2 * RATE - 30, 2 * RATE, 2 * RATE + 400, RATE, 10, -20):
        start = mixing._aligned(wave, wanted, rough, reach)
        assert start % period == 50, rough


def test_a_range_takes_its_level_from_the_shares():
    """Half of a source 20 dB louder: the band ends up at the mean of the two levels in dB."""
    quiet, loud = 0.02 * sine(440.0, 4.0).samples, 0.06 * sine(440.0, 4.0).samples
    sounds = np.stack([quiet, loud, *[quiet] * (CANDIDATES - 2)])
    out = mix(sounds, said([0.5, 0.5, 0, 0, 0, 0]), RATE)[:, RATE:-RATE]
    ratio_db = 20 * np.log10(np.std(out) / np.std(quiet[:, RATE:-RATE]))
    assert ratio_db == pytest.approx(10 * np.log10(3.0), abs=0.3)


def test_what_is_unlike_the_played_sound_is_left_out():
    levels = np.full((3, BANDS, 200), -20.0, np.float32)
    levels[1] += 5.0
    levels[2] += 16.0
    like = likeness(levels, FLOOR)
    assert like[0].min() == like[1].min() == 1.0
    assert like[2].max() == pytest.approx(np.exp(-7.0), rel=1e-3)


def test_a_click_is_unlike_silence():
    """Averaged over all of two seconds it would be much like it."""
    levels = np.full((2, BANDS, 200), FLOOR, np.float32)
    levels[1, :, 100] = 0.0
    assert likeness(levels, FLOOR)[1, 100] < 1e-6
    assert likeness(levels, FLOOR)[1, 10] == 1.0


@pytest.mark.parametrize("rate", [8000, 22050, 48000])
def test_band_weights_share_each_bin_out_whole(rate):
    weights = band_weights(1025, rate)
    np.testing.assert_allclose(weights.sum(axis=0), 1.0, atol=1e-5)
    assert weights.min() >= 0.0


def test_sources_are_aligned_with_what_is_played(equal_shares):
    """Sources a few milliseconds off would comb; of a periodic clip only its own sound is left."""
    clip = riff(20.0)
    found = features(clip)
    period = round(0.5 * RATE / 512)
    path = np.arange(432) + 2 * period
    sources = np.stack([np.minimum(np.arange(FRAMES) + k * period, 800) for k in range(CANDIDATES)])
    sources[0, :432] = path
    played = clip.between(2 * period * 512 / RATE, 2 * period * 512 / RATE + 9.5)
    chunk = Chunk(path, sources, np.zeros((CANDIDATES, 10), np.float32))
    out = mixed(clip, played, [chunk], found.log_mel.T)
    assert out.length == played.length
    inner = slice(RATE, 9 * RATE)
    apart = np.std(out.samples[:, inner] - played.samples[:, inner]) / np.std(played.samples)
    assert apart < 0.35


def test_chunks_join_and_silence_stays_silent(equal_shares):
    clip = Clip(np.zeros((2, 20 * RATE), np.float32), RATE)
    path, costs = np.arange(432), np.zeros((CANDIDATES, 10), np.float32)
    sources = np.tile(np.arange(FRAMES), (CANDIDATES, 1))
    chunks = [Chunk(path, sources, costs)] * 2
    played = Clip(np.zeros((2, 15 * RATE), np.float32), RATE)
    assert mixed(clip, played, chunks, features(clip).log_mel.T).peak() == 0.0


def test_level_sources_leave_nothing_in_doubt():
    apart = np.zeros((2, 400), np.float32)
    apart[1] = 6.0
    np.testing.assert_array_equal(in_doubt(apart), np.repeat([[0.0], [1.0]], 400, axis=1))


def test_sharper_shares_are_less_of_a_blur():
    """Of two sounds in unequal parts the louder share is nearly all that is left."""
    rng = np.random.default_rng(0)
    noise = 0.1 * rng.standard_normal((2, 1, LENGTH)).astype(np.float32)
    sounds = np.concatenate([noise[:1], np.repeat(noise[1:], CANDIDATES - 1, axis=0)])
    shares = said([0.7, 0.3, 0, 0, 0, 0])
    away = [np.square(mix(sounds, shares, RATE, power) - sounds[0]).mean() for power in (1.0, 4.0)]
    assert away[1] < 0.3 * away[0]
