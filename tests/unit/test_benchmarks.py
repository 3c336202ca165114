import json

import numpy as np
import pytest

from benchmarks import extrapolation, rungs
from benchmarks.results import Results, Table, summarise
from core.audio import encode_flac
from core.metrics import continuation_metrics
from tests.unit.sounds import riff


def test_best_path_follows_the_diagonal_until_a_jump_pays():
    costs = np.ones((6, 20))
    for t in range(6):
        costs[t, 4 + t if t < 3 else 10 + t] = 0
    np.testing.assert_array_equal(rungs.best_path(costs, 0.5), [4, 5, 6, 13, 14, 15])
    assert (np.diff(rungs.best_path(costs, 50.0)) == 1).all()


def test_the_ceiling_is_under_every_other_rung():
    whole = riff(18.0, period_s=3.0)
    before, after = whole.between(0, 8), whole.between(8, 18)
    distance = {
        name: continuation_metrics(before, made, after)["log_mel_distance_db"]
        for name, made in (
            ("ceiling", rungs.ceiling(before, after)),
            ("repeat", rungs.repeat_last(before, 7.0)),
            ("noise", rungs.noise(before, 10.0, seed=0)),
            ("silence", rungs.silence(before, 10.0)),
        )
    }
    assert distance["ceiling"] < min(v for k, v in distance.items() if k != "ceiling")


def test_results_are_written_whole_and_without_nan(tmp_path):
    row = summarise("x", "engine", [{"beat_f": float("nan"), "relative_mse": 1.5}] * 3, list("abc"))
    table = Table("T", "n", ["a"], [[float("inf")]])
    results = Results("extrapolation", "d", 3, [row], [table])
    results.write(tmp_path / "r.json")
    read = json.loads((tmp_path / "r.json").read_text())
    assert read["rows"][0]["metrics"]["relative_mse"] == {"mean": 1.5, "low": 1.5, "high": 1.5}
    assert read["rows"][0]["metrics"]["beat_f"]["mean"] is None
    assert "1.50 [1.50, 1.50]" in results.text()


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "audio"
    folder.mkdir()
    lines = ["id,path,split,group"]
    for name, period in (("a", 3.0), ("b", 4.0)):
        (folder / f"{name}.flac").write_bytes(encode_flac(riff(31.0, period_s=period)))
        lines.append(f"{name},audio/{name}.flac,test,{name}")
    (folder / "index.csv").write_text("\n".join(lines) + "\n")
    return tmp_path


def test_the_benchmark_ranks_loop_over_repeating_on_periodic_music(data):
    results = extrapolation.run(data, wanted=["loop"])
    mean = {row.name: row.metrics["log_mel_distance_db"]["mean"] for row in results.rows}
    assert results.items == 2
    assert mean["loop"] < 1.0
    assert min(v for k, v in mean.items() if k not in ("loop", "ceiling")) > 5.0
    compute = [row.name for row in results.rows if "compute_ratio" in row.metrics]
    assert compute == ["loop"]
