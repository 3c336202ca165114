import csv
import json

import numpy as np
import pytest

from core.audio import Clip
from core.engines import engines, sampler
from core.errors import ModelUnavailableError, UserInputError
from core.sampling import mel_vae_2d
from core.sampling.mel_vae_2d import FRAMES, PARAMS, PEAK, spectrogram, window_of_note
from core.sampling.mel_vae_2d_model import build
from core.sampling.sound import Latent, Plane, Point, Touch
from tests.unit.sounds import riff, sine
from training import mel_vae_2d as training

NAMES = [info.name for info in engines("sample") if info.name.startswith("mel-vae-2d")]
TINY = {"frames": 32, "n_mels": 16, "filters": (4, 4, 4), "units": 8}


@pytest.mark.parametrize("name", NAMES)
def test_a_sound_goes_onto_the_plane_and_back_the_same_each_time(name):
    engine = sampler(name)
    clip = sine(330.0, seconds=2.0)
    place = engine.encode(clip)
    assert place == sampler(name).encode(clip)
    assert (len(place.values), place.pitch, place.loudness_db) == (2, None, None)
    assert engine.at(*engine.locate(place)) == place
    made = engine.decode(place, seed=1)
    assert (made.channels, made.sample_rate, made.length) == (1, 16_000, 48_000)
    assert made.peak() == pytest.approx(PEAK, abs=0.01)
    again = engine.decode(place, Touch(pitch=72.0, seconds=1.0), seed=1)
    np.testing.assert_array_equal(made.samples, again.samples)
    other = engine.decode(place, seed=2)
    assert np.abs(made.samples - other.samples).max() > 1e-3


@pytest.mark.parametrize("name", NAMES)
def test_the_map_shows_the_training_sounds_where_the_network_puts_them(name):
    engine = sampler(name)
    points, plane = engine.points(), engine.plane
    assert len(points) > 500
    assert {len(point.latent.values) for point in points} == {2}
    assert all(point.latent == engine.at(point.x, point.y) for point in points)
    assert all(21 <= point.pitch <= 108 for point in points)
    inside = [
        plane.x_low <= p.x <= plane.x_high and plane.y_low <= p.y <= plane.y_high for p in points
    ]
    assert 0.96 <= np.mean(inside) <= 1.0
    spread = np.std([(p.x, p.y) for p in points], axis=0)
    assert (spread > 0.3).all(), "the plane has collapsed"
    path = mel_vae_2d.points_path(engine.model_id)
    assert path.stat().st_size < 150_000


def test_decoded_points_differ_where_points_do():
    engine = sampler("mel-vae-2d")
    pictures = [
        spectrogram(window_of_note(engine.decode(point.latent)))
        for point in (engine.points()[0], engine.points()[-1])
    ]
    assert np.abs(pictures[0] - pictures[1]).mean() > 3.0


@pytest.mark.parametrize("name", NAMES)
def test_any_rate_length_and_channels(name):
    engine = sampler(name)
    for clip in (riff(0.3), riff(12.0, rate=44_100, channels=2), riff(3.0, rate=16_000)):
        assert np.isfinite(engine.encode(clip).values).all()
    loud = engine.encode(riff(3.0)).values
    np.testing.assert_allclose(engine.encode(riff(3.0).scaled(0.1)).values, loud, atol=0.02)


@pytest.mark.parametrize("name", NAMES)
def test_silence_and_clips_too_short_are_refused(name):
    engine = sampler(name)
    with pytest.raises(UserInputError, match="silent"):
        engine.encode(riff(4.0).scaled(0.0))
    with pytest.raises(UserInputError, match="too short"):
        engine.encode(riff(4.0).between(0.0, 0.05))
    with pytest.raises(ValueError, match="2 values"):
        engine.decode(Latent((0.0, 0.0, 0.0)))


def test_of_a_long_clip_the_loudest_note_is_taken_from_its_start():
    quiet, note = 0.05 * sine(220.0, seconds=8.0).samples[0], sine(440.0, seconds=3.0).samples[0]
    rate = sine(220.0).sample_rate
    silence = np.zeros(rate, np.float32)
    clip = Clip(np.concatenate([quiet, silence, note, silence])[None], rate)
    found = window_of_note(clip)
    pitch = np.abs(np.fft.rfft(found)).argmax() * 16_000 / len(found)
    assert pitch == pytest.approx(440.0, abs=1.0)
    assert np.abs(found[:800]).max() > 0.5 * PEAK
    assert spectrogram(found).shape == (FRAMES, PARAMS.n_mels)


