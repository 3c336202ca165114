import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

import core.__main__ as cli
from core.audio import Clip, encode_wav
from core.cli import extrapolate
from core.errors import ModelUnavailableError, UserInputError

ROOT = Path(__file__).resolve().parents[2]
RATE = 8000


class Ramp:
    """Stands in for an engine: a falling ramp whose level is the seed's."""

    def extrapolate(self, clip, seconds, *, seed, progress):
        for fraction in (0.0, 0.5, 1.0):
            progress(fraction)
        length = round(seconds * clip.sample_rate)
        ramp = np.linspace(0.1 * (seed + 1), 0, length, dtype=np.float32)
        return Clip(np.tile(ramp, (clip.channels, 1)), clip.sample_rate)


class Failing:
    def __init__(self, error):
        self.error = error

    def extrapolate(self, clip, seconds, *, seed, progress):
        raise self.error


@pytest.fixture
def source(tmp_path):
    """Four seconds, stereo; the second k has the level 0.1 (k + 1)."""
    level = np.repeat(np.arange(1, 5) * 0.1, RATE).astype(np.float32)
    path = tmp_path / "in.wav"
    path.write_bytes(encode_wav(Clip(np.stack([level, -level]), RATE)))
    return path


@pytest.fixture
def ramp(monkeypatch):
    monkeypatch.setattr(extrapolate, "extrapolator", lambda name: Ramp())


def run(*args):
    return cli.main([str(arg) for arg in args])


@pytest.mark.usefixtures("ramp")
@pytest.mark.parametrize(("suffix", "container"), [(".wav", "WAV"), (".FLAC", "FLAC")])
def test_continuation_alone_is_written_in_the_format_of_the_suffix(
    source, tmp_path, capsys, suffix, container
):
    out = tmp_path / f"out{suffix}"
    assert run("extrapolate", source, "-o", out, "--seconds", "2.5", "--seed", "3") == 0
    with sf.SoundFile(io.BytesIO(out.read_bytes())) as file:
        assert (file.format, file.samplerate, file.channels) == (container, RATE, 2)
        samples = file.read(always_2d=True)
    assert len(samples) == 2.5 * RATE
    assert samples[0, 0] == pytest.approx(0.4, abs=1e-3)
    assert "2.50 s by structure, seed 3" in capsys.readouterr().out
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["in.wav", out.name])


