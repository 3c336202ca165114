import csv
import hashlib
import io
import json
import subprocess
import sys
import threading
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from core import gallery
from core.composition import offers, stems
from core.composition import plan as plans
from core.composition.controls import Controls
from core.composition.plan import Plan
from core.composition.steps import Step, Taken
from core.errors import ModelUnavailableError
from core.midi_files import write_midi
from core.score import Key, Note, Score, Track
from tests.app import fake_composer
from tests.app.drive import ROOT, page, problems, settle
from tests.app.fake_composer import FakeComposer
from tests.app.samples import make_pieces
from ui.compose import downloads, stage


@pytest.fixture(scope="session")
def pieces_folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("pieces")
    make_pieces(root)
    return root


@pytest.fixture(autouse=True)
def fake(monkeypatch, pieces_folder):
    """A composer without a model, and sound that costs nothing where it is not what is tested."""
    fake_composer.install(monkeypatch.setattr)
    silence = (b"ID3", np.zeros(4, np.float32))
    monkeypatch.setattr(stems, "_stem", lambda alone: silence)
    monkeypatch.setattr(gallery, "GALLERY", pieces_folder)


def rolls(at):
    return [json.loads(found.proto.json) for found in at.get("bidi_component")]


def compose(at, **values):
    for key, value in values.items():
        widget = next(w for w in (*at.slider, *at.selectbox, *at.number_input) if w.key == key)
        widget.set_value(value)
    return settle(press(at, "Compose"), job="compose_job")


def press(at, label):
    return next(b for b in at.button if b.label == label).click().run()


def current(at):
    return at.session_state["compose_result"]


def notes(at):
    return current(at).made.score.tracks


def primer(bars=4):
    tune = tuple(Note(bar * 72 + i * 24, 60 + i * 2, 24) for bar in range(bars) for i in range(3))
    return Score((Track("Tune", 40, tune),), bars, 90.0, 3, 4, Key(2, "minor"))


def give(at, name, data):
    return at.file_uploader(key="compose_primer").set_value((name, data, "audio/midi")).run()


def test_first_opening_shows_a_finished_piece_and_makes_nothing(monkeypatch):
    monkeypatch.setattr(plans, "make", lambda *a, **k: pytest.fail("composed"))
    monkeypatch.setattr("core.synth.render_stems", lambda *a, **k: pytest.fail("rendered"))
    at = page("compose")
    assert not at.exception
    assert problems(at) == []
    (roll,) = rolls(at)
    assert at.subheader[0].value == "Piece study"
    assert "A. Model" in at.caption[0].value
    assert [track["name"] for track in roll["tracks"]] == [name for name, *_ in fake_composer.PARTS]
    assert all(track["url"] for track in roll["tracks"])
    assert roll["live"] is False
    assert roll["editable"] is True
    assert "compose_job" not in at.session_state


def test_the_form_makes_what_it_asks_for():
    asked = {"compose_bars": 8, "compose_seed": 5, "compose_tempo": 90, "compose_key": "E♭ minor"}
    at = compose(page("compose"), **asked, compose_metre_composer="3/4")
    assert problems(at) == []
    piece = current(at)
    score = piece.made.score
    assert (score.bars, score.tempo_bpm, score.beats, score.key) == (8, 90.0, 3, Key(3, "minor"))
    assert at.subheader[0].value == "Pop in E♭ minor"
    assert piece.made.score == FakeComposer().compose(
        None, 8, seed=5, controls=Controls("pop", 90.0, Key(3, "minor"), (3, 4))
    ).score  # fmt: skip
    (roll,) = rolls(at)
    assert roll["bars"] == 8
    assert at.query_params["seed"] in ("5", ["5"])


