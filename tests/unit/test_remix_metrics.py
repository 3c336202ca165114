"""Figures of a band are what they are said to be, on sounds whose answer is known."""

import numpy as np
import pytest

from core import remix_metrics
from core.audio import LOUDNESS_FLOOR_LUFS, Clip, loudness_lufs
from core.metrics import METRICS
from core.remix_metrics import (
    CHORDS,
    band_metrics,
    chord_classes,
    chord_tone_rate,
    loudness_balance_db,
    onset_f,
    onset_times_s,
    pitch_class_energy,
    pitched_part,
    stem_metrics,
)
from core.remixing.stems import MIX, STEMS
from tests.unit.stems import RATE, band_piece, click, tones

SECONDS = 8.0
SILENT = np.zeros(round(SECONDS * RATE), np.float32)


@pytest.fixture(scope="module")
def piece():
    return band_piece(SECONDS)


def measured(piece, made):
    return band_metrics(piece.solo, made, piece.stems, piece.notes, piece.beats)


def right_of(piece):
    notes = np.concatenate([piece.notes[name] for name in remix_metrics.PITCHED])
    return chord_classes(notes, piece.beats, SECONDS)


def test_the_truth_scores_perfectly(piece):
    found = measured(piece, piece.stems)
    for name in found:
        if METRICS[name].better == "lower":
            assert found[name] == 0, name
    assert found["onset_f"] == pytest.approx(1, abs=0.04)
    assert found["beat_f"] > 0.8
    assert found["chord_tone_rate"] > 0.95


def test_every_figure_is_in_the_vocabulary_and_silence_has_all_but_one(piece):
    found = measured(piece, dict.fromkeys(STEMS, SILENT))
    assert set(found) <= set(METRICS)
    assert [name for name, value in found.items() if not np.isfinite(value)] == ["chord_tone_rate"]
    assert found["relative_mse"] == pytest.approx(1)
    assert found["onset_f"] == found["beat_f"] == 0
    power = np.mean([np.mean(np.square(piece.stems[name])) for name in STEMS])
    assert found["mse"] == pytest.approx(power, rel=1e-5)
    levels = [loudness_lufs(Clip(piece.stems[n][None], RATE)) for n in STEMS if n != "other"]
    assert found["loudness_balance_db"] == pytest.approx(np.mean(levels) - LOUDNESS_FLOOR_LUFS)


def test_stems_that_the_true_band_rests_in_count_in_the_loss_alone(piece):
    assert not piece.stems["other"].any()
    loud = {**piece.stems, "other": piece.stems["piano"]}
    found = stem_metrics(piece.solo, loud, piece.stems)
    assert "other_log_mel_distance_db" not in found
    assert found["loudness_balance_db"] == 0
    assert found["mse"] == pytest.approx(np.mean(np.square(piece.stems["piano"])) / 4)


def test_balance_is_the_mean_change_of_level(piece):
    gains_db = {"drums": 12.0, "bass": -6.0, "piano": 0.0, "other": 0.0}
    made = {name: piece.stems[name] * 10 ** (gain / 20) for name, gain in gains_db.items()}
    assert loudness_balance_db(made, piece.stems) == pytest.approx(6.0, abs=0.05)
    assert np.isnan(loudness_balance_db(made, dict.fromkeys(STEMS, SILENT)))


def test_a_band_in_one_stem_has_figures_of_the_whole_alone(piece):
    found = measured(piece, {MIX: remix_metrics.band(piece.stems)})
    assert not {"mse", "loudness_balance_db", "drums_log_mel_distance_db"} & set(found)
    for name in ("mix_mse", "log_mel_distance_db", "loudness_difference_db"):
        assert found[name] == pytest.approx(0, abs=1e-4)
    assert found["chord_tone_rate"] > 0.95
    assert not pitched_part({MIX: SILENT}).any()


def test_drums_are_mostly_taken_out_of_a_band_in_one_stem(piece):
    drums = 4 * piece.stems["drums"]
    kept = pitched_part({MIX: remix_metrics.band({**piece.stems, "drums": drums})})
    pitched = pitched_part({**piece.stems, "drums": drums})
    assert np.square(kept - pitched).sum() < 0.2 * np.square(drums).sum()


