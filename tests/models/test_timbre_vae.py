"""Encore's sampler on its shipped weights: in tune, in any length, smooth, quick, and honest."""

import subprocess
import sys

import numpy as np
import pytest

from core import registry
from core.audio import Clip
from core.engines import sampler
from core.errors import UserInputError
from core.loaders import load_model
from core.metrics import log_mel_distance_db
from core.sampling import playing
from core.sampling.harmonics_analysis import loudest_rms
from core.sampling.sound import Latent, Touch
from core.sampling.timbre_hearing import find_note, harmonic_sum, yin_track
from core.sampling.timbre_map import FILE, timbre_map
from core.sampling.timbre_network import network
from core.sampling.timbre_notes import HEARD
from core.sampling.tunes import tune
from core.spectrogram import log_mel_db


@pytest.fixture(scope="module")
def engine():
    return sampler("timbre-vae")


def named(engine, name, pitch=60):
    points = [p for p in engine.points() if p.name == name]
    return min(points, key=lambda p: abs(p.pitch - pitch)).latent


def cents_off(clip, pitch):
    """By two estimators; the asked octave is the one meant."""
    samples = clip.mono()[3200:32000]
    hertz, sure = yin_track(samples, clip.sample_rate)
    found = (float(np.median(hertz[sure < 0.3])), harmonic_sum(samples, clip.sample_rate))
    return [1200 * np.log2(f / 440.0) - 100 * (pitch - 69) for f in found]


def test_the_numpy_network_is_the_keras_network():
    loaded = load_model("timbre-vae")
    rows = 0.5 * np.random.default_rng(0).normal(size=loaded.spec.input_shape).astype(np.float32)
    ours = network().decode(network().encode(rows[:, :HEARD]), rows[:, HEARD:])
    np.testing.assert_allclose(ours, loaded(rows), atol=1e-4)


def test_it_keeps_the_protocol_and_its_map_is_of_these_weights(engine):
    assert engine.plays_pitches
    assert engine.pitches[0] < 36 < 84 < engine.pitches[1]
    assert timbre_map().weights_sha256 == registry.model("timbre-vae").sha256
    assert FILE.stat().st_size < 250_000
    points = engine.points()
    assert len({p.family for p in points}) >= 10
    assert all(len(p.latent.values) == engine.latent_size for p in points)


@pytest.mark.parametrize("name", ["acoustic grand piano", "flute", "string ensemble 1"])
def test_a_scale_is_in_tune(engine, name):
    latent = named(engine, name)
    for pitch in (60, 64, 67, 72):
        off = cents_off(engine.decode(latent, Touch(pitch=float(pitch))), pitch)
        assert max(abs(c) for c in off) < 50.0, (name, pitch, off)


def test_a_decoded_note_finds_its_place_again(engine):
    for name in ("acoustic grand piano", "trumpet"):
        latent = named(engine, name)
        heard = engine.encode(engine.decode(latent, Touch(pitch=62.0)))
        assert heard.pitch == pytest.approx(62.0, abs=0.3)
        assert heard.loudness_db == pytest.approx(-18.0, abs=1.5)
        again, first = (
            log_mel_db(engine.decode(Latent(z.values), Touch(pitch=62.0))) for z in (heard, latent)
        )
        assert log_mel_distance_db(again, first) < 5.0


def test_a_sound_is_given_back_as_loud_as_it_was(engine):
    quiet = engine.decode(named(engine, "clarinet"), Touch(pitch=65.0)).scaled(0.1)
    latent = engine.encode(quiet)
    again = engine.decode(latent, Touch(pitch=latent.pitch))
    ratio = loudest_rms(again.mono(), 32000) / loudest_rms(quiet.mono(), 32000)
    assert abs(20 * np.log10(ratio)) < 2.0


def test_lengths_releases_and_velocities(engine):
    organ = named(engine, "church organ")
    long = engine.decode(organ, Touch(held_s=5.0, seconds=6.0))
    assert long.duration_s == pytest.approx(6.0)
    level = [loudest_rms(long.between(at, at + 0.5).mono(), 32000) for at in (1.0, 4.2, 5.8)]
    assert level[1] > 0.5 * level[0]
    assert level[2] < 0.05 * level[0]
    short = engine.decode(organ, Touch(held_s=0.15, seconds=0.6))
    assert short.length == round(0.6 * 32000)
    soft, hard = (engine.decode(organ, Touch(velocity=v)) for v in (0.2, 1.0))
    assert loudest_rms(hard.mono(), 32000) > 3 * loudest_rms(soft.mono(), 32000)
    for velocity in (0.0, 1.0):
        assert engine.decode(organ, Touch(pitch=100.0, velocity=velocity)).peak() <= 1.0


def test_same_arguments_same_samples(engine):
    latent = named(engine, "choir aahs")
    first = engine.decode(latent, Touch(seconds=1.0), seed=3)
    assert first.sha256() == engine.decode(latent, Touch(seconds=1.0), seed=3).sha256()
    assert first.sha256() != engine.decode(latent, Touch(seconds=1.0), seed=4).sha256()


def test_every_place_sounds_and_neighbours_sound_alike(engine):
    plane = engine.plane
    rng = np.random.default_rng(1)
    for x, y in rng.uniform((plane.x_low, plane.y_low), (plane.x_high, plane.y_high), (6, 2)):
        here, there = engine.at(x, y), engine.at(x + 0.02, y)
        first, second = (log_mel_db(engine.decode(z, Touch(seconds=1.0))) for z in (here, there))
        assert first.max() > 0.0
        assert log_mel_distance_db(first, second) < 3.0


def test_points_are_near_where_they_are_located(engine):
    away = [np.hypot(*np.subtract(engine.locate(p.latent), (p.x, p.y))) for p in engine.points()]
    assert np.median(away) < 0.1 * (engine.plane.x_high - engine.plane.x_low)


def test_from_one_sound_to_another_no_step_is_a_leap(engine):
    ends = [named(engine, "acoustic grand piano"), named(engine, "violin")]
    walk = playing.along(ends, 21)
    heard = [log_mel_db(engine.decode(z, Touch(seconds=1.5))) for z in walk]
    steps = [log_mel_distance_db(a, b) for a, b in zip(heard[1:], heard[:-1], strict=True)]
    assert max(steps) < 3.0 * float(np.median(steps))


def test_a_scale_as_a_melody(engine):
    made = playing.melody(engine, named(engine, "acoustic guitar (nylon)"), tune("scale", 60))
    assert made.peak() <= playing.PEAK + 1e-6
    assert made.between(0.0, 0.2).peak() > 0.05


def test_chords_are_refused(engine):
    piano = named(engine, "electric piano 1")
    notes = [engine.decode(piano, Touch(pitch=p)).samples for p in (60.0, 64.0, 67.0)]
    with pytest.raises(UserInputError, match="one note at a time"):
        engine.encode(Clip(sum(notes) / 3, 32000))
    assert find_note(Clip(notes[0], 32000)).f0_hz == pytest.approx(261.6, rel=0.01)


def test_a_note_is_played_without_tensorflow():
    code = (
        "import sys; from core.engines import sampler; e = sampler('timbre-vae');"
        "e.decode(e.at(0.0, 0.0)); assert not {'tensorflow', 'keras', 'librosa'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
