"""Several engines on the same clip: what the page, the gallery and the command line all call."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.audio import Clip
from core.engines import extrapolator
from core.metrics import continuation_metrics
from core.progress import Progress, ignore, part


@dataclass(frozen=True)
class Continuation:
    """What one engine made: the sound, its figures, and the seconds of compute it took.

    metrics: names of core.metrics; those that need the actual are absent where there is none.
    """

    engine: str
    clip: Clip
    metrics: Mapping[str, float]
    compute_seconds: float


def run(
    clip: Clip,
    actual: Clip | None,
    *,
    engines: Sequence[str],
    seconds: float,
    seed: int,
    progress: Progress = ignore,
) -> list[Continuation]:
    """Continue `clip` by `seconds` with each engine, in the order given.

    actual: what truly follows, where known; compared over the stretch that both have.
    Raises UserInputError or ModelUnavailableError as the engines do.
    """
    made = []
    for index, name in enumerate(engines):
        watch = part(progress, index / len(engines), (index + 1) / len(engines))
        watch(0.0)
        start = time.perf_counter()
        out = extrapolator(name).extrapolate(
            clip, seconds, seed=seed, progress=part(watch, 0.0, 0.9)
        )
        spent = time.perf_counter() - start
        figures = continuation_metrics(clip, out, actual)
        figures["compute_ratio"] = spent / seconds
        made.append(Continuation(name, out, figures, spent))
    progress(1.0)
    return made