def test_onsets_are_found_where_clicks_are_and_nowhere_in_silence():
    times = np.arange(0.5, 7.5, 0.5)
    found = onset_times_s(click(times, SECONDS))
    assert np.abs(found - times).max() < 0.025
    assert len(onset_times_s(SILENT)) == 0
    assert len(onset_times_s(SILENT + 1e-5)) == 0


@pytest.mark.parametrize(
    ("onsets", "expected"),
    [
        (np.arange(16) * 0.5, 1.0),
        (np.arange(16) * 0.5 + 0.04, 1.0),
        (np.arange(16) * 0.5 + 0.06, 0.0),
        (np.arange(32) * 0.25, 2 / 3),
        (np.arange(8) * 1.0, 2 / 3),
        (np.zeros(0), 0.0),
    ],
)
def test_onsets_against_beats(onsets, expected):
    assert onset_f(onsets, np.arange(16) * 0.5) == pytest.approx(expected)


def test_without_beats_there_is_nothing_to_hit():
    assert np.isnan(onset_f(np.arange(4.0), np.zeros(1)))


@pytest.mark.parametrize("pitch", [28, 33, 40, 52, 60, 71, 84])
def test_a_tone_is_all_in_its_pitch_class(pitch):
    energy = pitch_class_energy(tones([(pitch, 0.0, 4.0)], 4.0, partials=1))[:, 8:-8]
    assert energy[pitch % 12].sum() / energy.sum() > 0.98
    assert energy.sum(axis=0) == pytest.approx(0.2**2, rel=0.25)


def test_right_classes_are_what_sounds_in_the_beat_and_the_chord_of_the_bar():
    beats = np.array([[0.5 * i, i % 4] for i in range(12)])
    notes = [(0.0, 0.5, 36), (0.5, 1.0, 52), (1.0, 1.5, 55), (1.5, 2.04, 62)]
    notes += [(2.0, 4.0, 45), (2.0, 4.0, 60), (2.0, 4.0, 64)]
    notes = np.array([(*note, 90.0) for note in notes])
    right = chord_classes(notes, beats, 6.0)
    assert right.shape == (12, 12)
    assert set(np.flatnonzero(right[0])) == {0, 4, 7}  # C major in the bar, C in the beat
    assert set(np.flatnonzero(right[3])) == {0, 2, 4, 7}  # with the D of this beat
    assert set(np.flatnonzero(right[4])) == {9, 0, 4}  # the D sounds on for too short a time
    assert not right[8:].any()
    assert chord_classes(notes, np.zeros((0, 2)), 6.0).shape == (0, 12)


def test_each_chord_is_found_on_each_root():
    beats = np.array([[0.0, 0], [1.0, 1]])
    for steps in CHORDS:
        for root in range(12):
            notes = np.array([(0.0, 2.0, 48 + root + step, 90.0) for step in steps])
            found = chord_classes(notes, beats, 2.0)[1]
            assert set(np.flatnonzero(found)) == {(root + step) % 12 for step in steps}


def test_chord_tones_score_one_and_a_semitone_up_next_to_nothing(piece):
    right = right_of(piece)
    for transposed, low, high in ((0, 0.99, 1.0), (12, 0.99, 1.0), (1, 0.0, 0.05)):
        notes = [
            (pitch + transposed, start, stop)
            for start, stop, pitch, _ in piece.notes["piano"]
        ]  # fmt: skip
        rate = chord_tone_rate(tones(notes, SECONDS, partials=1), right, piece.beats)
        assert low <= rate <= high + 1e-9


def test_the_rate_does_not_depend_on_the_level_and_silent_beats_do_not_count(piece):
    right, part = right_of(piece), pitched_part(piece.stems)
    rate = chord_tone_rate(part, right, piece.beats)
    assert chord_tone_rate(part * 0.05, right, piece.beats) == pytest.approx(rate, abs=5e-3)
    half = np.where(np.arange(len(part)) < len(part) // 2, part, 0).astype(np.float32)
    assert chord_tone_rate(half, right, piece.beats) == pytest.approx(rate, abs=0.03)
    assert np.isnan(chord_tone_rate(SILENT, right, piece.beats))
    assert np.isnan(chord_tone_rate(part, np.zeros_like(right), piece.beats))


def test_noise_scores_what_chance_gives(piece):
    right = right_of(piece)
    noise = 0.1 * np.random.default_rng(0).standard_normal(len(SILENT)).astype(np.float32)
    rate = chord_tone_rate(noise, right, piece.beats)
    assert rate == pytest.approx(right.mean(), abs=0.05)
