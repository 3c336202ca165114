import numpy as np
import pytest

from core import music_measures as mm
from core.metrics import METRICS
from core.score import Note, Score, Track


def piece(*notes, bars=16, drums=(), **kwargs):
    """Notes are (start in quarters, pitch, length in quarters)."""

    def made(rows):
        return tuple(Note(round(s * 24), p, round(d * 24)) for s, p, d in rows)

    tracks = [Track("Piano", 0, made(notes))]
    if drums:
        tracks.append(Track("Drums", 0, made(drums), is_drum=True))
    return Score(tuple(tracks), bars, **kwargs)


def tune(seed, bars=16, pitches=(60, 62, 64, 65, 67, 69, 71)):
    rng = np.random.default_rng(seed)
    rows = [(float(q) / 2, int(rng.choice(pitches)), 0.5) for q in range(bars * 8)]
    return piece(*rows, bars=bars)


def test_pitch_class_entropy():
    assert mm.pitch_class_entropy(piece((0, 60, 1), (1, 72, 1))) == 0.0
    assert mm.pitch_class_entropy(piece((0, 60, 1), (1, 67, 1))) == pytest.approx(1.0)
    chromatic = piece(*[(i, 60 + i, 1) for i in range(12)], drums=[(0, 36, 1)] * 9)
    assert mm.pitch_class_entropy(chromatic) == pytest.approx(np.log2(12))
    assert np.isnan(mm.pitch_class_entropy(piece(drums=[(0, 36, 1)])))


def test_scale_consistency():
    scale = [(i, 50 + p, 1) for i, p in enumerate((0, 2, 4, 5, 7, 9, 11))]
    assert mm.scale_consistency(piece(*scale)) == 1.0
    assert mm.scale_consistency(piece(*scale, (8, 51, 1))) == pytest.approx(7 / 8)
    chromatic = piece(*[(i, 60 + i, 1) for i in range(12)])
    assert mm.scale_consistency(chromatic) == pytest.approx(7 / 12)


def test_groove_consistency_counts_drums_and_compares_neighbours():
    steady = piece(*[(bar * 4, 60, 1) for bar in range(4)], bars=4)
    assert mm.groove_consistency(steady) == 1.0
    odd = piece((0, 60, 1), (4, 60, 1), (5, 60, 1), bars=2)
    assert mm.groove_consistency(odd) == pytest.approx(15 / 16)
    with_drums = piece((0, 60, 1), (4, 60, 1), bars=2, drums=[(6, 36, 1)])
    assert mm.groove_consistency(with_drums) == pytest.approx(15 / 16)


def test_polyphony_is_over_the_time_that_anything_sounds():
    assert mm.polyphony(piece((0, 60, 1), (0, 64, 1), (8, 67, 1))) == pytest.approx(1.5)
    assert mm.polyphony(piece((0, 60, 2), (1, 64, 1))) == pytest.approx(1.5)


def test_note_lengths_and_density():
    shares = mm.note_lengths(piece((0, 60, 1), (1, 60, 0.5), (2, 60, 0.5), (3, 60, 4)))
    np.testing.assert_allclose(shares, [0, 0, 0.5, 0.25, 0, 0.25])
    assert mm.note_density(piece(*[(i, 60, 1) for i in range(12)], bars=1)) == 2.0


def test_form_sees_what_comes_back_and_when():
    phrase = [(0, 60, 1), (4, 62, 1), (8, 64, 1), (12, 65, 1)]
    again = [(start + 16 * times, p, d) for times in range(4) for start, p, d in phrase]
    np.testing.assert_allclose(mm.form(piece(*again)), [0, 0, 1, 1])
    assert np.isnan(mm.form(piece(*phrase, bars=4))[2:]).all()
    assert mm.form(tune(0))[0] < 0.3


def test_distance_is_in_spreads_of_the_data():
    rng = np.random.default_rng(0)
    true = rng.normal(5.0, 2.0, (4000, 1))
    assert mm.distance(true, true) == 0.0
    assert mm.distance(true + 4.0, true) == pytest.approx(2.0, rel=0.05)
    assert mm.distance(true * 0 + true.mean(), true) == pytest.approx(0.8, abs=0.05)
    both = np.hstack([true, np.ones_like(true)])
    assert mm.distance(both + 4.0, both) == pytest.approx(2.0, rel=0.05)
    assert np.isnan(mm.distance(true * np.nan, true))


def test_every_distance_is_a_metric_and_equal_sets_are_at_zero():
    pieces = [mm.measured(tune(seed)) for seed in range(5)]
    found = mm.distances(pieces, pieces)
    assert set(found) <= set(METRICS)
    assert found["measure_distance"] == 0.0
    stuck = [mm.measured(piece(*[(i / 2, 60, 1) for i in range(128)])) for _ in range(5)]
    assert mm.distances(stuck, pieces)["measure_distance"] > 1.0


def test_one_note_or_chord_for_over_four_bars_is_degenerate():
    lively = tune(1)
    assert not mm.degenerate(lively)
    pitches = np.random.default_rng(0).integers(50, 80, 80)

    def repeated(times):
        note = [(q / 2, 60, 0.5) for q in range(times)]
        return mm.degenerate(piece(*note, *((times / 2 + q / 2, int(p), 0.5)
                                            for q, p in enumerate(pitches))))  # fmt: skip

    assert repeated(34).still_bars == pytest.approx(4.25)
    assert repeated(34)
    assert not repeated(32)
    chord = [(q, p, 1) for q in range(20) for p in (60, 64, 67)]
    assert mm.degenerate(piece(*chord, bars=5))
    assert mm.degenerate(piece(drums=[(q, 36, 1) for q in range(64)])).empty


def test_a_short_loop_over_eight_times_is_degenerate():
    def looped(period, times, melody=False):
        rng = np.random.default_rng(3)
        figure = [(q / 2, int(rng.integers(50, 70)), 0.5) for q in range(round(period * 2))]
        rows = [(s + period * k, p, d) for k in range(times) for s, p, d in figure]
        end = period * times
        rows += [(end + q / 2, int(rng.integers(50, 80)), 0.5) for q in range(40)]
        if melody:
            rows += [(float(q), int(rng.integers(72, 90)), 1.0) for q in range(round(end))]
        return mm.degenerate(piece(*rows, bars=round((end + 20) / 4)))

    assert looped(4, 9)
    assert looped(4, 9).loop_times == pytest.approx(9, abs=0.2)
    assert not looped(4, 8)
    assert looped(7, 9)
    assert not looped(8, 9)  # two bars are a phrase
    assert not looped(1, 9)  # nine beats are under four bars
    assert looped(1, 17)
    assert not looped(4, 9, melody=True)
