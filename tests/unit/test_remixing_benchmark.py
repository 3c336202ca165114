"""The benchmark of remixers on made-up pieces: rungs, judge, tables, engines by whatever name."""

from contextlib import redirect_stdout
from dataclasses import replace
from functools import cache
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from benchmarks import remix_judge, remix_real, remix_rungs, remixing
from benchmarks.remix_judge import Pairs, augmented, detected, named_rightly
from core.audio import Clip
from core.engines import EngineInfo
from core.errors import ModelUnavailableError, UserInputError
from core.remix_metrics import RATE, band
from core.remixing.stems import MIX, STEMS, Stems
from tests.unit.stems import band_piece

SECONDS = 2.0


@cache
def pieces(count=3, split="test"):
    return [
        band_piece(SECONDS, name=f"{split}{index}", split=split, transpose=2 * index)
        for index in range(count)
    ]


def test_the_rungs_are_what_they_are_called():
    found = pieces()
    solo = found[1].solo
    assert not band(remix_rungs.silence(1, found)).any()
    noise = band(remix_rungs.noise(1, found))
    assert noise.std() == pytest.approx(solo.std(), rel=0.03)
    np.testing.assert_allclose(band(remix_rungs.solo_copy(1, found)), solo, atol=1e-6)
    np.testing.assert_array_equal(remix_rungs.truth(1, found)["bass"], found[1].stems["bass"])
    mixed = remix_rungs.truth_mixed(1, found)
    assert list(mixed) == [MIX]
    np.testing.assert_allclose(mixed[MIX], band(found[1].stems))
    for name, rung in remix_rungs.RUNGS.items():
        made = rung(1, found)
        assert {len(samples) for samples in made.values()} == {len(solo)}, name
        assert set(made) in ({MIX}, set(STEMS)), name


def test_another_piece_is_the_nearest_in_tempo_of_its_metre_and_another_group():
    mine = band_piece(SECONDS, name="mine", start_s=0.2)
    same_group = replace(mine, id="twin")
    near_waltz = band_piece(SECONDS, name="waltz", metre=(3, 4))
    slow = band_piece(SECONDS, name="slow", beat_s=0.8)
    near = band_piece(SECONDS, name="near", beat_s=0.52, start_s=0.5, transpose=5)
    made = remix_rungs.another(0, [mine, same_group, near_waltz, slow, near])
    # Both first downbeats fall together, so the other piece starts .3 s earlier.
    shift = round(0.3 * RATE)
    np.testing.assert_array_equal(made["bass"][:-shift], near.stems["bass"][shift:])
    assert not made["bass"][-shift:].any()
    back = remix_rungs.another(1, [mine, near])
    np.testing.assert_array_equal(back["drums"][shift:], mine.stems["drums"][:-shift])
    assert not back["drums"][:shift].any()
    only_other_metre = remix_rungs.another(0, [mine, near_waltz])
    assert band(only_other_metre).any()
    assert not band(remix_rungs.another(0, [mine, same_group])).any()


def test_recordings_whose_tempo_is_unknown_take_the_first_other_song():
    found = [replace(each, tempo_bpm=0.0, beats=np.zeros((0, 2))) for each in pieces()]
    made = remix_rungs.another(2, found)
    np.testing.assert_array_equal(made["piano"], found[0].stems["piano"])


def test_an_excerpt_is_a_part_of_everything():
    whole = band_piece(4.0)
    cut = remixing.excerpt(whole, 1.25, 1.5)
    first = round(1.25 * RATE)
    np.testing.assert_array_equal(cut.stems["bass"], whole.stems["bass"][first:][: len(cut.solo)])
    assert len(cut.solo) == round(1.5 * RATE)
    np.testing.assert_allclose(cut.beats, [[0.25, 3], [0.75, 0], [1.25, 1]])
    np.testing.assert_allclose(
        cut.notes["bass"][:, :2], [[t, t + 0.5] for t in (-0.25, 0.25, 0.75, 1.25)]
    )
    assert cut.start_s == whole.start_s + 1.25


