"""The benchmark of arranging on made-up pieces: cases, surprise, what each row plays."""

import dataclasses

import numpy as np
import pytest

from benchmarks import arranging, arranging_harmony, arranging_nll
from benchmarks.arranging_pieces import HELD_OUT, case_of, cases, stem_of
from core.composition.composer_decoder import Weights
from core.composition.instruments import DRUMS, LEAD, NAMES
from core.composition.tokens import DRUM_PITCH, SIZES, VOCABULARY, ordered
from core.remixing.chords import Chart
from core.remixing.measures import measured
from core.remixing.stems import STEMS
from training.composer_corpus import Piece

PIANO, BASS = NAMES.index("piano"), NAMES.index("electric bass")


def piece(name="x-0", roots=(5, 7), tempo=120.0, bars=10):
    """A tune of quarters over triads, a bar each, with a bass on their roots and a hi-hat."""
    rows = []
    for bar in range(1, bars):
        root = roots[bar % len(roots)]
        rows += [(bar, 12 * beat, LEAD, 72 + beat, 6, 7) for beat in range(4)]
        rows += [(bar, 12 * beat, DRUMS, DRUM_PITCH + 42, 0, 6) for beat in range(4)]
        rows += [(bar, 0, PIANO, 48 + root + tone, 19, 6) for tone in (0, 4, 7)]
        rows += [(bar, 24 * half, BASS, 36 + root, 12, 7) for half in range(2)]
    return Piece(
        "midi_arranged", name, "test", "rock", (4, 4), tempo, "major", 0, bars, ordered(rows)
    )


@pytest.fixture(scope="module")
def case():
    return case_of(piece(), set())


def test_a_case_begins_where_all_play_and_knows_its_chords(case):
    assert case.piece.events[0, 0] == 0
    assert case.piece.bars == 9
    assert [(c.start, c.root) for c in case.chords[:3]] == [(0, 7), (96, 5), (192, 7)]
    assert {stem: len(notes) for stem, notes in case.parts.items()} == {
        "drums": 36, "bass": 18, "piano": 27, "other": 0,
    }  # fmt: skip
    heard = case.heard(case.chords)
    assert len(heard.notes) == 36
    assert heard.grid.tempo_bpm == pytest.approx(120)
    assert heard.grid.to_ticks([heard.notes[5].start_s])[0] == pytest.approx(120)
    assert stem_of(NAMES.index("organ")) == "other"
    tune = piece().events[piece().events[:, 2] == LEAD]
    assert case_of(dataclasses.replace(piece(), events=tune), set()) is None
    found = cases([piece("a-0"), piece("b-0"), piece("c-0")], {"b"}, each=1)
    assert [one.kind for one in found] == ["midi_arranged", HELD_OUT]


def uniform(batch):
    return np.zeros((*batch.shape[:2], VOCABULARY), np.float32)


def test_surprise_counts_the_parts_alone_and_chords_lower_it(case):
    short = arranging_nll.fitting(case.piece)
    notes = arranging_nll.counted(short)
    assert notes == 9 * short.bars
    (plain,) = arranging_nll.network_nats(uniform, [short], [None])
    # Every note's five fields, and the time of every bar line but the first.
    expected = notes * sum(np.log(SIZES)) + short.bars * np.log(SIZES[0])
    assert plain == pytest.approx(expected, rel=0.02)
    told = arranging_nll.guide_of(short, case.chords)
    (guided,) = arranging_nll.network_nats(uniform, [short], [told])
    assert guided < plain - 0.5 * 5 * short.bars
    found = arranging_nll.all_nats(uniform, uniform, [case], [case.chords], [piece(bars=9)] * 2)
    assert found["band"] == found["band, true chords told"] == [guided]
    # The same notes again, which the n-grams have counted, hardly surprise them.
    assert found["Kneser-Ney 6-grams"][0] < 0.3 * plain


def test_what_each_row_plays(case):
    other = case_of(piece("y-0", roots=(1, 6), tempo=90), set())
    far = case_of(piece("z-0", roots=(1, 6), tempo=200), set())
    rows = arranging.makers([case, other, far], [case.chords] * 3, Weights.__new__(Weights))
    assert rows[arranging.TRUTH](0) == case.parts
    assert rows[arranging.ANOTHER](0) == other.parts
    assert not any(arranging.another(0, [case]).values())

    def figures(parts):
        return measured(parts, case.parts, Chart(case.chords), case.bar_ticks)

    true, fixed = figures(case.parts), figures(rows[arranging.FIXED_TOLD](0))
    assert true["chord_note_rate"] == fixed["bass_root_agreement"] == 1.0
    assert figures(other.parts)["chord_note_rate"] < 0.6
    assert fixed["groove_similarity"] < true["groove_similarity"] == pytest.approx(1.0)
    assert set(rows[arranging.FIXED](0)) == set(STEMS)


def test_harmony_is_judged_by_the_chords_that_the_parts_play(case):
    """A third lower throughout, the parts are wrong beside the truth and as right by themselves."""
    notes_in, on_root, tune_in, changes = arranging_harmony.harmony_of(case.parts, case)
    assert (notes_in, on_root) == (1.0, 1.0)
    assert changes == pytest.approx(8 / 9)
    moved = {
        stem: [dataclasses.replace(n, pitch=n.pitch - 4) for n in notes]
        for stem, notes in case.parts.items()
    }
    beside = measured(moved, case.parts, Chart(case.chords), case.bar_ticks)
    assert beside["bass_root_agreement"] == 0.0
    apart = arranging_harmony.harmony_of(moved, case)
    assert apart[:2] == [1.0, 1.0]
    assert apart[2] != tune_in
    silent = arranging_harmony.harmony_of(dict.fromkeys(STEMS, ()), case)
    assert np.isnan(silent[:3]).all()
    (line,) = arranging_harmony.table({"the truth": [[1.0, np.nan, 0.5, 1.0], silent]}).rows
    assert line == ["the truth", "1.00", "", "0.50", "0.50"]
