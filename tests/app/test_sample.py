import base64
import io
import subprocess
import sys
import zipfile

import numpy as np
import pytest
import soundfile as sf

from core import engines
from core.audio import encode_wav
from core.errors import ModelUnavailableError
from core.sampling import plan as plans
from core.sampling.plan import Plan
from core.sampling.sound import Latent, Touch
from tests.app import fake_sampler
from tests.app.drive import ROOT, page, problems
from tests.app.fake_sampler import FakeSampler, PitchlessSampler
from tests.app.sampling import current, plane
from ui import latent_plane
from ui.sample import downloads, neighbours, stage

pytestmark = pytest.mark.usefixtures("sampling")


@pytest.fixture
def ask(monkeypatch):
    """ask(page, kind, ...): the browser's question, answered in the run that follows."""
    questions = []
    monkeypatch.setattr(latent_plane, "asked", lambda key: questions.pop() if questions else None)

    def put(at, kind, **more):
        questions.append({"id": f"q-{kind}", "kind": kind, **more})
        return plane(at.run())

    return put


def test_first_opening_has_a_sound_ready_and_makes_none(monkeypatch):
    monkeypatch.setattr(FakeSampler, "decode", lambda *a, **k: pytest.fail("decoded"))
    at = page("sample")
    assert problems(at) == []
    shown = plane(at)
    assert shown["sound"]["url"].endswith(".wav")
    assert shown["count"] == len(fake_sampler.INSTRUMENTS) * len(fake_sampler.PITCHES)
    assert len(shown["families"]) > 8
    first, second = (near["name"] for near in shown["nearest"][:2])
    assert shown["here"] == f"between {first} and {second}"
    assert shown["answer"] is None
    assert "at" not in at.query_params


def test_any_place_is_heard_where_it_was_clicked(ask):
    at = page("sample")
    touch = {"pitch": 64, "velocity": 0.5, "held_s": 1.0}
    shown = ask(at, "place", place=[0.123, -1.5], touch=touch)
    made = at.session_state[stage.SOUND].wav
    wav = base64.b64encode(made).decode()
    assert shown["answer"] == {"id": "q-place", "error": "", "notes": [], "wav": wav}
    assert shown["place"] == [0.123, -1.5]
    clip = FakeSampler().decode(Latent((0.123, -1.5, 0.0)), Touch(64, 0.5, 1.0, 1.7))
    assert made == encode_wav(clip)
    assert "at" not in at.query_params
    ask(at, "rest")
    link = {name: at.query_params[name] for name in at.query_params}
    flat = {k: v[0] if isinstance(v, list) else v for k, v in link.items()}
    assert plans.from_fields(flat, ["timbre-vae"]) == (current(at), ())


def test_a_training_sound_is_gone_to_exactly_and_named(ask):
    at = page("sample")
    point = FakeSampler().points()[12]
    shown = ask(at, "point", index=12)
    assert current(at).latent == point.latent.values
    assert shown["here"] == f"{point.name}, {neighbours.pitch_name(point.pitch)}"
    assert shown["nearest"][0]["index"] == 12
    assert shown["nearest"][0]["distance"] == 0
    names = [near["name"] for near in shown["nearest"]]
    assert len(set(names)) == len(names) == neighbours.SHOWN


def test_keys_are_made_ahead_and_leave_the_sound(ask):
    at = page("sample")
    before = current(at)
    shown = ask(at, "keys", pitches=[62, 64, 400, "x"])
    assert [one["pitch"] for one in shown["answer"]["notes"]] == [62, 64]
    assert all(one["url"] for one in shown["answer"]["notes"])
    assert current(at) == before
    timbre = shown["timbre"]
    shown = ask(at, "key", touch={"pitch": 62, "velocity": 0.75, "held_s": 2.3})
    assert current(at).touch.pitch == 62
    assert shown["timbre"] == timbre
    assert shown["sound"]["id"] == shown["plan"]


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("point", {"index": 10**6}),
        ("point", {"index": "1"}),
        ("place", {"place": "here"}),
        ("place", {"place": [float("nan"), 0]}),
        ("place", {"place": [1]}),
        ("path", {"path": [[0, 0]] * 99}),
        ("keys", {"pitches": 3}),
        ("dance", {}),
    ],
)
def test_what_the_plane_never_asks_changes_nothing(ask, kind, more):
    at = page("sample")
    before = current(at)
    shown = ask(at, kind, **more)
    assert shown["answer"]["error"].endswith("again.")
    assert current(at) == before


