import numpy as np
import pytest

from benchmarks import long, long_tables, odd_clips
from benchmarks import odd_sounds as odd
from benchmarks.long_figures import against_actual, chunk_levels_db, flux_ratio, hear, repetition
from core.audio import Clip, encode_flac
from core.repetition import (
    audible,
    beat_steadiness,
    loudness_drift_db,
    near_copy_db,
    repeats,
    source_variety,
    two_bars_s,
)
from core.spectrogram import DISPLAY, log_mel_db
from tests.unit.sounds import riff

RATE = 22050
TWO_S = round(2.0 * DISPLAY.frame_rate_hz)


def melody(seconds, seed, rate=RATE):
    """Tones of random pitch and length: nothing comes back."""
    rng = np.random.default_rng(seed)
    pieces, filled = [], 0.0
    while filled < seconds:
        lasts = rng.uniform(0.15, 0.4)
        time_s = np.arange(round(lasts * rate)) / rate
        chord = sum(np.sin(2 * np.pi * f * time_s) for f in rng.uniform(100, 6000, 4))
        pieces.append(0.1 * chord * np.exp(-3 * time_s))
        filled += len(time_s) / rate
    return np.concatenate(pieces)[: round(seconds * rate)].astype(np.float32)


def clip_of(samples):
    return Clip(samples[None], RATE)


def heard_repeats(samples):
    log_mel = audible(log_mel_db(clip_of(samples)))
    return repeats(log_mel, TWO_S, near_copy_db(log_mel))


def test_two_seconds_over_and_over_are_seen_with_their_count():
    found = heard_repeats(np.tile(melody(2.0, seed=1), 6))
    assert found.plays == 6
    assert found.share == pytest.approx(10 / 12, abs=0.04)


def test_what_comes_back_later_is_repeated_but_not_in_a_row():
    first, second = melody(3.0, seed=1), melody(4.0, seed=2)
    found = heard_repeats(np.concatenate([first, second, first]))
    assert found.plays == 1
    assert found.share == pytest.approx(0.3, abs=0.06)


def test_a_copy_off_the_frame_grid_and_quieter_by_half_a_db_is_still_one():
    part = melody(3.0, seed=4)[: 3 * RATE - 256]
    found = heard_repeats(np.concatenate([part, 0.94 * part, part]))
    assert found.plays == 3


def test_two_bars_of_half_a_bar_are_a_bar_played_again():
    found = heard_repeats(np.concatenate([np.tile(melody(1.0, seed=1), 4), melody(4.0, seed=2)]))
    assert found.plays == 4
    assert found.share == pytest.approx(3 / 8, abs=0.06)


def test_a_repeat_shorter_than_two_bars_is_none():
    first = melody(1.2, seed=1)
    found = heard_repeats(np.concatenate([first, melody(4.0, seed=2), first]))
    assert (found.plays, found.share) == (1, 0.0)


@pytest.mark.parametrize("kind", ["noise", "chirp", "melody", "silence"])
def test_what_never_comes_back_is_no_repetition(kind):
    time_s = np.arange(12 * RATE) / RATE
    samples = {
        "noise": 0.1 * np.random.default_rng(0).standard_normal(12 * RATE),
        "chirp": 0.3 * np.sin(2 * np.pi * (100 + 350 * time_s) * time_s),
        "melody": melody(12.0, seed=3),
        "silence": np.zeros(12 * RATE),
    }[kind]
    found = heard_repeats(samples.astype(np.float32))
    assert (found.plays, found.share) == (1, 0.0)


def test_two_bars_are_eight_beats_or_four_seconds():
    clicks = odd.with_clicks(np.arange(0.2, 12, 0.6), 12.0).resampled(RATE)
    assert two_bars_s(clicks.samples[0]) == pytest.approx(4.8, abs=0.25)
    assert two_bars_s(np.zeros(10 * RATE, np.float32)) == 4.0


def test_variety_is_the_share_of_source_seconds_heard_again():
    source = melody(10.0, seed=5)
    spectrum = audible(log_mel_db(clip_of(source)))
    some = audible(log_mel_db(clip_of(np.tile(source[4 * RATE : 8 * RATE], 3))))
    assert source_variety(spectrum, spectrum) == 1.0
    assert source_variety(spectrum, some) == pytest.approx(0.4)


