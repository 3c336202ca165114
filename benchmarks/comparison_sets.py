"""Sets of patterns, drawn by a model or taken from the data: what they are like, and what it cost.

Every set has as many patterns as the test set beside it. Patterns are drawn at temperature 1, which
is what the model learned, from nothing.
"""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from benchmarks.comparison_figures import Figure, of_items, of_sets
from benchmarks.comparison_material import Material
from benchmarks.comparison_notes import best_matches, distinct, lines
from benchmarks.copying import Line, longest_copies
from core.comparing.models import PatternModel
from core.comparing.patterns import Kind, Pattern, to_score
from core.music_measures import MEASURES, degenerate, distance, measured

SEED = 8
TIMED = 32
"""Patterns drawn together where time and memory are taken."""
TIMES = 5
MEGABYTE = 1e6

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class PatternSet:
    """Patterns [patterns, steps, voices] of one origin.

    owners: the test piece of each, None for patterns that were made.
    """

    kind: Kind
    patterns: Pattern
    owners: Sequence[str] | None = None
    measures: dict[str, Array] = field(default_factory=dict)

    def groups(self) -> list[str]:
        """What is drawn together in a bootstrap."""
        own = [str(number) for number in range(len(self.patterns))]
        return own if self.owners is None else list(self.owners)


def measured_set(kind: Kind, patterns: Pattern, owners: Sequence[str] | None = None) -> PatternSet:
    """With every measure of `core.music_measures`, [patterns, values] each."""
    found = [measured(to_score(pattern, kind)) for pattern in patterns]
    stacked = {name: np.stack([each[name] for each in found]) for name in MEASURES}
    return PatternSet(kind, patterns, owners, stacked)


def distance_figures(made: PatternSet, true: PatternSet) -> dict[str, Figure]:
    """Of every measure that varies in the data, and `measure_distance`, the mean of them."""
    names = [
        name for name in MEASURES
        if np.isfinite(distance(made.measures[name], true.measures[name]))
    ]  # fmt: skip

    def measure(mine: npt.NDArray[np.int64], theirs: npt.NDArray[np.int64]) -> list[float]:
        each = [distance(made.measures[n][mine], true.measures[n][theirs]) for n in names]
        return [float(np.nanmean(each)), *each]

    found = of_sets(measure, len(made.patterns), true.groups())
    keys = ["measure_distance", *(f"{name}_distance" for name in names)]
    return dict(zip(keys, found, strict=True))


def own_figures(made: PatternSet, training: Sequence[Line]) -> dict[str, Figure]:
    """What a set says of itself: how varied it is, what it copies, how often it is stuck.

    training: lines of the training patterns; none where the patterns are of them.
    """
    patterns, kind, groups = made.patterns, made.kind, made.groups()
    varied = distinct(np.random.default_rng(0).permutation(patterns), kind)
    found = {
        "self_similarity": of_items(best_matches(patterns, kind, made.owners), groups),
        "distinct_ngrams": of_items(varied, [str(number) for number in range(len(varied))]),
    }
    if training:
        copied = longest_copies(lines(patterns, kind), training, len(patterns))
        found["copied_bars"] = of_items(copied, groups)
    if kind.bars > 4:  # a shorter pattern cannot be stuck for over four bars
        stuck = [float(bool(degenerate(to_score(pattern, kind)))) for pattern in patterns]
        found["degenerate_share"] = of_items(stuck, groups)
    return found


def gap(made: Figure, true: Figure) -> Figure:
    """How far a figure is from that of the test patterns, to either side."""
    difference = made - true
    return Figure(abs(difference.value), np.abs(difference.draws))


def excess(made: Figure, true: Figure) -> Figure:
    """How much larger a figure is than that of the test patterns; 0 where it is not."""
    difference = made - true
    return Figure(max(difference.value, 0.0), np.maximum(difference.draws, 0.0))


def cost_figures(model: PatternModel) -> dict[str, Figure]:
    """`patterns_per_second` and `peak_memory_mb`, of TIMED patterns drawn at once."""
    model.sample(TIMED, seed=SEED)
    speeds = []
    for turn in range(TIMES):
        began = time.process_time()  # a busy machine is no model's fault
        model.sample(TIMED, seed=turn)
        speeds.append(TIMED / (time.process_time() - began))
    tracemalloc.start()
    try:
        model.sample(TIMED, seed=SEED)
        peak = tracemalloc.get_traced_memory()[1] / MEGABYTE
    finally:
        tracemalloc.stop()
    turns = [str(turn) for turn in range(TIMES)]
    return {
        "patterns_per_second": of_items(speeds, turns),
        "peak_memory_mb": of_items([peak], ["once"]),
    }


def training_lines(material: Material) -> list[Line]:
    """The melodic lines of every training pattern."""
    return lines(material.training.tokens, material.kind)
