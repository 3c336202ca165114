"""The band on the Remix page: what is asked of it, what it shows, and a redraw."""

import dataclasses

import numpy as np
import pytest

from core import engines
from core.audio import Clip, encode_wav
from core.hearing.heard import Chord, Grid, Heard, HeardNote
from core.midi_files import read_midi, write_midi
from core.remixing import arrangement_files as files
from core.remixing.arrangement import empty
from core.remixing.band_controls import BandControls
from core.remixing.band_frame import frame_of
from core.remixing.band_patterns import pattern
from core.score import Key, Note, Score, Track
from tests.app.drive import page, players, press, problems, settle
from tests.app.fake_remixer import FakeRemixer, tune
from ui.remix import stage

ASKED, TOLD = [], []


class FakeBand(FakeRemixer):
    """Plays a pattern and remembers what it was asked for."""

    def remix_along(
        self,
        solo,
        *,
        seed,
        controls=BandControls(),  # noqa: B008
        heard=None,
        progress=lambda f: None,
    ):
        ASKED.append((seed, controls))
        TOLD.append(heard)
        beats = tuple(float(t) for t in np.arange(0, solo.duration_s + 0.5, 0.5))
        notes = tuple(HeardNote(t, 60, t + 0.4) for t in beats[:-1])
        chords = (Chord(0, 0, "major"), Chord(96, 7, "dominant", (0.5,) * 12))
        heard = Heard(notes, Grid(beats), Key(0, "major"), chords)
        frame = frame_of(heard, solo.duration_s)
        parts = pattern(controls.style, (4, 4), frame.chart, range(frame.score.bars))
        made = empty(heard, frame.score, controls).with_notes(parts)
        return super().remix(solo, seed=seed, progress=progress), made


@pytest.fixture(autouse=True)
def band(monkeypatch, remixing):
    ASKED.clear()
    TOLD.clear()
    entry = engines.EngineInfo(
        "remix", "band", "Band", "Plays along.", False, None, f"{__name__}:FakeBand"
    )
    monkeypatch.setattr(engines, "_ENGINES", (entry, *engines._ENGINES))


def test_a_band_is_asked_shown_taken_home_and_redrawn():
    quiet = Clip(tune(8.0).samples * np.float32(0.2), tune(8.0).sample_rate)
    at = page("remix")
    at.segmented_control(key="remix_source").set_value("Upload").run()
    at.file_uploader(key="remix_upload").set_value(
        ("own.wav", encode_wav(quiet), "audio/wav")
    ).run()
    at.button_group(key="remix_engines").set_value(["band"])
    at.selectbox(key="remix_style").set_value("swing")
    at.slider(key="remix_density").set_value(0.75)
    at.toggle(key="remix_intro").set_value(True)
    at = settle(press(at, "Add a band"), job="remix_job")
    assert problems(at) == []
    wanted = BandControls("swing", 0.75, intro=True)
    assert [(0, wanted)] == ASKED
    found = at.session_state["remix_result"]
    assert found.plan.band == wanted
    assert at.session_state[stage.LINK]["style"] == "swing"
    assert at.session_state[stage.DESK].master_db > 3

    _, roll, _ = players(at)
    assert [track["name"] for track in roll["tracks"]] == [
        "Solo", "Drums", "Bass", "Piano", "Other",
    ]  # fmt: skip
    at.button_group(key="remix_band_part").set_value("bass").run()
    assert [track["name"] for track in players(at)[1]["tracks"]] == ["Bass"]
    (chart,) = [e.proto.body for e in at.get("html") if "Chords: | C | G7 |" in e.proto.body]
    assert chart.count("underline dotted") == 3  # G7 in three bars, which lasts
    assert any(caption.value.startswith("Dotted chords are guesses") for caption in at.caption)
    made = found.bands[0].arrangement
    assert [len(t.notes) for t in read_midi(files.midi(made)).tracks] == [
        len(t.notes) for t in made.score.tracks
    ]

    at.selectbox(key="remix_redraw_part").set_value("bass")
    at.slider(key="remix_redraw_bars_4").set_value((2, 3)).run()
    next(b for b in at.button if b.key == "remix_redraw").click().run()
    at = settle(at, job="remix_job")
    (step,) = ASKED[-1][1].redraws
    assert (step.bars, step.tracks) == (frozenset({1, 2}), frozenset({1}))
    assert ASKED[-1][1] == dataclasses.replace(wanted, redraws=(step,))
    assert at.session_state["remix_result"].plan.band.redraws == (step,)
    assert "redraws" in at.session_state[stage.LINK]


