"""Plans, primers, ways through the space and reasons for notes, on models that follow a rule."""

import numpy as np
import pytest

from core.comparing.interpolation import ROUNDS, between, joined, slerp
from core.comparing.patterns import (
    FIRST_PITCH,
    KINDS,
    NO_EVENT,
    NOTE_OFF,
    line_notes,
    line_tokens,
    pitch_token,
)
from core.comparing.plan import OWN, Plan, from_fields, make, of_recipe, primer_of
from core.comparing.primers import PRIMERS, primer_bars, shipped, stretch, to_common_key
from core.comparing.saliency import MOST, Event, events, reasons, without
from core.errors import UserInputError
from core.recipe import Recipe
from core.score import Note, Score, Track
from tests.app import fake_pair
from tests.app.fake_pair import fake

MELODY, TRIO = KINDS["melody-2"], KINDS["trio-2"]
PLAN = Plan("trio-2", ("midi-lstm", "midi-vae-adversarial"), 7, 0.85, OWN, "ab" * 32)


@pytest.fixture(autouse=True)
def pair(monkeypatch):
    fake_pair.install(monkeypatch.setattr)


def tune(*pitches, bars=2, start=0, beats=4, name="Tune", program=40):
    notes = tuple(Note(start + at * 24, pitch, 24) for at, pitch in enumerate(pitches))
    return Score((Track(name, program, notes),), bars, 100.0, beats, 4)


# ---- plans --------------------------------------------------------------------------------------


@pytest.mark.parametrize("plan", [PLAN, Plan("melody-2"), Plan("melody-2", primer="ode-to-joy")])
def test_a_plan_comes_back_from_its_link_and_from_its_recipe(plan):
    assert from_fields(plan.query()) == (plan, ())
    assert of_recipe(Recipe.from_json(plan.recipe().to_json())) == plan


def test_a_plain_plan_has_a_short_link():
    assert Plan("melody-2").query() == {
        "kind": "melody-2", "models": "midi-lstm,midi-vae", "seed": "0",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"kind": "opera"}, "kind"),
        ({"models": "midi-lstm,gpt"}, "models"),
        ({"seed": "-1"}, "seed"),
        ({"seed": "0.5"}, "seed"),
        ({"temperature": "nan"}, "temperature"),
        ({"primer": "jazz"}, "primer"),
        ({"primer": OWN}, "primer"),
    ],
)
def test_what_is_not_understood_is_named_and_the_default_stands(fields, name):
    plan, wrong = from_fields(fields)
    assert wrong == (name,)
    assert plan in (Plan("melody-2"), Plan("melody-2", ("midi-lstm",)))


def test_a_link_keeps_to_what_is_installed():
    known = {"melody-2": ("midi-lstm",)}
    plan, wrong = from_fields({"kind": "trio-2", "models": "midi-vae"}, known)
    assert plan == Plan("melody-2", ("midi-lstm",))
    assert wrong == ("kind", "models")


def test_every_model_begins_with_the_primer_and_a_plan_replays():
    plan = Plan("melody-2", ("midi-lstm", "midi-vae"), 3, primer="ode-to-joy")
    sides = make(plan)
    assert [side.model for side in sides] == list(plan.models)
    for side, again in zip(sides, make(plan), strict=True):
        assert side.score == again.score
        assert [n.pitch for n in side.score.tracks[0].notes[:4]] == [76, 76, 77, 79]
    assert not np.array_equal(sides[0].pattern, sides[1].pattern)
    with pytest.raises(UserInputError, match="give that file"):
        make(PLAN)


def test_progress_of_a_plan_rises_and_cancels():
    marks = []
    make(Plan("melody-2"), progress=marks.append)
    assert marks == sorted(marks)
    assert max(marks) > 0.9

    def stop(fraction):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make(Plan("melody-2"), progress=stop)


# ---- primers ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PRIMERS)
@pytest.mark.parametrize("kind", KINDS.values(), ids=str)
def test_every_shipped_tune_is_a_primer_of_every_kind(name, kind):
    found = stretch(shipped(name), kind, primer_bars(kind))
    assert found.pattern.shape == (16 * found.bars, len(kind.voices))
    assert 0 < found.bars <= primer_bars(kind) < kind.bars
    assert (found.pattern[:, 0] >= FIRST_PITCH).sum() > 1


