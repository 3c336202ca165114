"""An engine in one file: the one of CONTRIBUTING.md is offered and works as it stands there."""

import re
import textwrap
from pathlib import Path

import numpy as np
import pytest

from core.audio import Clip
from core.engine_files import marked
from core.engine_list import ENGINES, EngineInfo

ROOT = Path(__file__).resolve().parents[2]


def example():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, flags=re.S)
    return textwrap.dedent(code.rstrip(" "))


def write(tmp_path, code, folder="extrapolation"):
    path = tmp_path / folder / "echo.py"
    path.parent.mkdir(parents=True)
    path.write_text(code)
    return tmp_path


def test_the_example_of_contributing_is_offered_by_its_file_alone(tmp_path):
    (entry,) = marked(write(tmp_path, example()))
    assert entry == EngineInfo(
        "extrapolate", "echo", "Echo", entry.summary, False, None, "core.extrapolation.echo:Echo"
    )
    assert entry.summary.endswith(".")
    (elsewhere,) = marked(write(tmp_path / "more", example(), "remixing"))
    assert (elsewhere.job, elsewhere.target) == ("remix", "core.remixing.echo:Echo")


def test_the_example_of_contributing_continues_a_clip():
    space = {}
    exec(example(), space)
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, (2, 44100)).astype(np.float32)
    engine = space["Echo"]()
    made = engine.extrapolate(Clip(noise, 22050), 1.5, seed=0)
    assert (made.channels, made.sample_rate, made.length) == (2, 22050, 33075)
    assert 0 < made.peak() < 0.5
    assert made.sha256() == engine.extrapolate(Clip(noise, 22050), 1.5, seed=0).sha256()


def test_a_mark_that_cannot_be_read_names_its_file(tmp_path):
    code = example().replace('"Echo"', "TITLE", 1)
    with pytest.raises(ValueError, match=r"echo\.py.*Echo"):
        marked(write(tmp_path, code))
    with pytest.raises(ValueError, match=r"echo\.py.*colour"):
        marked(write(tmp_path / "more", example().replace("summary=", "colour=")))


def test_our_own_files_are_read_without_a_mark():
    assert {entry.name for entry in marked()}.isdisjoint(entry.name for entry in ENGINES)
