"""The Dockerfile and .dockerignore, as .ci/container.py reads them."""

import importlib.util
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def container():
    spec = importlib.util.spec_from_file_location("container", ROOT / ".ci" / "container.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_image_runs_as_a_user_with_a_health_check_and_is_pinned(container):
    text = (ROOT / "Dockerfile").read_text()
    image = container.read(text)
    assert image.user == 1000
    assert image.run == ["python -m core.warm"]
    assert image.command[:2] == ["sh", "-c"]
    assert "streamlit run app.py" in image.command[2]
    assert "_stcore/health" in image.health[-1]
    assert image.env["NUMBA_CPU_NAME"] == "generic"
    base = next(line.split()[1] for line in text.splitlines() if line.startswith("FROM"))
    assert base.count(".") == 2, "a base image of one exact version"


def test_what_the_pages_read_is_in_the_image(container):
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]
    for name in (
        "app.py", "weights/manifest.toml", "gallery/remix.toml", "benchmarks/results/sampling.json",
        "training/logs/structure.csv", ".streamlit/config.toml", "core/__main__.py",
    ):  # fmt: skip
        assert (ROOT / name).is_file(), name
        assert not container.ignored(name, patterns), name
    for name in (
        "tests/unit/test_audio.py", "training/register.py", "benchmarks/judge.py", ".git/HEAD",
        "core/__pycache__/x.pyc", "runs/x", "training/entries/x.toml", ".venv/bin/python",
    ):  # fmt: skip
        assert container.ignored(name, patterns), name