def test_looping_more_than_the_clip_does_is_held_against_a_continuation():
    clip = clip_of(melody(12.0, seed=6))
    going_on = clip_of(melody(24.0, seed=7))
    stuck = clip_of(np.tile(clip.samples[0, -4 * RATE :], 6))
    kept, lost = (repetition(hear(clip, after)) for after in (going_on, stuck))
    assert (kept["plays_kept"], kept["plays"], kept["whole_share"]) == (1.0, 1.0, 0.0)
    assert lost["plays_kept"] == 0.0
    assert (kept["later_kept"], kept["later_share"], lost["later_kept"]) == (1.0, 0.0, 0.0)
    assert np.isnan(repetition(hear(clip, clip_of(going_on.samples[0, : 6 * RATE])))["later_kept"])
    assert lost["plays"] == 3.0
    assert lost["whole_plays"] == 6.0
    assert lost["source_variety"] == pytest.approx(4 / 12, abs=0.09)


def test_a_looping_clip_may_go_on_looping():
    bar = np.tile(melody(4.0, seed=8), 9)
    clip, after = clip_of(bar[: 12 * RATE]), clip_of(bar[12 * RATE :])
    found = repetition(hear(clip, after))
    assert found["clip_plays"] == found["plays"] == 3.0
    assert found["plays_kept"] == 1.0


def test_drift_of_2_db_is_seen_and_a_quiet_passage_is_none():
    clip = clip_of(0.1 * np.random.default_rng(0).standard_normal(20 * RATE).astype(np.float32))
    noise = 0.1 * np.random.default_rng(1).standard_normal(60 * RATE)
    rising = noise * 10 ** (np.repeat(np.linspace(0, 2, 6), 10 * RATE) / 20)
    levels = chunk_levels_db(clip, clip_of(rising.astype(np.float32)))
    assert levels[0] == pytest.approx(0.0, abs=0.1)
    assert loudness_drift_db(levels) == pytest.approx(2.0, abs=0.1)
    assert loudness_drift_db([0, 0, -6, -6, 0, 0]) == pytest.approx(0.0)
    assert loudness_drift_db([1.0]) == 0.0


def test_steadiness_is_the_spread_of_the_intervals():
    even = np.arange(0, 20, 0.5)
    assert beat_steadiness(even) == pytest.approx((0.5, 0.0))
    uneven = even + np.where(np.arange(40) % 2, 0.05, 0.0)
    assert beat_steadiness(uneven) == pytest.approx((0.55, 0.1 / 0.55))
    assert np.isnan(beat_steadiness(even[:3])).all()


