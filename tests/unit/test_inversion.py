import numpy as np
import pytest

from core.inversion import (
    DEFAULT,
    METHODS,
    consistent,
    fast_griffin_lim,
    griffin_lim,
    invert,
    phase_gradient_heap,
)
from core.metrics import spectral_convergence_db
from core.spectrogram import SpectrogramParams, istft, stft
from tests.unit.sounds import riff

SMALL = SpectrogramParams(n_fft=1024, hop_length=256)


@pytest.fixture(scope="module")
def note():
    """A decaying note of ten harmonics with a little vibrato, 1.5 s at 22050 Hz."""
    time_s = np.arange(33075) / 22050
    angle = 2 * np.pi * (220 * time_s + 0.3 * np.sin(2 * np.pi * 5 * time_s))
    tone = sum(np.sin(k * angle) * np.exp(-(1 + 0.3 * k) * time_s) / k for k in range(1, 11))
    return (0.4 * tone * np.minimum(time_s / 0.01, 1.0)).astype(np.float32)


def test_each_step_from_griffin_lim_to_the_default_comes_closer(note):
    magnitude = np.abs(stft(note, SMALL))
    order = ("griffin-lim-32", "fast-griffin-lim-32", "pghi", "pghi-fast-griffin-lim-32")
    db = [
        spectral_convergence_db(invert(magnitude, SMALL, method=m), magnitude, SMALL) for m in order
    ]
    assert db == sorted(db, reverse=True)
    assert order[-1] == DEFAULT
    assert db[-1] < db[0] - 15


def test_integrated_phases_are_the_true_ones_but_for_a_constant():
    """Of a Gaussian chirp, whose loud bins are all one island."""
    time_s = (np.arange(22050) - 11025) / 22050
    chirp = np.exp(-((time_s / 0.15) ** 2)) * np.cos(2 * np.pi * (2000 * time_s + 2000 * time_s**2))
    true = stft(chirp.astype(np.float32), SMALL)
    found = phase_gradient_heap(np.abs(true), SMALL)
    np.testing.assert_allclose(np.abs(found), np.abs(true), atol=1e-4)
    loud = np.abs(true) > 0.05 * np.abs(true).max()
    turn = np.exp(1j * (np.angle(found[loud]) - np.angle(true[loud])))
    assert np.abs(turn.mean()) > 0.97


@pytest.mark.parametrize("function", [griffin_lim, fast_griffin_lim])
def test_iterations_repeat_for_one_seed_and_differ_for_another(function):
    magnitude = np.abs(stft(riff(0.7).samples[0], SMALL))
    first, again, other = (function(magnitude, SMALL, iterations=4, seed=s) for s in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 1e-3


@pytest.mark.parametrize("method", ["griffin-lim-32", "pghi", DEFAULT])
def test_lengths_and_repeatability(note, method):
    magnitude = np.abs(stft(note[:8000], SMALL))
    plain = invert(magnitude, SMALL, method=method)
    assert plain.dtype == np.float32
    assert len(plain) == (magnitude.shape[1] - 1) * 256
    for length in (5000, 8000, 9000):
        assert len(invert(magnitude, SMALL, method=method, length=length)) == length
    np.testing.assert_array_equal(plain, invert(magnitude, SMALL, method=method))


@pytest.mark.parametrize("method", METHODS)
def test_silence_stays_silent(method):
    made = invert(np.zeros((513, 20), np.float32), SMALL, method=method)
    np.testing.assert_array_equal(made, np.zeros(19 * 256))


@pytest.mark.filterwarnings("ignore:n_fft=1024 is too large")
@pytest.mark.parametrize("method", ["pghi", DEFAULT])
def test_a_single_frame_has_the_tone_that_its_magnitudes_say(note, method):
    magnitude = np.abs(stft(note, SMALL))[:, 20:21]
    assert len(invert(magnitude, SMALL, method=method)) == 0
    made = invert(magnitude, SMALL, method=method, length=512)
    spectrum = np.abs(np.fft.rfft(made, 1024))
    assert np.isfinite(made).all()
    assert abs(int(spectrum.argmax()) - int(magnitude[:, 0].argmax())) <= 1


def test_true_phases_are_kept(note):
    spectrum = stft(note, SMALL)
    made = consistent(spectrum, SMALL, iterations=3, length=len(note))
    assert np.abs(made - note).max() < 1e-3
    assert np.abs(istft(spectrum, SMALL, length=len(note)) - note).max() < 1e-4


def test_an_unknown_method_is_named(note):
    with pytest.raises(KeyError, match="phase-vocoder"):
        invert(np.abs(stft(note, SMALL)), SMALL, method="phase-vocoder")
