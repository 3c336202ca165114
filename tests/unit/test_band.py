"""The band without its network: chords, patterns, frame, form, controls, files, playing."""

import dataclasses
import itertools

import numpy as np
import pytest

from core import engines
from core.composition.steps import Step
from core.engines import info
from core.errors import UserInputError
from core.hearing.heard import TRIADS, Chord, Grid, Heard, HeardNote
from core.remixing import arrangement_files as files
from core.remixing import measures
from core.remixing.arrangement import empty
from core.remixing.band_controls import STYLES, BandControls
from core.remixing.band_form import ENTRIES, end_tick, finished
from core.remixing.band_frame import Frame, frame_of
from core.remixing.band_patterns import pattern
from core.remixing.band_playing import notes_in_s
from core.remixing.chords import Chart, classes, moved_to, name, voiced
from core.remixing.fitting import fitting
from core.remixing.plan import Plan, from_fields, is_answered_by, of_recipe
from core.remixing.stems import STEMS
from core.score import Key, Note, Score, Track

BEAT_S = 0.5
CHORDS = (Chord(0, 0, "major"), Chord(96, 7, "dominant"), Chord(192, 9, "minor"))


def tune(bars=8, beats=4, unit=4, beat_s=BEAT_S, late_s=0.0):
    """A note on every beat of a grid whose beats grow slower by a hundredth each."""
    beats_s = late_s + np.cumsum(np.r_[0.0, beat_s * 1.01 ** np.arange(bars * beats)])
    notes = tuple(
        HeardNote(float(a), 60 + (0, 4, 7, 5)[i % 4], float(a + 0.9 * (b - a)), 80)
        for i, (a, b) in enumerate(itertools.pairwise(beats_s))
    )
    grid = Grid(tuple(float(t) for t in beats_s), 0, beats, unit)
    return Heard(notes, grid, Key(0, "major"), CHORDS)


def seconds(heard):
    return heard.grid.beats_s[-1]


def test_chords_have_names_tones_and_voicings():
    assert [name(chord) for chord in CHORDS] == ["C", "G7", "Am"]
    assert name(Chord(0, 3, "diminished")) == "E♭dim"
    assert name(Chord(0, 3, "none")) == "N.C."
    assert classes(Chord(0, 7, "dominant")) == {7, 11, 2, 5}
    for chord in CHORDS:
        pitches = voiced(chord, 55)
        assert {p % 12 for p in pitches} == {(chord.root + t) % 12 for t in TRIADS[chord.quality]}
        assert min(pitches) >= 55
        assert max(pitches) < 67
    chart = Chart(CHORDS)
    assert [chart.at(t).root for t in (0, 95, 96, 300)] == [0, 0, 7, 9]
    assert chart.following(96) == CHORDS[2]
    assert chart.following(192) is None
    assert [c.root for c in chart.moved(96, 2).chords] == [2, 9, 11]
    assert moved_to(64, CHORDS[0], CHORDS[2]) % 12 in classes(CHORDS[2])
    assert moved_to(60, CHORDS[0], CHORDS[1]) == 55


OFF_BEATS, LATE, SIXTEENTHS = (0, 12), (0, 16), (0, 6, 12, 18)


@pytest.mark.parametrize(
    ("metre", "tempo_bpm", "places", "fits"),
    [
        ((3, 4), 180, OFF_BEATS, "waltz"),
        ((6, 8), 100, OFF_BEATS, "folk"),
        ((2, 4), 100, OFF_BEATS, "country"),
        ((4, 4), 70, OFF_BEATS, "ballad"),
        ((4, 4), 110, OFF_BEATS, "pop"),
        ((4, 4), 110, SIXTEENTHS, "funk"),
        ((4, 4), 160, SIXTEENTHS, "rock"),
        ((4, 4), 160, LATE, "swing"),
        ((4, 4), 80, LATE, "blues"),
    ],
)
def test_the_style_that_fits_goes_by_metre_pace_and_feel(metre, tempo_bpm, places, fits):
    notes = tuple(Note(24 * beat + place, 60, 3) for beat in range(8) for place in places)
    beats, unit = metre
    score = Score((Track("Solo", 0, notes),), 2, tempo_bpm=tempo_bpm, beats=beats, beat_unit=unit)
    frame = Frame(score, Chart(CHORDS), 0, 0, 1)
    assert fitting(frame) == fits
    assert fits in STYLES


@pytest.mark.parametrize("metre", [(4, 4), (3, 4), (2, 4), (6, 8)])
@pytest.mark.parametrize("style", STYLES)
def test_every_pattern_plays_its_chords_within_the_bar(style, metre):
    bar = metre[0] * 96 // metre[1]
    parts = pattern(style, metre, Chart(CHORDS), range(4))
    assert list(parts) == list(STEMS)
    assert all(parts[stem] for stem in STEMS)
    for stem in STEMS[1:]:
        for note in parts[stem]:
            chord = Chart(CHORDS).at(note.start)
            assert note.pitch % 12 in classes(chord)
            assert note.start // bar == (note.end - 1) // bar
    assert measures.bass_root_agreement(parts, Chart(CHORDS)) == 1.0