def test_pieces_are_cut_into_excerpts_and_rendered_where_there_are_none(tmp_path, monkeypatch):
    quiet = replace(band_piece(4.5, name="quiet"), solo=np.zeros(round(4.5 * RATE), np.float32))
    asked = []

    def build(data, out, *, split, limit, subsets):
        asked.append((split, limit, subsets))
        (out / split).mkdir(parents=True)
        (out / split / "index.json").write_text("{}")

    monkeypatch.setattr(remixing, "STORE", tmp_path / "stems")
    monkeypatch.setattr(remixing, "SECONDS", SECONDS)
    monkeypatch.setattr(remixing, "EXCERPTS", 3)
    monkeypatch.setattr(remixing.remix_stems, "build", build)
    monkeypatch.setattr(remixing.remix_stems, "load", lambda *_: [band_piece(4.5), quiet])
    for _ in range(2):
        found = remixing.load(tmp_path, "valid", 7)
    assert [piece.start_s for piece in found] == [0, SECONDS]
    monkeypatch.setattr(remixing, "EXCERPTS", 1)
    assert [piece.start_s for piece in remixing.load(tmp_path, "valid", 7)] == [0]
    assert asked == [("valid", 7, remixing.SUBSETS)]


def noise_pairs(count, seed, difference_db, frames=33):
    """A solo of noise, and a band that is the solo's picture; made ones are off by some dB."""
    rng = np.random.default_rng(seed)
    solo = rng.normal(-20, 8, (count, frames, 80)).astype(np.float16)
    return Pairs(solo, solo, (solo + difference_db).astype(np.float16))


def test_solo_and_both_bands_are_augmented_alike():
    sounds, labels = augmented(noise_pairs(4, 0, 0.0), np.arange(4), np.random.default_rng(0))
    assert sounds.shape == (8, 33, 80, 2)
    np.testing.assert_array_equal(labels[:, 0], [1] * 4 + [0] * 4)
    np.testing.assert_array_equal(sounds[:4], sounds[4:])
    np.testing.assert_array_equal(sounds[..., 0], sounds[..., 1])


def test_equal_bands_are_told_at_chance():
    same = noise_pairs(6, 1, 0.0)
    judge = remix_judge.build(33)
    assert judge.count_params() <= 100_000
    np.testing.assert_array_equal(named_rightly(judge, same), 0.5)


