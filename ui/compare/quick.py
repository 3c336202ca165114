"""Work of about a second whose result stands for what a section's widgets say.

It is done in the executor, as all work is; the page waits a moment for it, so that usually the
result is there in the same run, and shows progress where it is not.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Generic, TypeVar, cast

import streamlit as st

from core.progress import Progress
from ui.background import Runs, refresh_s

WAIT_S = 1.2

T = TypeVar("T")


def firm(*keys: str) -> None:
    """Say again what these widgets of the session say; call it before they are drawn.

    A value that the page sets is told to the browser once, with the widget. A browser that is busy
    may see that widget for the first time in the next run, which tells it nothing.
    """
    for key in keys:
        if key in st.session_state:
            st.session_state[key] = st.session_state[key]


class Quick(Generic[T]):
    """The runs of one section. doing: what it is at, in words."""

    def __init__(self, name: str, doing: str) -> None:
        self.runs: Runs[T] = Runs(name)
        self.doing, self.asked = doing, f"{name}_asked"

    def get(self, key: str, work: Callable[[Progress], T]) -> T | None:
        """What `work` gives for `key`, done once; None while it runs or where it went wrong."""
        state = st.session_state
        if state.get(self.asked) != key:
            state[self.asked] = key
            state.pop(self.runs.result, None)
            self.runs.submit(lambda: work)
            if self.runs.is_running():
                # What goes wrong in it is told below.
                with contextlib.suppress(Exception):
                    state[self.runs.job].result(WAIT_S)
        self.runs.collect()
        if self.runs.is_running():
            st.fragment(self._watch, run_every=refresh_s())()
            return None
        if self.runs.problem in state:
            st.error(state[self.runs.problem], icon=":material/info:")
        if self.runs.result in state:
            return cast(T, state[self.runs.result])
        if st.button("Try again", key=f"{self.runs.page}_again", icon=":material/refresh:"):
            del state[self.asked]
            st.rerun()
        return None

    def _watch(self) -> None:
        self.runs.show_progress(lambda state: f"{self.doing}: {state.fraction:.0%}")
