"""What the compared models can do, as the page, the benchmark and the command line see it."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from core.comparing.patterns import Kind, Pattern
from core.progress import Progress, ignore

Nats = npt.NDArray[np.float64]
Latents = npt.NDArray[np.float64]
"""[patterns, numbers]: places in the autoencoder's space, each number standard normal a priori."""

MODELS = ("midi-lstm", "midi-vae", "midi-vae-adversarial")
"""By name. Weights are there for a model and kind where the manifest has `<name>-<kind>`."""


class PatternModel(Protocol):
    """A trained model of one kind of pattern. The same arguments and weights give the same tokens.

    name: of MODELS. kind: what it was trained for.
    """

    name: str
    kind: Kind

    def sample(
        self,
        count: int,
        *,
        seed: int,
        primer: Pattern | None = None,
        temperature: float = 1.0,
        progress: Progress = ignore,
    ) -> Pattern:
        """[count, steps, voices] new patterns, which begin with the primer's steps if one is given.

        primer: [up to kind.steps, voices].
        """
        ...

    def nats(self, patterns: Pattern, *, seed: int = 0) -> Nats:
        """[patterns, steps, voices]: -ln p of each token, given all before it.

        Exact for an LSTM. For an autoencoder they are those of the tokens given a place drawn from
        what the encoder says: reconstruction alone, without the divergence, so no likelihood.
        """
        ...


@runtime_checkable
class Autoencoder(PatternModel, Protocol):
    """A model with a space of latents. latent_size: its numbers."""

    latent_size: int

    def encode(self, patterns: Pattern) -> tuple[Latents, Latents]:
        """(means, log variances) of the places of patterns [patterns, steps, voices]."""
        ...

    def decode(
        self, latents: Latents, *, seed: int, temperature: float = 0.0, progress: Progress = ignore
    ) -> Pattern:
        """[latents, steps, voices]; at temperature 0 the likeliest token each time."""
        ...

    def nats_at(self, latents: Latents, patterns: Pattern) -> Nats:
        """[patterns, steps, voices]: -ln p of each token at its pattern's place, a row of latents.

        What an importance-weighted bound is made of: many places for each pattern.
        """
        ...


@runtime_checkable
class Locator(Autoencoder, Protocol):
    """An autoencoder that can search for a better place than its encoder says at once."""

    def located(self, patterns: Pattern, *, seed: int = 0, rounds: int = 3) -> Latents:
        """[patterns, numbers]: places that write the patterns no worse than the encoder's means.

        They are searched for, from the means on, in so many rounds.
        """
        ...


def pattern_model(name: str, kind: str) -> PatternModel:
    """The trained model, read once. Raises ModelUnavailableError where there are no weights."""
    from core.comparing.network import load

    return load(name, kind)
