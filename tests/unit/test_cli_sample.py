import io

import numpy as np
import pytest
import soundfile as sf

import core.__main__ as cli
from core.audio import Clip, encode_flac, encode_wav
from core.decoding import decode
from core.midi_files import write_midi
from core.sampling.plan import OWN, Plan, make
from core.sampling.sound import Latent, Touch
from core.score import Note, Score, Track
from tests.app import fake_sampler
from tests.app.fake_sampler import FakeSampler


@pytest.fixture(autouse=True)
def fake(monkeypatch):
    fake_sampler.install(monkeypatch.setattr)


def run(*args):
    return cli.main([str(arg) for arg in args])


@pytest.fixture
def note(tmp_path):
    path = tmp_path / "note.wav"
    t = np.arange(33_000) / 22_050
    sound = (0.4 * np.sin(2 * np.pi * 220 * t) * np.exp(-t)).astype(np.float32)
    path.write_bytes(encode_wav(Clip(sound[None], 22_050)))
    return path


def test_a_place_is_heard_as_asked(tmp_path, capsys):
    out = tmp_path / "out.wav"
    touch = ("--pitch", "64", "--velocity", "0.5", "--held", "0.4")
    assert run("sample", "-o", out, "--place=-1,0.5", *touch) == 0
    sound = FakeSampler().decode(Latent((-1.0, 0.5, 0.0)), Touch(64, 0.5, 0.4, 1.1))
    assert out.read_bytes() == encode_wav(sound)
    assert "timbre-vae at -1, 0.5" in capsys.readouterr().out


def test_a_note_is_imitated_at_its_own_pitch_or_another(note, tmp_path):
    out = tmp_path / "out.flac"
    assert run("sample", note, "-o", out) == 0
    values = Latent((1.25, -0.5, 0.3))
    heard = round(FakeSampler().encode(decode(note.read_bytes())).pitch, 3)
    assert heard == pytest.approx(57, abs=0.05)
    assert out.read_bytes() == encode_flac(FakeSampler().decode(values, Touch(heard)))
    assert run("sample", note, "-o", out, "--pitch", "70") == 0
    assert out.read_bytes() == encode_flac(FakeSampler().decode(values, Touch(70)))


def test_a_path_and_a_recipe_of_it_give_the_same_bytes(tmp_path):
    out, again, recipe = (tmp_path / name for name in ("a.wav", "b.wav", "recipe.json"))
    assert run("sample", "-o", out, "--place", "0,0;1,1", "--seed", "3") == 0
    recipe.write_text(Plan("timbre-vae", seed=3).at((0, 0), (1, 1)).recipe().to_json())
    assert run("sample", "-o", again, "--recipe", recipe) == 0
    assert again.read_bytes() == out.read_bytes()
    assert sf.info(io.BytesIO(out.read_bytes())).duration > 3


def test_a_tune_is_played_built_in_or_from_a_file(tmp_path, capsys):
    out, tune = tmp_path / "out.wav", tmp_path / "tune.mid"
    assert run("sample", "-o", out, "--place", "1,1", "--melody", "scale") == 0
    plan = Plan("timbre-vae", ((1.0, 1.0),), melody="scale")
    assert out.read_bytes() == encode_wav(make(plan, engine=FakeSampler()))
    score = Score((Track("Tune", 0, (Note(0, 60, 24), Note(24, 67, 24))),), 1)
    tune.write_bytes(write_midi(score))
    assert run("sample", "-o", out, "--place", "1,1", "--melody", tune) == 0
    recipe = tmp_path / "recipe.json"
    plan = Plan("timbre-vae", ((1.0, 1.0),), melody=OWN, input_sha256="ab" * 32)
    recipe.write_text(plan.recipe().to_json())
    assert run("sample", "-o", out, "--recipe", recipe, "--melody", tune) == 2
    assert "abababababab" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ((), "--place"),
        (("--place", "0,0", "--engine", "mel-vae-2d", "--pitch", "60"), "no pitch control"),
        (("--place", "0,0", "--engine", "mel-vae-2d", "--melody", "scale"), "no pitch control"),
        (("--place", "0,0", "--pitch", "120"), "from 24 to 108"),
        (("--place", "0,0;1,1", "--melody", "scale"), "one --place"),
        (("--place", "0,0", "--melody", "gone.mid"), "cannot be opened"),
        (("gone.wav",), "cannot be opened"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(tmp_path, capsys, args, says):
    assert run("sample", "-o", tmp_path / "out.wav", *args) == 2
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1
    assert not (tmp_path / "out.wav").exists()


def test_noise_and_silence_are_one_sentence(tmp_path, capsys):
    path = tmp_path / "in.wav"
    for sound in (np.random.default_rng(0).normal(0, 0.2, 44_100), np.zeros(44_100)):
        path.write_bytes(encode_wav(Clip(sound[None].astype(np.float32), 22_050)))
        assert run("sample", path, "-o", tmp_path / "out.wav") == 2
        assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("args", [("--place", "here"), ("--place", "1,2,3"), ("--pitch", "nan")])
def test_wrong_values_are_usage_errors(tmp_path, args):
    with pytest.raises(SystemExit) as stop:
        run("sample", "-o", tmp_path / "out.wav", *args)
    assert stop.value.code == 2
