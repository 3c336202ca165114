"""Figures of `comparison` with their bootstrap, drawn alike for all models, and the verdicts.

Every figure holds DRAWS replicates. In replicate r the same test pieces are drawn for every model,
so the replicates of a difference are the differences of replicates: a paired bootstrap (Efron and
Tibshirani 1993). Whole pieces are drawn, since patterns of one piece are alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

DRAWS = 1000
SET_DRAWS = 200
"""Of figures of a whole set of patterns, where each replicate is a computation of its own."""
NO_DIFFERENCE = "no difference shown"

Array = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]
Better = Literal["lower", "higher"]


@dataclass(frozen=True)
class Figure:
    """A figure and its bootstrap replicates, [DRAWS or SET_DRAWS]."""

    value: float
    draws: Array

    def interval(self) -> dict[str, float]:
        """As in a results file: the value and its 95 % percentile interval."""
        low, high = np.percentile(self.draws, [2.5, 97.5])
        return {"mean": self.value, "low": float(low), "high": float(high)}

    def __sub__(self, other: Figure) -> Figure:
        return Figure(self.value - other.value, self.draws - other.draws)

    def text(self, digits: int) -> str:
        found = self.interval()
        low, high = (f"{found[side]:z.{digits}f}" for side in ("low", "high"))
        return f"{self.value:z.{digits}f} [{low}, {high}]"


def of_items(values: npt.ArrayLike, groups: Sequence[str]) -> Figure:
    """The mean of values [items], of which those of one group (a piece) are drawn together.

    NaN values are left out.
    """
    items = np.asarray(values, np.float64)
    _, group = np.unique(np.asarray(groups), return_inverse=True)
    known = np.isfinite(items)
    count = int(group.max()) + 1
    sums = np.bincount(group, np.where(known, items, 0.0), count)
    numbers = np.bincount(group, known.astype(np.float64), count)
    drawn = np.random.default_rng(0).integers(0, count, (DRAWS, count))
    totals = numbers[drawn].sum(axis=1)
    draws = sums[drawn].sum(axis=1) / np.maximum(totals, 1.0)
    return Figure(float(sums.sum() / max(numbers.sum(), 1.0)), draws)


def of_sets(
    measure: Callable[[Places, Places], Sequence[float]], made: int, groups: Sequence[str]
) -> list[Figure]:
    """Figures of a set of `made` patterns beside test patterns of the pieces `groups`.

    measure: from which of the made and which of the test patterns are taken. Drawing leaves less
    variety, so the replicates are moved to have the figure as their mean.
    """
    _, group = np.unique(np.asarray(groups), return_inverse=True)
    members = [np.flatnonzero(group == piece) for piece in range(int(group.max()) + 1)]
    whole = np.array(measure(np.arange(made), np.arange(len(groups))), np.float64)
    tests, own = np.random.default_rng(0), np.random.default_rng(1)
    draws = np.zeros((SET_DRAWS, len(whole)))
    for number in range(SET_DRAWS):
        pieces = tests.integers(0, len(members), len(members))
        taken = np.concatenate([members[piece] for piece in pieces])
        draws[number] = measure(own.integers(0, made, made), taken)
    moved = draws - draws.mean(axis=0) + whole
    return [Figure(float(value), column) for value, column in zip(whole, moved.T, strict=True)]


@dataclass(frozen=True)
class Verdict:
    """Which of two models is better in one measure, if the difference shows.

    difference: the first's figure less the second's. winner: "" where its interval contains 0.
    """

    measure: str
    difference: Figure
    winner: str


def verdict(
    measure: str, names: tuple[str, str], figures: tuple[Figure, Figure], better: Better
) -> Verdict:
    """A winner is named only where 0 is outside the 95 % interval of the difference."""
    difference = figures[0] - figures[1]
    found = difference.interval()
    if found["low"] <= 0.0 <= found["high"]:
        return Verdict(measure, difference, "")
    first_is_less = found["high"] < 0.0
    return Verdict(measure, difference, names[0 if first_is_less == (better == "lower") else 1])


def overall(verdicts: Mapping[Any, Sequence[Verdict]], names: tuple[str, str]) -> str:
    """The model that is better somewhere and nowhere worse; "" where there is none.

    verdicts: of the measures that count, by kind of pattern. It is Pareto's rule: no weights are
    given to the measures, so none can be chosen afterwards.
    """
    winners = {each.winner for mine in verdicts.values() for each in mine} - {""}
    return winners.pop() if len(winners) == 1 and winners <= set(names) else ""