@pytest.mark.usefixtures("ramp")
def test_joined_holds_the_chosen_part_of_the_input_and_then_the_continuation(source, tmp_path):
    out = tmp_path / "out.wav"
    window = ("--start", "1", "--length", "2")
    assert run("extrapolate", source, "-o", out, "--seconds", "1", *window, "--joined") == 0
    samples, _ = sf.read(out)
    assert len(samples) == 3 * RATE
    assert samples[RATE // 2, 0] == pytest.approx(0.2, abs=1e-3)
    assert samples[RATE * 3 // 2, 0] == pytest.approx(0.3, abs=1e-3)
    assert samples[2 * RATE, 0] == pytest.approx(0.1, abs=1e-3)


@pytest.mark.usefixtures("ramp")
def test_an_ending_is_given_to_the_continuation_alone(source, tmp_path):
    out = tmp_path / "out.wav"
    seconds = ("--seconds", "4", "--seed", "3", "--joined")
    for ending in ("none", "fade"):
        assert run("extrapolate", source, "-o", out, *seconds, "--ending", ending) == 0
        samples, _ = sf.read(out)
        assert len(samples) == 8 * RATE
        late, last = samples[-RATE // 2, 0], samples[-1, 0]
        np.testing.assert_allclose(samples[4 * RATE + 10, 0], 0.4, atol=1e-3)
        assert late == pytest.approx(0.05 if ending == "none" else 0.025, abs=1e-3)
        assert abs(last) < 1e-4


@pytest.mark.usefixtures("ramp")
def test_a_result_replaces_an_older_one(source, tmp_path):
    out = tmp_path / "out.wav"
    out.write_bytes(b"old")
    assert run("extrapolate", source, "-o", out) == 0
    assert sf.info(out).duration == pytest.approx(10.0)


@pytest.mark.parametrize(
    "error",
    [
        UserInputError("The clip is too short; give more."),
        ModelUnavailableError("Weights are away."),
    ],
)
def test_a_refusal_is_one_sentence_and_status_2_and_leaves_the_old_file(
    source, tmp_path, capsys, monkeypatch, error
):
    monkeypatch.setattr(extrapolate, "extrapolator", lambda name: Failing(error))
    out = tmp_path / "out.wav"
    out.write_bytes(b"old")
    assert run("extrapolate", source, "-o", out) == 2
    assert capsys.readouterr().err == f"{error}\n"
    assert out.read_bytes() == b"old"


def test_an_interrupted_run_leaves_nothing(source, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(extrapolate, "extrapolator", lambda name: Failing(KeyboardInterrupt()))
    assert run("extrapolate", source, "-o", tmp_path / "out.wav") == 130
    assert capsys.readouterr().err == ""
    assert [path.name for path in tmp_path.iterdir()] == ["in.wav"]


def test_a_defect_of_ours_is_not_hidden(source, tmp_path, monkeypatch):
    monkeypatch.setattr(
        extrapolate, "extrapolator", lambda name: Failing(ZeroDivisionError("defect"))
    )
    with pytest.raises(ZeroDivisionError):
        run("extrapolate", source, "-o", tmp_path / "out.wav")


@pytest.mark.usefixtures("ramp")
@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("gone.wav", None, "cannot be opened"),
        ("text.wav", b"this is no sound\n" * 40, "sound"),
        ("empty.wav", b"", "empty"),
    ],
)
def test_an_unusable_input_is_one_sentence(tmp_path, capsys, name, content, says):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    assert run("extrapolate", path, "-o", tmp_path / "out.wav") == 2
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1
    assert not (tmp_path / "out.wav").exists()


@pytest.mark.parametrize("name", ["out.mp3", "out", "missing/out.wav"])
def test_an_unusable_output_is_refused_before_the_work(source, tmp_path, capsys, monkeypatch, name):
    monkeypatch.setattr(extrapolate, "extrapolator", lambda name: Failing(AssertionError("worked")))
    assert run("extrapolate", source, "-o", tmp_path / name) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.usefixtures("ramp")
def test_more_sound_than_we_take_asks_for_a_part(source, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(extrapolate, "MAX_DECODED_SECONDS", 3.0)
    out = tmp_path / "out.wav"
    assert run("extrapolate", source, "-o", out) == 2
    assert "--start and --length" in capsys.readouterr().err
    assert run("extrapolate", source, "-o", out, "--start", "1.5") == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("--seconds", "0"),
        ("--seconds", "nan"),
        ("--seconds", "121"),
        ("--start", "-1"),
        ("--start", "inf"),
        ("--length", "0.5"),
        ("--seed", "-1"),
        ("--seed", "1.5"),
        ("--engine", "none-such"),
        ("--ending", "cadence"),
    ],
)
def test_arguments_out_of_range_are_refused(source, tmp_path, arguments):
    with pytest.raises(SystemExit) as stop:
        run("extrapolate", source, "-o", tmp_path / "out.wav", *arguments)
    assert stop.value.code == 2


@pytest.mark.usefixtures("ramp")
def test_the_bar_is_drawn_on_a_terminal_only(source, tmp_path, capsys, monkeypatch):
    out = tmp_path / "out.wav"
    run("extrapolate", source, "-o", out)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    run("extrapolate", source, "-o", out)
    error = capsys.readouterr().err
    assert "\r[###############...............]  50%" in error
    assert error.endswith("100%\n")


def test_engines_are_listed_with_whose_they_are(capsys):
    assert run("engines") == 0
    lines = [line.split()[:3] for line in capsys.readouterr().out.splitlines()]
    assert ["extrapolate", "loop", "ours"] in lines
    assert ["extrapolate", "paper-encdec", "published"] in lines


def test_loop_runs_without_tensorflow_and_twice_alike(tmp_path):
    rate = 22050
    time = np.arange(6 * rate) / rate
    beat = np.exp(-8 * (time % 0.5)) * np.sin(2 * np.pi * 220 * time) * 0.5
    source = tmp_path / "beat.wav"
    source.write_bytes(encode_wav(Clip(beat[None].astype(np.float32), rate)))
    script = (
        "import sys; from core.__main__ import main; status = main(sys.argv[1:]);"
        "assert not {'tensorflow', 'keras', 'streamlit'} & set(sys.modules); sys.exit(status)"
    )
    made = []
    for name in ("a.wav", "b.wav"):
        command = [sys.executable, "-c", script, "extrapolate", source, "-o", tmp_path / name]
        done = subprocess.run(
            [*command, "--seconds", "3", "--engine", "loop"],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        made.append((tmp_path / name).read_bytes())
    assert made[0] == made[1]
    samples, _ = sf.read(io.BytesIO(made[0]))
    assert len(samples) == 3 * rate
    assert np.abs(samples).max() > 0.1
