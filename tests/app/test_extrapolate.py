import base64
import io
import json
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from streamlit import runtime

from core.audio import Clip, encode_wav
from core.errors import ModelUnavailableError
from tests.app.drive import ROOT, ask, page, players, press, problems, settle, tables, upload
from tests.app.samples import music, wav
from tests.unit.media import bad_inputs, good_inputs
from ui import results


def sentence(text: str) -> bool:
    """One sentence, for people: ends once, names no code."""
    return text.endswith(".") and text.count(". ") == 0 and "Traceback" not in text


def test_first_opening_shows_a_finished_example_and_runs_nothing(monkeypatch):
    monkeypatch.setattr("core.extrapolation.run.run", lambda *a, **k: pytest.fail("ran"))
    at = page("extrapolate")
    assert not at.exception
    assert problems(at) == []
    (player,) = players(at)
    assert [panel["name"] for panel in player["panels"]] == ["input", "loop", "actual"]
    assert [round(panel["seconds"]) for panel in player["panels"]] == [20, 10, 10]
    ((head, rows),) = tables(at)
    assert {"Log-mel distance", "Seam"} <= set(head)
    assert [row[0] for row in rows] == ["Loop"]
    assert all(np.isfinite(float(cell)) for cell in rows[0][1:])


@pytest.mark.parametrize("name", sorted(bad_inputs()))
def test_bad_input_gives_one_sentence_and_no_result(name):
    file_name, data = bad_inputs()[name]
    at = page("extrapolate")
    at = upload(at, file_name, data)
    if not problems(at):
        at = ask(at)
    assert not at.exception
    (said,) = problems(at)
    assert sentence(said), said
    assert players(at) == []


@pytest.mark.parametrize(
    "name", ["wav", "wav 96 kHz 24-bit", "wav 6 channels", "wav 8 kHz", "mp3 truncated", "hour"]
)
def test_good_input_gives_a_continuation(name):
    at = ask(upload(page("extrapolate"), *good_inputs()[name]))
    assert not at.exception
    assert problems(at) == []
    (player,) = players(at)
    assert player["panels"][1]["name"] == "loop"
    assert player["panels"][1]["seconds"] == pytest.approx(10.0, abs=1e-3)


def test_a_path_as_file_name_is_only_its_last_part():
    name, data = good_inputs()["wav named by a path"]
    at = ask(upload(page("extrapolate"), name, data))
    assert problems(at) == []
    title = at.header[0].value
    assert "/" not in title
    assert ".." not in results.stem(at.session_state["extrapolate_result"])


def test_silence_is_told_and_not_continued():
    at = ask(upload(page("extrapolate"), *good_inputs()["wav silence"]))
    (said,) = problems(at)
    assert "silent" in said
    assert players(at) == []


def test_short_clip_has_no_actual_and_says_so():
    at = ask(upload(page("extrapolate"), *good_inputs()["wav 5 s"]))
    (player,) = players(at)
    assert [panel["kind"] for panel in player["panels"]] == ["input", "predicted"]
    assert [head[1:] for head, _ in tables(at)] == [["Seam", "Compute"]]
    assert any("no actual continuation" in caption.value for caption in at.caption)


def test_the_last_ten_seconds_are_the_actual_of_a_longer_upload():
    at = ask(upload(page("extrapolate"), "long.wav", wav(35.0)))
    result = at.session_state["extrapolate_result"]
    assert result.recipe.parameters["start_s"] == 5.0
    from core.gallery import read_flac

    whole = Clip(music(35.0).samples, music(35.0).sample_rate)
    true = whole.between(25.0, 35.0)
    np.testing.assert_allclose(
        read_flac(result.actual_flac).samples, true.samples, atol=2.1 / 32767
    )


def test_nothing_is_computed_before_the_button():
    at = upload(page("extrapolate"), "clip.wav", wav(25.0))
    at.slider(key="extrapolate_seconds").set_value(30).run()
    assert "extrapolate_job" not in at.session_state
    assert players(at) == []


