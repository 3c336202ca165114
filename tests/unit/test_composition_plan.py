import io

import numpy as np
import pytest

from benchmarks import gallery_compose
from core import gallery
from core.audio import Clip
from core.composition import stems
from core.composition.controls import Controls
from core.composition.finished import save
from core.composition.offers import Offer, offer
from core.composition.plan import (
    MAX_PRIMER_BARS,
    Plan,
    from_fields,
    key_name,
    key_named,
    make,
    of_recipe,
    primer_part,
)
from core.composition.stems import BIT_RATES, TARGET_BYTES, encode_mp3
from core.composition.steps import Step, Taken, steps_from_text, steps_to_text
from core.composition.stored import from_json, to_json
from core.errors import UserInputError
from core.gallery import Recipe
from core.score import Composition, Key, Note, NoteChoice, Score, Track
from tests.app import fake_composer

PLAN = Plan(
    "composer",
    8,
    3,
    Controls("jazz", 96.5, Key(3, "minor"), (3, 4), 0.3, None, 0.8, 0.9, -0.5),
    "ab" * 32,
    (
        Step(frozenset({0, 1, 2, 5}), frozenset({0, 2}), 5),
        Step(frozenset({7}), frozenset({1}), 6, 700, Taken(1, 700, 60, 64)),
    ),
)


def test_a_plan_comes_back_from_its_link_and_from_its_recipe():
    assert from_fields(PLAN.query(), ["composer"]) == (PLAN, ())
    assert of_recipe(Recipe.from_json(PLAN.recipe().to_json())) == PLAN
    assert "_s5.b7_t1_f700_c1:700:60:64_s6" in PLAN.query()["redraws"]


def test_a_plain_plan_has_a_short_link():
    plain = Plan("composer", controls=offer("composer").default())
    assert plain.query() == {"engine": "composer", "seed": "0", "bars": "16"}


def test_every_key_has_a_name_and_comes_back():
    keys = [Key(tonic, mode) for tonic in range(12) for mode in ("major", "minor")]
    assert [key_named(key_name(key)) for key in keys] == keys
    assert key_named("Eb minor") == Key(3, "minor")
    assert key_named("H minor") is None


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"engine": "magic"}, "engine"),
        ({"bars": "65"}, "bars"),
        ({"bars": "8.5"}, "bars"),
        ({"seed": "x"}, "seed"),
        ({"tempo_bpm": "nan"}, "tempo_bpm"),
        ({"density": "1.1"}, "density"),
        ({"genre": "polka"}, "genre"),
        ({"metre": "5/4"}, "metre"),
        ({"key": "C dorian"}, "key"),
        ({"redraws": "b0_t0"}, "redraws"),
    ],
)
def test_what_is_not_understood_is_named_and_the_default_stands(fields, name):
    plan, wrong = from_fields(fields, ["composer"])
    assert wrong == (name,)
    assert plan == Plan("composer", controls=offer("composer").default())


def test_an_engine_keeps_only_the_controls_it_has():
    asked = PLAN.controls
    assert Offer(tempo=False, key=False, top_p=False).kept(asked) == Controls(temperature=0.8)
    assert offer("composer").kept(asked) == asked
    assert offer("an engine of tomorrow") == Offer()


@pytest.mark.parametrize(
    "text", ["b_t0_s1", "b3-1_t0_s1", "b0-9999_t0_s1", "b0_t0_s1x", "b0_t0_c1:2:3_s1", "b0_t0_s1 "]
)
def test_damaged_redraws_are_nothing(text):
    assert steps_from_text(text) is None


def test_steps_come_back_from_their_text():
    assert steps_from_text(steps_to_text(PLAN.steps)) == PLAN.steps
    assert steps_from_text("") == ()


def piece():
    notes = (Note(0, 60, 24), Note(24, 62, 24), Note(24, 66, 24))
    return Score((Track("piano", 0, notes), Track("drums", 0, (Note(0, 36, 6),), True)), 1)


def test_a_taken_choice_replaces_its_note_and_stays_one_note():
    step = Step(frozenset({0}), frozenset({0}), 0, 24, Taken(0, 24, 62, 66))
    changed, chosen = step.applied(piece())
    assert chosen == (0, 24, 66)
    assert changed.tracks[0].notes == (Note(0, 60, 24), Note(24, 66, 24))


