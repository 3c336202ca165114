"""What the votes come to: for each job a share taken for true, and a table of ratings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from core.listening.statistics import Figure, elo, wilson
from core.listening.votes import PAIR, TRUE_OR_GENERATED, TRUTH, Vote, weighted

FEW_VOTES = 30


@dataclass(frozen=True)
class Row:
    """One maker's figure. votes: how many are behind it, counted whole."""

    maker: str
    votes: int
    figure: Figure


@dataclass(frozen=True)
class Results:
    """A job's figures, best first.

    taken_for_true: shares with Wilson intervals. ratings: on the Elo scale, with bootstrap
    intervals; `anchored` ones are relative to the truth, which has no interval of its own,
    others to the mean. votes: all that count.
    """

    job: str
    taken_for_true: tuple[Row, ...]
    ratings: tuple[Row, ...]
    anchored: bool
    votes: int

    @property
    def words(self) -> str:
        """How sure this is, said plainly."""
        if self.votes < FEW_VOTES:
            return (
                f"{self.votes} vote{'s' if self.votes != 1 else ''} so far: the intervals are "
                "wide, and the order may still change."
            )
        first, *others = self.ratings or self.taken_for_true
        if others and others[0].figure.high >= first.figure.low:
            return "The intervals of the first two overlap: which is better is not settled."
        return ""


def results(votes: Iterable[Vote]) -> list[Results]:
    """Of every job that has votes which count, most votes first."""
    by_job: dict[str, list[tuple[Vote, float]]] = defaultdict(list)
    for vote, weight in weighted(votes):
        by_job[vote.job].append((vote, weight))
    found = []
    for job, own in by_job.items():
        ratings, anchored = _ratings([one for one in own if one[0].kind == PAIR])
        shares = _shares([one for one in own if one[0].kind == TRUE_OR_GENERATED])
        found.append(Results(job, shares, ratings, anchored, len(own)))
    return sorted(found, key=lambda one: (-one.votes, one.job))


def _shares(votes: Sequence[tuple[Vote, float]]) -> tuple[Row, ...]:
    rows = []
    for maker in sorted({vote.shown[0] for vote, _ in votes}):
        own = [(vote.choice == 0, weight) for vote, weight in votes if vote.shown[0] == maker]
        total = sum(weight for _, weight in own)
        share = sum(weight for said_true, weight in own if said_true) / total
        effective = total**2 / sum(weight**2 for _, weight in own)
        rows.append(Row(maker, len(own), wilson(share, effective)))
    return tuple(sorted(rows, key=lambda row: -row.figure.value))


def _ratings(votes: Sequence[tuple[Vote, float]]) -> tuple[tuple[Row, ...], bool]:
    makers = sorted({maker for vote, _ in votes for maker in vote.shown})
    if not makers:
        return (), False
    place = {maker: at for at, maker in enumerate(makers)}
    wins = np.zeros((len(makers), len(makers)))
    count = dict.fromkeys(makers, 0)
    for vote, weight in votes:
        wins[place[vote.shown[vote.choice]], place[vote.shown[1 - vote.choice]]] += weight
        for maker in vote.shown:
            count[maker] += 1
    figures = elo(wins, place.get(TRUTH))
    rows = [Row(maker, count[maker], figures[place[maker]]) for maker in makers]
    return tuple(sorted(rows, key=lambda row: -row.figure.value)), TRUTH in place
