"""The hearing networks' training: gradients, shards, examples, and the way to Keras."""

import json

import numpy as np
import pytest

from core.hearing.candidates import FEATURES
from core.hearing.constant_q import BINS, FRAME_S, LOWEST_PITCH
from core.hearing.notes import FINE, NOTE, ONSET, OUTPUTS
from training import perceptron, transcription
from training.transcription_windows import STEP, Shard, places, targets, write_shard


def test_the_slopes_are_those_of_the_loss():
    rng = np.random.default_rng(0)
    weights = [w.astype(np.float64) for w in perceptron.begin((5, 7, 4, 3), rng)]
    weights = [w + 0.1 * rng.standard_normal(w.shape) for w in weights]
    loss = perceptron.sigmoid_loss([3, 1, 0.3])
    batch = (rng.standard_normal((6, 5)), rng.random((6, 3)), rng.random(6) + 0.1)
    _, found = perceptron.slopes(weights, batch, loss)
    for at, slope in enumerate(found):
        for index in np.ndindex(*slope.shape):
            values = []
            for by in (1e-6, -1e-6):
                moved = [w.copy() for w in weights]
                moved[at][index] += by
                values.append(perceptron.slopes(moved, batch, loss)[0])
            assert slope[index] == pytest.approx((values[0] - values[1]) / 2e-6, abs=1e-6)


def test_a_fitted_network_is_the_same_in_keras(tmp_path, monkeypatch):
    from core.hearing.notes_model import build

    rng = np.random.default_rng(1)
    weights = perceptron.begin((FEATURES, 64, 32, OUTPUTS), rng)
    perceptron.write(weights, tmp_path / "best.npz")
    monkeypatch.setattr("sys.argv", [
        "x", str(tmp_path / "best.npz"), "core.hearing.notes_model:build",
        "--config", json.dumps({"places": 8}), "--out", str(tmp_path / "n.weights.h5"),
    ])  # fmt: skip
    perceptron.main()
    model = build(places=8)
    model.load_weights(tmp_path / "n.weights.h5")
    shown = rng.standard_normal((8, FEATURES)).astype(np.float32)
    expected = perceptron.logits_of(weights, shown)[-1]
    np.testing.assert_allclose(np.asarray(model(shown)), expected, atol=0.03)


def example(folder, number, seed=0):
    """A picture in which two tones sound, one after the other."""
    rng = np.random.default_rng(seed)
    levels = np.zeros((60, BINS), np.uint8)
    notes = []
    for start, end, pitch in ((5, 30, 60), (30, 55, 64)):
        for partial, by in enumerate((0, 36, 57, 72)):
            at = 3 * (pitch - LOWEST_PITCH) + 1 + by
            levels[start:end, at] = int((0.9 - 0.1 * partial) * STEP)
        notes.append((start * FRAME_S, end * FRAME_S, pitch, 80.0))
    levels[:, 100:140] = np.maximum(levels[:, 100:140], rng.integers(0, 60, (60, 40)))
    np.savez(folder / f"notes-{number:04d}.npz", levels=levels, notes=np.array(notes),
             cents=np.float64(0), single=np.bool_(True))  # fmt: skip
    return folder / f"notes-{number:04d}.npz"


def test_targets_are_where_notes_begin_and_sound():
    out = targets(np.array([[1.0, 2.0, 60, 80]]), 120, 20.0)
    key, at = 60 - LOWEST_PITCH, round(1.0 / FRAME_S)
    assert out[:, key, ONSET].argmax() in (at - 1, at, at + 1)
    assert out[at + 5 : round(2.0 / FRAME_S) - 1, key, NOTE].all()
    low, middle, high = out[at + 10, key, FINE]
    assert high > middle > low
    out[:, key] = 0
    assert not out.any()


def test_places_name_what_sounds_and_move_with_the_picture(tmp_path):
    from training.transcription_windows import Example

    made = Example(example(tmp_path, 0))
    shown, named, weights = places(made, np.random.default_rng(3))
    assert shown.shape == (len(named), FEATURES)
    assert named.shape == (len(weights), OUTPUTS)
    sounding = named[:, NOTE] > 0
    assert 40 <= sounding.sum() <= 60
    # The pitch itself is loud where a note is said to sound.
    own = shown[:, 5 * 42 + 3 * 4 + 1]
    assert own[sounding].mean() > 0.5 > own[~sounding].mean()


def test_notes_are_learnt_from_shards(tmp_path):
    for split in ("train", "valid"):
        (tmp_path / split).mkdir()
        files = [example(tmp_path / split, n, n) for n in range(16)]
        count = write_shard(files, tmp_path / split / "shard-0", np.random.default_rng(0))
        assert count >= 1024
    batch = next(Shard(tmp_path / "train" / "shard-0-features.npy").batches(256))
    assert batch[0].shape == (256, FEATURES)
    best = transcription.train(tmp_path, tmp_path / "out", minutes=1, steps=40, widths=(16, 8),
                               check_every=10)  # fmt: skip
    rows = (tmp_path / "out" / "history.csv").read_text().splitlines()
    assert best < 0.8 * float(rows[1].split(",")[2])
    assert perceptron.read(tmp_path / "out" / "best.npz")[0].shape == (FEATURES, 16)
