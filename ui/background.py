"""A page's long runs: started in the executor, watched by a fragment, kept in the session.

The session holds the job's handle and the finished result. One visitor has one run a page: a new
one cancels the old, and a run whose visitor has left cancels itself.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable
from typing import Generic, TypeVar

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.errors import ModelUnavailableError, UserInputError
from core.jobs import Cancelled, Job, JobState, Status, executor
from core.progress import Progress

REFRESH_S = 0.5
REFRESH_EACH_S = 0.15
"""For each run that waits or goes: all their pages together ask some seven times a second."""
GONE_AFTER_S = 20.0
"""How long a visitor may be away before their run is dropped: a phone's short loss of signal."""

T = TypeVar("T")
_log = logging.getLogger(__name__)


class Runs(Generic[T]):
    """The runs of one page, of the visitor in whose session it is called.

    result, job, problem: the session's keys for what the last run gave, the run that goes, and a
    sentence on what went wrong.
    """

    def __init__(self, page: str) -> None:
        self.page = page
        self.result, self.job, self.problem = f"{page}_result", f"{page}_job", f"{page}_problem"

    def submit(self, prepare: Callable[[], Callable[[Progress], T]]) -> None:
        """Queue the work that `prepare` gives, in place of this visitor's earlier run.

        What either of them raises becomes the problem.
        """
        self.cancel()
        st.session_state.pop(self.problem, None)
        try:
            work, session = prepare(), _session_id()
            wanted = _presence(session)
            st.session_state[self.job] = executor().submit(
                lambda progress: work(_while(wanted, progress)),
                owner=session,
                kind=self.page,
                wanted=wanted,
            )
        except (UserInputError, ModelUnavailableError) as error:
            st.session_state[self.problem] = str(error)
        except Exception as error:  # noqa: BLE001 - a visitor sees a sentence, the log the rest
            st.session_state[self.problem] = unexpected(error)

    def cancel(self) -> None:
        """End this visitor's run, if one goes."""
        job: Job[T] | None = st.session_state.pop(self.job, None)
        if job is not None:
            job.cancel()

    def collect(self) -> bool:
        """Move what a finished job gave into the session; whether that is a new result."""
        job: Job[T] | None = st.session_state.get(self.job)
        if job is None or not job.state().status.final:
            return False
        del st.session_state[self.job]
        try:
            st.session_state[self.result] = job.result(0)
            return True
        except Cancelled:
            pass
        except (UserInputError, ModelUnavailableError) as error:
            st.session_state[self.problem] = str(error)
        except Exception as error:  # noqa: BLE001 - as above
            st.session_state[self.problem] = unexpected(error)
        return False

    def is_running(self) -> bool:
        """Whether this visitor's run waits or goes."""
        return self.job in st.session_state

    def show_progress(self, doing: Callable[[JobState], str]) -> None:
        """How far the run is, with a cancel button; call it from a fragment that runs again.

        doing: what the running work is at, in words.
        """
        job: Job[T] | None = st.session_state.get(self.job)
        if job is None:
            return
        job.wanted()  # this very look is a sign of life
        state = job.state()
        if state.status.final:
            st.rerun()
        waits = state.status is Status.QUEUED
        text = (
            f"Waiting for a free place, number {state.position} in the queue"
            if waits
            else doing(state)
        )
        with st.container(border=True):
            st.progress(state.fraction, text=text)
            if st.button("Cancel", key=f"{self.page}_cancel", icon=":material/close:"):
                self.cancel()
                st.rerun()


def refresh_s() -> float:
    """Seconds between a page's looks at its run: more of them the more runs there are.

    Or looking would take the time that the runs need.
    """
    return max(REFRESH_S, REFRESH_EACH_S * sum(executor().load()))


def unexpected(error: Exception) -> str:
    """A sentence for the visitor; the log has the traceback under the same number."""
    number = secrets.token_hex(4)
    _log.error("unexpected error %s", number, exc_info=error)
    return (
        f"Something went wrong on our side (number {number}); please try again, or choose "
        "another clip."
    )


def _session_id() -> str:
    context = get_script_run_ctx(suppress_warning=True)
    return context.session_id if context else "no-session"


def _while(wanted: Callable[[], bool], progress: Progress) -> Progress:
    """`progress` that raises Cancelled once nobody wants the work any more."""

    def report(fraction: float) -> None:
        progress(fraction)
        if not wanted():
            raise Cancelled

    return report


def _presence(session: str) -> Callable[[], bool]:
    """Whether the session's tab is there, or was within GONE_AFTER_S, as far as was looked."""
    if not runtime.exists():
        return lambda: True
    app = runtime.get_instance()
    seen_s = time.monotonic()

    def wanted() -> bool:
        nonlocal seen_s
        now = time.monotonic()
        if app.is_active_session(session):
            seen_s = now
        return now - seen_s <= GONE_AFTER_S

    return wanted
