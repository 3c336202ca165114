"""Runs of the Extrapolate job, as `ui.background` does them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from core.audio import Clip
from core.engines import info
from core.errors import ModelUnavailableError
from core.progress import Progress, part
from ui import requests
from ui.background import Runs, refresh_s
from ui.requests import Request
from ui.results import Result, build
from ui.sources import Source

_runs: Runs[Result] = Runs("extrapolate")
RESULT, JOB, PROBLEM = _runs.result, _runs.job, _runs.problem
cancel, collect, is_running = _runs.cancel, _runs.collect, _runs.is_running

_log = logging.getLogger(__name__)


def start(source: Source, request: Request) -> None:
    """Queue the run, in place of this visitor's earlier one. What is wrong becomes the problem."""

    def prepare() -> Callable[[Progress], Result]:
        clip, actual = requests.cut(source.data, source.sha256, request)
        recipe = request.recipe(source.sha256)
        return lambda progress: _work(source, request, clip, actual, recipe, progress)

    _runs.submit(prepare)


def watch() -> None:
    """Progress and a cancel button, drawn again by itself until the run is over."""
    st.fragment(_watch, run_every=refresh_s())()


def _watch() -> None:
    _runs.show_progress(lambda state: f"Listening and continuing: {state.fraction:.0%}")


def _work(
    source: Source,
    request: Request,
    clip: Clip,
    actual: Clip | None,
    recipe: requests.Recipe,
    progress: Progress,
) -> Result:
    """Engine by engine, so that one whose weights are missing does not take the others along."""
    from core.extrapolation.run import run

    made, notes = [], []
    share = 0.95 / len(request.engines)
    for index, name in enumerate(request.engines):
        try:
            one = run(
                clip,
                actual,
                engines=[name],
                seconds=float(request.seconds),
                seed=request.seed,
                ending=request.ending,
                progress=part(progress, index * share, (index + 1) * share),
            )[0]
        except ModelUnavailableError as error:
            _log.warning("%s is unavailable", name, exc_info=error)
            notes.append(f"{info(requests.JOB, name).title}: {error}")
            continue
        made.append((one.engine, one.clip, dict(one.metrics), one.compute_seconds, one.path))
    if not made:
        raise ModelUnavailableError(" ".join(notes))
    progress(0.96)
    kept = replace(recipe, engines={name: recipe.engines[name] for name, *_ in made})
    result = build(source.title, source.credit, kept, clip, actual, made, notes)
    progress(1.0)
    return result
