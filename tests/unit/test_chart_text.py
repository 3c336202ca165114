"""A chart as players write it: read, said where it cannot be, laid over a tune."""

import pytest

from core.errors import UserInputError
from core.hearing.heard import Chord
from core.remixing import chart_text
from core.remixing.chords import is_guess, name, sharps
from core.score import Key


def test_a_chart_is_read_as_players_write_it():
    bars = chart_text.bars_of("| C | F♯m7 G7 |\n| % | Bbmaj7 N.C. | |")
    assert [len(bar) for bar in bars] == [1, 2, 2, 2, 2]
    assert bars[1] == bars[2] == ((6, "minor"), (7, "dominant"))
    assert bars[3] == bars[4] == ((10, "major"), (0, "none"))
    assert chart_text.bars_of(chart_text.text_of(bars)) == bars
    assert chart_text.bars_of(chart_text.shown("C|F#m G7|Ebdim")) == chart_text.bars_of(
        "C||F#m  G7||Eb°"
    )
    assert chart_text.shown("") == ""
    told = {
        "Cmaj7": "major", "C6/9": "major", "Csus4": "major", "C/E": "major", "C(add9)": "major",
        "C9": "dominant", "C7sus4": "dominant", "C7#9": "dominant", "Cm": "minor",
        "Cm(maj7)": "minor", "Cm9": "minor", "Cm7b5": "diminished", "C°7": "diminished",
        "CΔ7": "major", "Cø7": "diminished",
    }  # fmt: skip
    assert {word: chart_text.bars_of(word)[0][0] for word in told} == {
        word: (0, quality) for word, quality in told.items()
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no chords"), (" \n ", "no chords"), ("| | C |", "first bar is empty"),
        ("C | H", "“H” in bar 2"), ("C | Cfoo", "“Cfoo” in bar 2"), ("C % | F", "“%” in bar 1"),
        ("Cadd9add9add9add9", "“Cadd9add9add9add9” in bar 1"),
        ("C " * 9, "more than 8"), ("C|" * 300, "256 bars"), ("C" * 5000, "4,000 letters"),
        ("Dbm7 Ebm7 Gbm7 Abm7 " * 2 + "|%" * 99, "too many chords"),
    ],
)  # fmt: skip
def test_a_chart_that_cannot_be_read_is_said_where(text, said):
    with pytest.raises(UserInputError, match=said):
        chart_text.bars_of(text)


def test_a_chart_is_laid_over_the_tune_again_and_again():
    bars = chart_text.bars_of("C | F G7 | A Bm C")
    found = [(c.start, c.root) for c in chart_text.laid(bars, 5, 4, 24)]
    assert found == [
        (0, 0), (96, 5), (144, 7), (192, 9), (216, 11), (240, 0), (384, 5), (432, 7)
    ]  # fmt: skip
    eight = chart_text.laid(chart_text.bars_of("C F " * 4), 1, 4, 24)
    assert [c.start for c in eight] == list(range(0, 96, 12))


def test_chords_are_spelt_as_their_key_is():
    assert name(Chord(0, 8, "minor"), Key(1, "minor")) == "G♯m"
    assert name(Chord(0, 1, "major"), Key(5, "minor")) == "D♭"
    keys = [Key(tonic, mode) for mode in ("major", "minor") for tonic in range(12)]
    assert [sharps(key) for key in keys] == [
        0, -5, 2, -3, 4, -1, 6, 1, -4, 3, -2, 5, -3, 4, -1, 6, 1, -4, 3, -2, 5, 0, -5, 2,
    ]  # fmt: skip


def test_a_chord_whose_tones_are_not_sure_is_a_guess():
    sure = (0.9, *[0.0] * 3, 0.8, *[0.0] * 2, 0.7, *[0.0] * 4)
    assert not is_guess(Chord(0, 5, "major", sure))
    assert is_guess(Chord(0, 5, "minor", sure))
    assert not is_guess(Chord(0, 5, "minor"))
