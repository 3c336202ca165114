"""Tunes and walks, on a sampler of plain tones."""

import numpy as np
import pytest

from core.audio import Clip, loudness_lufs
from core.errors import UserInputError
from core.sampling import playing
from core.sampling.sound import Latent, Touch
from core.score import Note, Score, Track

RATE = 8000


class Tones:
    """A latent of one number: how much of the second partial there is."""

    pitches = (48, 84)

    def __init__(self):
        self.asked = []

    def decode(self, latent, touch=Touch(), *, seed=0):  # noqa: B008
        self.asked.append((latent, touch, seed))
        t = np.arange(round(touch.seconds * RATE)) / RATE
        hz = 440.0 * 2 ** ((touch.pitch - 69) / 12)
        tone = np.sin(2 * np.pi * hz * t) + latent.values[0] * np.sin(4 * np.pi * hz * t)
        tone *= np.minimum(t / 0.005, 1) * np.exp(-10 * np.maximum(t - touch.held_s, 0))
        return Clip((0.1 * tone)[None].astype(np.float32), RATE)


def score(*notes, drums=()):
    tracks = [Track("drums", 0, tuple(drums), True)] if drums else []
    return Score((*tracks, Track("lead", 0, tuple(notes))), 2)


def loudest_hz(samples):
    power = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return np.argmax(power) * RATE / len(samples)


def test_a_melody_is_in_time_in_tune_and_loud():
    tones = Tones()
    marks = []
    tune = score(
        Note(48, 69, 24, 100), Note(72, 81, 24, 100), Note(96, 69, 24, 100), Note(120, 100, 24),
        drums=[Note(0, 36, 24)],
    )  # fmt: skip
    made = playing.melody(tones, Latent((0.0,)), tune, progress=marks.append)
    assert made.duration_s == pytest.approx(4 * 0.5 + playing.RING_S, abs=0.01)
    for index, hz in enumerate((440.0, 880.0, 440.0)):
        part = made.samples[
            0, round((0.5 * index + 0.1) * RATE) : round((0.5 * index + 0.5) * RATE)
        ]
        assert loudest_hz(part) == pytest.approx(hz, abs=3)
    # The first and third note are one, and the last, beyond reach, is an octave or more lower.
    assert len(tones.asked) == 3
    assert tones.asked[-1][1].pitch == 76
    assert loudness_lufs(made) == pytest.approx(playing.LOUDNESS_LUFS, abs=0.3)
    assert made.peak() <= playing.PEAK + 1e-6
    assert marks == sorted(marks)
    assert marks[-1] == 1.0


def test_a_tune_without_notes_and_an_endless_one_are_refused():
    with pytest.raises(UserInputError, match="no notes"):
        playing.melody(Tones(), Latent((0.0,)), score(drums=[Note(0, 36, 24)]))
    with pytest.raises(UserInputError, match="longer"):
        playing.melody(Tones(), Latent((0.0,)), score(Note(0, 60, 24), Note(24 * 1000, 60, 24)))


def test_a_walk_goes_from_end_to_end_in_equal_steps_without_a_seam():
    tones = Tones()
    made = playing.morph(tones, [Latent((0.0,)), Latent((0.2,)), Latent((1.0,))], Touch(69.0))
    shares = [latent.values[0] for latent, _, _ in tones.asked]
    assert shares[0] == 0.0
    assert shares[-1] == pytest.approx(1.0)
    np.testing.assert_allclose(np.diff(shares), 1.0 / (len(shares) - 1), rtol=1e-6)
    assert made.duration_s == pytest.approx(
        playing.STRIKE_S * len(shares) + playing.RING_S, abs=0.02
    )
    # A click would be a step from one sample to the next; 880 Hz at full scale makes steps of .65.
    assert np.abs(np.diff(made.samples[0])).max() < 0.75 * made.peak()
    assert np.abs(made.samples[0, -40:]).max() < 0.01


def test_a_walk_that_stays():
    places = playing.along([Latent((0.5,), 60.0, -20.0), Latent((0.5,))], 4)
    assert places == [Latent((0.5,))] * 4
    with pytest.raises(ValueError, match="at least one"):
        playing.morph(Tones(), [])