def test_only_the_controls_of_the_engine_are_shown():
    at = page("compose")
    shown = {w.key for w in (*at.slider, *at.select_slider, *at.selectbox)}
    assert {"compose_genre_composer", "compose_repetition", "compose_density"} <= shown
    at.button_group(key="compose_engine").set_value("notes-lstm").run()
    shown = {w.key for w in (*at.slider, *at.select_slider, *at.selectbox)}
    assert not {"compose_genre_composer", "compose_repetition", "compose_density"} & shown
    at = compose(at)
    assert current(at).plan.controls.temperature == 0.0
    assert rolls(at)[0]["editable"] is False
    assert not [b for b in at.button if b.key and b.key.startswith("compose_redraw")]


def test_the_piece_grows_while_it_is_made_and_cancel_leaves_the_earlier_one(monkeypatch):
    going, release, ended = threading.Event(), threading.Event(), threading.Event()

    def slow(plan, primer, *, progress, watch):
        sketch = FakeComposer().compose(None, 4, seed=1).score
        watch(sketch)
        going.set()
        try:
            while not release.wait(0.01):
                progress(0.3)
        except BaseException:
            ended.set()
            raise

    monkeypatch.setattr(plans, "make", slow)
    at = press(page("compose"), "Compose")
    assert going.wait(10)
    at.run()
    (roll,) = rolls(at)
    assert roll["live"] is True
    assert 3 * 96 < roll["edge"] <= 4 * 96
    assert not any(track["url"] for track in roll["tracks"])
    at.button(key="compose_cancel").click().run()
    assert ended.wait(10)
    assert "compose_job" not in at.session_state
    assert at.subheader[0].value == "Piece study"
    assert rolls(at)[0]["live"] is False


def test_dice_change_the_seed_and_make_nothing():
    at = press(page("compose"), "Roll")
    assert "compose_job" not in at.session_state
    assert at.subheader[0].value == "Piece study"


def test_a_primer_is_continued_in_its_own_style():
    data = write_midi(primer())
    at = give(page("compose"), "my/../tune.mid", data)
    assert problems(at) == []
    assert any("4 bars · 3/4 · 90 BPM" in caption.value for caption in at.caption)
    assert "compose_genre_composer" not in {box.key for box in at.selectbox}
    at = settle(press(at, "Continue my music"), job="compose_job")
    piece = current(at)
    assert piece.title == "tune, continued"
    assert piece.given_bars == 4
    assert piece.made.score.bars == 4 + 16
    assert piece.made.score.beats == 3
    assert piece.plan.primer_sha256 == hashlib.sha256(data).hexdigest()
    assert [n.pitch for n in piece.made.score.tracks[0].notes[:3]] == [60, 62, 64]


def test_a_primer_is_harmonised_where_the_engine_can(monkeypatch):
    can = replace(offers.offer("composer"), harmonise=True)
    monkeypatch.setitem(offers._OFFERS, "composer", can)
    at = give(page("compose"), "tune.mid", write_midi(primer()))
    at.button_group(key="compose_primer_do").set_value("Harmonise it").run()
    assert "compose_bars" not in {slider.key for slider in at.slider}
    at = settle(press(at, "Harmonise my music"), job="compose_job")
    piece = current(at)
    assert piece.title == "tune, harmonised"
    assert piece.made.score.bars == 4
    assert plans.from_fields(piece.plan.query(), ["composer"]) == (piece.plan, ())


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("empty.mid", b""),
        ("text.mid", b"this is no music\n" * 50),
        ("cut.mid", write_midi(primer())[:60]),
        ("zip.mxl", b"PK\x03\x04" + b"\0" * 40),
        ("rest.mid", write_midi(Score((), 4))),
    ],
)
def test_a_bad_primer_is_one_sentence_and_the_piece_stays(name, data):
    at = give(page("compose"), name, data)
    assert not at.exception
    (said,) = problems(at)
    assert said.endswith(".")
    assert "Traceback" not in said
    assert at.subheader[0].value == "Piece study"


