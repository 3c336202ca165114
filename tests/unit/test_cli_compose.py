import csv
import io

import pytest
import soundfile as sf

import core.__main__ as cli
from core.composition.controls import Controls
from core.composition.plan import Plan, make
from core.composition.steps import Step
from core.midi_files import read_midi, write_midi
from core.score import Key, Note, Score, Track
from tests.app import fake_composer


@pytest.fixture(autouse=True)
def fake(monkeypatch):
    fake_composer.install(monkeypatch.setattr)


def run(*args):
    return cli.main([str(arg) for arg in args])


@pytest.fixture
def primer(tmp_path):
    path = tmp_path / "in.mid"
    tune = tuple(Note(i * 24, 60 + i, 24) for i in range(8))
    path.write_bytes(write_midi(Score((Track("Tune", 40, tune),), 2, 96.0, 4, 4, Key(2, "minor"))))
    return path


def test_a_piece_in_the_style_asked_for_is_written_as_midi(tmp_path, capsys):
    out = tmp_path / "out.mid"
    style = ("--tempo", "96", "--key", "E- minor", "--metre", "3/4", "--genre", "jazz")
    assert run("compose", "-o", out, "--bars", "4", "--seed", "2", *style) == 0
    score = read_midi(out.read_bytes())
    assert (score.bars, score.tempo_bpm, score.beats, score.key) == (4, 96.0, 3, Key(3, "minor"))
    assert "4 bars" in capsys.readouterr().out
    again = tmp_path / "again.mid"
    assert run("compose", "-o", again, "--bars", "4", "--seed", "2", *style) == 0
    assert again.read_bytes() == out.read_bytes()


@pytest.mark.parametrize("suffix", [".musicxml", ".csv", ".wav"])
def test_the_suffix_says_what_is_written(tmp_path, suffix):
    out = tmp_path / f"out{suffix}"
    assert run("compose", "-o", out, "--bars", "4", "--tempo", "240") == 0
    data = out.read_bytes()
    if suffix == ".wav":
        assert sf.info(io.BytesIO(data)).duration == pytest.approx(4 + 1.5)
    elif suffix == ".csv":
        rows = list(csv.DictReader(io.StringIO(data.decode())))
        assert {row["instrument"] for row in rows} == {name for name, *_ in fake_composer.PARTS}
    else:
        assert b"<score-partwise" in data


def test_a_primer_is_continued(primer, tmp_path):
    out = tmp_path / "out.mid"
    assert run("compose", primer, "-o", out, "--bars", "4") == 0
    score = read_midi(out.read_bytes())
    assert score.bars == 6
    assert [note.pitch for note in score.tracks[0].notes[:8]] == list(range(60, 68))


def test_a_recipe_replays_a_piece_with_its_redraws(tmp_path):
    plan = Plan("composer", 4, 7, Controls(genre="folk")).then(
        Step(frozenset({1}), frozenset({0}), 8)
    )
    recipe, out = tmp_path / "recipe.json", tmp_path / "out.mid"
    recipe.write_text(plan.recipe().to_json())
    assert run("compose", "-o", out, "--recipe", recipe) == 0
    assert out.read_bytes() == write_midi(make(plan, None).score)


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("--genre", "polka"), "knows these genres"),
        (("--metre", "7/8"), "--metre"),
        (("--instruments", "kazoo"), "--instruments"),
        (("--engine", "notes-lstm", "--density", "0.5"), "--density"),
        (("--recipe", "gone.json"), "cannot be opened"),
    ],
)
def test_what_an_engine_does_not_take_is_one_sentence(tmp_path, capsys, args, says):
    assert run("compose", "-o", tmp_path / "out.mid", *args) == 2
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1
    assert not (tmp_path / "out.mid").exists()


@pytest.mark.parametrize(
    "args", [("--bars", "3"), ("--key", "H minor"), ("--metre", "waltz"), ("--tempo", "nan")]
)
def test_wrong_values_are_usage_errors(tmp_path, args):
    with pytest.raises(SystemExit) as stop:
        run("compose", "-o", tmp_path / "out.mid", *args)
    assert stop.value.code == 2


def test_a_recipe_asks_for_its_primer(primer, tmp_path, capsys):
    recipe, out = tmp_path / "recipe.json", tmp_path / "out.mid"
    recipe.write_text(Plan("composer", 4, primer_sha256="ab" * 32).recipe().to_json())
    assert run("compose", primer, "-o", out, "--recipe", recipe) == 2
    assert "abababababab" in capsys.readouterr().err


def test_a_damaged_primer_is_one_sentence(tmp_path, capsys):
    path = tmp_path / "bad.mid"
    path.write_bytes(b"MThd\0\0")
    assert run("compose", path, "-o", tmp_path / "out.mid") == 2
    assert capsys.readouterr().err.count("\n") == 1
