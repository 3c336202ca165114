"""Two steps of each compared model, from pieces to weights that the app can play."""

import json
from dataclasses import replace

import numpy as np
import pytest

from core.comparing import layers_model
from core.comparing.network import read
from core.comparing.patterns import KINDS, NO_EVENT, pitch_token
from core.comparing.trainee_model import TERMS, Trainee, inputs, weighted, weights
from core.composition.instruments import DRUMS, LEAD
from core.composition.tokens import DRUM_PITCH
from training import midi_lstm, midi_patterns, midi_spread, midi_vae
from training.composer_corpus import Piece
from training.midi_command import publish
from training.midi_fit import Config, build, fit
from training.saving import save_weights

TINY = {"embedding": 4, "width": 5, "units": 6}
TINY_VAE = {**TINY, "reader": 4, "conductor": 4, "latent": 3}
BASS = midi_patterns.BASSES[0]


def piece(name="a", split="train", pitch=60, bars=4, subset="midi_arranged"):
    """Quarters of a tune and a bass, and a drum on each beat; the bars differ."""
    rows = []
    for bar in range(bars):
        for beat in range(4):
            rows += [
                (bar, 12 * beat, LEAD, pitch + bar + beat, 9, 6),
                (bar, 12 * beat, BASS, pitch - 24, 9, 6),
                (bar, 12 * beat, DRUMS, DRUM_PITCH + 36, 0, 6),
            ]
    return Piece(subset, name, split, "jazz", (4, 4), 120.0, "major", 0, bars, np.array(rows))


def test_patterns_are_cut_at_bars_once_each(tmp_path):
    corpus = [piece(), piece("b", "test"), piece("c", "test", 61), piece("d", bars=1)]
    found = midi_patterns.made(corpus, KINDS["trio-2"])
    train, test = found["train"], found["test"]
    assert len(train) == 3
    assert set(train.pieces) == {"a"}
    assert set(test.pieces) == {"c"}  # b is a again
    first = train.tokens[0]
    assert first[0, 0] == pitch_token(60)
    assert first[4, 0] == pitch_token(61)
    assert first[0, 2] == 1
    assert first[1].tolist() == [NO_EVENT] * 3
    midi_patterns.save({"trio-2": found}, tmp_path / "patterns.npz")
    again = midi_patterns.load(tmp_path / "patterns.npz", "trio-2", "test")
    np.testing.assert_array_equal(again.tokens, test.tokens)
    assert again.genres.tolist() == ["jazz"] * 3


def test_what_says_little_is_left_out():
    whole = midi_patterns.voices_of(piece(), ("melody",))
    kind = KINDS["melody-2"]
    assert len(midi_patterns.windows(whole, kind)) == 4
    quiet = whole.copy()
    quiet[20:56] = NO_EVENT
    quiet[20] = 1  # the note ends, and over a bar of rest follows
    assert len(midi_patterns.windows(quiet, kind)) == 1
    late = whole.copy()
    late[:40] = NO_EVENT
    late[34] = 1  # of a note that began before
    window = midi_patterns.windows(late, kind)[0]
    assert (window[:8] == NO_EVENT).all()
    assert window[8, 0] > 1


@pytest.fixture
def unrolled(monkeypatch, eagerly):
    """To trace a scan takes longer than a few steps."""
    monkeypatch.setattr(layers_model, "UNROLLED", 32)


@pytest.fixture(scope="module")
def patterns():
    rng = np.random.default_rng(0)
    sizes = np.array(KINDS["trio-2"].sizes)
    return rng.integers(sizes, size=(16, 32, 3))