def test_melody_is_redrawn_in_the_chosen_bars_alone_and_undone(monkeypatch):
    monkeypatch.setattr(stage, "_roll", chosen_bars(stage._roll, (2, 3)))
    at = page("compose")
    before = notes(at)
    at = settle(at.button(key="compose_redraw_melody").click().run(), job="compose_job")
    after = notes(at)
    assert [a == b for a, b in zip(after, before, strict=True)] == [False, True, True, True]
    moved = set(after[0].notes) ^ set(before[0].notes)
    assert {note.start // 96 for note in moved} <= {2, 3}
    assert "redrawn once" in " ".join(caption.value for caption in at.caption)
    assert "redraws" in at.query_params
    at.button(key="compose_undo").click().run()
    assert notes(at) == before
    assert not [b for b in at.button if b.key == "compose_undo"]


def test_locked_bars_stay_when_all_is_redrawn(monkeypatch):
    real = stage._roll
    monkeypatch.setattr(stage, "_roll", chosen_bars(real, (0, 1)))
    at = page("compose")
    before = notes(at)
    at.button(key="compose_lock").click().run()
    assert rolls(at)[0]["locked"] == [0, 1]
    monkeypatch.setattr(stage, "_roll", chosen_bars(real, ()))
    at = settle(at.run().button(key="compose_redraw_all").click().run(), job="compose_job")
    for old, new in zip(before, notes(at), strict=True):
        assert [n for n in old.notes if n.start < 192] == [n for n in new.notes if n.start < 192]
    assert notes(at) != before
    assert rolls(at)[0]["locked"] == [0, 1]


def test_a_taken_choice_stands_and_what_follows_is_new(monkeypatch):
    real = stage._roll
    at = page("compose")
    note = notes(at)[0].notes[3]
    taken = Taken(0, note.start, note.pitch, note.pitch + 2)
    told = [taken]

    def touched(piece, *, editable):
        found = real(piece, editable=editable)
        return type(found)((), told.pop()) if told else found

    monkeypatch.setattr(stage, "_roll", touched)
    before = notes(at)
    at = settle(at.run(), job="compose_job")
    after = notes(at)
    assert (note.start, note.pitch + 2) in {(n.start, n.pitch) for n in after[0].notes}
    assert note not in after[0].notes
    for old, new in zip(before, after, strict=True):
        early = [n for n in old.notes if n.start < note.start]
        assert early == [n for n in new.notes if n.start < note.start]
    assert current(at).plan.steps[0].taken == taken


def chosen_bars(real, bars):
    def touched(piece, *, editable):
        found = real(piece, editable=editable)
        return type(found)(bars, found.taken)

    return touched


def test_a_link_replays_the_very_notes_with_its_redraws():
    plan = Plan("composer", 8, 3, Controls(genre="jazz", key=Key(7, "major"))).then(
        Step(frozenset({2, 3}), frozenset({0}), 11)
    )
    made = plans.make(plan, None)
    runs = [settle(page("compose", **plan.query()), job="compose_job") for _ in range(2)]
    for at in runs:
        assert problems(at) == []
        assert current(at).plan == plan
        assert current(at).made.score == made.score
    assert runs[0].selectbox(key="compose_genre_composer").value == "jazz"


def test_the_finished_pieces_own_link_makes_nothing(monkeypatch):
    monkeypatch.setattr(plans, "make", lambda *a, **k: pytest.fail("composed"))
    at = page("compose", engine="composer", bars="8", seed="0", genre="pop")
    assert at.subheader[0].value == "Piece study"
    assert "compose_job" not in at.session_state


def test_a_link_with_a_primer_asks_for_it_and_then_makes_the_piece():
    data = write_midi(primer())
    plan = Plan("composer", 4, 2, primer_sha256=hashlib.sha256(data).hexdigest())
    at = page("compose", **plan.query())
    assert plan.primer_sha256[:12] in at.info[0].value
    at = give(at, "other.mid", write_midi(primer(5)))
    assert "compose_job" not in at.session_state
    at = settle(give(at, "tune.mid", data), job="compose_job")
    assert current(at).plan == plan
    assert current(at).made.score.bars == 8


@pytest.mark.parametrize(
    "query",
    [
        {"engine": "magic"},
        {"engine": "composer", "bars": "1e9"},
        {"engine": "composer", "seed": "-1", "tempo_bpm": "nan"},
        {"engine": "composer", "key": "H minor"},
        {"engine": "composer", "redraws": "b0-99999999_t0_s1"},
        {"engine": "composer", "genre": "../../etc"},
    ],
)
def test_a_wrong_link_is_answered_with_one_sentence_and_defaults(query):
    at = settle(page("compose", **query, **({"bars": "4"} if "bars" not in query else {})),
                job="compose_job")  # fmt: skip
    assert not at.exception
    assert current(at).plan.engine == "composer"


def test_an_engine_that_refuses_is_one_sentence():
    at = compose(page("compose"), compose_genre_composer="rock")
    (said,) = problems(at)
    assert "no rock" in said
    assert at.subheader[0].value == "Piece study"


def test_missing_weights_leave_the_finished_piece(monkeypatch):
    def missing(*args, **rest):
        raise ModelUnavailableError("The model composer is not installed here.")

    monkeypatch.setattr(plans, "make", missing)
    at = compose(page("compose"))
    (said,) = problems(at)
    assert "not installed" in said
    assert at.subheader[0].value == "Piece study"


def test_downloads_hold_the_notes_and_a_recipe_that_replays_them():
    at = compose(page("compose"), compose_bars=4, compose_seed=9)
    piece = current(at)
    with zipfile.ZipFile(io.BytesIO(downloads.bundle_zip(piece))) as archive:
        assert archive.read("piece.mid")[:4] == b"MThd"
        assert b"<score-partwise" in archive.read("piece.musicxml")
        assert archive.read("piece.wav")[:4] == b"RIFF"
        rows = list(csv.DictReader(io.StringIO(archive.read("notes.csv").decode())))
        recipe = gallery.Recipe.from_json(archive.read("recipe.json").decode())
    assert len(rows) == piece.made.score.note_count
    again = plans.make(plans.of_recipe(recipe), None)
    assert again.score == piece.made.score
    from core.midi_files import read_midi

    read = read_midi(downloads.midi(piece))
    ours = sorted((n.start, n.pitch, n.duration) for _, n in piece.made.score.notes())
    assert sorted((n.start, n.pitch, n.duration) for _, n in read.notes()) == ours


def test_sheet_music_and_table_come_when_asked_for():
    at = page("compose")
    at.button_group(key="compose_view").set_value("Sheet music").run()
    assert not at.exception
    sheet = rolls(at)[1]
    assert len(sheet["wide"]) == 1
    assert len(sheet["narrow"]) >= 1
    at.button_group(key="compose_view").set_value("Note table").run()
    assert len(at.dataframe[0].value) == current(at).made.score.note_count


def test_without_any_composer_the_finished_pieces_still_play(monkeypatch):
    from core import engines

    kept = tuple(entry for entry in engines._ENGINES if entry.job != "compose")
    monkeypatch.setattr(engines, "_ENGINES", kept)
    at = page("compose")
    assert not at.exception
    assert at.subheader[0].value == "Piece study"
    assert len(rolls(at)) == 1


def test_gallery_shows_pieces_and_filters_by_kind(monkeypatch, gallery_folder, pieces_folder):
    at = page("gallery")
    assert [box.value for box in at.subheader] == ["Piece study"]
    assert rolls(at) == []
    at.toggle(key="gallery_open_compose_study").set_value(True).run()
    assert rolls(at)[0]["tracks"][0]["name"] == "lead"


def test_the_page_opens_without_models_or_renderers(pieces_folder):
    code = f"""
import sys
from pathlib import Path
import core.gallery
core.gallery.GALLERY = Path({str(pieces_folder)!r})
from tests.app.drive import page
at = page("compose")
assert not at.exception and len(at.get("bidi_component")) == 1
heavy = ("tensorflow", "keras", "librosa", "scipy", "matplotlib", "music21", "verovio", "av")
assert not [name for name in heavy if name in sys.modules]
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr[-2000:]
