"""How likely test patterns are: exactly, and by the bounds that an autoencoder allows.

An LSTM says p(x) itself. A variational autoencoder says p(x, z), and p(x) is known only from below:
by the evidence lower bound (Kingma and Welling 2014), and more tightly by the importance-weighted
one (Burda, Grosse and Salakhutdinov 2016). As nats both are from above: the true ones are fewer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import logsumexp

from core.comparing.models import Autoencoder, PatternModel
from core.comparing.patterns import Pattern

PLACES = 64
"""Drawn for each pattern in the importance-weighted bound."""
ROWS = 2048
"""Patterns that are read at once."""

Nats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Bounds:
    """Nats of each pattern [patterns], by an autoencoder.

    reconstruction: -ln p(x|z), the mean over places z of q(z|x). divergence: of q(z|x) from the
    prior. weighted: the importance-weighted bound of `places` places.
    """

    reconstruction: Nats
    divergence: Nats
    weighted: Nats
    places: int

    @property
    def elbo(self) -> Nats:
        """The negative evidence lower bound."""
        return self.reconstruction + self.divergence


def exact(model: PatternModel, patterns: Pattern) -> Nats:
    """[patterns]: -ln p(x) of a model whose tokens depend on those before them alone."""
    parts = np.array_split(patterns, -(-len(patterns) // ROWS))
    return np.concatenate([model.nats(part).sum(axis=(1, 2)) for part in parts])


def bounds(model: Autoencoder, patterns: Pattern, places: int = PLACES, seed: int = 0) -> Bounds:
    """The bounds of each pattern, from `places` places drawn from what the encoder says of it."""
    means, log_variances = model.encode(patterns)
    deviations = np.exp(0.5 * log_variances)
    rng = np.random.default_rng(seed)
    given = np.zeros((places, len(patterns)))
    weights = np.zeros((places, len(patterns)))
    for draw in range(places):
        noise = rng.standard_normal(means.shape)
        latents = means + deviations * noise
        for first in range(0, len(patterns), ROWS):
            rows = slice(first, first + ROWS)
            nats = model.nats_at(latents[rows], patterns[rows])
            given[draw, rows] = nats.sum(axis=(1, 2))
        # ln p(z) - ln q(z|x), in which the normal density's constants cancel.
        ratio = 0.5 * (np.square(noise) - np.square(latents) + log_variances).sum(axis=1)
        weights[draw] = ratio - given[draw]
    return Bounds(
        given.mean(axis=0),
        divergence(means, log_variances),
        np.log(places) - logsumexp(weights, axis=0),
        places,
    )


def divergence(means: Nats, log_variances: Nats) -> Nats:
    """[patterns]: Kullback-Leibler divergence of q(z|x) from the standard normal prior, nats."""
    each = np.exp(log_variances) + np.square(means) - 1.0 - log_variances
    return np.asarray(0.5 * each.sum(axis=1))
