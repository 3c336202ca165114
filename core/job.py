"""One job: its state at any moment, its outcome, and how it is cancelled.

Whoever does the work drives its `Job` by `begin`, `report` and `finish`; everything else only reads
it. Pages import these names from `core.jobs`, beside the executors that make the jobs.
"""

from __future__ import annotations

import enum
import math
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Generic, TypeVar, cast

from core.progress import Progress

T = TypeVar("T")


class Cancelled(Exception):
    """Raised by `progress` inside cancelled work, and by `Job.result` afterwards."""


class Status(enum.Enum):
    """Where a job is in its life. The last three are final."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        return self in (Status.DONE, Status.FAILED, Status.CANCELLED)


@dataclass(frozen=True)
class JobState:
    """A job as it is at one moment.

    fraction: done so far, 0 to 1, never falling.
    position: place in the queue from 1; 0 once it runs or is over.
    error: what the work raised, where it failed.
    """

    status: Status
    fraction: float
    position: int
    error: BaseException | None


def always() -> bool:
    """Somebody waits for the run, whenever it is asked."""
    return True


class Job(Generic[T]):
    """One piece of work, to be watched, waited for and cancelled from any thread."""

    def __init__(
        self,
        work: Callable[[Progress], T],
        owner: str,
        position: Callable[[Job[Any]], int],
        withdraw: Callable[[Job[Any]], None],
        kind: str = "work",
        wanted: Callable[[], bool] = always,
    ) -> None:
        self.id = uuid.uuid4().hex
        self.owner = owner
        self.kind = kind
        self.wanted = wanted
        self._work: Callable[[Progress], T] | None = work
        self._position = position
        self._withdraw = withdraw
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._status = Status.QUEUED
        self._fraction = 0.0
        self._value: T | None = None
        self._error: BaseException | None = None
        self._traceback: TracebackType | None = None

    @property
    def over(self) -> bool:
        """Whether the outcome is known."""
        return self._over.is_set()

    def state(self) -> JobState:
        position = max(self._position(self), 1)  # 0 while a worker is just taking it
        with self._lock:
            if self._status is not Status.QUEUED:
                position = 0
            return JobState(self._status, self._fraction, position, self._error)

    def cancel(self) -> None:
        """End the job for its owner, at once. Does nothing to one that is over.

        A queued job leaves the queue. In a running one the next call of `progress` raises
        Cancelled; whatever it still returns or raises is dropped.
        """
        if self.finish(Status.CANCELLED):
            self._withdraw(self)

    def result(self, timeout_s: float | None = None) -> T:
        """What the work returned, waiting for it if need be.

        Raises what the work raised, Cancelled if it was cancelled, TimeoutError after `timeout_s`.
        """
        if not self._over.wait(timeout_s):
            raise TimeoutError(f"not finished within {timeout_s} s")
        if self._status is Status.CANCELLED:
            raise Cancelled
        if self._error is not None:
            # The first traceback each time, or it would grow with every caller that asks.
            raise self._error.with_traceback(self._traceback)
        return cast(T, self._value)  # which may well be None

    def begin(self) -> Callable[[Progress], T] | None:
        """For the executor: mark it as running and take its work; None if it was cancelled."""
        with self._lock:
            if self._status is Status.QUEUED:
                self._status = Status.RUNNING
            work, self._work = self._work, None
            return work

    def report(self, fraction: float) -> None:
        """For the executor: the progress that the work is given."""
        with self._lock:
            if self._status is Status.CANCELLED:
                raise Cancelled
            if not math.isnan(fraction):
                self._fraction = max(self._fraction, min(fraction, 1.0))

    def finish(
        self, status: Status, value: T | None = None, error: BaseException | None = None
    ) -> bool:
        """For the executor: the outcome. Returns False, and changes nothing, if it had one."""
        with self._lock:
            if self._status.final:
                return False
            self._status, self._value, self._error, self._work = status, value, error, None
            self._traceback = error.__traceback__ if error is not None else None
            if status is Status.DONE:
                self._fraction = 1.0
        self._over.set()
        return True
