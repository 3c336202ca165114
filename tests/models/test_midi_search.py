"""Two steps of the studies of small trainings, and their log."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf

from benchmarks import comparison_logs, comparison_training
from benchmarks.results import Chart, Results, Table
from core.comparing.patterns import KINDS
from training import midi_search, midi_search_plan
from training.midi_fit import Config
from training.midi_patterns import Patterns
from training.midi_search import Data, config_of, rows_of, search, trained
from training.midi_search_plan import LSTM, SPACES, VAE, Run, fixed
from training.midi_search_variants import FLAT, NO_PLACE, STEADY, in_any_key, variant

KIND = KINDS["melody-2"]
TINY = {
    LSTM: {"units": 6, "depth": 1, "embedding": 4, "width": 5, "dropout": 0.1, "peak": 4e-3},
    VAE: {
        "units": 6, "reader": 4, "conductor": 5, "latent": 3, "embedding": 4, "width": 5,
        "direct": True, "dropout": 0.1, "peak": 4e-3, "hidden": 0.1, "divergence": 0.2,
        "free_nats": 0.0,
    },
}  # fmt: skip


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(midi_search, "BASE", TINY)
    monkeypatch.setattr(midi_search, "BATCH", 8)
    monkeypatch.setattr(midi_search, "VALID", 8)


@pytest.fixture
def eagerly():
    """So short a training takes longer to compile than to run."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


def patterns(count, pieces):
    rng = np.random.default_rng(count)
    tokens = rng.choice([0, 0, 1, 40, 44], (count, KIND.steps, 1))
    names = np.array([f"piece {n % pieces}" for n in range(count)])
    return Patterns(tokens, names, names, names)


def data():
    return Data.of(patterns(40, 10), patterns(12, 3), pieces=8)


def test_folds_part_the_pieces_of_a_small_set():
    found = data()
    assert len(found.train) == 32
    assert len(found.valid) == 8
    for fold in range(midi_search_plan.FOLDS):
        here = {tokens.tobytes() for tokens in found.train[found.folds == fold]}
        there = {tokens.tobytes() for tokens in found.train[found.folds != fold]}
        assert here
        assert not here & there


def test_the_plan_names_each_run_once_and_stays_in_its_space():
    runs = fixed()
    assert len({run.name for run in runs}) == len(runs)
    for model in (LSTM, VAE):
        assert {run.study for run in runs if run.model == model} == {
            "search", "folds", "ablation", "sensitivity",
        }  # fmt: skip
        for run in midi_search_plan.random(model):
            assert set(run.settings) == set(SPACES[model])
            config = config_of(run, 2)
            assert isinstance(config, Config)
            assert 1e-3 <= config.peak <= 2e-2
    assert midi_search_plan.random(VAE) == midi_search_plan.random(VAE)
    assert len(midi_search_plan.grid(LSTM)) == 8


def test_music_moves_to_other_keys_as_a_whole():
    tokens = patterns(20, 2).tokens
    moved = in_any_key(tokens, KIND)
    np.testing.assert_array_equal(moved < 2, tokens < 2)
    shift = np.where(tokens >= 2, moved - tokens, 0)
    assert {len(set(row[row != 0])) for row in shift.reshape(20, -1)} <= {0, 1}
    assert shift.any()
    low = np.full((1, 32, 1), 2)
    assert (in_any_key(np.repeat(low, 9, axis=0), KIND) >= 2).all()


def test_networks_without_a_part_have_the_same_weights():
    config = config_of(Run("ablation", "x", VAE), 2)
    whole = variant(config)
    assert whole.eye.place.numpy().any()
    for without in (FLAT, STEADY, NO_PLACE):
        made = variant(config, without)
        assert made.count_params() == whole.count_params()
        if without != NO_PLACE:
            assert made(patterns(1, 1).tokens).shape == (1, KIND.steps, KIND.sizes[0])
    assert not made.eye.place.numpy().any()
    assert not made.ear.place.trainable
    plan = variant(config, STEADY).bar_plan(np.ones((1, 5), np.float32)).numpy().reshape(16, 4)
    np.testing.assert_allclose(plan, np.repeat(plan[:1], 16, axis=0), rtol=1e-6)


def test_a_run_trains_what_its_settings_say(eagerly):
    row = trained(Run("ablation", "pieces in any key", VAE, {"any_key": True}, 1, 1), data(), 1)
    parts = row["valid_reconstruction"] + row["valid_divergence"]
    assert row["valid_nats"] == pytest.approx(parts, abs=2e-4)
    assert 3.0 < row["valid_nats"] < 6.0
    assert [row[name] for name in ("steps", "seed", "fold")] == [1, 1, -1]
    assert list(row) == list(midi_search.COLUMNS)


def fake_fit(config, train, valid, *, make):
    """As long a history as is read; nats tell runs apart."""
    make(config)
    nats = config.peak * 100 + len(train) / 100 + len(np.unique(train)) / 1e4
    divergence = 0.25 if config.model == VAE else 0.0
    return [
        {
            "train_nats": nats, "valid_nats": nats + divergence,
            "valid_reconstruction": nats, "valid_divergence": divergence,
        }
    ]  # fmt: skip


