"""A fresh process of the app for a benchmark, and what it takes of the machine."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
START_S = 60.0
PROC = Path("/proc")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_DEFECT = re.compile(r"Traceback \(most recent call last\)")


@dataclass(frozen=True)
class Taken:
    """Of a process and its children at one moment. memory_mb: resident, MB of 10^6 bytes.

    Pages that processes share are counted for each of them, so it is an upper bound.
    """

    memory_mb: float
    threads: int
    handles: int


NOTHING = Taken(0.0, 0, 0)


@dataclass
class Server:
    """address: without a slash at the end. log: what the process wrote."""

    address: str
    process: subprocess.Popen[bytes]
    log: Path
    peak_mb: float = 0.0
    _over: threading.Event = field(default_factory=threading.Event)

    def taken(self) -> Taken:
        """Now."""
        found = [_of(pid) for pid in family(self.process.pid)]
        return Taken(
            sum(one.memory_mb for one in found),
            sum(one.threads for one in found),
            sum(one.handles for one in found),
        )

    def watch(self, every_s: float = 0.2) -> None:
        """Keep the peak of memory up to date, until the server ends. Runs in a thread."""
        while not self._over.wait(every_s):
            self.peak_mb = max(self.peak_mb, self.taken().memory_mb)

    def defects(self) -> int:
        """Tracebacks in the log."""
        return len(_DEFECT.findall(self.log.read_text(encoding="utf-8", errors="replace")))

    def lives(self) -> bool:
        return self.process.poll() is None


@contextlib.contextmanager
def serving(script: Path = ROOT / "app.py", **environment: str) -> Iterator[Server]:
    """Run the app on a free port of loopback, until the block ends.

    environment: variables beside those of this process. Raises RuntimeError, with the log, where
    it does not answer within START_S.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="encore-load-") as name:
        folder = Path(name)
        log = folder / "log"
        own = {"PYTHONPATH": str(ROOT), "ENCORE_VOTES": str(folder / "votes.sqlite")}
        with log.open("wb") as file:
            process = subprocess.Popen(  # noqa: S603 - the program and its arguments are ours
                [sys.executable, "-m", "streamlit", "run", str(script),
                 "--server.port", str(port), "--server.address", "127.0.0.1",
                 "--server.headless", "true"],
                cwd=ROOT, stdout=file, stderr=subprocess.STDOUT,
                env={**os.environ, **own, **environment},
            )  # fmt: skip
        server = Server(f"http://127.0.0.1:{port}", process, log)
        watcher = threading.Thread(target=server.watch, daemon=True)
        try:
            _answers(server)
            watcher.start()
            yield server
        finally:
            server._over.set()
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _answers(server: Server) -> None:
    end = time.monotonic() + START_S
    while time.monotonic() < end and server.lives():
        with contextlib.suppress(urllib.error.URLError, OSError):
            # On loopback, at the port that was just chosen.
            urllib.request.urlopen(f"{server.address}/_stcore/health", timeout=2).close()  # noqa: S310
            return
        time.sleep(0.02)
    raise RuntimeError(f"the server does not answer: {server.log.read_text()[-2000:]}")


def family(pid: int) -> Sequence[int]:
    """The process and all that descend from it."""
    parents = {}
    for folder in PROC.iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError, IndexError, ValueError):
                stat = (folder / "stat").read_text()
                parents[int(folder.name)] = int(stat.rpartition(")")[2].split()[1])
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found


def _of(pid: int) -> Taken:
    """Of one process; nothing of one that has just ended."""
    folder = PROC / str(pid)
    try:
        pages = int((folder / "statm").read_text().split()[1])
        threads = len(list((folder / "task").iterdir()))
        handles = len(list((folder / "fd").iterdir()))
    except (OSError, IndexError, ValueError):
        return NOTHING
    return Taken(pages * _PAGE_BYTES / 1e6, threads, handles)