@pytest.mark.parametrize(
    "step",
    [
        Step(frozenset({1}), frozenset({0}), 0),
        Step(frozenset({0}), frozenset({2}), 0),
        Step(frozenset({0}), frozenset({0}), 0, 0, Taken(0, 24, 61, 66)),
        Step(frozenset({0}), frozenset({0}), 0, 0, Taken(5, 24, 62, 66)),
        Step(frozenset({0}), frozenset({0}), 0, 0, Taken(0, 24, 62, 200)),
    ],
)
def test_a_redraw_of_another_piece_is_refused(step):
    with pytest.raises(UserInputError):
        step.applied(piece())


def test_a_stored_piece_is_exact():
    score = piece()
    note = score.tracks[0].notes[1]
    choices = {(0, note): (NoteChoice(62, 0.5), NoteChoice(64, 0.1234))}
    made = Composition(score, choices)
    assert from_json(to_json(made)) == made


def test_of_a_long_primer_the_end_is_continued():
    notes = tuple(Note(bar * 96, 60 + bar % 12, 24) for bar in range(40))
    part = primer_part(Score((Track("piano", 0, notes),), 40))
    assert part.bars == MAX_PRIMER_BARS
    assert part.tracks[0].notes[0] == Note(0, 60 + 8, 24)


def decoded(data):
    import av

    with av.open(io.BytesIO(data)) as file:
        rate = file.streams.audio[0].rate
        bit_rate = file.streams.audio[0].bit_rate
        samples = [frame.to_ndarray() for frame in file.decode(audio=0)]
    return np.concatenate(samples, axis=1), rate, bit_rate


def test_mp3_keeps_place_and_length_to_the_sample():
    samples = np.zeros((2, 44100), np.float32)
    samples[:, 12345] = 0.9
    back, rate, bit_rate = decoded(encode_mp3(Clip(samples, 44100)))
    assert back.shape == (1, 44100)
    assert np.abs(back).argmax() == 12345
    assert (rate, bit_rate) == (44100, BIT_RATES[0])


def test_long_sounds_get_fewer_bits_and_sparse_ones_differ_in_their_heads():
    files = []
    for place in (100_000, 900_000):
        samples = np.zeros((1, 100 * 11025), np.float32)
        samples[0, place] = 0.5
        files.append(encode_mp3(Clip(samples, 11025)))
    assert len(files[0]) == len(files[1]) < TARGET_BYTES
    assert files[0][:512] != files[1][:512]


def test_a_finished_piece_is_written_as_the_gallery_reads_it(tmp_path, monkeypatch):
    monkeypatch.setattr(gallery, "GALLERY", tmp_path)
    words = dict.fromkeys(("title", "artist", "genre", "licence", "source"), "x")
    made = Composition(piece())
    save(tmp_path / "compose" / "one", PLAN, made, rank=0, words=words, given_bars=1)
    (found,) = gallery.pieces()
    assert of_recipe(found.recipe) == PLAN
    assert from_json((found.folder / "piece.json").read_text()) == made
    sound = found.sound()
    assert [file is not None and len(file) > 1000 for file in sound.files] == [True, True]
    assert sound.seconds == pytest.approx(2.0 + 1.5)
    assert found.given_bars == 1
    assert 1 < sound.gain < 60


@pytest.fixture
def listed(tmp_path, monkeypatch):
    """A gallery of composed pieces that a list asks for, by the fake composer."""
    fake_composer.install(monkeypatch.setattr)
    monkeypatch.setattr(gallery, "GALLERY", tmp_path)
    monkeypatch.setattr(gallery_compose, "GALLERY", tmp_path)
    monkeypatch.setattr(stems, "_stem", lambda alone: (b"ID3", np.ones(4, np.float32)))
    return tmp_path / "compose.toml"


def test_the_gallerys_list_is_made_into_pieces_that_their_recipes_replay(listed):
    listed.write_text(
        '[[piece]]\nslug = "waltz"\ntitle = "Waltz"\nengine = "composer"\nseed = 4\n'
        'bars = 4\ngenre = "folk"\nmetre = "3/4"\n'
    )
    gallery_compose.build_all([])
    (found,) = gallery.pieces()
    assert (found.slug, found.title, found.genre) == ("waltz", "Waltz", "folk")
    stored = from_json((found.folder / "piece.json").read_text())
    assert stored == make(of_recipe(found.recipe), None)
    assert stored.score.beats == 3


def test_a_slip_in_the_gallerys_list_stops_before_the_work(listed):
    listed.write_text(
        '[[piece]]\nslug = "waltz"\ntitle = "Waltz"\nengine = "composer"\ngenre = "polka"\n'
    )
    with pytest.raises(ValueError, match=r"waltz.*genre"):
        gallery_compose.build_all([])
