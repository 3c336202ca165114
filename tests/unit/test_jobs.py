import gc
import os
import subprocess
import sys
import threading
import time
import weakref
from functools import partial

import numpy as np
import pytest

from core.errors import UserInputError
from core.jobs import Cancelled, JobState, Status, ThreadExecutor
from tests.unit.job_helpers import WAIT_S, running, until


def test_a_job_gives_its_result(make_executor):
    job = make_executor().submit(lambda progress: 6 * 7, owner="ann")
    assert job.result(WAIT_S) == 42
    assert job.state() == JobState(Status.DONE, 1.0, 0, None)
    assert (job.owner, job.over) == ("ann", True)


def test_none_is_a_result_like_any_other(make_executor):
    assert make_executor().submit(lambda progress: None, owner="ann").result(WAIT_S) is None


def test_waiting_for_a_result_may_time_out(make_executor):
    job, gate = running(make_executor(), value=1)
    with pytest.raises(TimeoutError):
        job.result(0.01)
    gate.go.set()
    assert job.result(WAIT_S) == 1


def test_progress_is_clamped_and_never_falls(make_executor):
    seen = []

    def work(progress):
        for fraction in (-1.0, 0.3, 0.1, float("nan"), 0.6, 9.0, 0.2):
            progress(fraction)
            seen.append(job.state().fraction)

    gate_job, gate = running(executor := make_executor())
    job = executor.submit(work, owner="ann")
    gate.go.set()
    job.result(WAIT_S)
    assert seen == [0.0, 0.3, 0.3, 0.3, 0.6, 1.0, 1.0]
    assert gate_job.state().fraction == 1.0


def test_errors_are_kept_and_raised_where_the_result_is_asked_for(make_executor):
    def work(progress):
        progress(0.25)
        raise UserInputError("Give a longer clip.")

    job = make_executor().submit(work, owner="ann")
    lengths = []
    for _ in range(3):
        with pytest.raises(UserInputError, match="longer clip") as caught:
            job.result(WAIT_S)
        lengths.append(len(caught.traceback))
    assert lengths[0] == lengths[2]
    state = job.state()
    assert (state.status, state.fraction) == (Status.FAILED, 0.25)
    assert isinstance(state.error, UserInputError)


