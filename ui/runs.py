"""Runs of the Extrapolate job: started in the executor, watched by a fragment, kept in the session.

The session holds the job's handle and the finished, compressed result. One visitor has one run: a
new one cancels the old, and a run whose visitor has left cancels itself.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import replace

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.audio import Clip
from core.engines import info
from core.errors import ModelUnavailableError, UserInputError
from core.jobs import Cancelled, Job, Status, executor
from core.progress import Progress, part
from ui import requests
from ui.requests import Request
from ui.results import Result, build
from ui.sources import Source

RESULT, JOB, PROBLEM = "extrapolate_result", "extrapolate_job", "extrapolate_problem"
REFRESH_S = 0.5
GONE_AFTER_S = 20.0
"""How long a visitor may be away before their run is dropped: a phone's short loss of signal."""

_log = logging.getLogger(__name__)


def start(source: Source, request: Request) -> None:
    """Queue the run, in place of this visitor's earlier one. What is wrong becomes the problem."""
    cancel()
    st.session_state.pop(PROBLEM, None)
    try:
        clip, actual = requests.cut(source.data, source.sha256, request)
        recipe = request.recipe(source.sha256)
        session = _session_id()

        def work(progress: Progress) -> Result:
            watched = _while_present(progress, session)
            return _work(source, request, clip, actual, recipe, watched)

        st.session_state[JOB] = executor().submit(work, owner=session)
    except (UserInputError, ModelUnavailableError) as error:
        st.session_state[PROBLEM] = str(error)
    except Exception as error:  # noqa: BLE001 - a visitor sees a sentence, the log the rest
        st.session_state[PROBLEM] = unexpected(error)


def cancel() -> None:
    """End this visitor's run, if one goes."""
    job: Job[Result] | None = st.session_state.pop(JOB, None)
    if job is not None:
        job.cancel()


def collect() -> None:
    """Move what a finished job gave into the session: its result, or the problem."""
    job: Job[Result] | None = st.session_state.get(JOB)
    if job is None or not job.state().status.final:
        return
    del st.session_state[JOB]
    try:
        st.session_state[RESULT] = job.result(0)
    except Cancelled:
        pass
    except (UserInputError, ModelUnavailableError) as error:
        st.session_state[PROBLEM] = str(error)
    except Exception as error:  # noqa: BLE001 - as above
        st.session_state[PROBLEM] = unexpected(error)


def is_running() -> bool:
    """Whether this visitor's run waits or goes."""
    return JOB in st.session_state


@st.fragment(run_every=REFRESH_S)
def watch() -> None:
    """Progress and a cancel button, drawn again by itself until the run is over."""
    job: Job[Result] | None = st.session_state.get(JOB)
    if job is None:
        return
    state = job.state()
    if state.status.final:
        st.rerun()
    waits = state.status is Status.QUEUED
    text = (
        f"Waiting for a free place, number {state.position} in the queue"
        if waits
        else f"Listening and continuing: {state.fraction:.0%}"
    )
    with st.container(border=True):
        st.progress(state.fraction, text=text)
        if st.button("Cancel", key="extrapolate_cancel", icon=":material/close:"):
            cancel()
            st.rerun()


def unexpected(error: Exception) -> str:
    """A sentence for the visitor; the log has the traceback under the same number."""
    number = secrets.token_hex(4)
    _log.error("unexpected error %s", number, exc_info=error)
    return (
        f"Something went wrong on our side (number {number}); please try again, or choose "
        "another clip."
    )


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


def _session_id() -> str:
    context = get_script_run_ctx(suppress_warning=True)
    return context.session_id if context else "no-session"


def _while_present(progress: Progress, session: str) -> Progress:
    """`progress` that raises Cancelled once the visitor's tab has been away for a while."""
    here = _presence(session)
    away_since: list[float] = []

    def report(fraction: float) -> None:
        progress(fraction)
        if here():
            away_since.clear()
        elif not away_since:
            away_since.append(time.monotonic())
        elif time.monotonic() - away_since[0] > GONE_AFTER_S:
            raise Cancelled

    return report


def _presence(session: str) -> Callable[[], bool]:
    if not runtime.exists():
        return lambda: True
    app = runtime.get_instance()
    return lambda: bool(app.is_active_session(session))