def test_a_search_writes_its_log_and_goes_on_from_it(tmp_path, monkeypatch):
    monkeypatch.setattr(midi_search, "fit", fake_fit)
    small = SimpleNamespace(count_params=lambda: 7)
    monkeypatch.setattr(midi_search.midi_search_variants, "variant", lambda *_: small)
    log, found = tmp_path / "log.csv", data()
    runs = [
        Run("ablation", "as it is", VAE),
        Run("ablation", "pieces in any key", VAE, {"any_key": True}),
        Run("folds", "fold 1", LSTM, fold=0),
        Run("folds", "fold 1", VAE, fold=0),
        Run("search", "grid", LSTM, {"peak": 2e-3}),
        Run("sensitivity", "peak", VAE, {"peak": 2e-3}),
    ]
    monkeypatch.setattr(midi_search, "fixed", lambda: runs)
    monkeypatch.setattr(midi_search, "tpe_runs", lambda model, log: iter(()))
    search(found, log, steps=2, wanted=("ablation",))
    first = rows_of(log)
    assert [row["run"] for row in first] == [run.name for run in runs[:2]]
    search(found, log, steps=2)
    rows = rows_of(log)
    assert rows[:2] == first
    assert [row["run"] for row in rows] == [run.name for run in runs]
    for row in rows:
        assert (row["steps"], row["parameters"]) == ("2", "7")
    assert json.loads(rows[4]["settings"]) == {"peak": 2e-3}
    tables, charts = comparison_training.studies(log)
    assert [table.title for table in tables] == [
        "Search for settings", "Cross-validation by piece", "Ablations", "Sensitivity",
    ]  # fmt: skip
    by_title = {table.title: table.rows for table in tables}
    assert by_title["Search for settings"][0][7] == f"{float(rows[4]['valid_nats']):.3f}"
    assert by_title["Cross-validation by piece"][0][3] == pytest.approx(
        f"{float(rows[2]['valid_nats']) - float(rows[3]['valid_nats']):.3f}"
    )
    gap = float(rows[1]["valid_nats"]) - float(rows[0]["valid_nats"])
    assert by_title["Ablations"][1][-1] == f"{gap:+.3f}"
    assert [line[2] for line in by_title["Sensitivity"]] == ["0.002", "0.004"]
    assert [chart.title for chart in charts] == [
        "Search: the best so far", "Sensitivity of midi-vae: peak",
    ]  # fmt: skip


def test_curves_are_those_of_the_logs(tmp_path, monkeypatch):
    spec = SimpleNamespace(headline={"value": 1.7501})
    monkeypatch.setattr(comparison_training, "models", lambda: {"midi-vae-melody-2": spec})
    (tmp_path / "midi-vae-melody-2.csv").write_text(
        "epoch,minutes,train_nats,valid_nats,valid_reconstruction,valid_divergence,loss\n"
        "1,1.5,2.5,2.25,2,.25,2\n2,3,1.5,1.75,1.5,.25,1\n3,4.5,1.25,2,1.75,.25,3\n"
    )
    tables, charts = comparison_training.curves(tmp_path)
    assert [len(chart.points) for chart in charts] == [6]
    assert {point["series"] for point in charts[0].points} == {
        "midi-vae, training", "midi-vae, validation",
    }  # fmt: skip
    assert tables[0].rows[0][1:6] == ["midi-vae", "3", "4.5", "2", "1.500"]
    monkeypatch.setattr(comparison_training, "models", dict)
    assert comparison_training.curves(tmp_path)[0][0].rows[0][4] == "3"
    assert comparison_training.curves(tmp_path / "none") == ([], [])
    assert comparison_training.studies(tmp_path / "none.csv") == ([], [])


def test_what_the_logs_say_is_renewed_and_what_was_measured_stays(monkeypatch):
    measured = {"title": "The space of the VAE", "note": "", "columns": ["a"], "rows": [["1"]]}
    old = {"title": "Ablations", "note": "", "columns": ["a"], "rows": [["old"]]}
    found = {"commit": "0" * 12, "date": "2026-01-01", "tables": [measured, old], "charts": [{}]}
    fresh = Table("Ablations", "From logs.", ["a"], [["new"]])
    chart = Chart("Loss", "", "epoch", "nats", [{"x": 1, "y": 2.0, "series": "s"}])
    monkeypatch.setattr(comparison_training, "curves", lambda: ([], [chart]))
    monkeypatch.setattr(comparison_training, "studies", lambda: ([fresh], []))
    new = comparison_logs.renewed(found)
    assert (new["commit"], new["date"]) == (found["commit"], found["date"])
    assert new["tables"][0] == measured
    assert [one["rows"] for one in new["tables"][1:]] == [[["new"]]]
    assert "Made from the logs anew" in new["tables"][1]["note"]
    assert [one["title"] for one in new["charts"]] == ["Loss"]
    again = comparison_logs.renewed(found | {"commit": Results("", "", 0, []).commit})
    assert again["tables"][1]["note"] == "From logs."


def test_optuna_goes_on_from_the_log(tmp_path):
    pytest.importorskip("optuna")
    log = tmp_path / "log.csv"
    proposed = []
    for run in midi_search.tpe_runs(VAE, log):
        proposed.append(run)
        row = dict.fromkeys(midi_search.COLUMNS, 0) | {
            "run": run.name, "model": VAE, "method": "TPE",
            "settings": json.dumps(run.settings), "valid_nats": run.settings["hidden"],
        }  # fmt: skip
        midi_search.append(log, row)
    assert [run.number for run in proposed] == list(range(midi_search_plan.TPE_RUNS))
    assert list(midi_search.tpe_runs(VAE, log)) == []
