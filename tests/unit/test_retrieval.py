"""Finding pieces by passages: in any key and tempo, with wrong notes; the copy score; odd input."""

import time
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from benchmarks.retrieval_queries import corrupted, paced
from core.errors import UserInputError
from core.hearing.heard import Grid, HeardNote
from core.retrieval import nearest, nearest_to_notes
from core.retrieving import words
from core.retrieving.index import Index
from core.retrieving.lines import WHOLE, lines_of_score, skyline
from core.score import Note, Score, Track
from tests.unit.collections_of_tunes import band, collection, tune


@cache
def index():
    return collection()


def found(query, count=10):
    return nearest(query, count, index=index())


def ids(matches):
    return [match.piece.id for match in matches]


@pytest.mark.parametrize("semitones", [0, 5, -11])
def test_a_passage_finds_its_piece_in_every_key(semitones):
    first = found(tune(7).between(4, 9).transposed(semitones))[0]
    assert first.piece.id == "tune-7"
    assert first.transposition == -semitones
    assert first.tempo_ratio == pytest.approx(1.0, abs=0.01)
    assert (first.found.first_bar, first.found.end_bar) == (4, 9)
    assert (first.query.first_bar, first.query.end_bar) == (0, 5)
    assert first.copied_share == 1.0
    assert first.score > 0.99
    assert all(first.query.shared)
    assert all(first.found.shared)


@pytest.mark.parametrize("ratio", [0.6, 1.5])
def test_and_in_every_tempo(ratio):
    query = tune(11).between(2, 8)
    notes = tuple(
        replace(n, start=round(n.start / ratio), duration=max(round(n.duration / ratio), 1))
        for n in query.tracks[0].notes
    )
    first = found(replace(query, tracks=(Track("Tune", 0, notes),)))[0]
    assert first.piece.id == "tune-11"
    assert first.tempo_ratio == pytest.approx(1 / ratio, rel=0.02)
    assert first.copied_share == 1.0


def test_seconds_and_bars_of_notes_as_played():
    second = 0.6 / 24
    played = [
        HeardNote(3.0 + n.start * second, n.pitch + 2, 3.0 + n.end * second)
        for n in tune(3).between(0, 4).tracks[0].notes
    ]
    grid = Grid(tuple(3.0 + 0.6 * n for n in range(17)))
    first = nearest_to_notes(played, grid, index=index())[0]
    assert (first.piece.id, first.transposition) == ("tune-3", -2)
    assert (first.query.first_bar, first.query.end_bar) == (0, 4)
    assert nearest_to_notes(played, index=index())[0].piece.id == "tune-3"


def test_every_fifth_note_wrong_still_finds_nearly_all():
    ranks = []
    for seed in range(24):
        rng = np.random.default_rng(seed)
        query = paced(corrupted(0.2)(tune(seed).between(3, 11), rng), rng)
        names = ids(found(query))
        ranks.append(1 / (1 + names.index(f"tune-{seed}")) if f"tune-{seed}" in names else 0.0)
    assert np.mean(ranks) > 0.9


def test_a_tune_is_found_under_its_band_and_a_band_by_its_tune():
    assert ids(found(tune(9).between(0, 8)))[0] == "tune-9"  # which has a band in the collection
    assert ids(found(band(10).between(0, 8)))[0] == "tune-10"  # which has none


def test_the_copy_score_counts_what_stands_in_both():
    theirs = tune(5).between(4, 8).tracks[0].notes
    other = [replace(n, start=n.start + 4 * 96) for n in tune(77).between(0, 4).tracks[0].notes]
    query = Score((Track("Half", 0, (*theirs, *other)),), 8)
    first = found(query)[0]
    assert first.piece.id == "tune-5"
    assert first.copied_notes >= len(theirs)
    assert first.copied_bars >= (theirs[-1].start - theirs[0].start) / 96
    share = len(theirs) / (len(theirs) + len(other))
    assert share <= first.copied_share < share + 0.2
    assert words.is_quotation(first)
    assert sum(first.query.shared) == sum(first.found.shared)
    # One note changed in the middle halves the run and no more than that.
    middle = theirs[len(theirs) // 2]
    spoiled = [replace(n, pitch=n.pitch + 1) if n == middle else n for n in theirs]
    second = found(Score((Track("Spoiled", 0, tuple(spoiled)),), 4))[0]
    assert second.copied_share == pytest.approx((len(theirs) - 1) / len(theirs))
    assert second.copied_notes == max(len(theirs) // 2, len(theirs) - len(theirs) // 2 - 1)


def test_unrelated_music_is_no_quotation():
    for seed in range(100, 106):
        for match in found(tune(seed).between(0, 8))[:1]:
            assert not words.is_quotation(match)
            assert match.score < 0.8


def test_the_passage_can_be_played_and_is_the_pieces_own():
    match = found(band(6).between(2, 6).transposed(3))[0]
    assert match.sound.bars == 4
    assert match.sound.tempo_bpm == pytest.approx(100.0)
    own = band(6).between(2, 6)
    assert [n.start for n in match.sound.tracks[0].notes] == [n.start for n in own.tracks[0].notes]
    assert {t.program for t in match.sound.tracks} == {73, 33}
    assert match.sound.title == "Tune *6*"


def test_words_are_plain():
    match = found(tune(7).between(4, 9).transposed(1))[0]
    assert words.copied(match).startswith("100% of the notes stand there too; the longest")
    assert words.moved(match) == "1 semitone down"
    assert words.bars(4, 9) == "bars 5–9"
    assert words.bars(0, 1) == "bar 1"


def test_the_skyline_is_the_highest_of_what_begins_together():
    notes = np.array(
        [(0, 60, 24), (0, 72, 24), (12, 50, 6), (24, 71, 24), (24, 55, 24), (60, 40, 24)], float
    )
    line = skyline("piano", notes)
    assert line.pitches.tolist() == [72, 71, 40]
    assert [line.name for line in lines_of_score(band(2)).lines][-1] == WHOLE


@pytest.mark.parametrize(
    ("score", "said"),
    [
        (Score((), 1), "4 notes"),
        (Score((Track("Tune", 0, (Note(0, 60, 24),)),), 1), "4 notes"),
        (
            Score((Track("Kit", 0, tuple(Note(6 * n, 38, 3) for n in range(64)), True),), 4),
            "only drums",
        ),
    ],
)
def test_too_little_music_is_a_sentence(score, said):
    with pytest.raises(UserInputError, match=said):
        found(score)
    with pytest.raises(UserInputError, match="4 notes"):
        nearest_to_notes([HeardNote(0.0, 60, 1.0)], index=index())


def test_endless_music_takes_bounded_time():
    tracks = tuple(
        Track(
            f"Part {n}", n % 128, tuple(Note(24 * at, 30 + (at * n) % 70, 24) for at in range(60))
        )
        for n in range(1000)
    )
    long = tuple(Note(6 * at, 60 + at % 2, 6) for at in range(2 * 60 * 60 * 8))
    began = time.process_time()
    found(Score(tracks, 15))
    found(Score((Track("Trill", 0, long),), 1200))
    assert time.process_time() - began < 20


def test_one_note_again_and_again_finds_nothing_by_mistake():
    same = Score((Track("Tune", 0, tuple(Note(24 * n, 60, 24) for n in range(64))),), 16)
    for match in found(same):
        assert not words.is_quotation(match)


def test_an_empty_collection_has_nothing():
    assert nearest(tune(1), index=Index.of([])) == []
