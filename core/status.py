"""What the owner of a host wants to know of its process: for the status page, and as text."""

from __future__ import annotations

import resource
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from core import loaders
from core.jobs import ThreadExecutor
from core.tally import Counted

_STARTED = time.monotonic()
_PAGE_BYTES = resource.getpagesize()


@dataclass(frozen=True)
class Status:
    """One moment. rss_mb, peak_mb: resident memory, MB of 10^6 bytes; NaN where unknown.

    handles: open files and sockets, -1 where unknown. models: ids of those that are loaded.
    """

    up_s: float
    rss_mb: float
    peak_mb: float
    threads: int
    handles: int
    running: int
    waiting: int
    models: tuple[str, ...]
    runs: tuple[Counted, ...]


def status(executor: ThreadExecutor) -> Status:
    """Of this process, now."""
    running, waiting = executor.load()
    return Status(
        up_s=time.monotonic() - _STARTED,
        rss_mb=_rss_mb(),
        peak_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6,
        threads=threading.active_count(),
        handles=_handles(),
        running=running,
        waiting=waiting,
        models=loaders.loaded(),
        runs=tuple(executor.tally.counted()),
    )


def as_text(now: Status) -> str:
    """In the text format that Prometheus reads (exposition format 0.0.4)."""
    lines = [
        f"encore_up_seconds {now.up_s:.0f}",
        f"encore_resident_megabytes {now.rss_mb:.1f}",
        f"encore_peak_megabytes {now.peak_mb:.1f}",
        f"encore_threads {now.threads}",
        f"encore_open_handles {now.handles}",
        f"encore_runs_running {now.running}",
        f"encore_runs_waiting {now.waiting}",
        f"encore_models_loaded {len(now.models)}",
    ]
    for counted in now.runs:
        for outcome, count in sorted(counted.outcomes.items()):
            lines.append(f'encore_runs_total{{kind="{counted.kind}",outcome="{outcome}"}} {count}')
        for share, seconds in ((0.5, counted.p50_s), (0.95, counted.p95_s)):
            lines.append(
                f'encore_run_seconds{{kind="{counted.kind}",quantile="{share}"}} {seconds:.3f}'
            )
    return "\n".join(lines) + "\n"


def _rss_mb() -> float:
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return float("nan")
    return pages * _PAGE_BYTES / 1e6


def _handles() -> int:
    try:
        return len(list(Path("/proc/self/fd").iterdir()))
    except OSError:
        return -1
