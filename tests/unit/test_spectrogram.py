import numpy as np
import pytest

from core.audio import Clip
from core.spectrogram import (
    DISPLAY,
    SpectrogramParams,
    fast_griffin_lim,
    griffin_lim,
    istft,
    log_mel_db,
    magnitude_from_log_mel,
    mel_power,
    spectral_convergence_db,
    stft,
    to_db,
)
from tests.unit.sounds import riff, sine

SMALL = SpectrogramParams(n_fft=1024, hop_length=256)


def test_stft_inverts_exactly():
    samples = riff(3.0).samples[0]
    back = istft(stft(samples), length=len(samples))
    assert np.abs(back - samples).max() < 1e-4


def test_log_mel_peaks_at_the_band_of_a_tone():
    picture = log_mel_db(sine(1000.0))
    band = int(picture.mean(axis=1).argmax())
    assert abs(DISPLAY.mel_frequencies_hz()[band] - 1000.0) < 60
    assert picture.shape[0] == 80


def test_log_mel_of_silence_is_the_floor():
    picture = log_mel_db(Clip(np.zeros((2, 44100)), 44100))
    assert (picture == DISPLAY.floor_db).all()


def test_log_mel_does_not_depend_on_rate_or_channels():
    one = log_mel_db(riff(4.0))
    other = log_mel_db(riff(4.0).resampled(44100).with_channels(2))
    frames = min(one.shape[1], other.shape[1])
    below_resampling_edge = DISPLAY.mel_frequencies_hz() < 9000
    difference = np.abs(one[below_resampling_edge, :frames] - other[below_resampling_edge, :frames])
    assert difference.mean() < 0.5


def test_fast_griffin_lim_comes_closer_than_plain():
    magnitude = np.abs(stft(riff(2.0).samples[0], SMALL))
    plain = griffin_lim(magnitude, SMALL, iterations=32, seed=1)
    fast = fast_griffin_lim(magnitude, SMALL, iterations=32, seed=1)
    plain_db = spectral_convergence_db(plain, magnitude, SMALL)
    fast_db = spectral_convergence_db(fast, magnitude, SMALL)
    assert plain_db < -12
    assert fast_db < plain_db - 3


@pytest.mark.parametrize("invert", [griffin_lim, fast_griffin_lim])
def test_inversions_repeat_for_one_seed_and_differ_for_another(invert):
    magnitude = np.abs(stft(riff(0.7).samples[0], SMALL))
    first, again, other = (invert(magnitude, SMALL, iterations=4, seed=s) for s in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 1e-3


def test_mel_inverts_to_the_same_mel():
    wanted = to_db(mel_power(np.abs(stft(riff(1.0).samples[0]))))
    magnitude = magnitude_from_log_mel(wanted)
    got = to_db(mel_power(magnitude))
    heard = wanted > DISPLAY.floor_db + 30
    assert heard.sum() > 500
    assert np.abs(got - wanted)[heard].mean() < 1.0
