import csv

import keras
import numpy as np
import pytest

from benchmarks import training_cost
from core.extrapolation.lstm_seq2seq_model import build
from training import lstm_seq2seq


@pytest.fixture
def tiny():
    return build(samples=16, seconds_in=3, seconds_out=4, width=6, units=5)


@pytest.fixture
def seconds():
    return np.random.default_rng(0).standard_normal((2, 3, 16)).astype(np.float32)


def test_shapes_and_parameters(tiny, seconds):
    assert np.asarray(tiny(seconds)).shape == (2, 4, 16)
    lstm = 4 * (6 * 5 + 5 * 5 + 5)
    assert tiny.count_params() == (16 * 6 + 6) + 2 * lstm + (5 * 16 + 16)


def test_every_second_of_input_changes_every_second_of_output(tiny, seconds):
    reference = np.asarray(tiny(seconds))
    for second in range(3):
        changed = seconds.copy()
        changed[:, second] += 1.0
        difference = np.abs(np.asarray(tiny(changed)) - reference)
        assert difference.max(axis=(0, 2)).min() > 1e-6


def rollout(model, seconds, fed):
    """The decoder by hand: `fed(t, written)` is what goes in at step t."""
    _, *state = model.encoder(model.activation(model.hidden(seconds)))
    written = []
    for t in range(model.seconds_out):
        features = model.activation(model.hidden(fed(t, written)))
        hidden, state = model.decoder(features, state)
        written.append(model.activation(model.output_layer(hidden)))
    return np.stack([np.asarray(second) for second in written], axis=1)


@pytest.mark.parametrize("training", [False, True])
def test_the_decoder_is_fed_what_it_wrote_and_not_the_truth(tiny, seconds, training):
    truth = np.random.default_rng(1).standard_normal((2, 4, 16)).astype(np.float32)
    own = rollout(tiny, seconds, lambda t, written: written[-1] if t else seconds[:, -1])
    forced = rollout(tiny, seconds, lambda t, _: truth[:, t - 1] if t else seconds[:, -1])
    made = np.asarray(tiny(seconds, training=training))
    np.testing.assert_allclose(made, own, atol=1e-5)
    np.testing.assert_allclose(made[:, 0], forced[:, 0], atol=1e-5)
    assert np.abs(made[:, 1:] - forced[:, 1:]).max(axis=(0, 2)).min() > 1e-3


def test_two_training_steps_write_loadable_weights(tmp_path, eagerly):
    rng = np.random.default_rng(0)
    sets = [0.1 * rng.standard_normal((n, 6, 32)).astype(np.float32) for n in (4, 2)]
    model = lstm_seq2seq.train(*sets, tmp_path, seconds_in=4, width=8, units=8, epochs=2)
    rows = list(csv.DictReader((tmp_path / "history.csv").open()))
    assert float(rows[-1]["train_mse"]) > 0
    again = build(samples=32, seconds_in=4, seconds_out=2, width=8, units=8)
    fresh = np.asarray(again(sets[1][:, :4]))
    again.load_weights(tmp_path / "last.weights.h5")
    loaded = np.asarray(again(sets[1][:, :4]))
    np.testing.assert_allclose(loaded, np.asarray(model(sets[1][:, :4])), rtol=2e-2, atol=1e-3)
    assert np.abs(loaded - fresh).max() > 1e-2


def test_the_cost_table_counts_as_keras_does():
    layer = keras.layers.LSTM(7)
    layer.build((None, None, 11))
    assert training_cost.lstm_parameters(11, 7) == layer.count_params()
    counts = [
        training_cost.build(name, 22050, 10).count_params()
        for name in ("paper-encdec", training_cost.EQUAL)
    ]
    assert counts[1] == pytest.approx(counts[0], rel=0.01)


def test_the_cost_is_measured_in_a_process_of_its_own(tmp_path):
    rng = np.random.default_rng(0)
    np.save(tmp_path / "train.npy", rng.standard_normal((4, 22, 32)).astype(np.float32))
    ballast = np.ones(300_000_000, np.uint8)
    cost = training_cost.cost_in_own_process("lstm-seq2seq", tmp_path / "train.npy")
    assert cost.parameters == training_cost.build("lstm-seq2seq", 32, 2).count_params()
    assert 50 < cost.before_mb <= cost.peak_mb
    assert cost.before_mb < training_cost.peak_mb() - ballast.nbytes / 2e6
    assert cost.epoch_s > 0
    assert cost.epoch_processor_s > 0


def test_a_process_that_fails_is_an_error_with_its_reason(tmp_path):
    (tmp_path / "train.npy").write_bytes(b"no array")  # read before TensorFlow is
    with pytest.raises(RuntimeError, match="ValueError"):
        training_cost.cost_in_own_process("lstm-seq2seq", tmp_path / "train.npy")
