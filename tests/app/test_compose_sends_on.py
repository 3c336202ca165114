"""A composed piece goes on to other pages."""

import hashlib

import pytest

from core.midi_files import read_midi
from core.sampling.plan import OWN
from tests.app import fake_remixer, fake_sampler
from tests.app.drive import page, problems, settle
from ui.compose import downloads, finished

pytestmark = pytest.mark.usefixtures("composing")


def test_a_piece_is_given_to_remix_as_notes():
    at = page("compose")
    piece = at.session_state["compose_result"]
    at.button(key="compose_to_remix").click().run()
    assert not at.exception
    assert problems(at) == []
    assert at.segmented_control(key="remix_source").value == "Handed on"
    handed = at.session_state["remix_handed"]
    assert read_midi(handed.data).note_count == piece.made.score.note_count
    assert handed.duration_s > 1
    told = f"**{piece.title}** · Composer · 8 bars of 4/4 · 112 BPM · C major"
    (said,) = [box.value for box in at.caption if box.value.startswith(told)]
    assert said.endswith("seed 0")
    assert at.slider(key=f"remix_seconds_{handed.sha256[:12]}").value <= handed.duration_s + 1


def test_a_piece_is_offered_as_a_tune_to_a_sampled_sound():
    at = page("compose")
    piece = at.session_state["compose_result"]
    at.button(key="compose_to_sample").click().run()
    assert not at.exception
    handed = at.session_state["sample_tune_handed"]
    assert handed.title == piece.title
    assert handed.score.note_count == piece.made.score.note_count
    box = at.selectbox(key="sample_tune")
    assert box.value == "sample_tune_handed"
    assert box.options[0] == f"From Compose: {piece.title}"
    assert any("8 bars of 4/4" in caption.value for caption in at.caption)


def test_a_sound_plays_a_composed_piece_and_its_link_needs_no_file(monkeypatch):
    fake_sampler.install(monkeypatch.setattr)
    at = page("sample")
    at.selectbox(key="sample_tune").set_value("piece-study").run()
    assert any("8 bars of 4/4" in caption.value for caption in at.caption)
    at = settle(at.button(key="sample_tune_play").click().run(), job="sample_tune_run_job")
    assert problems(at) == []
    played = at.session_state["sample_tune_run_result"]
    assert played.plan.melody == OWN
    assert played.plan.input_sha256 == finished.tunes()[0].sha256
    other = settle(page("sample", **played.plan.query()), job="sample_tune_run_job")
    assert problems(other) == []
    assert not any("cannot carry" in box.value for box in other.info)
    assert other.session_state["sample_tune_run_result"].sound.wav == played.sound.wav


def test_a_link_to_a_composed_pieces_remix_needs_no_file(monkeypatch):
    fake_remixer.install(monkeypatch.setattr)
    piece = page("compose").session_state["compose_result"]
    sha256 = hashlib.sha256(downloads.midi(piece)).hexdigest()
    at = settle(page("remix", input=sha256, engines="one2one", seconds="5"), job="remix_job")
    assert not at.exception
    assert problems(at) == []
    assert not any("cannot carry" in box.value for box in at.info)
    assert at.session_state["remix_result"].plan.input_sha256 == sha256
    assert at.session_state["remix_result"].title == piece.title
