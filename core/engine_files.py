"""Engines that announce themselves: a class marked `@offered` in a file of its job's folder.

Pages name the engines before any of them is imported, for one may bring a network along. So marks
are read from the source, and what stands in them has to be literal.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from core.engine_list import EngineInfo

FOLDERS = {
    "extrapolate": "extrapolation",
    "remix": "remixing",
    "sample": "sampling",
    "compose": "composition",
}
_MARK = "offered"
_Engine = TypeVar("_Engine", bound=type)


def offered(
    name: str,
    title: str,
    summary: str,
    *,
    published: bool = False,
    model_id: str | None = None,
    more_models: tuple[str, ...] = (),
) -> Callable[[_Engine], _Engine]:
    """Offer the class below as an engine of the job in whose folder its file is.

    The arguments are those of EngineInfo, as literals.
    """
    return lambda engine: engine


def marked(folder: Path | None = None) -> tuple[EngineInfo, ...]:
    """The engines that are offered, by job and file. folder: that of the jobs' folders.

    Raises ValueError, which names the file, where a mark cannot be read.
    """
    base = folder or Path(__file__).parent
    return tuple(
        entry
        for job, name in FOLDERS.items()
        for path in sorted((base / name).glob("*.py"))
        for entry in _of(path, job)
    )


def _of(path: Path, job: str) -> Iterator[EngineInfo]:
    source = path.read_text(encoding="utf-8")
    if f"@{_MARK}(" not in source:
        return
    for node in ast.parse(source).body:
        if not isinstance(node, ast.ClassDef):
            continue
        for mark in node.decorator_list:
            if isinstance(mark, ast.Call) and ast.unparse(mark.func) == _MARK:
                yield _entry(path, job, node, mark)


def _entry(path: Path, job: str, node: ast.ClassDef, mark: ast.Call) -> EngineInfo:
    try:
        first = dict(
            zip(("name", "title", "summary"), map(ast.literal_eval, mark.args), strict=False)
        )
        rest = {str(word.arg): ast.literal_eval(word.value) for word in mark.keywords}
        target = f"core.{path.parent.name}.{path.stem}:{node.name}"
        return EngineInfo(
            job=job, target=target, **{"published": False, "model_id": None, **first, **rest}
        )
    except (ValueError, TypeError) as error:
        raise ValueError(f"{path.name}: what {node.name} is offered as: {error}") from error
