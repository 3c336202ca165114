"""How the chords of a chart bear on the pitches that a band plays."""

import numpy as np
import pytest

from core.hearing.heard import Chord
from core.remixing.band_guide import ROOT_FIRST, ChordGuide, family, tables
from core.remixing.chords import Chart


def test_the_guide_leans_to_the_chord():
    chart = Chart([Chord(0, 5, "major"), Chord(96, 7, "dominant")])
    guide = ChordGuide(chart, [(0, 24, 69)], (4, 4))
    for instrument in (3, 33 - 20):
        assert family(instrument) in (0, 1)
        bias = guide.pitches(0, 0, instrument)
        inside = [bias[48 + (5 + tone) % 12] for tone in (0, 4, 7)]
        assert min(inside) > max(bias[48 + (5 + tone) % 12] for tone in (1, 6, 8))
        assert (bias[128:] == 0).all()
        assert (bias[36:48] == bias[48:60]).all()
    bass = 13
    assert guide.pitches(0, 0, bass)[:12].argmax() == 5
    assert guide.pitches(1, 0, bass)[:12].argmax() == 7
    assert not guide.pitches(0, 0, 2).any()
    assert not ChordGuide(chart, [], (4, 4), 0.0).pitches(0, 0, 3).any()
    assert np.isfinite(tables()["chord"]).all()
    asked = ChordGuide(chart, [], (4, 4), playing=frozenset({3, bass})).instruments
    assert np.flatnonzero(asked([(0, 3, 60, 5, 7)])).tolist() == [bass]


def test_a_bass_begins_each_chord_and_each_span_on_the_root():
    bass, piano = 13, 3

    def led(metre, bar, step, lately, instrument=bass):
        """Nats by which C is favoured for what was played."""
        guide = ChordGuide(Chart([Chord(0, 0, "major")]), [], metre)
        judged = guide.pitches(bar, step, instrument)
        return float((guide.pitches(bar, step, instrument, lately) - judged)[48])

    first, half = (0, bass, 36, 5, 7), (24, bass, 43, 5, 7)
    assert led((4, 4), 1, 0, []) == pytest.approx(ROOT_FIRST)
    assert led((4, 4), 1, 12, [first]) == 0.0
    assert led((4, 4), 1, 24, [first]) == pytest.approx(ROOT_FIRST)
    assert led((4, 4), 1, 36, [first, half]) == 0.0
    assert led((3, 4), 0, 24, [first]) == 0.0
    assert led((6, 8), 0, 18, [first]) == pytest.approx(ROOT_FIRST)
    assert led((4, 4), 1, 24, [], piano) == 0.0


def test_the_guide_leans_to_the_tones_that_are_sure():
    sure = (0.95, 0.0, 0.0, 0.5, 0.5, 0.0, 0.0, 0.9, 0.0, 0.0, 0.0, 0.1)
    chart = Chart([Chord(0, 5, "major", sure)]).moved(0, 2)
    told = Chart([Chord(0, 7, "major")])

    def bias(chart, sureness):
        return ChordGuide(chart, [], (4, 4), 1.0, sureness=sureness).pitches(0, 0, 3)[60:72]

    assert (bias(told, 1.0) == bias(told, 0.0)).all()
    assert (bias(chart, 0.0) == bias(told, 0.0)).all()
    more = bias(chart, 1.0) - bias(chart, 0.0)
    assert more[7] == pytest.approx(np.log(1.0 / 0.1))
    assert more[11] == pytest.approx(0.0, abs=1e-6)  # the third, as likely as not
    assert more[7] > more[2] > 1 > 0 > more[6] > more[8]
    assert (bias(chart, 2.0) - bias(chart, 0.0)) == pytest.approx(2 * more, abs=1e-5)
