"""Several engines on the same clip: what the page, the gallery and the command line all call."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.audio import Clip
from core.engines import Copier, extrapolator
from core.extrapolation.ending import end_at
from core.extrapolation.path import Segment, within
from core.metrics import continuation_metrics
from core.progress import Progress, ignore, part


@dataclass(frozen=True)
class Continuation:
    """What one engine made: the sound, its figures, and the seconds of compute it took.

    metrics: names of core.metrics; those that need the actual are absent where there is none. They
    are of the sound before an ending was given to it.
    path: what was copied from the clip, in order; empty for an engine that does not copy.
    """

    engine: str
    clip: Clip
    metrics: Mapping[str, float]
    compute_seconds: float
    path: tuple[Segment, ...] = ()


def run(
    clip: Clip,
    actual: Clip | None,
    *,
    engines: Sequence[str],
    seconds: float,
    seed: int,
    ending: str = "none",
    progress: Progress = ignore,
) -> list[Continuation]:
    """Continue `clip` by `seconds` with each engine, in the order given.

    ending: one of core.extrapolation.ending.ENDINGS.
    actual: what truly follows, where known; compared over the stretch that both have.
    Raises UserInputError or ModelUnavailableError as the engines do.
    """
    made = []
    for index, name in enumerate(engines):
        watch = part(progress, index / len(engines), (index + 1) / len(engines))
        watch(0.0)
        start = time.perf_counter()
        out, path = _continue(name, clip, seconds, seed, part(watch, 0.0, 0.9))
        spent = time.perf_counter() - start
        figures = continuation_metrics(clip, out, actual)
        figures["compute_ratio"] = spent / seconds
        ended, copied = end_at(clip, out, ending)
        played = within(path, clip.length, copied)
        made.append(Continuation(name, ended, figures, spent, played))
    progress(1.0)
    return made


def _continue(
    name: str, clip: Clip, seconds: float, seed: int, progress: Progress
) -> tuple[Clip, list[Segment]]:
    """What the engine makes, and the path it took where it is one that copies."""
    engine = extrapolator(name)
    if isinstance(engine, Copier):
        return engine.continue_along(clip, seconds, seed=seed, progress=progress)
    return engine.extrapolate(clip, seconds, seed=seed, progress=progress), []
