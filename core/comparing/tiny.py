"""Training two tiny models in a visitor's sight: a process of its own, watched from here.

TensorFlow stays out of the server's process, which would be slow and large ever after, and the
process can be ended at any moment. One goes at a time on a host: a lock file says so.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core.comparing.models import PatternModel
from core.errors import UserInputError

KIND = "melody-2"
CORPUS = Path(__file__).with_name("tiny_patterns.npz")
CREDIT = (
    "4,000 two-bar windows of traditional tunes from the Nottingham collection "
    "(jukedeck/nottingham-dataset, GPL-3.0), training split"
)
LIMIT_S = 120.0
"""From the start of the process to its end, whatever it is at: on a busy machine it takes half a
minute until the first step."""
TRAINED_S = 50.0
"""From the first step on, when it ends by itself."""
GONE_AFTER_S = 20.0
"""How long nobody may look before it is ended."""
LOCK = Path(tempfile.gettempdir()) / f"encore-tiny-{os.getuid()}.lock"
COMMAND = (sys.executable, "-P", "-m", "core.comparing.tiny_model")

_log = logging.getLogger(__name__)

State = Literal["training", "done", "stopped", "failed"]


@dataclass(frozen=True)
class Point:
    """How far a model is. seconds: of its own training. patterns: seen so far. Nats a step."""

    model: str
    seconds: float
    patterns: int
    train_nats: float
    held_out_nats: float


class Training:
    """One training, from its start on.

    models: once it is done, the tiny models by name.
    """

    def __init__(self, lock: int, seed: int, command: Sequence[str]) -> None:
        self.models: dict[str, PatternModel] = {}
        self._points: list[Point] = []
        self._state: State = "training"
        self._began = self._seen = time.monotonic()
        self._ended: float | None = None
        self._cancelled = threading.Event()
        self._guard = threading.Lock()
        self._folder = tempfile.TemporaryDirectory(prefix="encore-tiny-")
        root = str(Path(__file__).resolve().parents[2])
        self._process = subprocess.Popen(  # noqa: S603 - the program and its arguments are ours
            [*command, self._folder.name, str(seed), str(TRAINED_S)],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "KERAS_BACKEND": "tensorflow", "PYTHONPATH": root},
        )
        self._lock = lock
        for name, work in (("read", self._read), ("watch", self._watch)):
            threading.Thread(target=work, name=f"encore-tiny-{name}", daemon=True).start()

    @property
    def state(self) -> State:
        """Where it is in its life; all but training are final."""
        with self._guard:
            return self._state

    @property
    def elapsed_s(self) -> float:
        """Since its start, or from start to end."""
        with self._guard:
            return (self._ended or time.monotonic()) - self._began

    def points(self) -> list[Point]:
        """What it has told so far, in order."""
        with self._guard:
            return list(self._points)

    def look(self) -> None:
        """Say that somebody still looks."""
        self._seen = time.monotonic()

    def cancel(self) -> None:
        """End it now."""
        self._cancelled.set()
        self._process.kill()

    def _watch(self) -> None:
        """End the process when its time is up or nobody looks any more."""
        while self._process.poll() is None:
            now = time.monotonic()
            if now - self._began > LIMIT_S or now - self._seen > GONE_AFTER_S:
                self.cancel()
            time.sleep(0.1)

    def _read(self) -> None:
        """Take what the process tells until it ends, then the models."""
        state: State = "failed"
        try:
            assert self._process.stdout is not None
            for line in self._process.stdout:
                point = Point(**json.loads(line))
                with self._guard:
                    self._points.append(point)
            code = self._process.wait()
            if self._cancelled.is_set():
                state = "stopped"
            elif code == 0:
                self.models = self._trained()
                state = "done"
        except (OSError, KeyError, TypeError, ValueError):
            _log.exception("the tiny training told something else")
        finally:
            self._process.kill()
            with self._guard:
                self._state, self._ended = state, time.monotonic()
            self._folder.cleanup()
            os.close(self._lock)  # which unlocks it

    def _trained(self) -> dict[str, PatternModel]:
        from core.comparing.network import read

        found = {}
        for path in sorted(Path(self._folder.name).glob("*.weights.h5")):
            name = path.name.removesuffix(".weights.h5")
            found[name] = read(path, name, KIND)
        return found


def start(seed: int, command: Sequence[str] | None = None) -> Training:
    """Begin a training, seeded.

    Raises UserInputError while another goes on this host, or where the disk is full.
    """
    lock = os.open(LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(lock, 0)
        os.pwrite(lock, str(time.time()).encode(), 0)
        return Training(lock, seed, COMMAND if command is None else command)
    except BlockingIOError:
        os.close(lock)
        wait = busy_s() or 1.0
        raise UserInputError(
            f"Someone is training just now; you can begin in {wait:.0f} s at the latest."
        ) from None
    except OSError as error:
        os.close(lock)
        _log.exception("no training can begin")
        raise UserInputError(
            "No training can begin here at the moment; please try again later."
        ) from error
    except BaseException:
        os.close(lock)
        raise


def busy_s() -> float | None:
    """Seconds until the training that goes on this host is over at the latest; None for none."""
    try:
        lock = os.open(LOCK, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return None
    except BlockingIOError:
        began = os.pread(lock, 64, 0).decode() or str(time.time())
        return max(float(began) + LIMIT_S - time.time(), 1.0)
    finally:
        os.close(lock)