def test_a_path_is_walked(ask):
    at = page("sample")
    shown = ask(at, "path", path=[[0, 0], [1, 0.5], [2, -1]], touch={"pitch": 60})
    assert shown["answer"]["error"] == ""
    assert shown["path"] == [[0, 0], [1, 0.5], [2, -1]]
    assert "3 stops" in shown["here"]
    sound = at.session_state[stage.SOUND]
    assert sound.seconds > 3


def test_places_off_the_plane_are_brought_onto_it(ask):
    at = page("sample")
    assert ask(at, "place", place=[50, -50])["place"] == [3.0, -2.0]


def test_missing_weights_are_a_sentence_where_the_sound_would_be(ask, monkeypatch):
    def missing(*args, **rest):
        raise ModelUnavailableError("The model timbre-vae is missing.")

    monkeypatch.setattr(FakeSampler, "decode", missing)
    at = page("sample")
    shown = ask(at, "place", place=[1, 1])
    assert shown["answer"]["error"] == "The model timbre-vae is missing."
    assert shown["sound"]["url"]


def test_missing_points_leave_the_finished_sounds(monkeypatch):
    def missing(self):
        raise ModelUnavailableError("The model timbre-vae is missing its map.")

    monkeypatch.setattr(FakeSampler, "points", missing)
    at = page("sample")
    assert not at.exception
    assert problems(at) == ["The model timbre-vae is missing its map."]
    assert len(at.get("audio")) == 2


def test_without_any_sampler_the_finished_sounds_still_play(monkeypatch):
    kept = tuple(entry for entry in engines._ENGINES if entry.job != "sample")
    monkeypatch.setattr(engines, "_ENGINES", kept)
    at = page("sample")
    assert not at.exception
    assert len(at.get("audio")) == 2


def test_an_engine_without_pitch_control_says_so(ask):
    at = page("sample")
    at.radio(key="sample_engine").set_value("mel-vae-2d").run()
    shown = plane(at)
    assert shown["plays_pitches"] is False
    assert shown["sound"]["url"]
    assert any("no pitch control" in caption.value for caption in at.caption)
    shown = ask(at, "place", place=[1, 1], touch={"pitch": 72, "velocity": 1, "held_s": 1})
    assert current(at).touch == Touch()
    made = PitchlessSampler().decode(Latent((1.0, 1.0)))
    assert at.session_state[stage.SOUND].wav == encode_wav(made)


def test_a_link_opens_its_place_and_says_what_it_does_not_understand():
    asked = Plan("timbre-vae").at((0.5, -0.25)).touched(Touch(67))
    at = page("sample", **asked.query())
    assert problems(at) == []
    assert current(at) == asked
    at = page("sample", engine="timbre-vae", at="1,1", pitch="loud")
    assert "pitch" in problems(at)[0]
    assert current(at).places == ((1.0, 1.0),)
    at = page("sample", engine="mel-vae-2d", at="1,1", latent="1,2,3")
    assert "another engine" in problems(at)[0] or "choose the engine" in problems(at)[0]
    assert plane(at)


def test_the_octave_is_twelve_notes_and_a_map_of_all_keys():
    plan = Plan("timbre-vae").at((1, 1)).touched(Touch(63, held_s=0.3, seconds=0.5))
    with zipfile.ZipFile(io.BytesIO(downloads.multisample(plan))) as archive:
        names = archive.namelist()
        waves = [name for name in names if name.endswith(".wav")]
        assert waves == ["C4.wav", "Db4.wav", "D4.wav", "Eb4.wav", "E4.wav", "F4.wav", "Gb4.wav",
                         "G4.wav", "Ab4.wav", "A4.wav", "Bb4.wav", "B4.wav"]  # fmt: skip
        regions = [
            dict(part.split("=") for part in line.split()[1:])
            for line in archive.read("encore.sfz").decode().splitlines()
            if line.startswith("<region>")
        ]
        assert [region["sample"] for region in regions] == waves
        spans = [range(int(r["lokey"]), int(r["hikey"]) + 1) for r in regions]
        assert [key for span in spans for key in span] == list(range(128))
        sound, rate = sf.read(io.BytesIO(archive.read("A4.wav")))
    heard = np.argmax(np.abs(np.fft.rfft(sound))) * rate / len(sound)
    assert heard == pytest.approx(440, abs=3)


def test_the_page_opens_without_models_or_renderers(sounds_folder):
    code = f"""
import sys
from pathlib import Path
import core.gallery
from tests.app import fake_sampler
fake_sampler.install(setattr)
core.gallery.GALLERY = Path({str(sounds_folder)!r})
from tests.app.drive import page
at = page("sample")
assert not at.exception and len(at.get("bidi_component")) == 1
heavy = ("tensorflow", "keras", "librosa", "scipy", "matplotlib", "music21", "verovio", "av")
assert not [name for name in heavy if name in sys.modules]
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr[-2000:]