def test_without_weights_the_plane_is_the_prior_s(tmp_path, monkeypatch):
    monkeypatch.setattr(mel_vae_2d, "points_path", lambda model_id: tmp_path / "none.json")
    mel_vae_2d._points.cache_clear()
    engine = sampler("mel-vae-2d")
    assert engine.plane == mel_vae_2d.PRIOR
    with pytest.raises(ModelUnavailableError, match="the sounds of its map"):
        engine.points()
    mel_vae_2d._points.cache_clear()


def test_the_plane_leaves_outliers_out():
    points = [Point(i / 100, -i / 50, "a", "b", 60, Latent((0, 0))) for i in range(101)]
    points.append(Point(50.0, 50.0, "far", "b", 60, Latent((0, 0))))
    plane = mel_vae_2d.plane_of(points)
    assert plane == Plane(*(pytest.approx(v, abs=0.1) for v in (-0.1, 1.1, -2.2, 0.2)))


def test_sizes_that_do_not_halve_are_named():
    with pytest.raises(ValueError, match="190 x 80"):
        build(frames=190)


def test_two_training_epochs_write_what_the_engine_loads(tmp_path, eagerly):
    rng = np.random.default_rng(0)
    pictures = rng.uniform(-60, 20, (40, 32, 16)).astype(np.float16)
    sounds = training.Sounds(pictures, ["ä", "b"] * 20, ["x"] * 40, [60] * 40)
    training.train(sounds, sounds, tmp_path, epochs=2, config=TINY)
    rows = list(csv.DictReader((tmp_path / "history.csv").open()))
    assert [int(row["epoch"]) for row in rows] == [1, 2]
    assert float(rows[1]["validation_nats"]) > 0
    again = build(**TINY)
    again.load_weights(tmp_path / "last.weights.h5")
    held = json.loads((tmp_path / "points.json").read_text(encoding="utf-8"))
    assert held["sounds"] == [["b", "x"], ["ä", "x"]]
    mean = np.asarray(again.encoder(pictures[:1].astype(np.float32)))[0, :2]
    np.testing.assert_allclose(held["points"][0][:2], mean, atol=0.01)
    assert held["points"][0][2:] == [1, 60]
    headline = json.loads((tmp_path / "headline.json").read_text())
    assert headline["baseline_value"] > 0


def test_the_divergence_is_zero_at_the_prior_and_pulls_the_posterior_there():
    zero = np.zeros((2, 2), np.float32)
    np.testing.assert_allclose(np.asarray(training.divergence(zero, zero)), 0.0)
    expected = 0.5 * (np.exp(1.0) + 4.0 - 1.0 - 1.0) * 2
    found = np.asarray(training.divergence(zero + 2.0, zero + 1.0))
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    layer = training.Draw(0.5, seed=0)
    points = np.asarray(layer(np.tile([2.0, 2.0, 1.0, 1.0], (4000, 1)).astype(np.float32)))
    assert float(layer.losses[0]) == pytest.approx(0.5 * expected, rel=1e-4)
    np.testing.assert_allclose(points.mean(axis=0), 2.0, atol=0.1)
    np.testing.assert_allclose(points.std(axis=0), np.exp(0.5), atol=0.1)


def test_piano_windows_come_from_the_piano_alone(tmp_path):
    from core.midi_files import write_midi
    from core.score import Note, Score, Track

    bars = [Note(96 * bar, 48 + bar, 90) for bar in range(6)]
    melody = [Note(96 * bar, 90, 90) for bar in range(6)]
    score = Score((Track("MELODY", 0, tuple(melody)), Track("PIANO", 0, tuple(bars))), 6)
    for subset in ("midi_pop909", "midi_lieder"):
        (tmp_path / subset).mkdir()
        (tmp_path / subset / "index.csv").write_text("id,path,split,title\n")
    (tmp_path / "midi_pop909" / "a.mid").write_bytes(write_midi(score))
    index = tmp_path / "midi_pop909" / "index.csv"
    index.write_text("id,path,split,title\n1,midi_pop909/a.mid,train,One\n")
    found = training.gathered(training.piano(tmp_path, "train"))
    assert found.names == ["One"] * len(found.names)
    assert set(found.families) == {"piano"}
    assert len(found.names) >= 2
    assert all(48 <= pitch < 60 for pitch in found.pitches)
    assert found.log_mel.shape[1:] == (FRAMES, PARAMS.n_mels)