def test_an_uploads_earlier_run_does_not_touch_another_session():
    other = page("extrapolate")
    before = players(other)
    at = upload(page("extrapolate"), *bad_inputs()["text named .wav"])
    assert problems(at)
    other.run()
    assert players(other) == before
    assert problems(other) == []


def test_cancel_ends_the_run_and_leaves_the_earlier_result(monkeypatch):
    import threading

    going, ended = threading.Event(), threading.Event()

    def slow(clip, actual, *, progress, **rest):
        from core.jobs import Cancelled

        going.set()
        try:
            while True:
                progress(0.1)
                ended.wait(0.01)
        except Cancelled:
            ended.set()
            raise

    monkeypatch.setattr("core.extrapolation.run.run", slow)
    at = page("extrapolate")
    at.number_input(key="extrapolate_seed").set_value(5)
    at = press(at)
    assert going.wait(10)
    assert "extrapolate_job" in at.session_state
    at = at.run()
    at = at.button(key="extrapolate_cancel").click().run()
    assert "extrapolate_job" not in at.session_state
    assert ended.wait(10)
    assert not at.exception
    assert len(players(at)) == 1


def test_a_new_run_cancels_the_earlier_one(monkeypatch):
    import threading

    from core.jobs import Status

    release = threading.Event()
    monkeypatch.setattr(
        "core.extrapolation.run.run",
        lambda *a, progress, **k: [progress(0), release.wait(10), progress(1)],
    )
    at = page("extrapolate")
    at.number_input(key="extrapolate_seed").set_value(5)
    at = press(at)
    first = at.session_state["extrapolate_job"]
    at.number_input(key="extrapolate_seed").set_value(6)
    at = press(at)
    assert first.state().status is Status.CANCELLED
    release.set()


def test_missing_weights_leave_the_other_engines_result(monkeypatch):
    from core.extrapolation import run as module

    real = module.run

    def without_paper(clip, actual, *, engines, **rest):
        if engines == ["paper-encdec"]:
            raise ModelUnavailableError("The model paper-encdec is not installed here.")
        return real(clip, actual, engines=engines, **rest)

    monkeypatch.setattr(module, "run", without_paper)
    at = upload(page("extrapolate"), "clip.wav", wav(22.0))
    at = ask(at, ("loop", "paper-encdec"))
    (said,) = problems(at)
    assert "not installed" in said
    assert [p["name"] for p in players(at)[0]["panels"]] == ["input", "loop", "actual"]


def test_missing_weights_alone_leave_the_gallerys_result(monkeypatch):
    def missing(*args, **rest):
        raise ModelUnavailableError("The model paper-encdec is not installed here.")

    monkeypatch.setattr("core.extrapolation.run.run", missing)
    at = ask(page("extrapolate"), ("paper-encdec",))
    (said,) = problems(at)
    assert "not installed" in said
    assert at.header[0].value == "Study first"


def test_a_defect_is_a_sentence_with_a_number(monkeypatch):
    def broken(*args, **rest):
        raise RuntimeError("secret detail")

    monkeypatch.setattr("core.extrapolation.run.run", broken)
    at = ask(upload(page("extrapolate"), "clip.wav", wav(5.0)))
    (said,) = problems(at)
    assert "number" in said
    assert "secret" not in said
    assert not at.exception


def test_link_is_replayed_from_the_finished_files(monkeypatch):
    monkeypatch.setattr("core.extrapolation.run.run", lambda *a, **k: pytest.fail("ran"))
    at = page("extrapolate", example="second", engines="loop", start="0", seconds="10", seed="0")
    assert problems(at) == []
    assert at.header[0].value == "Study second"
    assert at.selectbox(key="extrapolate_example").value == "second"