@pytest.fixture
def eagerly():
    """So short a training takes longer to compile than to run."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


def test_a_judge_learns_in_every_layer_what_bands_are_like(monkeypatch, eagerly):
    fresh = []

    def build(frames):
        judge = remix_judge_build(frames)
        fresh.append((judge, judge.get_weights()))
        return judge

    remix_judge_build = remix_judge.build
    monkeypatch.setattr(remix_judge, "build", build)
    sets = [noise_pairs(24, seed, -30.0) for seed in range(3)]
    assert detected(*sets, epochs=4).mean() > 0.9
    ((judge, before),) = fresh
    moved = [np.abs(a - b).max() for a, b in zip(before, judge.get_weights(), strict=True)]
    assert min(moved) > 0


class Player:
    """A remixer that plays what it was told to, or fails to."""

    def __init__(self, stems=STEMS, rate=RATE, fails=None):
        self.stems, self.rate, self.fails = stems, rate, fails

    def remix(self, solo, *, seed, progress=None):
        if self.fails:
            raise self.fails
        half = Clip(solo.samples * np.float32(0.5), solo.sample_rate).resampled(self.rate)
        return Stems(dict.fromkeys(self.stems, half))


PLAYERS = {
    "four": Player(),
    "one": Player((MIX,), rate=44100),
    "shy": Player(fails=UserInputError("no")),
    "absent": Player(fails=ModelUnavailableError("gone")),
}


def sharp_ear(training, validation, measured):
    """A judge that hears every difference, once it has heard as many pieces as it should."""
    assert (len(training.solo), len(validation.solo)) == (4, 3)
    assert not np.array_equal(measured.solo[0], measured.solo[1])
    different = (measured.true != measured.made).any(axis=(1, 2))
    return 0.5 + 0.5 * different


@pytest.fixture(scope="module")
def outcome():
    """(results, what was printed): made-up pieces and recordings, PLAYERS, a judge by rule."""
    infos = [EngineInfo("remix", name, name, "", False, None, "") for name in PLAYERS]
    recorded = [replace(p, tempo_bpm=0.0, beats=np.zeros((0, 2))) for p in pieces(2)]
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(StringIO()) as printed:
        patch.setattr(remixing, "engines", lambda job: infos)
        patch.setattr(remixing, "remixer", PLAYERS.__getitem__)
        patch.setattr(remixing, "load", lambda data, split, limit: pieces(limit, split))
        patch.setattr(remixing, "SECONDS", SECONDS)
        patch.setattr(remixing, "PIECES", {"train": 4, "valid": 3, "test": 3})
        patch.setattr(remix_judge, "detected", sharp_ear)
        patch.setattr(remix_real, "real_pieces", lambda *_: recorded)
        return remixing.run(Path()), printed.getvalue()


def mean(results, name, metric):
    (row,) = (row for row in results.rows if row.name == name)
    return row.metrics[metric]["mean"] if metric in row.metrics else None


def test_every_rung_and_every_engine_that_runs_is_measured(outcome, tmp_path):
    results, printed = outcome
    assert [row.name for row in results.rows] == [*remix_rungs.RUNGS, "four", "one", "shy"]
    assert "absent: gone" in printed
    assert results.items == 3
    timed = [row.name for row in results.rows if "compute_ratio" in row.metrics]
    assert timed == ["four", "one", "shy"]
    assert 0 < mean(results, "four", "compute_ratio") < 10
    assert "Recorded songs" in results.text()
    results.write(tmp_path / "remixing.json")


def test_truth_and_silence_score_as_such(outcome):
    results, _ = outcome
    truth, still = remix_rungs.TRUTH, remix_rungs.SILENCE
    for metric in ("log_mel_distance_db", "mse", "relative_mse", "loudness_balance_db"):
        assert mean(results, truth, metric) == 0
    assert mean(results, truth, "detection_accuracy") == 0.5
    assert mean(results, "four", "detection_accuracy") == 1
    assert mean(results, still, "relative_mse") == pytest.approx(1)
    assert np.isnan(mean(results, still, "chord_tone_rate"))


def test_a_refused_solo_counts_as_silence_and_one_stem_has_no_figures_of_four(outcome):
    results, printed = outcome
    assert "shy refuses test0: no" in printed
    for metric in ("mse", "log_mel_distance_db", "loudness_balance_db", "onset_f"):
        assert mean(results, "shy", metric) == mean(results, remix_rungs.SILENCE, metric)
    assert mean(results, "one", "mse") is None
    assert mean(results, "one", "mix_mse") > 0


def test_the_table_of_losses_has_every_split_beside_silence(outcome):
    table = outcome[0].tables[0]
    assert table.columns[2:] == ["train", "valid", "test", "test, share of silence's"]
    lines = {(line[0], line[1]): line[2:] for line in table.rows}
    assert {name for _, name in lines} == {remix_rungs.SILENCE, "four", "one", "shy"}
    assert ("Drums", "one") not in lines
    assert (remixing.WHOLE, "one") in lines
    power = np.mean([np.mean(np.square(p.stems["bass"])) for p in pieces()])
    assert float(lines["Bass", remix_rungs.SILENCE][2]) == pytest.approx(power, rel=1e-3)
    errors = [np.mean(np.square(p.solo / 2 - p.stems["bass"])) for p in pieces()]
    assert float(lines["Bass", "four"][2]) == pytest.approx(np.mean(errors), rel=1e-3)
    assert float(lines["Bass", "four"][3]) == pytest.approx(np.mean(errors) / power, abs=1e-3)


def test_recorded_songs_are_thinned_evenly_and_absent_without_data(tmp_path, monkeypatch):
    songs = [replace(p, id=str(i), group=str(i % 2)) for i, p in enumerate(pieces(2) * 5)]
    monkeypatch.setattr(remix_real, "real_pieces", lambda *_: songs)
    assert [p.id for p in remix_real.excerpts(tmp_path, "test", 3)] == list("048159")
    monkeypatch.undo()
    assert remix_real.real_table(tmp_path, "test", {}) is None


def test_figures_of_recordings_know_the_truth_and_silence():
    piece = pieces()[0]
    true = band(piece.stems)
    same = remix_real.figures(piece.solo, true, true)
    assert same["onset_correlation"] == pytest.approx(1)
    assert same["chroma_correlation"] == pytest.approx(1, abs=1e-3)
    assert same["log_mel_distance_db"] == same["mix_mse"] == 0
    still = remix_real.figures(piece.solo, np.zeros_like(true), true)
    assert still["onset_correlation"] == still["chroma_correlation"] == 0
    assert still["relative_mse"] == pytest.approx(1)
