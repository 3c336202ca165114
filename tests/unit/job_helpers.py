"""What the tests of jobs share: work that waits to be let go, and waiting with an end."""

import threading
import time

WAIT_S = 10


class Gate:
    """Work that says when it has begun, waits until it is let go, and looks for a cancel."""

    def __init__(self, value=None):
        self.begun, self.go, self.value = threading.Event(), threading.Event(), value
        self.raised = None

    def __call__(self, progress):
        self.begun.set()
        try:
            while not self.go.wait(0.005):
                progress(0.5)
            return self.value
        except BaseException as error:
            self.raised = type(error)
            raise


def until(condition, seconds=WAIT_S):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.002)


def running(executor, owner="ann", value=None):
    gate = Gate(value)
    job = executor.submit(gate, owner=owner)
    assert gate.begun.wait(WAIT_S)
    return job, gate


def running_later(executor, owner):
    gate = Gate()
    return executor.submit(gate, owner=owner), gate
