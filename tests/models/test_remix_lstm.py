"""The published remix networks: their layers, their training, and what the engines do with them."""

import csv
import json
from dataclasses import replace
from functools import partialmethod

import keras
import numpy as np
import pytest

from benchmarks import remix_training_cost, remix_training_curves
from core.audio import Clip
from core.engines import remixer
from core.errors import UserInputError
from core.job import Cancelled
from core.loaders import LoadedModel, load_model
from core.registry import from_table, models
from core.remixing import one2one
from core.remixing.lstm_remix_model import build, part_network
from core.remixing.stems import MIX, STEMS
from tests.models.entries import entry
from tests.unit.sounds import riff
from training import remix_lstm
from training.remix_lstm import Seconds, draw_seconds, known_mse, train_network
from training.remix_stems import RATE, StemPiece

TINY = {"frames": 3, "frame_length": 2, "width": 6}
SAMPLES = 6
PARTS = {"one2one": (MIX,), "one2four-combined": STEMS, "one2four-split": STEMS}


@pytest.fixture(autouse=True)
def _eager(monkeypatch):
    """XLA takes seconds to compile what two steps of a tiny network need."""
    compiled = keras.Model.compile
    eager = partialmethod(compiled, run_eagerly=True)
    monkeypatch.setattr(keras.Model, "compile", eager)


def noise(*shape, seed=0, gain=0.1):
    return (gain * np.random.default_rng(seed).standard_normal(shape)).astype(np.float32)


def piece(seconds=3, *, recorded=False, quiet_from=None, seed=0):
    rng = np.random.default_rng(seed)
    solo = noise(round(seconds * RATE), seed=seed)
    if quiet_from is not None:
        solo[quiet_from * RATE :] = 0
    stems = {name: noise(len(solo), seed=seed + 1 + i) for i, name in enumerate(STEMS)}
    beats = np.zeros((0, 2)) if recorded else rng.random((4, 2))
    head = ("x", "midi_arranged", "train", "g", "folk", 120.0, (4, 4), 0.0)
    return StemPiece(*head, solo, stems, {}, beats, {})


def seconds(count, parts=4, seed=0):
    solo = noise(count, SAMPLES, seed=seed)
    return Seconds(solo, noise(count, SAMPLES, parts, seed=seed + 1), np.arange(count))


def test_shapes_parameters_and_what_is_shared():
    layers_before = (2 * 6 + 6) + 4 * 6 + (6 * 2 + 2) + 4 * 2
    both_ways = 2 * 4 * (1 + 1 + 1)
    for parts, apart, expected in (
        ((MIX,), False, layers_before + both_ways),
        (STEMS, False, layers_before + 4 * both_ways),
        (STEMS, True, 4 * (layers_before + both_ways)),
    ):
        model = build(parts, apart, **TINY)
        assert np.asarray(model(noise(3, SAMPLES))).shape == (3, SAMPLES, len(parts))
        assert model.count_params() == expected
    assert np.abs(np.asarray(model(noise(3, SAMPLES, gain=1e6)))).max() <= 1


def test_the_split_network_is_its_parts_side_by_side():
    keras.utils.set_random_seed(0)
    model = build(STEMS, apart=True, **TINY)
    sound = noise(2, SAMPLES)
    together = np.asarray(model(sound))
    for i, name in enumerate(STEMS):
        alone = part_network(name, **TINY)
        alone.set_weights(model.get_layer(name).get_weights())
        np.testing.assert_allclose(np.asarray(alone(sound))[..., 0], together[..., i], atol=1e-6)


def test_every_sample_hears_the_whole_second_both_ways():
    keras.utils.set_random_seed(1)
    model = build((MIX,), **TINY)
    sound = noise(1, SAMPLES, gain=1.0)
    reference = np.asarray(model(sound))
    for sample in (0, SAMPLES - 1):
        changed = sound.copy()
        changed[0, sample] += 3
        moved = np.abs(np.asarray(model(changed)) - reference)[0, :, 0]
        assert moved[0] > 0
        assert moved[-1] > 0


