"""A composed piece goes on to other pages."""

import pytest

from core.midi_files import read_midi
from tests.app.drive import page, problems

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
