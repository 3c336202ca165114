"""The tiny models that visitors train: they learn, tell of it, and come out as numpy reads them."""

import json

import numpy as np
import pytest
import tensorflow as tf

from core.comparing import tiny_model
from core.comparing.network import read
from core.comparing.tiny import KIND, Point


@pytest.fixture(autouse=True)
def eager():
    """Tracing a graph takes longer than the few steps that are taken here."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


def test_either_has_the_same_size_and_learns_from_a_few_patterns():
    train, held_out = tiny_model.corpus()
    sizes = []
    for name in ("midi-lstm", "midi-vae"):
        one = tiny_model.Tiny(name, 0, train[:256], held_out[:64])
        sizes.append(sum(int(np.prod(w.shape)) for w in one.network.trainable_variables))
        before = one.point()
        for _ in range(8):
            one.train(0.0)
        after = one.point()
        assert after["patterns"] == 8 * tiny_model.BATCH
        assert after["train_nats"] < 0.8 * before["train_nats"]
        assert after["held_out_nats"] < 0.8 * before["held_out_nats"]
    assert sizes[0] == pytest.approx(sizes[1], rel=0.01)


def test_the_process_tells_points_and_leaves_weights(tmp_path, capsys):
    tiny_model.main(tmp_path, 5, 0.0)  # the time is up at once: a step each
    points = [Point(**json.loads(line)) for line in capsys.readouterr().out.splitlines()]
    assert [point.model for point in points] == ["midi-lstm", "midi-vae"]
    for point in points:
        assert 0 < point.held_out_nats < 6
        model = read(tmp_path / f"{point.model}.weights.h5", point.model, KIND)
        drawn = model.sample(2, seed=1)
        assert drawn.shape == (2, 32, 1)
        np.testing.assert_array_equal(drawn, model.sample(2, seed=1))
