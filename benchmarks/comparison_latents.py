"""An autoencoder's space: whether it is used, what comes back of it, and what lies between."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import logsumexp

from benchmarks.comparison_notes import alike, begins
from core.comparing.models import Autoencoder
from core.comparing.patterns import Kind, Pattern

ACTIVE_VARIANCE = 0.01
PATH_STEPS = 8
"""From one pattern to another, so that there are seven patterns between."""

Array = npt.NDArray[np.float64]


def active_units(means: Array) -> int:
    """Numbers whose mean varies over the data by more than ACTIVE_VARIANCE.

    means: [patterns, numbers] of q(z|x). Burda, Grosse and Salakhutdinov 2016.
    """
    return int((means.var(axis=0) > ACTIVE_VARIANCE).sum())


def mutual_information(means: Array, log_variances: Array, seed: int = 0) -> float:
    """Nats that places tell of patterns, I(x; z) under q, estimated from one place a pattern.

    E[ln q(z|x) - ln q(z)], q(z) the mean of all patterns' q(z|x) (Hoffman and Johnson 2016); it is
    at most ln of the number of patterns.
    """
    noise = np.random.default_rng(seed).standard_normal(means.shape)
    places = means + np.exp(0.5 * log_variances) * noise
    inverse = np.exp(-log_variances)
    gained = np.zeros(len(places))
    for row, place in enumerate(places):
        each = -0.5 * (np.square(place - means) * inverse + log_variances).sum(axis=1)
        gained[row] = each[row] - (logsumexp(each) - np.log(len(each)))
    return float(gained.mean())


@dataclass(frozen=True)
class Paths:
    """Ways from one pattern to another, [pairs, PATH_STEPS + 1, steps, voices].

    gone: [pairs, PATH_STEPS + 1], how far each pattern of a way is from its first, as a share of
    how far the last is.
    """

    patterns: Pattern
    gone: Array

    @property
    def unevenness(self) -> Array:
        """[pairs]: mean distance of `gone` from the straight line; NaN where both ends are equal.

        0 is a way of even steps, and a way that jumps once, in its middle, has .29.
        """
        straight = np.linspace(0.0, 1.0, PATH_STEPS + 1)
        return np.asarray(np.abs(self.gone - straight)[:, 1:-1].mean(axis=1))

    @property
    def between(self) -> Pattern:
        """[pairs * (PATH_STEPS - 1), steps, voices]: all patterns but the ends."""
        inner = self.patterns[:, 1:-1]
        return inner.reshape(-1, *inner.shape[2:])


def paths(model: Autoencoder, first: Pattern, last: Pattern) -> Paths:
    """Straight lines from place to place, the likeliest pattern at each."""
    begin, end = model.encode(first)[0], model.encode(last)[0]
    shares = np.linspace(0.0, 1.0, PATH_STEPS + 1)[None, :, None]
    latents = (1.0 - shares) * begin[:, None] + shares * end[:, None]
    made = model.decode(latents.reshape(-1, latents.shape[-1]), seed=0)
    return _measured(made.reshape(len(first), PATH_STEPS + 1, *first.shape[1:]), model.kind)


def mixed(first: Pattern, last: Pattern, kind: Kind) -> Paths:
    """The rung: each token is the first's or, the more often the further along, the last's.

    The data interpolation of Roberts et al. 2018: its tokens change evenly, but to no music.
    """
    turns = np.random.default_rng(0).random(first.shape)
    shares = np.linspace(0.0, 1.0, PATH_STEPS + 1)
    made = [np.where(turns < share, last, first) for share in shares]
    return _measured(np.stack(made, axis=1), kind)


def _measured(patterns: Pattern, kind: Kind) -> Paths:
    notes = begins(patterns, kind)
    apart = 1.0 - alike(notes, notes[:, :1])
    whole = apart[:, -1:]
    with np.errstate(divide="ignore", invalid="ignore"):
        return Paths(patterns, np.where(whole > 0, apart / whole, np.nan))
