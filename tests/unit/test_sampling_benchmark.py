"""The benchmark of samplers measures what it says: pitch, nearness, steps, variety."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks import sampling
from benchmarks.sampling_notes import PARAMS, RMS, Nearest, Sound, comparable, notes
from benchmarks.sampling_pitch import cents_off, in_tune
from core.audio import Clip
from core.sampling.sound import Latent, Plane, Point
from training.dataset import Track


def tone(pitch, seconds=3.0, rate=32000, tilt=1.0):
    """Ten partials that fade."""
    t = np.arange(round(seconds * rate)) / rate
    f0 = 440.0 * 2 ** ((pitch - 69) / 12)
    partials = [np.sin(2 * np.pi * n * f0 * t + n) / n**tilt for n in range(1, 11)]
    x = 0.2 * np.exp(-t) * np.sum([p for n, p in enumerate(partials, 1) if n * f0 < rate / 2], 0)
    return Clip(x[None].astype(np.float32), rate)


def sound(pitch, family="organ", tilt=1.0):
    row = {"family": family, "instrument": family, "pitch": str(pitch), "velocity": "100"}
    track = Track(f"{family}/{pitch}/{tilt}", Path(), "test", family, row)
    return Sound(track, comparable(tone(pitch, tilt=tilt)))


@pytest.mark.parametrize("pitch", [33, 48, 60, 84])
def test_both_estimators_hear_a_tone_at_its_pitch_and_nowhere_else(pitch):
    heard = comparable(tone(pitch))
    assert max(cents_off(heard, pitch)) < 10
    assert max(cents_off(heard, pitch + 0.3)) == pytest.approx(30, abs=10)
    assert in_tune(heard, pitch + 0.4)
    assert not in_tune(heard, pitch + 0.7)
    assert not in_tune(heard, pitch + 12)


def test_noise_and_silence_have_no_pitch():
    noise = np.random.default_rng(0).standard_normal((1, 48000)).astype(np.float32) * 0.1
    assert not in_tune(Clip(noise, 16000), 60)
    assert not in_tune(Clip(np.zeros((1, 48000), np.float32), 16000), 60)


def test_sounds_are_brought_to_one_level_and_silence_stays():
    quiet = comparable(tone(60).scaled(0.01))
    assert np.sqrt(np.square(quiet.samples).mean()) == pytest.approx(RMS, rel=1e-3)
    assert (quiet.sample_rate, quiet.length) == (PARAMS.sample_rate, 48000)
    assert comparable(Clip(np.zeros((2, 100), np.float32), 8000)).peak() == 0.0


def test_the_nearest_note_is_the_one_that_sounds_alike():
    training = [sound(pitch, tilt=tilt) for pitch in (48, 60, 72) for tilt in (0.5, 2.0)]
    nearest = Nearest(training)
    found = nearest.to(sound(60, tilt=1.9))
    assert found is training[3].clip


def test_notes_are_drawn_evenly_over_instruments(tmp_path):
    import soundfile

    (tmp_path / "notes").mkdir()
    lines = ["id,path,split,instrument,family,pitch,velocity"]
    for instrument, count in (("lute", 6), ("horn", 1)):
        for index in range(count):
            name = f"notes/{instrument}{index}.wav"
            soundfile.write(tmp_path / name, tone(60, 1.1).samples.T, 32000)
            lines.append(f"{instrument}{index},{name},test,{instrument},x,{60 + index},90")
    (tmp_path / "notes" / "index.csv").write_text("\n".join(lines) + "\n")
    found = notes(tmp_path, "test", 4)
    assert [(s.instrument, s.pitch) for s in found] == [
        ("horn", 60), ("lute", 60), ("lute", 62), ("lute", 65),
    ]  # fmt: skip


class Glide:
    """A sampler whose only value is the tilt of its partials, or jumps half-way."""

    plays_pitches, pitches, latent_size = True, (21, 108), 1
    plane = Plane(0.5, 2.0, 0.0, 1.0)

    def __init__(self, jump):
        self.jump = jump

    def decode(self, latent, touch, *, seed=0):
        value = latent.values[0]
        if self.jump:
            value = 0.5 + 0.02 * value if value < 1.25 else 1.9 + 0.02 * value
        return tone(touch.pitch, tilt=value)

    def at(self, x, y):
        return Latent((x,))

    def points(self):
        return [Point(x, 0.0, "a", "b", 60, Latent((x,))) for x in (0.5, 2.0)]


def test_a_jump_on_a_walk_is_seen(monkeypatch):
    for jump, least, most in ((False, 1.0, 2.0), (True, 5.0, 1e9)):
        monkeypatch.setattr(sampling, "sampler", lambda name, jump=jump: Glide(jump))
        (found,) = sampling.steps_of_walks("glide", 1)
        assert least <= found < most


def test_random_samples_are_spread_over_the_plane(monkeypatch):
    monkeypatch.setattr(sampling, "sampler", lambda name: Glide(False))
    pictures = sampling.sampled("glide", [48, 60, 72], 6)
    wide = np.mean(sampling.diversity_db(pictures, np.random.default_rng(0)))
    same = sampling.sampled("glide", [60], 6)
    assert 0 < np.mean(sampling.diversity_db(same, np.random.default_rng(0))) < wide
