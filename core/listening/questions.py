"""Which questions a visit is asked: drawn from its own generator, all at once."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.listening.material import Item, is_published
from core.listening.votes import NOISE, PAIR, TRUE_OR_GENERATED, TRUTH

COUNT = 12
RESULTS_AFTER = 6
"""Votes that a visitor gives before seeing anybody's."""
JOB_WEIGHTS = {"extrapolate": 4.0, "remix": 3.0, "compose": 3.0, "sample": 1.0, "compare": 2.0}
_TRIES = 8
CHECK_PLACES = (1, 5)
"""The check is asked early, so that it is met before somebody stops: places from, and below."""


@dataclass(frozen=True)
class Question:
    """kind: of core.listening.votes.KINDS. shown: who made each sound, in the order of buttons."""

    kind: str
    item: Item
    shown: tuple[str, ...]

    @property
    def sound_s(self) -> float:
        """Of all its sounds together."""
        return self.item.seconds * len(self.shown)

    @property
    def is_check(self) -> bool:
        return NOISE in self.shown


def draw(items: Sequence[Item], seed: int, count: int = COUNT) -> list[Question]:
    """Up to `count` questions, one of them a check, which all differ.

    Kinds are as likely as each other, jobs as JOB_WEIGHTS says, and the truth is heard in half of
    the questions whether something is true. Nothing from the gallery is heard in two questions
    while there is something else, since what a vote was about is told after it.
    """
    rng = np.random.default_rng(seed)
    found: list[Question] = []
    used: set[str] = set()
    check_at = int(rng.integers(*CHECK_PLACES))
    for place in range(count):
        if place == check_at:
            question = _check(items, used, rng)
        else:
            question = _question(items, used, found, rng)
        if question is None:
            continue
        found.append(question)
        used |= question.item.parts
    return found


def _question(
    items: Sequence[Item], used: set[str], before: Sequence[Question], rng: np.random.Generator
) -> Question | None:
    kinds = (TRUE_OR_GENERATED, PAIR) if rng.random() < 0.5 else (PAIR, TRUE_OR_GENERATED)
    asked = {(one.kind, one.item, frozenset(one.shown)) for one in before}
    fresh = [item for item in items if not item.parts & used]
    for pool, kind in itertools.product((fresh, items), kinds):
        pool = [item for item in pool if kind == PAIR or TRUTH in item.makers]
        for _ in range(_TRIES if pool else 0):
            item = _item(pool, rng)
            shown = _pair(item, rng) if kind == PAIR else _single(item, rng)
            if (kind, item, frozenset(shown)) not in asked:
                return Question(kind, item, shown)
    return None


def _item(pool: Sequence[Item], rng: np.random.Generator) -> Item:
    """Of a job drawn by weight."""
    jobs = sorted({item.job for item in pool})
    weights = np.array([JOB_WEIGHTS[job] for job in jobs])
    job = jobs[int(rng.choice(len(jobs), p=weights / weights.sum()))]
    own = [item for item in pool if item.job == job]
    return own[int(rng.integers(len(own)))]


def _pair(item: Item, rng: np.random.Generator) -> tuple[str, ...]:
    first, second = rng.choice(len(item.makers), 2, replace=False)
    return item.makers[int(first)], item.makers[int(second)]


def _single(item: Item, rng: np.random.Generator) -> tuple[str, ...]:
    others = [maker for maker in item.makers if maker != TRUTH]
    if not others or rng.random() < 0.5:
        return (TRUTH,)
    return (others[int(rng.integers(len(others)))],)


def _check(items: Sequence[Item], used: set[str], rng: np.random.Generator) -> Question | None:
    """Noise against the truth; where none is known, against an engine of ours."""
    best = {item: _not_noise(item) for item in items}
    with_truth = [item for item in items if best[item] == TRUTH]
    pool = with_truth or [item for item in items if best[item]]
    pool = [item for item in pool if not item.parts & used] or pool
    if not pool:
        return None
    item = _item(pool, rng)
    shown = (NOISE, best[item])
    return Question(PAIR, item, shown if rng.random() < 0.5 else shown[::-1])


def _not_noise(item: Item) -> str:
    """Who certainly makes music in it; published networks may not. Empty where nobody does."""
    if TRUTH in item.makers:
        return TRUTH
    return next((one for one in item.makers if not is_published(item.job, one)), "")
