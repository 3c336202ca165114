import pytest

import core.__main__ as cli
from core.comparing.plan import Plan, make
from core.midi_files import read_midi, write_midi
from core.score import Note, Score, Track
from tests.app import fake_pair


@pytest.fixture(autouse=True)
def fake(monkeypatch):
    fake_pair.install(monkeypatch.setattr)


def run(*args):
    return cli.main([str(arg) for arg in args])


def test_a_model_writes_what_the_page_shows(tmp_path, capsys):
    out = tmp_path / "out.mid"
    assert run("compare", "--model", "midi-vae", "--seed", "3", "-o", out) == 0
    (side,) = make(Plan("melody-2", ("midi-vae",), 3))
    assert out.read_bytes() == write_midi(side.score)
    assert "2 bars, 16 notes by midi-vae, seed 3" in capsys.readouterr().out


def test_a_file_or_a_tune_is_gone_on_from(tmp_path):
    primer, out = tmp_path / "in.mid", tmp_path / "out.mid"
    notes = tuple(Note(i * 24, p, 24) for i, p in enumerate((60, 64, 67, 72, 71, 69, 67, 65)))
    primer.write_bytes(write_midi(Score((Track("Tune", 73, notes),), 2)))
    assert run("compare", primer, "--kind", "trio-2", "-o", out) == 0
    score = read_midi(out.read_bytes())
    assert [note.pitch for note in score.tracks[0].notes[:4]] == [60, 64, 67, 72]
    assert run("compare", "--tune", "ode-to-joy", "-o", out) == 0
    assert [note.pitch for note in read_midi(out.read_bytes()).tracks[0].notes[:2]] == [76, 76]


def test_a_recipe_is_followed_by_any_of_its_models(tmp_path):
    plan = Plan("melody-2", seed=9, temperature=0.7, primer="frere-jacques")
    recipe, out = tmp_path / "recipe.json", tmp_path / "out.mid"
    recipe.write_text(plan.recipe().to_json())
    for side in make(plan):
        assert run("compare", "--recipe", recipe, "--model", side.model, "-o", out) == 0
        assert out.read_bytes() == write_midi(side.score)


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("--kind", "melody-16"), "not installed"),
        (("--recipe", "gone.json"), "cannot be opened"),
        (("gone.mid",), "cannot be opened"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(tmp_path, capsys, args, says):
    assert run("compare", *args, "-o", tmp_path / "out.mid") == 2
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1


def test_a_recipe_asks_for_its_file(tmp_path, capsys):
    recipe = tmp_path / "recipe.json"
    recipe.write_text(Plan("melody-2", primer="own", primer_sha256="ab" * 32).recipe().to_json())
    assert run("compare", "--recipe", recipe, "-o", tmp_path / "out.mid") == 2
    assert "abababababab" in capsys.readouterr().err
