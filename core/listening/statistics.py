"""Shares and ratings from votes, each with a 95 % interval that is wide where votes are few."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]

Z_95 = 1.959964
ELO_SCALE = 400.0 / math.log(10.0)
"""Elo points for each unit of log odds: 400 points are odds of ten to one."""
ELO_MIDDLE = 1500.0
PSEUDO_VOTES = 0.5
DRAWS = 500
_ROUNDS = 300
_TOLERANCE = 1e-3  # a fifth of an Elo point
_LEAST = 1e-6


@dataclass(frozen=True)
class Figure:
    """A value with its 95 % interval."""

    value: float
    low: float
    high: float


def wilson(share: float, votes: float) -> Figure:
    """A share with its score interval (Wilson, J. Am. Stat. Assoc. 22, 1927).

    share: 0 to 1; NaN without votes, where the interval is all of it. votes: how many are behind
    it; of weighted votes the effective number, (sum of w) ** 2 / (sum of w ** 2) (Kish 1965).
    """
    if votes <= 0:
        return Figure(math.nan, 0.0, 1.0)
    square = Z_95**2 / votes
    middle = (share + square / 2) / (1 + square)
    half = Z_95 * math.sqrt(share * (1 - share) / votes + square / (4 * votes)) / (1 + square)
    return Figure(share, max(middle - half, 0.0), min(middle + half, 1.0))


def log_strengths(wins: Matrix, pseudo: Matrix | None = None) -> Matrix:
    """Bradley-Terry strengths: P(i beats j) = s_i / (s_i + s_j); their logarithms.

    wins: [..., n, n], how often row beat column, whole or weighted. pseudo: [..., n, 2], wins and
    losses of each against an imaginary contestant of strength 1, PSEUDO_VOTES of each by default:
    without them there is no greatest likelihood where somebody lost every time.

    Bradley and Terry, Biometrika 39, 1952; found by the minorise-maximise steps of Hunter, Annals
    of Statistics 32, 2004; the imaginary contestant as in Caron and Doucet, J. Comput. Graph. Stat.
    21, 2012.
    """
    wins = np.asarray(wins, np.float64)
    if pseudo is None:
        pseudo = np.full((*wins.shape[:-1], 2), PSEUDO_VOTES)
    games = wins + np.swapaxes(wins, -1, -2)
    won = wins.sum(axis=-1) + pseudo[..., 0]
    strength = np.ones_like(won)
    for _ in range(_ROUNDS):
        expected = (games / (strength[..., :, None] + strength[..., None, :])).sum(axis=-1)
        expected += pseudo.sum(axis=-1) / (strength + 1.0)
        moved = np.maximum(won / expected, _LEAST)
        done = bool(np.abs(np.log(moved / strength)).max(initial=0.0) < _TOLERANCE)
        strength = moved
        if done:
            break
    logs: Matrix = np.log(strength)
    return logs


def elo(wins: Matrix, anchor: int | None) -> list[Figure]:
    """Ratings on the Elo scale (Elo 1978): 400 points more are odds of ten to one.

    wins: [n, n], as for `log_strengths`. anchor: who stands at ELO_MIDDLE by definition; None puts
    the mean of all there.

    Intervals are those of the Bayesian bootstrap (Rubin, Annals of Statistics 9, 1981): every vote
    weighs a draw from the exponential distribution, so wins of one over another weigh a gamma
    draw of that shape, and the pseudo-votes take part. Plain resampling would give an interval of
    no width to a contestant with one vote.
    """
    rng = np.random.default_rng(0)
    wins = np.asarray(wins, np.float64)
    drawn = rng.gamma(np.broadcast_to(wins, (DRAWS, *wins.shape)))
    pseudo = rng.gamma(PSEUDO_VOTES, size=(DRAWS, len(wins), 2))
    best = _anchored(log_strengths(wins), anchor)
    low, high = np.percentile(
        _anchored(log_strengths(drawn, np.maximum(pseudo, _LEAST)), anchor), [2.5, 97.5], axis=0
    )
    ends = zip(best.tolist(), low.tolist(), high.tolist(), strict=True)
    return [Figure(*one) for one in ends]


def _anchored(logs: Matrix, anchor: int | None) -> Matrix:
    zero: Matrix = logs.mean(axis=-1) if anchor is None else logs[..., anchor]
    return ELO_MIDDLE + ELO_SCALE * (logs - zero[..., None])