def test_the_loaded_model_gives_what_keras_gives():
    keras.utils.set_random_seed(2)
    model = build((MIX,), frames=10, frame_length=3, width=16)
    shapes = {"input_shape": [3, 30], "output_shape": [3, 30, 1]}
    loaded = LoadedModel(from_table("tiny", entry(job="remix", **shapes)), model)
    sound = noise(3, 30)
    np.testing.assert_allclose(loaded(sound), np.asarray(model(sound)), atol=1e-6)
    np.testing.assert_array_equal(loaded(sound), loaded(sound))


def lstm_by_hand(x, kernel, recurrent, bias):
    """Hochreiter and Schmidhuber's unit as Keras orders its gates: input, forget, cell, output."""
    sigmoid = lambda z: 1 / (1 + np.exp(-z))  # noqa: E731
    h = c = np.zeros(len(x))
    out = []
    for now in x.T.astype(np.float64):
        i, f, g, o = np.outer(now, kernel[0]).T + np.outer(h, recurrent[0]).T + bias[:, None]
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        out.append(h)
    return np.stack(out, axis=1)


def test_a_whole_second_of_the_shipped_network_is_the_lstm_of_the_books():
    loaded = load_model("one2one")
    sound = noise(16, RATE, seed=5)
    layer = loaded.model.get_layer("mix_both_ways")
    features = keras.Model(loaded.model.inputs, layer.input)(sound[:2])
    x = np.asarray(features)[..., 0]
    forward = lstm_by_hand(x, *(np.asarray(w) for w in layer.forward_layer.weights))
    backward = lstm_by_hand(x[:, ::-1], *(np.asarray(w) for w in layer.backward_layer.weights))
    by_hand = (forward + backward[:, ::-1]) / 2
    np.testing.assert_allclose(loaded(sound)[:2, :, 0], by_hand, atol=1e-4)


def test_seconds_come_from_all_pieces_in_turn_and_only_where_the_solo_sounds():
    pieces = [piece(3.4, seed=0), piece(3, quiet_from=1, seed=10), piece(2, recorded=True, seed=20)]
    drawn = draw_seconds(pieces, STEMS, 5)
    assert drawn.piece.tolist() == [0, 1, 2, 0, 2]
    assert len(draw_seconds(pieces, STEMS, 99).piece) == 3 + 1 + 2
    np.testing.assert_array_equal(drawn.solo[1], pieces[1].solo[:RATE])
    for i, name in enumerate(STEMS):
        np.testing.assert_array_equal(drawn.targets[1, :, i], pieces[1].stems[name][:RATE])
        assert np.isnan(drawn.targets[2, :, i]).all() == (name != "other")
    mixes = draw_seconds(pieces, (MIX,), 5)
    assert not np.isnan(mixes.targets).any()
    np.testing.assert_allclose(mixes.targets[1, :, 0], drawn.targets[1].sum(axis=1), atol=1e-6)
    np.testing.assert_array_equal(draw_seconds(pieces, (MIX,), 5).solo, mixes.solo)


def test_what_is_not_known_costs_nothing():
    target = np.array([[[1.0, np.nan], [3.0, 4.0]]], np.float32)
    made = np.array([[[2.0, 7.0], [3.0, 6.0]]], np.float32)
    np.testing.assert_allclose(np.asarray(known_mse(target, made)), [[[1, 0], [0, 4]]])
    assert Seconds(noise(1, 2), target, np.zeros(1)).silence().tolist() == [5.0, 16.0]


