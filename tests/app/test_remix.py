import io
import json
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from core import engines, gallery
from core.audio import Clip, encode_wav
from core.errors import ModelUnavailableError
from core.remixing.desk import heard
from core.remixing.files import as_kept, solo_of
from core.remixing.plan import ACTUAL, of_recipe
from tests.app.drive import ROOT, page, players, press, problems, tables
from tests.app.fake_remixer import RATE, FakeMixRemixer, FakeRemixer
from tests.app.remixing import DESK, ask, give, names, result, shown
from ui.remix import downloads, examples

pytestmark = pytest.mark.usefixtures("remixing")


def test_first_opening_shows_a_finished_remix_and_runs_nothing(monkeypatch):
    monkeypatch.setattr("core.remixing.run.run", lambda *a, **k: pytest.fail("ran"))
    at = page("remix")
    assert not at.exception
    assert problems(at) == []
    assert at.header[0].value == "Tune tune"
    assert any("CC0-1.0" in caption.value for caption in at.caption)
    mixer, row = shown(at)
    assert names(mixer) == ["solo", "drums", "bass", "piano", "other"]
    assert mixer["actual"]["name"] == ACTUAL
    assert row["together"]
    assert [panel["name"] for panel in row["panels"]] == [
        "input", "one2four-split", "one2one", ACTUAL,
    ]  # fmt: skip
    ((head, rows),) = tables(at)
    assert {"Log-mel distance", "Onsets on the beat", "Compute"} <= set(head)
    assert [row[0] for row in rows] == ["Published One2Four", "Published One2One"]
    assert any("Noise is what this model gives" in caption.value for caption in at.caption)


def test_parts_stand_beside_the_true_ones_and_engines_without_them_say_so():
    at = page("remix")
    at.button_group(key="remix_pick_part").set_value("drums").run()
    _, row = shown(at)
    assert [panel["name"] for panel in row["panels"]] == ["input", "one2four-split", ACTUAL]
    assert any("Published One2One: one sound for the whole band" in c.value for c in at.caption)


def test_a_recording_whose_parts_are_not_known_is_compared_as_a_whole():
    at = page("remix")
    at.selectbox(key="remix_example").set_value("riff").run()
    assert at.header[0].value == "Tune riff"
    at.button_group(key="remix_pick_band").set_value(ACTUAL).run()
    mixer, row = shown(at)
    assert names(mixer) == ["solo", "mix"]
    assert mixer["actual"] is None
    assert row["panels"][-1]["name"] == ACTUAL


@pytest.mark.parametrize(
    ("data", "says"),
    [(b"no sound", "not a sound"), (encode_wav(Clip(np.zeros((1, 2 * RATE)), RATE)), "silent")],
)
def test_bad_input_gives_one_sentence_and_no_result(data, says):
    at = give(page("remix"), data)
    if not problems(at):
        at = ask(at, "one2one")
    (said,) = problems(at)
    assert says in said
    assert players(at) == []


def test_missing_weights_leave_the_other_engine_or_the_finished_remix(monkeypatch):
    def missing(*args, **rest):
        raise ModelUnavailableError("The model one2one is not installed here.")

    monkeypatch.setattr(FakeMixRemixer, "remix", missing)
    at = page("remix")
    at.number_input(key="remix_seed").set_value(1)
    at = ask(at, "one2four-split", "one2one")
    (said,) = problems(at)
    assert "not installed" in said
    assert result(at).plan.engines == ("one2four-split",)
    at = ask(at, "one2one")
    assert "not installed" in problems(at)[0]
    assert len(players(at)) == 2


def test_without_any_remixer_the_finished_remixes_still_play(monkeypatch):
    kept = tuple(entry for entry in engines._ENGINES if entry.job != "remix")
    monkeypatch.setattr(engines, "_ENGINES", kept)
    at = page("remix")
    assert not at.exception
    assert len(players(at)) == 2
    assert "No remixer" in at.info[0].value


def test_without_examples_a_tune_can_still_be_given(monkeypatch, tmp_path):
    monkeypatch.setattr(gallery, "GALLERY", tmp_path)
    at = page("remix")
    assert not at.exception
    assert problems(at) == []
    assert at.segmented_control(key="remix_source").options == ["Upload", "Record"]
    assert players(at) == []


def test_cancel_ends_the_run_and_leaves_the_earlier_result(monkeypatch):
    import threading

    going = threading.Event()

    def slow(self, solo, *, seed, progress):
        going.set()
        while True:
            progress(0.1)

    monkeypatch.setattr(FakeRemixer, "remix", slow)
    at = page("remix")
    at.number_input(key="remix_seed").set_value(5)
    at.button_group(key="remix_engines").set_value(["one2four-split"])
    at = press(at, "Add a band")
    assert going.wait(10)
    at = at.run()
    at = at.button(key="remix_cancel").click().run()
    assert "remix_job" not in at.session_state
    assert at.header[0].value == "Tune tune"


def test_the_zip_holds_what_is_heard_the_true_stems_the_recipe_and_the_credit():
    at = page("remix")
    found = result(at)
    plan = found.plan.mixed("one2four-split", DESK)
    band = found.band("one2four-split")
    with zipfile.ZipFile(io.BytesIO(downloads.bundle_zip(found, band, plan))) as archive:
        listed = set(archive.namelist())
        assert {
            "mix.wav", "solo.wav", "drums.wav", "actual-drums.wav", "recipe.json", "metrics.json",
            "CREDIT.txt", "solo.png", "one2four-split-drums.png", "actual-drums.png",
        } <= listed  # fmt: skip
        assert archive.read("mix.wav") == encode_wav(heard(band.channels(), DESK))
        recipe = json.loads(archive.read("recipe.json"))
        assert b"CC0-1.0" in archive.read("CREDIT.txt")
        assert json.loads(archive.read("metrics.json"))["log_mel_distance_db"] > 0
    assert recipe["parameters"]["desk"] == DESK.to_fields()


def test_a_mix_is_handed_on_to_extrapolate():
    at = page("remix")
    at.button(key="remix_continue").click().run()
    assert not at.exception
    assert problems(at) == []
    assert at.segmented_control(key="extrapolate_source").value == "Handed on"
    handed = at.session_state["extrapolate_handed"]
    assert handed.title == "Tune tune, remixed"
    assert "CC0-1.0" in handed.credit
    heard_again = solo_of(handed.data, 0, 120)
    assert heard_again.channels == 2
    assert heard_again.duration_s == 4


def test_the_finished_example_replays_from_its_own_recipe():
    for found in examples.items():
        plan = of_recipe(found.recipe)
        solo = solo_of(found.source_bytes(), plan.start_s, plan.seconds)
        made = as_kept(FakeRemixer().remix(solo, seed=plan.seed))
        band = found.bands[0]
        kept = found.stems(band.files)
        assert plan.example == found.slug
        assert {file.split(".")[-1] for file in band.files.values()} == {"flac", "mp3"}
        for name, file in band.files.items():
            first, second = kept[name].samples, made[name].samples
            if file.endswith(".flac"):
                np.testing.assert_array_equal(first, second)
            assert np.corrcoef(first[0], second[0])[0, 1] > 0.9


def test_the_page_opens_without_tensorflow(remixes_folder):
    code = f"""
import sys
from pathlib import Path
import core.gallery
core.gallery.GALLERY = Path({str(remixes_folder)!r})
from tests.app.drive import page, players
at = page("remix")
assert not at.exception and len(players(at)) == 2
heavy = ("tensorflow", "keras", "librosa", "matplotlib")
assert [name for name in heavy if name in sys.modules] == []
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr[-2000:]