def test_the_frame_follows_the_soloists_pace():
    heard = tune()
    frame = frame_of(heard, seconds(heard))
    assert [note.start for note in frame.score.tracks[0].notes] == list(range(0, 8 * 96, 24))
    assert (frame.score.bars, frame.first, frame.last) == (8, 0, 7)
    assert frame.score.key == Key(0, "major")
    assert frame.shift == 0
    made = empty(heard, frame.score, BandControls(humanise=0)).with_notes(
        {"bass": [Note(24 * beat, 36, 12, 90) for beat in range(32)]}
    )
    onsets = notes_in_s(made, "bass", 0)[:, 0]
    assert np.abs(onsets - np.array(heard.grid.beats_s[:32])).max() < 1e-6
    uneven = dataclasses.replace(made, controls=BandControls(humanise=1.0))
    late = notes_in_s(uneven, "bass", 0)[:, 0] - onsets
    assert 0.002 < late[1:].std() < 0.02
    assert np.abs(late).max() < 0.04
    assert (notes_in_s(uneven, "bass", 0) == notes_in_s(uneven, "bass", 0)).all()
    assert (notes_in_s(uneven, "bass", 1) != notes_in_s(uneven, "bass", 0)).any()


def test_an_upbeat_and_odd_metres():
    heard = tune()
    early = HeardNote(0.0, 67, 0.4)
    grid = Grid(tuple(t + 1.0 for t in heard.grid.beats_s), 0)
    late = dataclasses.replace(
        heard,
        grid=dataclasses.replace(grid, first_beat=3),
        notes=(early, *(dataclasses.replace(n, start_s=n.start_s + 1, end_s=n.end_s + 1)
                        for n in heard.notes)),
    )  # fmt: skip
    assert frame_of(late, 10.0).first in (0, 1)
    some = dataclasses.replace(heard, notes=heard.notes[12:16])
    alone = frame_of(some, seconds(heard))
    assert (alone.first, alone.last) == (
        0,
        3,
    )  # three bars before it are played, four after are not
    longer = dataclasses.replace(tune(12), notes=tune(12).notes[4:8])
    whole_clip = frame_of(longer, seconds(longer))
    assert (whole_clip.first, whole_clip.last) == (1, 11)
    with pytest.raises(UserInputError, match="5/4"):
        frame_of(tune(beats=5), 10.0)
    with pytest.raises(UserInputError, match="no note"):
        frame_of(dataclasses.replace(heard, notes=()), 10.0)


PLAIN = BandControls()


def whole(controls=PLAIN, bars=8):
    heard = tune(bars)
    frame = frame_of(heard, seconds(heard))
    parts = pattern("pop", (4, 4), frame.chart, range(bars))
    return empty(heard, frame.score, controls).with_notes(parts), frame


def test_parts_come_in_one_by_one_and_the_last_chord_is_held():
    made, frame = whole(BandControls(intro=True, ending=True))
    done = finished(made, frame)
    for stem, after in ENTRIES.items():
        assert min(note.start for note in done.notes(stem)) // 96 == after
    end = end_tick(frame)
    for stem in STEMS:
        assert max(note.start for note in done.notes(stem)) == end
        assert all(note.end <= end for note in done.notes(stem) if note.start < end)
    assert {n.pitch % 12 for n in done.notes("piano") if n.start == end} == {9, 0, 4}
    plain, frame = whole(BandControls(intro=False, ending=False))
    assert finished(plain, frame) == plain  # patterns hold nothing over a bar


def test_held_notes_end_where_they_would_clash():
    made, frame = whole(BandControls(ending=False))
    held = made.with_notes({"other": [Note(0, 64, 300, 80), Note(0, 65, 200, 80)], "bass": []})
    ends = {note.pitch: note.end for note in finished(held, frame).notes("other")}
    assert ends == {64: 96, 65: 192}  # E is not of G7; F is, but not of A minor


