"""How the runs of a process have gone: counted by page and outcome, with how long they took."""

from __future__ import annotations

import threading
from collections import Counter, deque
from dataclasses import dataclass

import numpy as np

KEPT = 500
"""Durations of the latest runs of each kind, from which quantiles are taken."""


@dataclass(frozen=True)
class Counted:
    """Runs of one kind.

    outcomes: how many ended how. p50_s, p95_s: of the latest that were done, from their beginning
    to their end, seconds; NaN where none was.
    """

    kind: str
    outcomes: dict[str, int]
    p50_s: float
    p95_s: float


class Tally:
    """Counts from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._outcomes: dict[str, Counter[str]] = {}
        self._seconds: dict[str, deque[float]] = {}

    def count(self, kind: str, outcome: str, seconds: float | None = None) -> None:
        """A run of `kind` is over. seconds: what it took, where it was done."""
        with self._lock:
            self._outcomes.setdefault(kind, Counter())[outcome] += 1
            kept = self._seconds.setdefault(kind, deque(maxlen=KEPT))
            if seconds is not None:
                kept.append(seconds)

    def counted(self) -> list[Counted]:
        """All kinds by name."""
        with self._lock:
            outcomes = {kind: dict(found) for kind, found in self._outcomes.items()}
            seconds = {kind: list(found) for kind, found in self._seconds.items()}
        rows = []
        for kind in sorted(outcomes):
            spent = seconds[kind]
            p50, p95 = np.percentile(spent, [50, 95]) if spent else (np.nan, np.nan)
            rows.append(Counted(kind, outcomes[kind], float(p50), float(p95)))
        return rows
