"""The one place where heavy work runs: bounded, fair between visitors, cancellable, with progress.

A page submits a function of one argument, `progress`, under its visitor's name as owner, keeps the
`Job` in the visitor's session and looks at `job.state()` when it redraws. Pages know only the
`Executor` protocol. Another executor can take the work over by keeping it:

- a process pool: `work` must then be picklable (a module's function in `functools.partial`);
  `progress` becomes a pipe that the parent reads, and raising `Cancelled` there a flag, such as a
  `multiprocessing.Event`, that the child's progress looks at;
- a remote queue: `work` becomes a recipe (`core.recipe`) and the input's sha256, the Job a handle
  that asks the queue; owners and limits stay the same.

Whoever does the work drives its `Job` as `core.job` says.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
import traceback
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from core.errors import ModelUnavailableError, UserInputError
from core.job import Cancelled, Job, JobState, Status, always
from core.progress import Progress
from core.settings import settings
from core.tally import Tally

__all__ = [
    "Cancelled",
    "Executor",
    "Job",
    "JobState",
    "Status",
    "ThreadExecutor",
    "executor",
]

SWITCH_S = 0.001
"""How long a thread keeps Python's lock while another wants it, 5 ms otherwise. All that a page
sends waits for the lock again and again, behind every thread that computes."""

T = TypeVar("T")

_log = logging.getLogger(__name__)


class Executor(Protocol):
    """Where pages send heavy work."""

    def submit(
        self,
        work: Callable[[Progress], T],
        *,
        owner: str,
        kind: str = "work",
        wanted: Callable[[], bool] = always,
    ) -> Job[T]:
        """Queue `work` for `owner`, one visitor. kind: what it is counted as.

        wanted: whether anybody still waits for it, asked while it is in the queue; at the first no
        it is taken out. `work` must call its `progress` often (a few times a second), for that is
        where it can be cancelled, and must let Cancelled pass. Raises UserInputError when the
        queue is full or the owner has enough in it.
        """
        ...


class ThreadExecutor:
    """Daemon threads in this process, started with the first job.

    workers: jobs that run at once. queue_limit: jobs that wait, of all owners together.
    per_owner_limit: jobs of one owner that wait or run.

    Owners take turns. One who comes while another's job runs is served before that other's next
    one, so nobody waits for more than one job of each other owner.
    """

    def __init__(self, workers: int = 1, queue_limit: int = 32, per_owner_limit: int = 4) -> None:
        if min(workers, queue_limit, per_owner_limit) < 1:
            raise ValueError("workers, queue_limit and per_owner_limit must be 1 or more")
        self._workers = workers
        self._queue_limit = queue_limit
        self._per_owner_limit = per_owner_limit
        self._changed = threading.Condition()
        self._queues: OrderedDict[str, deque[Job[Any]]] = OrderedDict()  # owners in turn
        self._running: list[Job[Any]] = []
        self._threads: list[threading.Thread] = []
        self._closed = False
        self.tally = Tally()

    def submit(
        self,
        work: Callable[[Progress], T],
        *,
        owner: str,
        kind: str = "work",
        wanted: Callable[[], bool] = always,
    ) -> Job[T]:
        job = Job(work, owner, self._position, self._withdraw, kind, wanted)
        with self._changed:
            if self._closed:
                raise RuntimeError("this executor is closed")
            self._drop_unwanted()
            queued = self._queues.get(owner, ())
            # A cancelled job that still runs holds a worker, but is no longer its owner's business.
            mine = len(queued) + sum(
                other.owner == owner and not other.over for other in self._running
            )
            if mine >= self._per_owner_limit:
                raise UserInputError(
                    f"You already have {mine} runs going or waiting; "
                    "let one finish or cancel it, then try again."
                )
            if sum(map(len, self._queues.values())) >= self._queue_limit:
                raise UserInputError(
                    "Too many visitors are waiting just now; try again in a minute."
                )
            if owner not in self._queues:
                self._take_seat(owner)
            self._queues[owner].append(job)
            if len(self._threads) < self._workers:
                name = f"encore-job-{len(self._threads)}"
                thread = threading.Thread(target=self._work_on, name=name, daemon=True)
                self._threads.append(thread)
                thread.start()
            self._changed.notify()
        return job

    def load(self) -> tuple[int, int]:
        """(jobs that run, jobs that wait)."""
        with self._changed:
            return len(self._running), sum(map(len, self._queues.values()))

    def close(self) -> None:
        """Cancel everything, and let the threads end when their present work has noticed."""
        with self._changed:
            self._closed = True
            jobs = [job for queue in self._queues.values() for job in queue] + self._running
            self._changed.notify_all()
        for job in jobs:
            job.cancel()

    def _take_seat(self, owner: str) -> None:
        """Put a newcomer at the end, but before those at the end whose turn is on right now."""
        busy = {job.owner for job in self._running}
        overtaken = []
        for other in reversed(self._queues):
            if other not in busy:
                break
            overtaken.append(other)
        self._queues[owner] = deque()
        if owner not in busy:
            for other in reversed(overtaken):
                self._queues.move_to_end(other)

    def _next(self) -> Job[Any] | None:
        """The job whose turn it is, or None once closed. Waits; call with the lock held."""
        while not self._closed:
            self._drop_unwanted()
            if self._queues:
                owner = next(iter(self._queues))
                queue = self._queues[owner]
                job = queue.popleft()
                if queue:
                    self._queues.move_to_end(owner)
                else:
                    del self._queues[owner]
                self._running.append(job)
                return job
            self._changed.wait()
        return None

    def _work_on(self) -> None:
        while True:
            with self._changed:
                job = self._next()
            if job is None:
                return
            start = time.monotonic()
            try:
                _run(job)
            except BaseException as error:  # noqa: BLE001 - see below
                # Such as no memory for the end of a failed job: this thread lives on all the same,
                # or the queue would stand still.
                _log.exception("the end of job %s failed", job.id)
                job.finish(Status.FAILED, error=error)
            status = job.state().status
            spent = time.monotonic() - start
            self.tally.count(job.kind, status.value, spent if status is Status.DONE else None)
            with self._changed:
                self._running.remove(job)
            del job  # the next wait may be long, and results are large

    def _drop_unwanted(self) -> None:
        """Take jobs that nobody waits for any more out of the queue. Call with the lock held."""
        gone = [job for queue in self._queues.values() for job in queue if not job.wanted()]
        for job in gone:
            job.cancel()

    def _position(self, job: Job[Any]) -> int:
        with self._changed:
            queue = self._queues.get(job.owner)
            if queue is None or job not in queue:
                return 0
            rounds = queue.index(job)
            ahead, seen = rounds, False
            for owner, others in self._queues.items():
                if owner == job.owner:
                    seen = True
                else:
                    ahead += min(len(others), rounds if seen else rounds + 1)
            return ahead + 1

    def _withdraw(self, job: Job[Any]) -> None:
        with self._changed:
            queue = self._queues.get(job.owner)
            if queue is not None and job in queue:
                queue.remove(job)
                if not queue:
                    del self._queues[job.owner]


def _run(job: Job[Any]) -> None:
    """Do one job's work on this thread, which survives whatever the work raises."""
    work = job.begin()
    if work is None:
        return
    try:
        job.finish(Status.DONE, value=work(job.report))
    except Cancelled:
        job.finish(Status.CANCELLED)
    except BaseException as error:  # noqa: BLE001 - it is raised again where the result is asked for
        del work  # this frame stays with the error, and what it holds too
        if not isinstance(error, UserInputError | ModelUnavailableError):
            _log.exception("job %s failed", job.id)
        _forget_locals(error)
        job.finish(Status.FAILED, error=error)


def _forget_locals(error: BaseException) -> None:
    """Free the arrays that a kept exception would hold through the frames it passed."""
    seen: set[int] = set()
    todo: list[BaseException | None] = [error]
    while todo:
        link = todo.pop()
        if link is not None and id(link) not in seen:
            seen.add(id(link))
            traceback.clear_frames(link.__traceback__)
            todo += [link.__cause__, link.__context__]


_executor: ThreadExecutor | None = None
_executor_lock = threading.Lock()


def executor() -> ThreadExecutor:
    """The process's executor, built once. ENCORE_WORKERS says how many jobs run at once.

    Raises SettingsError where the environment is of no use.
    """
    global _executor
    with _executor_lock:
        if _executor is None:
            sys.setswitchinterval(SWITCH_S)
            _executor = ThreadExecutor(workers=settings().workers)
        return _executor