def test_a_stretch_begins_where_the_melody_does_and_says_so():
    found = stretch(tune(60, 62, 64, 65, bars=4, start=2 * 96), MELODY, 2)
    assert found.told() == "bars 3–4 of Tune"
    assert [note.pitch for note in line_notes(found.pattern[:, 0])] == [60, 62, 64, 65]


def test_a_tune_in_another_key_is_moved_to_the_models_and_its_pattern_back():
    cadence = [(62, 24), (66, 24), (69, 24), (74, 48), (73, 12), (71, 12), (69, 24), (67, 24)]
    notes, at = [], 0
    for pitch, length in cadence:
        notes.append(Note(at, pitch, length))
        at += length
    score = Score((Track("Tune", 73, tuple(notes)),), 2)
    assert to_common_key(score) == -2
    found = stretch(score, MELODY, 1)
    assert found.told() == "bar 1 of Tune, 2 semitones down"
    assert [note.pitch for note in line_notes(found.pattern[:, 0])] == [60, 64, 67, 72]
    (side,) = make(Plan("melody-2", ("midi-lstm",), primer=OWN, primer_sha256="ab"), score)
    assert side.semitones == 2
    assert [note.pitch for note in side.score.tracks[0].notes[:3]] == [62, 66, 69]


def test_the_voices_of_a_trio_come_from_their_tracks():
    score = tune(72, 74, 76, 77)
    bass = Track("Bass", 33, (Note(0, 36, 96),))
    drums = Track("Kit", 0, (Note(0, 36, 6), Note(48, 38, 6)), is_drum=True)
    chords = Track("Piano", 0, (Note(0, 84, 96), Note(0, 88, 96)))
    band = Score((drums, bass, chords, *score.tracks), 2)
    found = stretch(band, TRIO, 1)
    assert found.tracks == ("Tune", "Bass", "Kit")
    assert found.pattern[0].tolist() == [pitch_token(72), pitch_token(36), 1]
    assert found.pattern[8, 2] == 2
    alone = stretch(score, TRIO, 1)
    assert alone.tracks == ("Tune", None, None)
    assert not alone.pattern[:, 1:].any()


@pytest.mark.parametrize(
    ("score", "says"),
    [
        (tune(60, 62, 64, beats=3), "4/4"),
        (Score((Track("Tune", 0, ()),), 2), "no melody"),
        (Score((Track("Kit", 0, (Note(0, 36, 6),), is_drum=True),), 2), "no melody"),
        (tune(60), "1 notes"),
        (tune(60, 62, 64, bars=1), "2 are needed"),
        (tune(60, 62, 64, bars=2, start=96), "has 1 bar and"),
    ],
)
def test_a_tune_of_no_use_is_one_sentence(score, says):
    with pytest.raises(UserInputError, match=says):
        stretch(score, MELODY, 2, exactly=True)


def test_a_primer_is_the_plans_own_file_where_it_says_so():
    found = primer_of(PLAN, tune(60, 62, 64, 65))
    assert found is not None
    assert found.pattern.shape == (16, 3)
    assert primer_of(Plan("melody-2"), None) is None


# ---- the way between two ------------------------------------------------------------------------


def test_slerp_keeps_to_the_circle_and_ends_at_its_ends():
    first, last = np.array([2.0, 0.0, 0.0]), np.array([0.0, 4.0, 0.0])
    way = slerp(first, last, 5)
    np.testing.assert_allclose(way[[0, -1]], [first, last], atol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(way, axis=1), [2, 2.5, 3, 3.5, 4])
    np.testing.assert_allclose(way[2], 3 * np.array([1, 1, 0]) / 2**0.5)
    np.testing.assert_allclose(slerp(first, 2 * first, 3)[1], 1.5 * first)
    np.testing.assert_allclose(slerp(0 * first, last, 3)[1], last / 2)


def pattern(*pitches):
    return line_tokens([Note(i * 24, p, 24) for i, p in enumerate(pitches)], 32)[:, None]