def own_tune(at):
    at.segmented_control(key="remix_source").set_value("Upload").run()
    at.file_uploader(key="remix_upload").set_value(
        ("own.wav", encode_wav(tune(8.0)), "audio/wav")
    ).run()
    at.button_group(key="remix_engines").set_value(["band"])
    return at


def the_chart(at):
    return next(area for area in at.text_area if area.key.startswith("remix_chart_"))


def test_chords_are_changed_under_the_chart_and_taken_back():
    at = settle(press(own_tune(page("remix")), "Add a band"), job="remix_job")
    assert the_chart(at).value.startswith("| C | G7 |")
    the_chart(at).set_value("C | H7")
    press(at, "Play these chords")
    assert "“H7” in bar 2" in problems(at)[0]
    assert len(ASKED) == 1
    the_chart(at).set_value("Dm | Bb C")
    at = settle(press(at, "Play these chords"), job="remix_job")
    assert ASKED[-1] == (0, BandControls(chords="Dm|Bb C"))
    assert at.session_state[stage.LINK]["chords"] == "Dm|Bb C"
    assert at.text_area(key="remix_chords").value == "| Dm | B♭ C |\n"
    assert any("on your chords" in caption.value for caption in at.caption)
    at = settle(press(at, "As heard"), job="remix_job")
    assert ASKED[-1] == (0, BandControls())
    assert at.text_area(key="remix_chords").value == ""


def test_chords_in_the_form_are_of_one_tune_alone():
    at = own_tune(page("remix"))
    at.text_area(key="remix_chords").set_value("C | X")
    at = press(at, "Add a band")
    assert "“X” in bar 2" in problems(at)[0]
    assert ASKED == []
    at.text_area(key="remix_chords").set_value("C | F")
    at = settle(press(at, "Add a band"), job="remix_job")
    assert [(0, BandControls(chords="C|F"))] == ASKED
    at.file_uploader(key="remix_upload").set_value(
        ("other.wav", encode_wav(tune(5.0)), "audio/wav")
    ).run()
    assert at.text_area(key="remix_chords").value == ""


def test_a_link_brings_the_bands_settings_along():
    at = page(
        "remix", engines="band", input="ab" * 32, style="bossa", density="0.2", ending="False"
    )
    assert at.session_state["remix_awaited"].band == BandControls("bossa", 0.2, ending=False)
    at = page("remix", engines="band", input="ab" * 32, chords="C|F G7")
    assert at.session_state["remix_awaited"].band == BandControls(chords="C|F G7")
    assert not at.exception


def test_a_file_of_notes_is_played_and_not_listened_to():
    line = Track("Melody", 73, tuple(Note(24 * n, 60 + n % 8, 24) for n in range(16)))
    chords = Track("Piano", 0, tuple(Note(0, p, 384) for p in (48, 52, 55)))
    data = write_midi(Score((chords, line), 4, tempo_bpm=120.0))
    at = page("remix")
    at.segmented_control(key="remix_source").set_value("Upload").run()
    at.file_uploader(key="remix_upload").set_value(("tune.mid", data, "audio/midi")).run()
    at.button_group(key="remix_engines").set_value(["band"])
    at = settle(press(at, "Add a band"), job="remix_job")
    assert not problems(at)
    assert [note.pitch for note in TOLD[0].notes] == [60 + n % 8 for n in range(16)]
    assert TOLD[0].grid.beats_s == pytest.approx(np.arange(17) * 0.5)
    assert players(at)
