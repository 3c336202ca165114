"""The benchmark's listeners learn what can be learned and guess where nothing can."""

import numpy as np

from benchmarks import sampling_networks
from benchmarks.sampling_networks import detected


def pictures(count, bright, rng):
    base = np.linspace(0, -40 if bright else -10, 80)[:, None]
    return [(base + 3 * rng.standard_normal((80, 188))).astype(np.float32) for _ in range(count)]


def test_a_judge_tells_dull_from_bright(monkeypatch):
    monkeypatch.setattr(sampling_networks, "BATCH", 8)
    rng = np.random.default_rng(0)
    true, dull, more, dull_too = (pictures(16, bright, rng) for bright in (1, 0, 1, 0))
    told = detected((true, dull), (more, dull_too), epochs=15)
    assert set(told) <= {0.0, 0.5, 1.0}
    assert told.mean() > 0.9, told
