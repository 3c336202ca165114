"""Each shipped weight file gives what it gave when it was entered: golden outputs within 1e-4.

`python -m tests.models.test_golden` writes them anew, after a deliberate change of weights.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from core.loaders import load_model
from core.registry import models

GOLDEN = Path(__file__).with_name("golden")


def summary(model_id):
    """Statistics and a few values of the model's output on a fixed input of its own shape."""
    spec = models()[model_id]
    rng = np.random.default_rng(0)
    out = load_model(model_id)(0.1 * rng.standard_normal(spec.input_shape).astype(np.float32))
    flat = out.reshape(-1).astype(np.float64)
    picked = flat[:: max(len(flat) // 64, 1)][:64]
    return {
        "sha256": spec.sha256,
        "shape": list(out.shape),
        "mean": float(flat.mean()),
        "rms": float(np.sqrt(np.mean(flat**2))),
        "values": [round(float(v), 7) for v in picked],
    }


@pytest.mark.parametrize("model_id", sorted(models()))
def test_shipped_weights_give_the_golden_output(model_id):
    golden = json.loads((GOLDEN / f"{model_id}.json").read_text())
    now = summary(model_id)
    assert now["sha256"] == golden["sha256"], "new weights: write the golden file anew"
    assert now["shape"] == golden["shape"]
    assert now["rms"] > 1e-6
    np.testing.assert_allclose(now["values"], golden["values"], atol=1e-4)
    np.testing.assert_allclose(now["rms"], golden["rms"], atol=1e-4)


if __name__ == "__main__":
    for each in models():
        (GOLDEN / f"{each}.json").write_text(json.dumps(summary(each), indent=1) + "\n")
