import csv

import numpy as np

from core.extrapolation.paper_encdec_model import build
from training import paper_encdec


def test_shapes_and_sharing():
    model = build(samples=48, seconds_in=4, seconds_out=3, units=(8, 6, 5, 4))
    out = np.asarray(model(np.ones((2, 4, 48), np.float32)))
    assert out.shape == (2, 3, 48)
    dense = 48 * 8 + 8 + 8 * 6 + 6 + 6 * 5 + 5 + 5 * 4 + 4 + 4 * 48 + 48
    mixes = sum(k + 1 for k in (1, 2, 3, 4)) + (4 + 1) + sum(k + 1 for k in (1, 2, 3))
    normalisation = 8 * 4 * (8 + 6 + 5 + 4)
    assert model.count_params() == dense + mixes + normalisation


def test_later_output_depends_on_every_second_of_input():
    model = build(samples=16, seconds_in=3, seconds_out=2, units=(8, 8, 8, 8))
    base = np.random.default_rng(0).standard_normal((1, 3, 16)).astype(np.float32)
    reference = np.asarray(model(base))
    for second in range(3):
        changed = base.copy()
        changed[:, second] += 1.0
        assert np.abs(np.asarray(model(changed)) - reference).max() > 1e-6


def test_two_training_steps_write_loadable_weights(tmp_path, eagerly):
    rng = np.random.default_rng(0)
    sets = [0.1 * rng.standard_normal((n, 6, 32)).astype(np.float32) for n in (4, 2)]
    model = paper_encdec.train(*sets, tmp_path, seconds_in=4, epochs=2)
    rows = list(csv.DictReader((tmp_path / "history.csv").open()))
    assert rows
    assert float(rows[-1]["train_mse"]) > 0
    again = build(samples=32, seconds_in=4, seconds_out=2)
    again.load_weights(tmp_path / "last.weights.h5")
    for kept, loaded in zip(model.weights, again.weights, strict=True):
        np.testing.assert_allclose(kept.numpy(), loaded.numpy(), rtol=2e-3, atol=1e-4)
