import numpy as np
import pytest

from core.audio import Clip, encode_wav
from core.midi_files import write_midi
from core.sampling import plan as plans
from core.sampling.sound import Latent
from core.score import Note, Score, Track
from tests.app.drive import page, players, problems, settle
from tests.app.fake_sampler import FakeSampler, PitchlessSampler
from tests.app.sampling import current, plane
from ui.sample import tunes

pytestmark = pytest.mark.usefixtures("sampling")
RATE = 22_050


def note(hz=330.0, seconds=1.5):
    t = np.arange(round(seconds * RATE)) / RATE
    sound = 0.4 * np.sin(2 * np.pi * hz * t) * np.exp(-t)
    return encode_wav(Clip(sound[None].astype(np.float32), RATE))


def give(at, data, name="my/../note.wav"):
    at.file_uploader(key="sample_note_upload").set_value((name, data, "audio/wav")).run()
    return settle(at, job="sample_note_job")


def test_a_tune_is_played_and_its_link_plays_it_again():
    at = page("sample")
    at.selectbox(key=tunes.TUNE).set_value("ode-to-joy").run()
    at = settle(at.button(key="sample_tune_play").click().run(), job="sample_tune_run_job")
    assert problems(at) == []
    played = at.session_state[tunes.RUNS.result]
    assert played.sound.seconds == pytest.approx(32 * 60 / 116, abs=1.5)
    assert len(at.get("audio")) == 1
    again = settle(page("sample", **played.plan.query()), job="sample_tune_run_job")
    assert again.session_state[tunes.RUNS.result].sound == played.sound


def test_an_own_tune_is_asked_for_by_its_link():
    data = write_midi(Score((Track("Tune", 0, (Note(0, 60, 24), Note(24, 67, 24))),), 1))
    at = page("sample")
    at.selectbox(key=tunes.TUNE).set_value(plans.OWN).run()
    at.file_uploader(key=tunes.UPLOAD).set_value(("x.mid", data, "audio/midi")).run()
    at = settle(at.button(key="sample_tune_play").click().run(), job="sample_tune_run_job")
    played = at.session_state[tunes.RUNS.result]
    again = page("sample", **played.plan.query())
    assert "sha256" in again.info[0].value
    again.file_uploader(key=tunes.UPLOAD).set_value(("y.mid", data, "audio/midi")).run()
    again = settle(again, job="sample_tune_run_job")
    assert again.session_state[tunes.RUNS.result].sound == played.sound


def test_an_own_note_is_found_and_stands_beside_what_engines_make_of_it(monkeypatch):
    at = give(page("sample"), note())
    assert problems(at) == []
    assert current(at).latent == (1.25, -0.5, 0.3)
    assert current(at).touch.pitch == pytest.approx(64.02, abs=0.1)
    row = next(data for data in players(at) if "panels" in data)
    assert [panel["name"] for panel in row["panels"]] == ["input", "timbre-vae", "mel-vae-2d"]
    assert row["panels"][0]["title"] == "note.wav"
    assert plane(at)["sound"]["url"]
    monkeypatch.setattr(FakeSampler, "encode", lambda *a: pytest.fail("encoded again"))
    at.radio(key="sample_engine").set_value("mel-vae-2d").run()
    assert current(at).latent == (1.25, -0.5)
    again = page("sample", **current(at).query())
    assert plans.latents(PitchlessSampler(), current(again)) == [Latent((1.25, -0.5))]


def noise():
    sound = np.random.default_rng(0).normal(0, 0.2, (1, RATE * 2))
    return encode_wav(Clip(sound.astype(np.float32), RATE))


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (noise(), "noise"),
        (encode_wav(Clip(np.zeros((1, RATE * 2), np.float32), RATE)), "silent"),
        (b"this is no sound\n" * 50, "not a sound"),
        (b"", "empty"),
        (note()[:60], ""),
    ],
)
def test_what_is_no_note_is_one_sentence_and_the_plane_stays(data, says):
    at = page("sample")
    before = current(at)
    at = give(at, data)
    (said,) = problems(at)
    assert says in said
    assert said.endswith(".")
    assert current(at) == before
    assert plane(at)


def test_a_long_file_is_cut_to_whole_bars():
    notes = tuple(Note(i * 24, 60, 24) for i in range(4 * 200))
    score = Score((Track("Tune", 0, notes),), 200, 120.0)
    cut = tunes.beginning(score)
    assert cut.bars == 30
    assert cut.duration_s == pytest.approx(60.0)
    assert tunes.beginning(score.between(0, 2)).bars == 2


def test_a_damaged_tune_is_one_sentence():
    at = page("sample")
    at.selectbox(key=tunes.TUNE).set_value(plans.OWN).run()
    data = write_midi(Score((), 4))[:30]
    at.file_uploader(key=tunes.UPLOAD).set_value(("x.mid", data, "audio/midi")).run()
    (said,) = problems(at)
    assert said.endswith(".")
    assert plane(at)