@pytest.mark.parametrize("name", sorted(PARTS))
def test_two_epochs_write_loadable_weights_and_each_parts_errors(name, tmp_path, monkeypatch):
    monkeypatch.setattr(remix_lstm, "SETTLING_EPOCHS", 0)
    parts = PARTS[name][:2]
    monkeypatch.setitem(remix_lstm.NETWORKS, name, parts)
    train, valid = seconds(8, len(parts)), seconds(4, len(parts), seed=9)
    train.targets[0, :, 0] = np.nan
    model = train_network(name, train, valid, tmp_path, epochs=2, only=parts, **TINY)
    made = np.asarray(model(valid.solo))
    assert np.isfinite(made).all()
    again = build(parts, name == "one2four-split", **TINY)
    again.load_weights(tmp_path / "best.weights.h5")
    np.testing.assert_allclose(np.asarray(again(valid.solo)), made, atol=1e-6)
    split = name == "one2four-split"
    best = []
    for i, part in enumerate(parts):
        folder = tmp_path / part if split else tmp_path
        rows = list(csv.DictReader((folder / "history.csv").open()))
        assert [int(row["epoch"]) for row in rows] == [0, 1, 2]
        reached = np.mean((made[..., i] - valid.targets[..., i]) ** 2)
        assert min(
            abs(float(row[f"validation_{part}"]) - reached) for row in rows[1:]
        ) == pytest.approx(0, abs=1e-7)
        silent = float(rows[-1][f"validation_{part}_silence"])
        assert silent == pytest.approx(np.mean(valid.targets[..., i] ** 2), rel=1e-5)
        assert rows[0][f"train_{part}"] != rows[-1][f"train_{part}"]
        best.append(reached)
    headline = json.loads((tmp_path / "headline.json").read_text())
    assert headline["value"] == pytest.approx(np.mean(best), abs=1e-6)
    if split:
        joined = train_network(name, train, valid, tmp_path, only=(), **TINY)
        np.testing.assert_array_equal(np.asarray(joined(valid.solo)), made)
        train_network(name, train, valid, tmp_path / "none", only=(), **TINY)
        assert not (tmp_path / "none").exists()
    if name == "one2one":
        twin = train_network(name, train, valid, tmp_path / "twin", epochs=2, **TINY)
        np.testing.assert_array_equal(np.asarray(twin(valid.solo)), made)


def test_training_stops_where_validation_stands_still(tmp_path, monkeypatch):
    monkeypatch.setattr(remix_lstm, "SETTLING_EPOCHS", 0)
    monkeypatch.setattr(remix_lstm, "PATIENCE", 2)
    monkeypatch.setattr(remix_lstm, "TOLERANCE", 1.01)  # no epoch brings errors to a hundredth
    train_network("one2one", seconds(8, 1), seconds(2, 1), tmp_path, epochs=9, **TINY)
    assert len((tmp_path / "history.csv").read_text().splitlines()) == 1 + 1 + 3


class Echo:
    """A network that gives back the solo, at a gain for each part, and keeps what it was given."""

    def __init__(self, at_once, gains):
        shapes = {"input_shape": [at_once, RATE], "output_shape": [at_once, RATE, len(gains)]}
        self.spec = from_table("tiny", entry(job="remix", **shapes))
        self.gains, self.given = np.array(gains, np.float32), []

    def __call__(self, batch):
        self.given.append(batch)
        return batch[..., None] * self.gains


@pytest.mark.parametrize("duration_s", [1.0, 2.5, 6.0, 7.2])
def test_seconds_are_joined_as_they_are(duration_s, monkeypatch):
    echo = Echo(3, [1, -1, 0.5, 100])
    monkeypatch.setattr(one2one, "load_model", lambda name: echo)
    solo = Clip(noise(1, round(duration_s * RATE)), RATE)
    marks = []
    stems = remixer("one2four-split").remix(solo, seed=0, progress=marks.append)
    assert stems.names == STEMS
    assert (stems.sample_rate, stems.length) == (RATE, solo.length)
    np.testing.assert_array_equal(stems["drums"].samples, solo.samples)
    np.testing.assert_array_equal(stems["bass"].samples, -solo.samples)
    assert stems["other"].peak() == 1.0
    assert all(batch.shape == (3, RATE) for batch in echo.given)
    assert marks == sorted(marks)
    assert (marks[0], marks[-1], len(marks)) == (0.0, 1.0, 1 + len(echo.given))


