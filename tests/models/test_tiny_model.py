"""The tiny models that visitors train: they learn, tell of it, and come out as numpy reads them."""

import json

import numpy as np
import pytest
import tensorflow as tf

from core.comparing import tiny_model
from core.comparing.layers import weights_of
from core.comparing.network import read
from core.comparing.tiny import KIND, Point

STEPS = 4


@pytest.fixture(autouse=True)
def eager():
    """Tracing a graph takes longer than the few steps that are taken here."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


def test_both_learn_alike_tell_of_it_and_leave_weights(tmp_path, monkeypatch, capsys):
    one_step = tiny_model.Tiny.train

    def steps(self, seconds):
        for _ in range(STEPS):
            one_step(self, 0.0)

    monkeypatch.setattr(tiny_model.Tiny, "train", steps)
    monkeypatch.setattr(tiny_model, "RATE", 0.03)
    tiny_model.main(tmp_path, 5, 0.0)  # the time is up at once: one turn each
    points = [Point(**json.loads(line)) for line in capsys.readouterr().out.splitlines()]
    assert [point.model for point in points] == ["midi-lstm", "midi-vae"]
    sizes = []
    for point in points:
        assert point.patterns == STEPS * tiny_model.BATCH
        assert point.train_nats < 3.0  # of 4.5 for what knows nothing
        assert point.held_out_nats < 3.0
        path = tmp_path / f"{point.model}.weights.h5"
        sizes.append(sum(array.size for array in weights_of(path).values()))
        model = read(path, point.model, KIND)
        drawn = model.sample(2, seed=1)
        assert drawn.shape == (2, 32, 1)
        np.testing.assert_array_equal(drawn, model.sample(2, seed=1))
    assert sizes[0] == pytest.approx(sizes[1], rel=0.05)
