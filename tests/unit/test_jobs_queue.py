import threading
import time
from functools import partial

import numpy as np
import pytest

from core.errors import UserInputError
from core.jobs import Cancelled, Status, ThreadExecutor
from tests.unit.job_helpers import WAIT_S, running, running_later, until


def test_owners_take_turns_and_positions_tell_the_order(make_executor):
    executor = make_executor(per_owner_limit=5)
    _, gate = running(executor, "ann")
    order, queued = [], []
    for owner, count in (("ann", 3), ("bob", 2), ("cat", 1)):
        for index in range(count):
            name = f"{owner}{index}"
            work = partial(lambda name, progress: order.append(name), name)
            queued.append((name, executor.submit(work, owner=owner)))
    # Ann's first runs already, so those who came since are served before her next.
    expected = ["bob0", "cat0", "ann0", "bob1", "ann1", "ann2"]
    positions = {name: job.state().position for name, job in queued}
    assert sorted(positions, key=positions.__getitem__) == expected
    assert sorted(positions.values()) == [1, 2, 3, 4, 5, 6]
    gate.go.set()
    for _, job in queued:
        job.result(WAIT_S)
        assert job.state().position == 0
    assert order == expected


def test_who_always_comes_back_does_not_starve_who_waits(make_executor):
    executor = make_executor()
    _, gate = running(executor, "ann")
    waiting = executor.submit(lambda progress: "served", owner="ann")
    bob, bob_gate = running_later(executor, "bob")
    gate.go.set()
    for _ in range(3):  # Bob asks anew while his own job runs
        assert bob_gate.begun.wait(WAIT_S)
        bob, following = running_later(executor, "bob")
        bob_gate.go.set()
        bob_gate = following
        if waiting.over:
            break
    assert waiting.result(1) == "served"
    bob.cancel()


def test_the_queue_and_each_owners_share_of_it_are_bounded(make_executor):
    executor = make_executor(queue_limit=3, per_owner_limit=2)
    _, gate = running(executor, "ann")
    second = executor.submit(lambda progress: None, owner="ann")
    with pytest.raises(UserInputError, match=r"^You already have 2 runs going .*\.$"):
        executor.submit(lambda progress: None, owner="ann")
    executor.submit(lambda progress: None, owner="bob")
    executor.submit(lambda progress: None, owner="cat")
    with pytest.raises(UserInputError, match=r"^Too many visitors .*\.$"):
        executor.submit(lambda progress: None, owner="dan")
    second.cancel()
    assert executor.submit(lambda progress: "dan's", owner="dan").state().position == 3
    gate.go.set()


def test_a_cancelled_run_makes_room_for_its_owner_at_once(make_executor):
    executor = make_executor(per_owner_limit=1)
    go = threading.Event()
    deaf = executor.submit(lambda progress: go.wait(WAIT_S), owner="ann")
    until(lambda: deaf.state().status is Status.RUNNING)
    deaf.cancel()
    after = executor.submit(lambda progress: "after", owner="ann")
    go.set()
    assert after.result(WAIT_S) == "after"


def test_at_most_the_given_number_run_at_once(make_executor):
    executor = make_executor(workers=3, per_owner_limit=30)
    lock, now, most = threading.Lock(), [0], [0]

    def work(progress):
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        time.sleep(0.01)
        with lock:
            now[0] -= 1

    for job in [executor.submit(work, owner="ann") for _ in range(20)]:
        job.result(WAIT_S)
    assert most[0] == 3


def seeded_sum(seed, progress):
    rng = np.random.default_rng(seed)
    total = np.zeros(256)
    for step in range(20):
        total = np.cumsum(total) * 0.1 + rng.standard_normal(256)
        progress(step / 20)
    return total.tobytes()


def test_side_by_side_gives_the_same_bytes_as_one_by_one(make_executor):
    executor = make_executor(workers=4)
    alone = [seeded_sum(seed, lambda fraction: None) for seed in range(24)]
    queued = [executor.submit(partial(seeded_sum, s), owner=f"v{s % 6}") for s in range(24)]
    assert [job.result(WAIT_S) for job in queued] == alone


def test_many_threads_may_submit_watch_and_cancel(make_executor):
    executor = make_executor(workers=2, queue_limit=1000, per_owner_limit=1000)
    outcomes = []

    def visitor(name):
        for index in range(25):
            job = executor.submit(partial(seeded_sum, index), owner=name)
            job.state()
            if index % 3 == 0:
                job.cancel()
            try:
                outcomes.append(job.result(WAIT_S) == seeded_sum(index, lambda fraction: None))
            except Cancelled:
                outcomes.append(index % 3 == 0)

    threads = [threading.Thread(target=visitor, args=(f"v{i}",)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(3 * WAIT_S)
    assert len(outcomes) == 200
    assert all(outcomes)


@pytest.mark.parametrize("limits", [{"workers": 0}, {"queue_limit": 0}, {"per_owner_limit": -1}])
def test_limits_must_make_sense(limits):
    with pytest.raises(ValueError, match="1 or more"):
        ThreadExecutor(**limits)
