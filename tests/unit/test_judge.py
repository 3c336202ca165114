"""The judge and the Fréchet distance: small networks, made-up sounds, no data folder."""

import tomllib
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from benchmarks import frechet, judge, judge_material
from benchmarks.extrapolation import Window
from benchmarks.frechet import TRUE, Embeddings
from benchmarks.judge_figures import FIGURES, JOIN, figures
from benchmarks.judge_material import FRAMES, STORED_FRAMES, Material, code, heard
from benchmarks.judge_model import DESIGNS, build
from benchmarks.results import Results, Row, Table
from core.audio import Clip
from core.judging import embedding
from core.judging.embedding_model import build as build_embedding
from core.metrics import FRECHET_SHRINKAGE, METRICS, frechet_distance
from core.spectrogram import log_mel_db
from tests.unit.sounds import RATE, riff
from training.embedding import draw, retrieval
from training.embedding import train as train_embedding
from training.register import ENTRIES, register


def normal(rng, mean, deviations, count=20000):
    return (mean + rng.standard_normal((count, len(deviations))) * deviations).astype(np.float32)


def test_frechet_distance_of_a_set_from_itself_is_zero_and_grows_with_a_shift():
    vectors = normal(np.random.default_rng(0), 0.0, np.ones(64), 650)
    assert frechet_distance(vectors, vectors) == pytest.approx(0, abs=1e-6)
    shifted = [frechet_distance(vectors + shift, vectors) for shift in (0.1, 0.5, 1.0)]
    np.testing.assert_allclose(shifted, 64 * np.square([0.1, 0.5, 1.0]), rtol=1e-4)


def test_frechet_distance_is_the_closed_form_of_normal_distributions():
    rng = np.random.default_rng(1)
    first, second = np.array([1.0, 2.0, 0.5]), np.array([2.0, 1.0, 0.5])
    found = frechet_distance(normal(rng, 0.0, first), normal(rng, 1.0, second))
    assert found == pytest.approx(3 + ((first - second) ** 2).sum(), rel=0.03)
    # Two correlations of one plane, with the covariances as they are shrunk.
    turned = normal(rng, 0.0, first[:2]) @ (np.array([[1, 1], [-1, 1]]) / np.sqrt(2))
    plain = normal(rng, 0.0, np.sqrt([2.5, 2.5]))
    off = 1.5 * (1 - FRECHET_SHRINKAGE)
    roots = np.sqrt([2.5 + off, 2.5 - off])
    expected = ((roots - np.sqrt(2.5)) ** 2).sum()
    assert frechet_distance(turned, plain) == pytest.approx(expected, rel=0.1)
    assert frechet_distance(plain, turned) == pytest.approx(frechet_distance(turned, plain))


def test_frechet_distance_bears_a_set_without_variety():
    vectors = normal(np.random.default_rng(2), 0.0, np.ones(4), 100)
    still = np.zeros((100, 4), np.float32)
    assert frechet_distance(still, vectors) == pytest.approx(4, rel=0.4)
    with pytest.raises(ValueError, match="at least two"):
        frechet_distance(vectors[:1], vectors)


def test_both_figures_are_in_the_vocabulary():
    assert METRICS["detection_accuracy"].better == "lower"
    assert "track-identity embeddings of one-second patches" in METRICS["frechet_distance"].title


def test_the_true_sound_goes_through_nothing_that_the_generated_one_does_not():
    whole = riff(32.0)
    clip, after = whole.between(0, 20), whole.between(20, 32)
    true = heard(clip, after)
    assert true.shape == (STORED_FRAMES, 80)
    np.testing.assert_array_equal(true, heard(clip, after.between(0, 10)))
    # The join leaves no trace: this is the whole sound's own spectrogram, but for 16 bits.
    expected = log_mel_db(whole.between(14.75, 30).scaled(0.9 / clip.peak()))[:, :STORED_FRAMES].T
    assert np.abs(true - expected)[expected > -40].max() < 0.1
    silent = heard(clip, after.scaled(0.0))
    np.testing.assert_array_equal(true[: 5 * 43], silent[: 5 * 43])
    assert silent[240:].max() == -60


