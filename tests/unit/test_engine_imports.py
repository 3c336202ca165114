"""What is imported when an engine's module is: never Keras, which the loader alone brings along.

A visitor's run imports its engine while a thread may be loading a model ahead. Two threads that go
into TensorFlow by different doors deadlock, and Python's way out of that left it broken: no network
ran any more until the process was started again.
"""

import ast
from pathlib import Path

import pytest

from core.engines import engines

ROOT = Path(__file__).resolve().parents[2]
HEAVY = {"keras", "tensorflow"}


def at_import(path):
    """The modules that a file imports when it is imported itself, not inside its functions."""
    names, todo = set(), list(ast.parse(path.read_text(encoding="utf-8")).body)
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Try | ast.ClassDef):
            todo += node.body
        elif isinstance(node, ast.If) and "TYPE_CHECKING" not in ast.dump(node.test):
            todo += node.body + node.orelse
    return names


def file_of(module):
    stem = ROOT / module.replace(".", "/")
    return next((p for p in (stem.with_suffix(".py"), stem / "__init__.py") if p.exists()), None)


def heavy_imports(module):
    """Each module that brings Keras along when `module` is imported."""
    seen, todo, found = set(), [module], set()
    while todo:
        name = todo.pop()
        path = file_of(name)
        if name in seen or path is None:
            continue
        seen.add(name)
        names = at_import(path)
        todo += names
        if HEAVY & {one.split(".")[0] for one in names}:
            found.add(name)
    return found


def test_the_scan_follows_imports():
    assert heavy_imports("core.composition.composer_model") == {"core.composition.composer_model"}
    assert "core.comparing.layers_model" in heavy_imports("core.comparing.tiny_model")


@pytest.mark.parametrize("job", ["extrapolate", "remix", "sample", "compose"])
def test_no_engine_brings_keras_along(job):
    assert engines(job)
    for info in engines(job):
        assert heavy_imports(info.target.partition(":")[0]) == set()


@pytest.mark.parametrize("module", ["core.comparing.models", "core.comparing.plan"])
def test_nor_do_the_compared_models(module):
    assert file_of(module) is not None
    assert heavy_imports(module) == set()
