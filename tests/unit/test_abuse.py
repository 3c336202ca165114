"""What a bad day does to the app: workers that are killed, visitors who are gone, a full disk."""

import errno
import os
import re
import sys
import tempfile

import pytest
from streamlit.testing.v1 import AppTest

from core import jobs, workers
from core.comparing import tiny
from core.errors import UserInputError
from core.jobs import Status
from tests.unit.job_helpers import WAIT_S, running, running_later
from ui import background

KILLED = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"


def test_a_worker_whose_failed_job_cannot_even_be_ended_lives_on(make_executor, monkeypatch):
    def no_memory(error):
        monkeypatch.undo()
        raise MemoryError

    executor = make_executor()
    monkeypatch.setattr(jobs, "_forget_locals", no_memory)
    failed = executor.submit(lambda progress: 1 // 0, owner="ann")
    with pytest.raises(MemoryError):
        failed.result(WAIT_S)
    assert executor.submit(lambda progress: "well", owner="bob").result(WAIT_S) == "well"
    assert executor.load() == (0, 0)


@pytest.mark.parametrize("program", ["_RENDER", "_ENGRAVE"])
def test_a_killed_process_fails_its_own_job_alone(make_executor, monkeypatch, program):
    work = {
        "_RENDER": lambda progress: workers.rendered_wav(b"", b""),
        "_ENGRAVE": lambda progress: workers.engraved_svg(b"", {}),
    }[program]
    executor = make_executor()
    monkeypatch.setattr(workers, program, KILLED)
    with pytest.raises(RuntimeError, match="failed: it ended with -9"):
        executor.submit(work, owner="ann").result(WAIT_S)
    assert executor.submit(lambda progress: "well", owner="ann").result(WAIT_S) == "well"


def test_who_is_gone_leaves_the_queue_to_the_others(make_executor):
    executor = make_executor(queue_limit=2)
    _, gate = running(executor, "ann")
    there = {"bob": True, "cat": True}
    jobs_of = {
        owner: executor.submit(
            lambda progress, owner=owner: owner, owner=owner, wanted=lambda o=owner: there[o]
        )
        for owner in there
    }
    assert jobs_of["cat"].state().position == 2
    with pytest.raises(UserInputError, match="Too many"):
        executor.submit(lambda progress: "dan", owner="dan")
    there["bob"] = False
    dan = executor.submit(lambda progress: "dan", owner="dan")
    assert jobs_of["bob"].state().status is Status.CANCELLED
    assert [jobs_of["cat"].state().position, dan.state().position] == [1, 2]
    there["cat"] = False
    gate.go.set()
    assert dan.result(WAIT_S) == "dan"
    assert jobs_of["cat"].state().status is Status.CANCELLED


class Runtime:
    def __init__(self):
        self.here = True

    def is_active_session(self, session):
        return self.here


@pytest.fixture
def tab(monkeypatch):
    """A visitor's tab, and a clock: tab.here, tab.now_s."""
    found = Runtime()
    found.now_s = 100.0
    monkeypatch.setattr(background.runtime, "exists", lambda: True)
    monkeypatch.setattr(background.runtime, "get_instance", lambda: found)
    monkeypatch.setattr(background.time, "monotonic", lambda: found.now_s)
    return found


def test_a_short_loss_of_signal_keeps_the_run_and_a_closed_tab_ends_it(tab):
    wanted = background._presence("s")
    seen = []
    report = background._while(wanted, seen.append)
    tab.here = False
    tab.now_s += background.GONE_AFTER_S - 1
    report(0.1)
    tab.here = True
    report(0.2)
    tab.here = False
    tab.now_s += background.GONE_AFTER_S - 1
    report(0.3)
    tab.now_s += 2
    with pytest.raises(jobs.Cancelled):
        report(0.4)
    assert seen == [0.1, 0.2, 0.3, 0.4]
    assert not wanted()


def test_time_in_the_queue_counts_as_time_away(tab, make_executor):
    executor = make_executor()
    _, gate = running(executor, "ann")
    wanted = background._presence("s")
    job = executor.submit(lambda progress: "done", owner="bob", wanted=wanted)
    tab.here = False
    tab.now_s += background.GONE_AFTER_S + 1
    other, other_gate = running_later(executor, "cat")
    assert job.state().status is Status.CANCELLED
    assert other.state().position == 1
    gate.go.set()
    other_gate.go.set()
    other.result(WAIT_S)


def test_a_full_disk_is_said_before_a_training_begins(monkeypatch, tmp_path):
    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(tiny, "LOCK", tmp_path / "lock")
    monkeypatch.setattr(tempfile, "TemporaryDirectory", full)
    with pytest.raises(UserInputError, match="try again later"):
        tiny.start(0, [sys.executable, "-c", "pass"])
    assert tiny.busy_s() is None


def page():
    import contextlib
    import errno
    import os

    import streamlit as st

    from ui.background import Runs

    def full(progress):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    runs = Runs("abuse")
    if st.button("Full"):
        runs.submit(lambda: full)
    if st.button("Well"):
        runs.submit(lambda: lambda progress: "well")
    if runs.is_running():
        with contextlib.suppress(Exception):
            st.session_state[runs.job].result(10)
    runs.collect()
    st.text(st.session_state.pop(runs.problem, ""))
    st.text(st.session_state.get(runs.result, ""))


def test_a_visitor_whose_run_meets_a_full_disk_gets_a_sentence_and_the_next_run_works(caplog):
    at = AppTest.from_function(page, default_timeout=20).run()
    at.button[0].click().run()
    problem, result = (text.value for text in at.text)
    number = re.search(r"wrong on our side \(number (\w+)\); please try again", problem)[1]
    assert result == ""
    assert "No space left" not in problem
    assert f"unexpected error {number}" in caplog.text
    assert "No space left" in caplog.text
    at.button[1].click().run()
    assert [text.value for text in at.text] == ["", "well"]
