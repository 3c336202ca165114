import numpy as np

from core.audio import Clip
from core.spectrogram import (
    DISPLAY,
    istft,
    log_mel_db,
    magnitude_from_log_mel,
    mel_power,
    stft,
    to_db,
)
from tests.unit.sounds import riff, sine


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


def test_mel_inverts_to_the_same_mel():
    wanted = to_db(mel_power(np.abs(stft(riff(1.0).samples[0]))))
    magnitude = magnitude_from_log_mel(wanted)
    got = to_db(mel_power(magnitude))
    heard = wanted > DISPLAY.floor_db + 30
    assert heard.sum() > 500
    assert np.abs(got - wanted)[heard].mean() < 1.0
