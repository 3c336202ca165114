import hashlib
import subprocess
import sys
import threading
from dataclasses import replace

import pytest

from core.composition import offers
from core.composition import plan as plans
from core.composition.controls import Controls
from core.errors import ModelUnavailableError
from core.midi_files import write_midi
from core.score import Key, Score
from tests.app import fake_composer
from tests.app.composing import compose, current, give, primer
from tests.app.drive import ROOT, page, players, press, problems, settle
from tests.app.fake_composer import FakeComposer

pytestmark = pytest.mark.usefixtures("composing")


def test_first_opening_shows_a_finished_piece_and_makes_nothing(monkeypatch):
    monkeypatch.setattr(plans, "make", lambda *a, **k: pytest.fail("composed"))
    monkeypatch.setattr("core.synth.render_stems", lambda *a, **k: pytest.fail("rendered"))
    at = page("compose")
    assert not at.exception
    assert problems(at) == []
    (roll,) = players(at)
    assert at.header[0].value == "Piece study"
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
    assert at.header[0].value == "Pop in E♭ minor"
    assert piece.made.score == FakeComposer().compose(
        None, 8, seed=5, controls=Controls("pop", 90.0, Key(3, "minor"), (3, 4))
    ).score  # fmt: skip
    (roll,) = players(at)
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
    assert players(at)[0]["editable"] is False
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
    (roll,) = players(at)
    assert roll["live"] is True
    assert 3 * 96 < roll["edge"] <= 4 * 96
    assert not any(track["url"] for track in roll["tracks"])
    at.button(key="compose_cancel").click().run()
    assert ended.wait(10)
    assert "compose_job" not in at.session_state
    assert at.header[0].value == "Piece study"
    assert players(at)[0]["live"] is False


def test_dice_change_the_seed_and_make_nothing():
    at = press(page("compose"), "Roll")
    assert "compose_job" not in at.session_state
    assert at.header[0].value == "Piece study"


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
    assert at.header[0].value == "Piece study"


def test_an_engine_that_refuses_is_one_sentence():
    at = compose(page("compose"), compose_genre_composer="rock")
    (said,) = problems(at)
    assert "no rock" in said
    assert at.header[0].value == "Piece study"


def test_missing_weights_leave_the_finished_piece(monkeypatch):
    def missing(*args, **rest):
        raise ModelUnavailableError("The model composer is not installed here.")

    monkeypatch.setattr(plans, "make", missing)
    at = compose(page("compose"))
    (said,) = problems(at)
    assert "not installed" in said
    assert at.header[0].value == "Piece study"


def test_without_any_composer_the_finished_pieces_still_play(monkeypatch):
    from core import engines

    kept = tuple(entry for entry in engines._ENGINES if entry.job != "compose")
    monkeypatch.setattr(engines, "_ENGINES", kept)
    at = page("compose")
    assert not at.exception
    assert at.header[0].value == "Piece study"
    assert len(players(at)) == 1


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