def test_controls_are_kept_by_links_recipes_and_files():
    asked = BandControls(
        "swing", 0.7, 0.2, True, False, (Step(frozenset({1, 2}), frozenset({0}), 5),)
    )
    plan = Plan(("band", "one2one"), seed=3, band=asked, input_sha256="ab")
    assert from_fields(plan.query(), ["band", "one2one"]) == (plan, ())
    assert of_recipe(plan.recipe()) == plan
    assert is_answered_by(plan, plan.recipe())
    assert not is_answered_by(dataclasses.replace(plan, band=BandControls()), plan.recipe())
    assert Plan(("one2one",), band=asked).band == BandControls()
    for wrong in ({"style": "polka"}, {"density": "2"}, {"redraws": "x"}, {"humanise": "nan"}):
        kept, names = from_fields({"input": "ab", "engines": "band", **wrong}, ["band"])
        assert names == ("band",)
        assert kept.band == BandControls()
    made, _ = whole(asked)
    doubtful = (dataclasses.replace(made.chords[0], sure=(0.97, *[0.25] * 11)), *made.chords[1:])
    made = dataclasses.replace(made, heard=dataclasses.replace(made.heard, chords=doubtful))
    again = files.from_json(files.to_json(made))
    assert again.score == made.score
    assert again.controls == asked
    assert again.chords == made.chords
    assert again.heard.key == made.heard.key
    assert np.allclose(again.heard.grid.beats_s, made.heard.grid.beats_s, atol=1e-4)


def test_told_chords_are_the_bands_and_travel_in_links():
    asked = BandControls("pop", chords="| Am | F♯m7 B7 |")
    assert asked.chords == "Am|F#m B7"
    plan = Plan(("band",), input_sha256="ab", band=asked)
    assert plan.query()["chords"] == "Am|F#m B7"
    assert from_fields(plan.query(), ["band"]) == (plan, ())
    assert of_recipe(plan.recipe()) == plan
    assert from_fields({"input": "ab", "chords": "C|H"}, ["band"])[1] == ("band",)
    assert not is_answered_by(plan, Plan(("band",), input_sha256="ab").recipe())


def test_files_for_other_programs():
    from core.midi_files import read_midi

    made, _ = whole()
    read = read_midi(files.midi(made, "Tune"))
    assert [len(track.notes) for track in read.tracks] == [len(t.notes) for t in made.score.tracks]
    assert b"<part-name>" in files.musicxml(made, "Tune")
    assert files.chart(made)[:3] == [["C"], ["G7"], ["Am"]]
    assert files.chart_text(made).startswith("| C | G7 | Am | Am |\n")


def test_the_pages_load_what_the_band_hears_with():
    from core.hearing import bars_network, beats_network, chords_network
    from core.transcription import NOTES_MODEL

    networks = {network.MODEL_ID for network in (beats_network, bars_network, chords_network)}
    assert networks | {NOTES_MODEL, "band"} == set(info("remix", "band").models)


def test_a_recipe_of_the_band_changes_with_any_of_its_networks(monkeypatch):
    known, before = engines.models(), engines.weights_sha256("remix", "band")
    for model in info("remix", "band").models:
        other = dataclasses.replace(known[model], sha256="0" * 64)
        monkeypatch.setattr(engines, "models", lambda m=model, o=other: {**known, m: o})
        assert engines.weights_sha256("remix", "band") != before


def test_a_distorted_guitar_strikes_power_chords():
    made, frame = whole(BandControls("rock", ending=False))
    stack = [Note(96, pitch, 20 + pitch, 70 + pitch // 12) for pitch in (67, 71, 74, 79, 83)]
    riff = [Note(0, 64, 12, 90), Note(12, 67, 12, 90), Note(12, 71, 12, 90)]
    played = finished(made.with_notes({"other": riff + stack, "piano": stack}), frame)
    assert [n for n in played.notes("other") if n.start < 96] == riff
    chord = [n for n in played.notes("other") if n.start == 96]
    assert [n.pitch for n in chord] == [43, 50, 55]  # G, D, G
    assert {n.velocity for n in chord} == {76}
    # However long the stack was held, D ends with its chord: it is not of the A minor that follows.
    assert {n.pitch: n.end for n in chord} == {43: 199, 50: 192, 55: 199}
    assert len([n for n in played.notes("piano") if n.start == 96]) == 5
    clean = finished(
        dataclasses.replace(made, controls=BandControls("pop")).with_notes({"other": stack}), frame
    )
    assert len([n for n in clean.notes("other") if n.start == 96]) >= 5


def test_measures_know_right_from_wrong():
    made, frame = whole()
    true = {stem: made.notes(stem) for stem in STEMS}
    good = measures.measured(true, true, frame.chart, 96)
    assert good["chord_note_rate"] == good["bass_root_agreement"] == 1.0
    assert good["groove_similarity"] == pytest.approx(1.0)
    assert good["density_ratio"] == 1.0
    assert good["register_difference"] == 0.0
    wrong = {
        stem: [dataclasses.replace(n, start=n.start + 6, pitch=n.pitch + 1) for n in notes]
        for stem, notes in true.items()
    }
    bad = measures.measured(wrong, true, frame.chart, 96)
    assert bad["chord_note_rate"] < 0.3
    assert bad["bass_root_agreement"] == 0.0
    assert bad["groove_similarity"] < 0.9
    assert bad["register_difference"] == 1.0