def test_a_way_ends_at_what_the_model_makes_of_its_ends_and_measures_its_steps():
    first, last = pattern(60, 62, 64, 65, 67, 69, 71, 72), pattern(*[60] * 8)
    way = between(fake("midi-vae", "melody-2"), first, last, 5)
    assert way.patterns.shape == (5, 32, 1)
    assert way.kept() == (1.0, 1.0)
    assert way.steps().shape == (4,)
    assert way.from_ends()[:, 0].tolist() == [0.0, 7 / 32]
    assert way.from_ends()[:, -1].tolist() == [7 / 32, 0.0]
    whole = joined(way.patterns, MELODY)
    assert whole.bars == 10
    assert whole.tracks[0].notes[0].pitch == 60
    assert [n.pitch for n in whole.tracks[0].notes if n.start >= 4 * whole.ticks // 5] == [60] * 8


def test_the_ends_places_are_searched_for_where_the_model_can_do_that():
    model = fake("midi-vae", "melody-2")
    first, last = pattern(*range(60, 68)), pattern(*[60] * 8)
    asked = []

    def located(patterns, *, seed=0, rounds=3):
        asked.append(rounds)
        return model.encode(patterns[::-1])[0]

    model.located = located
    way = between(model, first, last, 3)
    assert asked == [ROUNDS]
    assert np.array_equal(way.patterns[0], last)
    assert np.array_equal(way.patterns[-1], first)


# ---- reasons ------------------------------------------------------------------------------------


def test_events_are_notes_in_the_order_in_which_they_are_written():
    tokens = np.zeros((32, 3), np.int64)
    tokens[0] = [40, 0, 5]
    tokens[4, 0] = NOTE_OFF
    tokens[4, 1] = 20
    tokens[8, 0] = 41
    assert events(tokens, TRIO) == [
        Event(0, 0, 40, 4), Event(0, 2, 5, 1), Event(4, 1, 20, 32), Event(8, 0, 41, 32),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("how", "sounding"),
    [("rest", [60, 60, None, None, 64, 64]), ("hold", [60, 60, 60, 60, 64, 64])],
)
def test_a_note_is_taken_out_and_all_else_stays(how, sounding):
    tokens = line_tokens([Note(0, 60, 12), Note(12, 62, 12), Note(24, 64, 12)], 32)[:, None]
    out = without(tokens, MELODY, events(tokens, MELODY)[1], how)
    notes = line_notes(out[:, 0])
    heard = [
        next((n.pitch for n in notes if n.start <= 6 * step < n.end), None) for step in range(6)
    ]
    assert heard == sounding
    assert out[6] == NOTE_OFF


def test_a_first_note_leaves_silence_and_a_drum_its_step():
    tokens = line_tokens([Note(0, 60, 12), Note(24, 64, 12)], 32)[:, None]
    for how in ("rest", "hold"):
        out = without(tokens, MELODY, events(tokens, MELODY)[0], how)
        assert line_notes(out[:, 0]) == line_notes(tokens[:, 0])[1:]
        assert out[2] == NO_EVENT
    trio = np.zeros((32, 3), np.int64)
    trio[3, 2] = 7
    assert not without(trio, TRIO, events(trio, TRIO)[0], "rest").any()


@pytest.mark.parametrize("name", ["midi-lstm", "midi-vae"])
def test_the_notes_that_the_model_looks_at_are_the_reasons(name):
    tokens = pattern(60, 62, 72, 64, 60)
    target = events(tokens, MELODY)[4]
    found = reasons(fake(name, "melody-2"), tokens, target)
    assert [round(reason.nats, 3) for reason in found.reasons] == [0.405, 0.0, 0.405, 0.0]
    assert found.probability == pytest.approx(np.exp(-3.0) * 3)
    assert found.left_out == 0
    first = reasons(fake(name, "melody-2"), tokens, events(tokens, MELODY)[0])
    assert first.reasons == ()


def test_of_many_notes_the_last_are_asked_about():
    tokens = np.zeros((256, 1), np.int64)
    tokens[:, 0] = pitch_token(60)
    found = reasons(fake("midi-lstm", "melody-16"), tokens, events(tokens, KINDS["melody-16"])[100])
    assert len(found.reasons) == MOST
    assert found.left_out == 100 - MOST
    assert found.reasons[-1].event.step == 99