def test_material_is_made_once_and_again_when_code_or_weights_change(tmp_path, monkeypatch):
    window = Window("a", "a", riff(20.0), riff(10.0))
    calls = []

    def make(window, seed):
        calls.append(seed)
        return window.actual

    (tmp_path / "audio").mkdir()
    (tmp_path / "audio" / "index.csv").write_text("id\n")
    monkeypatch.setattr(judge_material, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(judge_material, "load", lambda *_: [window])
    monkeypatch.setitem(judge_material.RUNGS, "ceiling", make)
    first = judge_material.material(tmp_path, "ceiling", "test")
    np.testing.assert_array_equal(first.true, first.made)
    again = judge_material.material(tmp_path, "ceiling", "test")
    np.testing.assert_array_equal(first.made, again.made)
    assert (calls, again.tracks) == ([0], ["a"])
    (tmp_path / "audio" / "index.csv").write_text("id\nb\n")
    judge_material.material(tmp_path, "ceiling", "test")
    assert calls == [0, 0]


def test_the_code_of_an_engine_is_what_it_imports():
    names = {path.name for path in code(["core.extrapolation.loop"])}
    assert {"loop.py", "features.py", "render.py", "audio.py", "spectrogram.py"} <= names
    assert not {"paper_encdec.py", "extrapolation.py"} & names


def pairs(count, seed, difference_db):
    """True ones are noise about -20 dB, made ones the same number of dB louder."""
    rng = np.random.default_rng(seed)
    true = rng.normal(-20, 8, (count, STORED_FRAMES, 80)).astype(np.float16)
    made = rng.normal(-20, 8, true.shape) + difference_db
    made[:, : STORED_FRAMES // 3] = true[:, : STORED_FRAMES // 3]
    return Material([str(i // 2) for i in range(count)], true, made.astype(np.float16))


def test_both_sounds_of_a_pair_are_augmented_alike():
    found = pairs(4, 0, 0.0)
    same = Material(found.tracks, found.true, found.true)
    sounds, labels = judge.augmented(same, np.arange(4), np.random.default_rng(0))
    assert sounds.shape == (8, FRAMES, 80)
    np.testing.assert_array_equal(sounds[:4], sounds[4:])
    np.testing.assert_array_equal(labels[:, 0], [1] * 4 + [0] * 4)
    other, _ = judge.augmented(same, np.arange(4), np.random.default_rng(1))
    assert np.abs(other - sounds).mean() > 1


@pytest.mark.parametrize("design", DESIGNS)
def test_a_judge_is_small_and_gives_one_logit(design):
    model = build(design)
    assert model.count_params() <= 300_000
    assert model.output_shape == (None, 1)


def test_every_layer_of_a_judge_learns():
    model = build("both")
    before = model.get_weights()
    model.compile("adam", judge.keras.losses.BinaryCrossentropy(from_logits=True))
    batch = judge.augmented(pairs(2, 0, 6.0), np.arange(2), np.random.default_rng(0))
    losses = [float(model.train_on_batch(*batch)) for _ in range(2)]
    assert np.isfinite(losses).all()
    moved = [np.abs(a - b).max() for a, b in zip(before, model.get_weights(), strict=True)]
    assert min(moved) > 0


def test_pairs_that_are_the_same_are_told_at_chance():
    found = pairs(6, 3, 0.0)
    same = Material(found.tracks, found.true, found.true)
    result = judge.verdict("similarity", [same, same, same], epochs=1)
    np.testing.assert_array_equal(result.accuracies, 0.5)
    assert result.valid_accuracy == 0.5


def test_figures_tell_a_smoother_spectrum_and_nothing_where_there_is_nothing_to_tell():
    def smoothed(count, seed):
        found = pairs(count, seed, 0.0)
        made = found.true.astype(np.float32)
        made[:, JOIN:, 1:] = (made[:, JOIN:, 1:] + made[:, JOIN:, :-1]) / 2
        return Material(found.tracks, found.true, made.astype(np.float16))

    result = judge.verdict(FIGURES, [smoothed(12, 1), smoothed(6, 2), smoothed(6, 3)])
    assert (result.valid_accuracy, result.epoch) == (1.0, 0)
    np.testing.assert_array_equal(result.accuracies, 1.0)
    same = pairs(8, 4, 0.0)
    same = Material(same.tracks, same.true, same.true)
    np.testing.assert_array_equal(judge.verdict(FIGURES, [same, same, same]).accuracies, 0.5)


def test_a_copy_of_the_clips_end_is_as_near_to_it_as_can_be():
    sound = pairs(1, 5, 0.0).true[0].astype(np.float32)
    apart = figures(sound)
    sound[JOIN : JOIN + 200] = sound[JOIN - 200 : JOIN]
    copied = figures(sound)
    assert len(copied) == 6 * 8 + 3
    assert copied[-2] < 0.1
    assert apart[-2] > 4


def test_the_design_that_detects_best_on_validation_counts(monkeypatch):
    def verdict(design, sets, epochs):
        known = np.array([True, design == "both"])
        return judge.Verdict(design, 0.6 + 0.1 * (design == "both"), 3, 1.0, known, known)

    monkeypatch.setattr(judge, "verdict", verdict)
    monkeypatch.setattr(judge, "material", lambda *_: pairs(2, 0, 0.0))
    monkeypatch.setattr(judge, "load", lambda *_: [Window("a", "a", riff(2.0), riff(2.0))])
    results = judge.run(Path(), wanted=["rungs"], designs=DESIGNS)
    assert [row.name for row in results.rows] == list(judge_material.RUNGS)
    assert all(row.metrics["detection_accuracy"]["mean"] == 1 for row in results.rows)
    lines = [list(line) for line in results.tables[0].rows]
    assert [line[1] for line in lines if line[2]] == ["both", "both"]
    assert len(lines) == 2 * len(DESIGNS)
    assert "0.700" in results.text()


def test_what_is_not_judged_again_is_kept_with_the_commit_it_is_of():
    def outcome(figures, commit):
        rows = [Row(n, "engine", {"detection_accuracy": {"mean": f}}) for n, f in figures.items()]
        lines = [[name, figure, commit] for name, figure in figures.items()]
        table = Table("Judges", "", ["continuations by", "accuracy", "commit"], lines)
        return Results("judge", "audio/test", 4, rows, [table], commit=commit)

    before = asdict(outcome({"loop": 0.9, "structure": 0.7}, "old"))
    now = judge.kept(outcome({"structure": 0.6, "spectral": 0.8}, "new"), before)
    assert now.commit == "new"
    means = {row.name: row.metrics["detection_accuracy"]["mean"] for row in now.rows}
    assert means == {"loop": 0.9, "structure": 0.6, "spectral": 0.8}
    expected = [["loop", 0.9, "old"], ["structure", 0.6, "new"], ["spectral", 0.8, "new"]]
    assert now.tables[0].rows == expected
    before["tables"][0]["columns"].pop()
    before["tables"][0]["rows"] = [line[:2] for line in before["tables"][0]["rows"]]
    assert judge.kept(outcome({"structure": 0.6}, "new"), before).tables[0].rows == expected[:2]
    with pytest.raises(ValueError, match="other tracks"):
        judge.kept(outcome({"structure": 0.6}, "new"), before | {"data": "audio/valid"})


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A weights folder with an embedding trained for two steps."""
    folder = tmp_path_factory.mktemp("weights")
    rng = np.random.default_rng(0)
    sources = [rng.normal(-20, 8, (80, 600)).astype(np.float16) for _ in range(3)]
    train_embedding(sources, folder / "run", steps=2)
    entry = tomllib.loads((ENTRIES / "embedding.toml").read_text(encoding="utf-8"))
    register(folder / "run" / "last.weights.h5", "embedding", entry, folder)
    return folder


@pytest.fixture
def registered(folder, monkeypatch):
    monkeypatch.setenv("ENCORE_WEIGHTS_DIR", str(folder))
    return folder


def test_embedding_gives_a_point_for_each_second(registered):
    points = embedding.embed(riff(12.0))
    assert (points.shape, points.dtype) == ((12, 64), np.float32)
    # Each second's point is its own, whatever stands in the same batch.
    np.testing.assert_allclose(embedding.embed(riff(3.0))[:2], points[:2], atol=1e-4)
    assert embedding.embed(riff(0.5)).shape == (0, 64)
    assert embedding.embed(Clip(np.zeros((1, 2 * RATE)), RATE)).shape == (2, 64)
    assert build_embedding().count_params() <= 400_000
    assert (registered / "run" / "history.csv").read_text().count("\n") == 2


def test_embeddings_of_a_benchmark_give_a_distance_with_an_interval(registered, monkeypatch):
    monkeypatch.setattr(frechet, "DRAWS", 20)
    log = Embeddings()
    for track in ("a", "b", "c"):
        clip, actual = riff(4.0), riff(5.0, period_s=2.0 + ord(track) % 7)
        log.add(TRUE, track, clip, actual, actual)
        log.add("copy", track, clip, actual, actual)
        log.add("noise", track, clip, Clip(actual.samples[:, ::-1] * 0.1, RATE), actual)
    assert log.interval("copy") == pytest.approx({"mean": 0, "low": 0, "high": 0}, abs=1e-3)
    noise = log.interval("noise")
    assert 0 <= noise["low"] <= noise["mean"] <= noise["high"]
    assert noise["mean"] > 0.01
    assert log.interval("nobody") is None


def test_without_the_weights_there_is_no_distance(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("ENCORE_WEIGHTS_DIR", str(tmp_path))
    log = Embeddings()
    for name in (TRUE, "copy"):
        log.add(name, "a", riff(2.0), riff(2.0), riff(2.0))
    assert log.interval("copy") is None
    assert capsys.readouterr().out.count("no Fréchet distance") == 1


def test_patches_are_drawn_from_the_part_that_is_theirs():
    log_mel = np.tile(np.arange(600, dtype=np.float16) - 40, (80, 1))
    rng = np.random.default_rng(0)
    held, classes = draw([log_mel, log_mel], rng, 50, held_out=True)
    assert held.shape == (50, 43, 80)
    assert held.min() >= 600 - 216 - 40
    assert set(classes) == {0, 1}
    seconds = embedding.patches(log_mel_db(riff(10.0)))
    assert seconds.shape == (10, 43, 80)


def test_retrieval_counts_tracks_that_find_themselves():
    rng = np.random.default_rng(0)
    apart = [rng.normal(10 * i, 1, (20, 4)) for i in range(5)]
    assert retrieval(apart) == 1
    crossed = [np.concatenate([a[:10], b[10:]]) for a, b in zip(apart, apart[::-1], strict=True)]
    assert retrieval(crossed) == pytest.approx(0.2)