@pytest.mark.parametrize("model", ["midi-lstm", "midi-vae-adversarial"])
def test_two_steps_then_on_from_there(tmp_path, patterns, model, unrolled):
    network = TINY if model == "midi-lstm" else TINY_VAE
    config = Config("trio-2", model, network, steps=2, batch=4, epoch_patterns=4, valid_patterns=4)
    if model == "midi-vae-adversarial":
        config = replace(config, adversarial=1.0, hidden=0.5)
    rows = fit(config, patterns, patterns, tmp_path)
    assert [row["epoch"] for row in rows] == [1, 2]
    assert 0 < rows[-1]["valid_nats"] < 20
    assert (rows[-1]["valid_divergence"] > 0) == (model != "midi-lstm")
    drawn = read(tmp_path / "best.weights.h5", model, "trio-2").sample(3, seed=0)
    samples = json.loads((tmp_path / "samples.json").read_text())
    assert samples[-1] == drawn.tolist() or samples[0] == drawn.tolist()
    rows = fit(
        replace(config, steps=3), patterns, patterns, tmp_path, start=tmp_path / "best.weights.h5"
    )
    assert [row["epoch"] for row in rows] == [1, 2, 3]
    (tmp_path / "training" / "logs").mkdir(parents=True)
    publish(tmp_path, model, "trio-2", tmp_path)
    kept = json.loads((tmp_path / "gallery" / "compare" / f"{model}-trio-2.json").read_text())
    assert [epoch["epoch"] for epoch in kept["epochs"]] == [1, 2, 3]
    assert np.shape(kept["epochs"][0]["patterns"]) == (3, 32, 3)
    log = (tmp_path / "training" / "logs" / f"{model}-trio-2.csv").read_text().splitlines()
    assert log[0].startswith("epoch,minutes,patterns,train_nats,valid_nats")
    assert len(log) == 4


def test_too_sure_an_encoder_is_widened_and_its_means_stay(tmp_path, patterns):
    network = build(Config("trio-2", "midi-vae", TINY_VAE))
    network.centre.bias.assign([0.0] * 3 + [-4.0] * 3)
    path = tmp_path / "best.weights.h5"
    save_weights(network, path, half=True)
    before = read(path, "midi-vae", "trio-2")
    sure = midi_spread.figures(before, patterns, 1.0)
    share, found = midi_spread.widen(path, "midi-vae", "trio-2", patterns)
    after = read(path, "midi-vae", "trio-2")
    assert share < 0.6  # such a decoder hears little of the place, so that to be sure costs alone
    assert found["valid_nats"] < sure["valid_nats"] - 0.1
    assert found == pytest.approx(midi_spread.figures(after, patterns, 1.0), rel=1e-3)
    np.testing.assert_array_equal(after.encode(patterns)[0], before.encode(patterns)[0])


def test_the_adversary_learns_from_its_own_part_of_the_loss_alone(patterns, unrolled):
    config = Config("trio-2", "midi-vae", {**TINY_VAE, "dropout": 0.0})
    network = build(config)
    trainee = Trainee(network, free_nats=1e9, adversarial=True)
    trainee.compile(optimizer="sgd", loss=weighted)
    rng = np.random.default_rng(0)
    read_in = inputs(network, patterns, rng)
    row = dict(zip(TERMS, np.asarray(trainee.predict_on_batch(read_in))[0], strict=True))
    assert row["charged"] == 0.0 < row["divergence"]
    own = [np.array(w) for w in trainee.adversary.trainable_variables]
    fooling = weights(len(patterns)) * 0.0
    fooling[:, TERMS.index("fooling")] = 1.0
    before = np.array(network.centre.kernel)
    trainee.train_on_batch(read_in, fooling)
    for old, new in zip(own, trainee.adversary.trainable_variables, strict=True):
        np.testing.assert_array_equal(old, np.array(new))
    assert (np.array(network.centre.kernel) != before).any()
    judging = weights(len(patterns)) * 0.0
    judging[:, TERMS.index("judging")] = 1.0
    before = np.array(network.centre.kernel)
    trainee.train_on_batch(read_in, judging)
    np.testing.assert_array_equal(np.array(network.centre.kernel), before)
    assert (np.array(trainee.adversary.kernels[0]) != own[0]).any()


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_both_models_of_a_kind_have_as_many_parameters(kind):
    lstm = build(Config(kind, "midi-lstm", midi_lstm.WIDTHS[kind])).count_params()
    vae = build(Config(kind, "midi-vae", midi_vae.WIDTHS[kind])).count_params()
    assert abs(lstm / vae - 1) < 0.05