def test_a_defect_is_logged_and_the_worker_lives_on(make_executor, caplog):
    executor = make_executor()
    with pytest.raises(ZeroDivisionError):
        executor.submit(lambda progress: 1 // 0, owner="ann").result(WAIT_S)
    with pytest.raises(SystemExit):
        executor.submit(lambda progress: sys.exit(3), owner="ann").result(WAIT_S)
    assert executor.submit(lambda progress: "well", owner="ann").result(WAIT_S) == "well"
    assert "ZeroDivisionError" in caplog.text


def test_cancelling_a_running_job_ends_it_at_its_next_progress(make_executor):
    executor = make_executor()
    job, gate = running(executor)
    job.cancel()
    assert job.state().status is Status.CANCELLED
    with pytest.raises(Cancelled):
        job.result(0)
    until(lambda: gate.raised is Cancelled)
    assert executor.submit(lambda progress: "next", owner="bob").result(WAIT_S) == "next"


def test_cancelling_a_queued_job_takes_it_out_at_once_and_it_never_runs(make_executor):
    executor = make_executor()
    _, gate = running(executor)
    ran = []
    first = executor.submit(lambda progress: ran.append(1), owner="ann")
    second = executor.submit(lambda progress: ran.append(2), owner="ann")
    assert (first.state().position, second.state().position) == (1, 2)
    first.cancel()
    assert first.state() == JobState(Status.CANCELLED, 0.0, 0, None)
    assert second.state().position == 1
    gate.go.set()
    second.result(WAIT_S)
    assert ran == [2]


def test_work_that_swallows_the_cancel_is_cancelled_all_the_same(make_executor):
    begun, go = threading.Event(), threading.Event()

    def work(progress):
        begun.set()
        go.wait(WAIT_S)
        try:
            progress(0.5)
        except Exception:  # noqa: BLE001 - the careless work that this test is about
            return "too late"

    executor = make_executor()
    job = executor.submit(work, owner="ann")
    begun.wait(WAIT_S)
    job.cancel()
    go.set()
    executor.submit(lambda progress: None, owner="ann").result(WAIT_S)
    assert job.state().status is Status.CANCELLED
    with pytest.raises(Cancelled):
        job.result()


def test_cancelling_what_is_over_changes_nothing(make_executor):
    job = make_executor().submit(lambda progress: "kept", owner="ann")
    assert job.result(WAIT_S) == "kept"
    job.cancel()
    assert job.result() == "kept"
    assert job.state().status is Status.DONE


def test_one_visitors_cancel_leaves_the_others_alone(make_executor):
    executor = make_executor(workers=2)
    ann, ann_gate = running(executor, "ann")
    bob, bob_gate = running(executor, "bob", value="bob's")
    waiting = executor.submit(lambda progress: "bob's next", owner="bob")
    ann.cancel()
    until(lambda: ann_gate.raised is Cancelled)
    assert waiting.result(WAIT_S) == "bob's next"
    assert bob.state().status is Status.RUNNING
    bob_gate.go.set()
    assert bob.result(WAIT_S) == "bob's"
    assert bob_gate.raised is None


def test_two_hundred_jobs_leave_no_threads_and_no_memory_behind(make_executor):
    executor = make_executor(workers=2)
    executor.submit(lambda progress: None, owner="ann").result(WAIT_S)
    executor.submit(lambda progress: None, owner="ann").result(WAIT_S)
    threads = threading.active_count()
    kept = []
    for index in range(200):
        array = np.full(50_000, index, np.float64)
        kept.append(weakref.ref(array))
        job = executor.submit(partial(lambda a, progress: a[0], array), owner=f"v{index % 7}")
        assert job.result(WAIT_S) == index
        kept.append(weakref.ref(job))
    del job, array
    assert threading.active_count() == threads
    gc.collect()
    until(lambda: not any(ref() is not None for ref in kept))


@pytest.mark.parametrize("ending", ["done", "failed", "chained", "cancelled", "never ran"])
def test_a_job_that_is_over_no_longer_holds_its_work(make_executor, ending):
    executor = make_executor()

    def work(array, progress):
        local = array + 1
        if ending == "failed":
            raise ValueError(local.shape)
        if ending == "chained":
            try:
                local.reshape(7)
            except ValueError as error:
                raise RuntimeError("shape") from error
        while ending == "cancelled":
            progress(0.1)
            time.sleep(0.002)

    array = np.zeros(1000)
    ref = weakref.ref(array)
    gate = running(executor, "bob")[1] if ending == "never ran" else None
    job = executor.submit(partial(work, array), owner="ann")
    del array
    if ending == "cancelled":
        until(lambda: job.state().status is Status.RUNNING)
    if ending in ("cancelled", "never ran"):
        job.cancel()
    until(lambda: job.over)
    until(lambda: gc.collect() >= 0 and ref() is None)
    assert job.over
    if gate:
        gate.go.set()


def test_threads_are_daemons_started_with_the_first_job_and_end_on_close():
    executor = ThreadExecutor(workers=1)
    before = set(threading.enumerate())
    job, gate = running(executor)
    waiting = executor.submit(lambda progress: None, owner="ann")
    (thread,) = set(threading.enumerate()) - before
    assert thread.daemon
    executor.close()
    thread.join(WAIT_S)
    assert not thread.is_alive()
    assert gate.raised is Cancelled
    assert job.state().status is waiting.state().status is Status.CANCELLED
    with pytest.raises(RuntimeError):
        executor.submit(lambda progress: None, owner="ann")


def workers_with(value):
    code = "from core import jobs; e = jobs.executor(); print(e._workers, e is jobs.executor())"
    env = {**os.environ, "ENCORE_WORKERS": value}
    return subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)


def test_the_process_has_one_executor_with_workers_from_the_environment():
    assert workers_with("3").stdout.split() == ["3", "True"]
    assert "ENCORE_WORKERS must be a whole number from 1 to 16" in workers_with("0").stderr