def test_rough_joins_raise_the_flux():
    clip, after = melody(8.0, seed=1), melody(20.0, seed=9)
    rough = after.copy()
    for at in range(0, len(rough), RATE // 5):
        rough[at : at + 4] += 0.5
    smooth = flux_ratio(hear(clip_of(clip), clip_of(after)))
    assert smooth == pytest.approx(1.0, abs=0.15)
    assert flux_ratio(hear(clip_of(clip), clip_of(rough))) > 1.2 * smooth


def test_chunks_are_compared_in_their_own_place():
    clip, actual = clip_of(melody(8.0, seed=1)), melody(20.0, seed=2)
    made = np.concatenate([actual[: 10 * RATE], melody(30.0, seed=3)])
    first, second = against_actual(hear(clip, clip_of(made)), hear(clip, clip_of(actual)))
    assert first["log_mel_distance_db"] < 0.5 < 5.0 < second["log_mel_distance_db"]
    assert first["chroma_correlation"] > 0.95 > 0.5 > second["chroma_correlation"]
    assert first["onset_correlation"] > 0.95 > 0.5 > second["onset_correlation"]


def test_the_long_benchmark_runs_and_every_column_has_its_own_name(tmp_path, monkeypatch):
    (tmp_path / "audio").mkdir()
    (tmp_path / "audio/a.flac").write_bytes(encode_flac(riff(31.0, period_s=3.0)))
    (tmp_path / "audio/index.csv").write_text("id,path,split\na,audio/a.flac,test\n")
    for module in (long, long_tables):
        monkeypatch.setattr(module, "LENGTHS_S", (12.0, 20.0))
    results = long.run(tmp_path, wanted=["loop"])
    rows = {row.name: row.metrics for row in results.rows}
    assert rows["loop"]["log_mel_distance_db"]["mean"] < 1.0
    assert rows["loop"]["loudness_drift_db"]["mean"] < 0.5
    assert "log_mel_distance_db" not in rows[long_tables.ACTUAL]
    for table in results.tables:
        assert len(set(table.columns)) == len(table.columns)
        assert {len(line) for line in table.rows} == {len(table.columns)}
    assert "loop" in results.text()


@pytest.mark.parametrize("bpm", odd_clips.TEMPOS_BPM)
def test_metronome_errors_are_measured_to_a_millisecond(bpm):
    clip, times = odd.metronome(bpm)
    period = 60 / bpm
    assert clip.duration_s - times[-1] == pytest.approx(0.4 * period, abs=1e-4)
    due = odd.continued_grid(times, clip.duration_s, 10.0)
    assert due[0] == pytest.approx(0.6 * period, abs=1e-4)
    assert np.diff(due) == pytest.approx(period)
    assert 10 - period < due[-1] + odd.CLICK_S < 10

    def measured(at):
        found = odd.click_times_s(odd.with_clicks(at, 10.0), 0.25 * clip.peak())
        return odd.click_errors(found, due)

    exact = measured(due)
    assert exact.errors_s.max() < 0.001
    assert (exact.missing, exact.extra) == (0, 0)
    late = measured(due + 0.030)
    assert np.median(late.errors_s) == pytest.approx(0.030, abs=0.001)
    altered = measured(np.sort(np.append(np.delete(due, 2), due[4] + 0.45 * period)))
    assert (altered.missing, altered.extra) == (1, 1)
    assert altered.errors_s.max() < 0.001


def test_no_clicks_at_all_are_all_missing():
    none = odd.click_errors(np.zeros(0), np.arange(5.0))
    assert (len(none.errors_s), none.missing, none.extra) == (0, 5, 0)


def test_faults_of_a_steady_tone_are_measured():
    clip = odd.steady((440.0,))
    time_s = np.arange(odd.RATE * 10) / odd.RATE + clip.duration_s

    def tone(hz=440.0, gain=1.0, phase=0.0):
        return Clip(0.5 * gain * np.sin(2 * np.pi * hz * time_s + phase)[None], odd.RATE)

    assert odd.level_change_db(clip, tone()) == pytest.approx(0.0, abs=0.01)
    assert odd.level_change_db(clip, tone(gain=0.5)) == pytest.approx(-6.02, abs=0.01)
    assert odd.frequency_error_cents(tone(), (440.0,)) < 0.05
    sharp = tone(hz=440.0 * 2 ** (10 / 1200))
    assert odd.frequency_error_cents(sharp, (440.0,)) == pytest.approx(10.0, abs=0.1)
    assert odd.seam_jump(clip, tone()) == pytest.approx(1.0, abs=0.02)
    assert odd.seam_jump(clip, tone(phase=1.5)) > 5.0
    assert odd.modulation_depth(tone()) < 0.005
    dipped = tone().samples.copy()
    at = slice(3 * odd.RATE, 3 * odd.RATE + round(0.06 * odd.RATE))
    dipped[:, at] *= 0.5
    assert odd.modulation_depth(Clip(dipped, odd.RATE)) > 0.2


def test_silence_and_gaps_are_measured():
    samples = np.zeros((1, 10 * RATE), np.float32)
    samples[0, RATE : 2 * RATE] = 0.5
    samples[0, 5 * RATE :] = 0.5
    clip = Clip(samples, RATE)
    assert odd.longest_gap_s(clip, 0.5) == pytest.approx(3.0, abs=0.05)
    assert odd.silent_share(clip, 0.5) == pytest.approx(0.4, abs=0.01)


def test_loop_on_the_clips_made_here():
    assert all(one.reached for one in odd_clips.metronome(137.0, "loop"))
    assert all(one.reached for one in odd_clips.one_click("loop"))


def test_speech_is_left_out_where_there_is_no_synthesiser(monkeypatch):
    monkeypatch.setattr(odd.shutil, "which", lambda name: None)
    names = list(odd_clips.cases())
    assert not [name for name in names if name.startswith("speech")]
    assert len(names) == 8


def test_a_limit_is_reached_from_the_right_side_and_never_by_nan():
    assert odd_clips.Finding("x", 1.0, high=1.0).reached
    assert not odd_clips.Finding("x", 1.01, high=1.0).reached
    assert not odd_clips.Finding("x", -2.0, low=-1.0, high=1.0).reached
    assert not odd_clips.Finding("x", float("nan")).reached


def test_what_5_s_must_reach_is_reckoned_from_the_rows():
    loop = {"onset_correlation": 0.2, "chroma_correlation": 0.3, "beat_f": 0.4}
    own = loop | {"log_mel_distance_db": 7.0, "seam_discontinuity": 0.9, "beat_f": 0.3}
    found = odd_clips.short_findings(own, loop, best=8.0, ceiling=5.0)
    by_name = {one.what: one for one in found}
    assert by_name["log-mel distance, dB"].reached
    gap = by_name["gap to the ceiling closed, share"]
    assert gap.figure == pytest.approx(1 / 3)
    assert not gap.reached
    assert by_name["onset_correlation"].reached
    assert not by_name["beat_f"].reached
