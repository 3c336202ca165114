"""The one note in a recording, or an honest word on why there is none."""

import numpy as np
import pytest

from core.audio import Clip
from core.errors import UserInputError
from core.sampling.timbre_hearing import find_note

RATE = 16000


def tone(hz, seconds=1.5, decay=1.0, rate=RATE):
    t = np.arange(round(seconds * rate)) / rate
    partials = sum(np.sin(2 * np.pi * hz * k * t + k * k) / k for k in range(1, 13)
                   if hz * k < 0.45 * rate)  # fmt: skip
    return partials * np.exp(-decay * t)


def clip(samples, rate=RATE):
    return Clip(np.asarray(0.2 * samples, np.float32)[None], rate)


@pytest.mark.parametrize(
    ("hz", "rate"), [(41.2, 44100), (110.0, 16000), (440.0, 22050), (2093.0, 48000)]
)
def test_the_pitch_of_a_note(hz, rate):
    heard = find_note(clip(tone(hz, rate=rate), rate))
    assert abs(1200 * np.log2(heard.f0_hz / hz)) < 15
    assert heard.sample_rate == min(rate, 32000)


def test_the_loudest_note_of_several_with_silence_before():
    silence = np.zeros(RATE)
    played = np.concatenate(
        [
            silence,
            0.3 * tone(220.0, 0.7),
            silence[:4000],
            tone(330.0, 0.9, 4.0),
            0.2 * tone(262.0, 0.6),
        ]
    )
    heard = find_note(clip(played))
    assert abs(1200 * np.log2(heard.f0_hz / 330.0)) < 15
    assert 0.7 < len(heard.samples) / RATE < 1.1


def test_where_the_key_was_let_go():
    held = tone(262.0, 2.0, 0.3)
    held[16000:] *= np.exp(-25 * np.arange(16000) / RATE)
    assert find_note(clip(held)).held_s == pytest.approx(1.0, abs=0.1)
    assert find_note(clip(tone(262.0, 2.0, 3.0))).held_s is None


def glide():
    t = np.arange(24000) / RATE
    phase = np.cumsum(2 * np.pi * (150 + 60 * np.sin(2 * np.pi * 2.2 * t)) / RATE)
    return sum(np.sin(k * phase) / k for k in range(1, 15))


@pytest.mark.parametrize(
    ("samples", "said"),
    [
        (np.zeros(RATE), "silent"),
        (tone(440.0, 0.1), "long"),
        (np.concatenate([np.zeros(8000), np.ones(40), np.zeros(8000)]), "No pitch"),
        (np.random.default_rng(0).normal(size=24000), "No pitch"),
        (glide(), "moves about"),
        (tone(261.6) + tone(329.6) + tone(392.0), "chord"),
        (tone(220.0) + tone(261.6) + tone(329.6), "chord"),
        (tone(220.0) + tone(277.2), "chord"),
    ],
)
def test_what_is_no_note_is_told_so(samples, said):
    with pytest.raises(UserInputError, match=said):
        find_note(clip(samples))


def test_a_telephones_rate_is_refused():
    with pytest.raises(UserInputError, match="8,000"):
        find_note(clip(tone(440.0, rate=6000), 6000))