def test_link_with_other_settings_is_run_and_gives_the_same_bytes_each_time():
    query = {"example": "second", "engines": "loop", "start": "2", "seconds": "15", "seed": "3"}
    runs = [settle(page("extrapolate", **query)) for _ in range(2)]
    first, second = (at.session_state["extrapolate_result"] for at in runs)
    assert first.made[0].flac == second.made[0].flac
    assert first.recipe.parameters == {"start_s": 2.0, "seconds": 15.0}
    assert first.recipe.seed == 3
    assert runs[0].query_params["seed"] in ("3", ["3"])


@pytest.mark.parametrize(
    "query",
    [
        {"example": "no-such-thing"},
        {"example": "first", "engines": "magic", "start": "0"},
        {"example": "first", "seconds": "1e9"},
        {"example": "first", "seconds": "nan"},
        {"example": "first", "start": "500"},
        {"example": "first", "seed": "-1", "start": "x"},
        {"example": "../../etc", "engines": "loop"},
    ],
)
def test_a_wrong_link_is_answered_with_one_sentence_and_defaults(query):
    at = page("extrapolate", **query)
    assert not at.exception
    (said,) = problems(at)
    assert sentence(said)
    assert at.header[0].value == "Study first"
    assert len(players(at)) == 1


def test_the_bundle_holds_the_played_bytes_and_the_recipe():
    at = page("extrapolate")
    result = at.session_state["extrapolate_result"]
    with zipfile.ZipFile(io.BytesIO(results.bundle_zip(result))) as archive:
        names = set(archive.namelist())
        assert {
            "input.wav", "loop.wav", "loop-joined.wav", "actual.wav", "metrics.json",
            "recipe.json", "CREDIT.txt", "spectrograms.png", "loop.png",
        } <= names  # fmt: skip
        assert archive.read("loop.wav") == results.wav(result.made[0].flac)
        assert json.loads(archive.read("recipe.json"))["example"] == "first"
        assert json.loads(archive.read("metrics.json"))["loop"]["onset_correlation"] > 0
        assert b"CC0-1.0" in archive.read("CREDIT.txt")
    assert results.bundle_zip(result) == results.bundle_zip(result)


def test_sparse_sounds_of_one_length_get_their_own_addresses():
    # Over 1 MiB Streamlit's manager looks at three samples only; these differ between them.
    from streamlit.runtime.media_file_manager import MediaFileManager
    from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage

    sounds = []
    for place in (0.31, 0.74):
        samples = np.zeros((1, 30 * 44100), np.float32)
        at = int(place * samples.shape[1])
        samples[0, at : at + 500] = 0.5
        sounds.append(encode_wav(Clip(samples, 44100)))
    manager = MediaFileManager(MemoryMediaFileStorage("/media"))
    urls = {manager.add(sound, "audio/wav", f"place {i}") for i, sound in enumerate(sounds)}
    assert len(sounds[0]) == len(sounds[1]) > 2**20
    assert len(urls) == 2


def test_without_a_runtime_sound_is_a_data_address():
    from ui import media

    assert not runtime.exists()
    head, _, body = media.url(b"RIFFxyz", "audio/wav", "here").partition(",")
    assert head == "data:audio/wav;base64"
    assert base64.b64decode(body) == b"RIFFxyz"


@pytest.mark.parametrize("name", ["home", "gallery", "extrapolate"])
def test_pages_open_without_tensorflow(name, gallery_folder):
    code = f"""
import sys
from pathlib import Path
import core.gallery
core.gallery.GALLERY = Path({str(gallery_folder)!r})
from tests.app.drive import page, players
at = page({name!r})
assert not at.exception and {name == "gallery"} != bool(players(at))
heavy = [m for m in ("tensorflow", "keras", "librosa") if m in sys.modules]
allowed = ["librosa"] if {name == "extrapolate"} else []
assert [m for m in heavy if m not in allowed] == [], heavy
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr[-2000:]
