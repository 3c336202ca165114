import io
import json
import zipfile

import numpy as np
import pytest

import core.__main__ as cli
from core.audio import Clip, encode_flac, encode_wav
from core.remixing.desk import Desk, Fader, heard
from core.remixing.files import as_kept, solo_of
from core.remixing.plan import Plan
from core.remixing.run import with_solo
from tests.app import fake_remixer
from tests.app.fake_remixer import RATE, FakeMixRemixer, FakeRemixer, tune


@pytest.fixture(autouse=True)
def fake(monkeypatch):
    fake_remixer.install(monkeypatch.setattr)


@pytest.fixture
def solo(tmp_path):
    path = tmp_path / "solo.flac"
    path.write_bytes(encode_flac(tune(3.0)))
    return path


def run(*args):
    return cli.main(["remix", *map(str, args)])


def expected(engine, clip, seed=0, desk=None):
    return heard(as_kept(with_solo(clip, engine.remix(clip, seed=seed))), desk or Desk())


def test_the_mix_is_solo_and_band_at_the_recipes_faders(tmp_path, solo, capsys):
    out, recipe = tmp_path / "out.wav", tmp_path / "recipe.json"
    clip = solo_of(solo.read_bytes(), 0, 20)
    assert run(solo, "-o", out, "--seed", 3) == 0
    assert out.read_bytes() == encode_wav(expected(FakeRemixer(), clip, 3))
    assert "solo, drums, bass, piano, other by one2four-split" in capsys.readouterr().out
    desk = Desk({"drums": Fader(mute=True), "bass": Fader(-6, 0.5)}, -1.5)
    recipe.write_text(Plan(("one2one", "one2four-split"), desk=desk).recipe().to_json())
    assert run(solo, "-o", out, "--seed", 3, "--desk", recipe) == 0
    assert out.read_bytes() == encode_wav(expected(FakeRemixer(), clip, 3, desk))


def test_a_part_of_the_file_and_another_engine(tmp_path, solo):
    out = tmp_path / "out.flac"
    assert run(solo, "-o", out, "--start", 1, "--seconds", 1.5, "--engine", "one2one") == 0
    clip = solo_of(solo.read_bytes(), 1, 1.5)
    assert out.read_bytes() == encode_flac(expected(FakeMixRemixer(), clip))


def test_the_zip_holds_stems_that_add_up_to_the_mix(tmp_path, solo):
    out = tmp_path / "out.zip"
    assert run(solo, "-o", out) == 0
    with zipfile.ZipFile(io.BytesIO(out.read_bytes())) as archive:
        names = {"mix.wav", "solo.wav", "drums.wav", "bass.wav", "piano.wav", "other.wav"}
        assert set(archive.namelist()) == {*names, "recipe.json"}
        recipe = json.loads(archive.read("recipe.json"))
    assert list(recipe["engines"]) == ["one2four-split"]
    assert recipe["parameters"] == {"start_s": 0.0, "seconds": 20.0}


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("{solo}", "-o", "{dir}/out.mp3"), ".wav, .flac or .zip"),
        (("{dir}/gone.wav", "-o", "{dir}/out.wav"), "cannot be opened"),
        (("{solo}", "-o", "{dir}/out.wav", "--start", "2.5"), "earlier start"),
        (("{solo}", "-o", "{dir}/out.wav", "--desk", "{solo}"), "recipe"),
        (("{dir}/silence.wav", "-o", "{dir}/out.wav"), "silent"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(tmp_path, solo, capsys, args, says):
    silence = encode_wav(Clip(np.zeros((1, 2 * RATE), np.float32), RATE))
    (tmp_path / "silence.wav").write_bytes(silence)
    assert run(*(arg.format(solo=solo, dir=tmp_path) for arg in args)) == 2
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1


def test_a_recipe_of_another_job_is_refused(tmp_path, solo, capsys):
    recipe = tmp_path / "recipe.json"
    text = Plan(("one2one",)).recipe().to_json().replace('"remix"', '"sample"')
    recipe.write_text(text)
    assert run(solo, "-o", tmp_path / "out.wav", "--desk", recipe) == 2
    assert "another job" in capsys.readouterr().err


@pytest.mark.parametrize("args", [("--seconds", "200"), ("--start", "nan"), ("--engine", "magic")])
def test_wrong_values_are_usage_errors(tmp_path, solo, args):
    with pytest.raises(SystemExit) as stop:
        run(solo, "-o", tmp_path / "out.wav", *args)
    assert stop.value.code == 2