def test_other_rates_and_stereo_are_brought_to_the_networks_own(monkeypatch):
    monkeypatch.setattr(one2one, "load_model", lambda name: Echo(2, [1]))
    solo = riff(3.0, rate=48000, channels=2)
    made = remixer("one2one").remix(solo, seed=0)
    assert made.names == (MIX,)
    expected = solo.with_channels(1).resampled(RATE)
    np.testing.assert_array_equal(made[MIX].samples, np.clip(expected.samples, -1, 1))


@pytest.mark.parametrize("duration_s", [0.0, 0.9, 120.5])
def test_a_solo_too_short_or_too_long_is_refused_in_a_sentence(duration_s):
    solo = Clip(np.zeros((1, round(duration_s * 8000)), np.float32), 8000)
    with pytest.raises(UserInputError, match=r"choose one of 1 s to 120 s\.$"):
        remixer("one2one").remix(solo, seed=0)


def test_it_can_be_cancelled_between_calls(monkeypatch):
    echo = Echo(1, [1])
    monkeypatch.setattr(one2one, "load_model", lambda name: echo)

    def stop(fraction):
        if fraction > 0.2:
            raise Cancelled

    with pytest.raises(Cancelled):
        remixer("one2one").remix(Clip(noise(1, 9 * RATE), RATE), seed=0, progress=stop)
    assert len(echo.given) == 2


@pytest.mark.parametrize("name", sorted(PARTS))
def test_the_shipped_weights_answer_sound_noise_and_silence(name):
    made = {
        kind: remixer(name).remix(Clip(samples, RATE), seed=0)
        for kind, samples in {
            "sound": riff(2.5, rate=RATE).samples,
            "noise": np.clip(noise(1, 2 * RATE, gain=1.0), -1, 1),
            "silence": np.zeros((1, RATE), np.float32),
        }.items()
    }
    for stems in made.values():
        assert stems.names == PARTS[name]
        assert all(clip.peak() <= 1 for clip in stems.parts.values())
    assert made["sound"].length == round(2.5 * RATE)
    for part in PARTS[name]:
        heard = made["sound"][part].samples
        assert np.abs(heard).max() > 1e-4
        assert not np.array_equal(heard[:, :RATE], made["noise"][part].samples[:, :RATE])
    again = remixer(name).remix(riff(2.5, rate=RATE), seed=3)
    assert all(again[part].sha256() == made["sound"][part].sha256() for part in PARTS[name])


def test_the_logs_are_of_the_weights_that_ship():
    found = remix_training_curves.histories()
    for name in PARTS:
        epochs = remix_training_curves.best(name, found)
        reached = [found[name, part][epoch]["validation"] for part, epoch in epochs.items()]
        assert np.mean(reached) == pytest.approx(models()[name].headline["value"], abs=2e-7)
        silent = [found[name, part][-1]["validation_silence"] for part in epochs]
        assert np.mean(silent) == pytest.approx(models()[name].headline["baseline_value"], abs=2e-7)
    rows = remix_training_curves.loss_table().rows
    assert [row[:2] for row in rows] == [[n, p] for n in found_order(found) for p in PARTS[n]]
    assert all(len(row) == 1 + len(found) for row in remix_training_curves.curve_table().rows)


def found_order(found):
    return list(dict.fromkeys(name for name, _ in found))


def test_the_cost_of_a_network_is_measured():
    one = remix_training_cost.train_briefly(remix_training_cost.PART, noise(2, 105))
    assert one.parameters == part_network("drums", frames=1).count_params()
    assert 0 < one.before_mb <= one.peak_mb
    assert one.epoch_s > 0
    four = replace(one, peak_mb=one.before_mb + 4 * one.growth_mb + 4)
    batch = remix_training_cost.BATCHES[-1]
    costs = {
        "one2four-combined": four,
        remix_training_cost.PART: replace(one, peak_mb=one.peak_mb + 1),
    }
    table = remix_training_cost.cost_table({batch: costs}, 0.0)
    assert "and 0.25 of what is beyond" in table.note
    assert [row[1] for row in table.rows] == [*costs]
