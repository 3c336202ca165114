"""Runs of the Remix page, as `ui.background` does them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from core.errors import ModelUnavailableError
from core.progress import Progress, part
from core.remixing.desk import Desk
from core.remixing.plan import Plan
from core.remixing.solos import Solo
from ui.background import Runs, refresh_s
from ui.remix import examples
from ui.remix.results import Result, build, engine_title
from ui.sources import Source

RUNS: Runs[Result] = Runs("remix")
_log = logging.getLogger(__name__)


def start(source: Source, plan: Plan) -> None:
    """Queue the run, in place of this visitor's earlier one. What is wrong becomes the problem."""

    def prepare() -> Callable[[Progress], Result]:
        solo = _solo(source.sha256, plan.start_s, plan.seconds, source.data, source.title)
        return lambda progress: _work(source, plan.mixed("", Desk()), solo, progress)

    RUNS.submit(prepare)


def watch() -> None:
    """Progress and a cancel button, drawn again by itself until the run is over."""
    st.fragment(_watch, run_every=refresh_s())()


def _watch() -> None:
    RUNS.show_progress(lambda state: f"Listening and playing along: {state.fraction:.0%}")


@st.cache_data(max_entries=8, ttl=900, show_spinner=False)
def _solo(sha256: str, start_s: float, seconds: float, _data: bytes, _name: str) -> Solo:
    from core.remixing.solos import read_solo

    return read_solo(_data, start_s, seconds, _name)


def _work(source: Source, plan: Plan, solo: Solo, progress: Progress) -> Result:
    """Engine by engine, so that one whose weights are missing does not take the others along."""
    from core.remixing.run import run

    found = examples.find(source.example)
    actual = None if found is None else examples.actual(found, plan)
    made, notes = [], []
    share = 0.9 / len(plan.engines)
    for index, name in enumerate(plan.engines):
        watched = part(progress, index * share, (index + 1) * share)
        try:
            made += run(
                solo.clip,
                actual,
                engines=[name],
                seed=plan.seed,
                band=plan.band,
                heard=solo.heard,
                progress=watched,
            )
        except ModelUnavailableError as error:
            _log.warning("%s is unavailable", name, exc_info=error)
            notes.append(f"{engine_title(name)}: {error}")
    if not made:
        raise ModelUnavailableError(" ".join(notes))
    progress(0.92)
    kept = replace(plan, engines=tuple(one.engine for one in made))
    result = build(source.title, source.credit, kept, solo.clip, made, actual, notes=notes)
    progress(1.0)
    return result
