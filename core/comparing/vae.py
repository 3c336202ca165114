"""`midi-vae` in numpy: patterns as places in a space, and patterns written from places.

`midi_vae_model` is the same network in Keras, which training uses.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from core.comparing.layers import (
    Array,
    Heads,
    Lstm,
    Reader,
    Weights,
    chances,
    dense,
    gelu,
    log_sum_exp,
    shifted,
)
from core.comparing.models import Latents, Nats
from core.comparing.patterns import STEPS_PER_BAR, Kind, Pattern
from core.progress import Progress, ignore

BATCH = 64
"""Patterns that are read together."""
TRIED, COMPLETED = 32, 8
"""Places tried for a primer, and completions of the primer that half of them lie around."""

ROUNDS, DIRECTIONS = 3, 12
"""Of a search for a better place: rounds, and directions tried both ways in each."""


class MidiVae:
    """A `core.comparing.models.Autoencoder`, of arrays that do not change once read."""

    def __init__(self, weights: Weights, kind: Kind, name: str = "midi-vae") -> None:
        self.name, self.kind = name, kind
        self.weights = weights
        self.ear = Reader(weights, "ear", kind.sizes)
        self.eye = Reader(weights, "eye", kind.sizes)
        names = ("bar_forwards", "bar_backwards", "form_forwards", "form_backwards")
        self.readers = [Lstm(weights, name) for name in names]
        self.conductor, self.cell = Lstm(weights, "conductor"), Lstm(weights, "cell")
        self.heads = Heads(weights, kind.sizes)
        self.direct = "bar_direct/0" in weights
        self.latent_size = weights["centre/0"].shape[1] // 2

    def encode(self, patterns: Pattern) -> tuple[Latents, Latents]:
        """`Autoencoder.encode`."""
        found = [
            self._encode(patterns[first : first + BATCH])
            for first in range(0, len(patterns), BATCH)
        ]
        mean, log_variance = np.split(np.concatenate(found).astype(np.float64), 2, axis=1)
        return mean, np.clip(log_variance, -8.0, 2.0)

    def _encode(self, tokens: Pattern) -> Array:
        forwards, backwards, form_forwards, form_backwards = self.readers
        x = _by_bar(self.ear.read(tokens))
        said = (forwards.run(x)[0], backwards.run(x, backwards=True)[0])
        steps = np.concatenate(said, axis=-1).reshape(len(x), -1)
        bars = gelu(dense(self.weights, "bar_sum", steps), exact=True)
        bars = bars.reshape(len(tokens), self.kind.bars, -1)
        ends = [form_forwards.run(bars)[1], form_backwards.run(bars, backwards=True)[1]]
        if self.direct:
            ends.append(bars.reshape(len(bars), -1))
        return dense(self.weights, "centre", np.concatenate(ends, axis=-1))

    def decode(
        self, latents: Latents, *, seed: int, temperature: float = 0.0, progress: Progress = ignore
    ) -> Pattern:
        """`Autoencoder.decode`."""
        chance = chances(seed, len(latents), (self.kind.steps, len(self.kind.voices)))
        return self._write(latents, chance, temperature, None, progress)

    def sample(
        self,
        count: int,
        *,
        seed: int,
        primer: Pattern | None = None,
        temperature: float = 1.0,
        progress: Progress = ignore,
    ) -> Pattern:
        """`PatternModel.sample`: from places of the prior, or of `places_of` the primer.

        Each pattern is the same however many are asked for.
        """
        if primer is None or len(primer) == 0:
            drawn = [np.random.default_rng([seed, n, 1]).standard_normal(self.latent_size)
                     for n in range(count)]  # fmt: skip
            places = np.array(drawn).reshape(count, self.latent_size)
        else:
            places = self.places_of(primer, count, seed=seed)
        chance = chances(seed, count, (self.kind.steps, len(self.kind.voices)))
        return self._write(places, chance, temperature, primer, progress)

    def places_of(self, primer: Pattern, count: int, *, seed: int) -> Latents:
        """[count, latent]: places of patterns that begin with the primer, by importance resampling.

        The posterior p(place | primer) is p(primer | place) p(place), up to a constant. For each
        pattern places are tried: half of them are drawn from the prior, the others from what the
        encoder says of completions of the primer, which places of the prior wrote. One is taken by
        the posterior over the density of that mixture (Rubin, "Using the SIR algorithm", 1988).
        """
        rngs = [np.random.default_rng([seed, number, 2]) for number in range(count)]
        shape, latent = (COMPLETED, self.kind.steps, len(self.kind.voices)), self.latent_size
        starts = np.concatenate([rng.standard_normal((COMPLETED, latent)) for rng in rngs])
        chance = np.concatenate([rng.random(shape) for rng in rngs]).astype(np.float32)
        completed = self._write(starts, chance, 1.0, primer, ignore)
        means, log_variances = (x.reshape(count, -1, latent) for x in self.encode(completed))
        tried = np.stack([rng.standard_normal((TRIED, latent)) for rng in rngs])
        for rng, places, mean, log_variance in zip(rngs, tried, means, log_variances, strict=True):
            around = rng.integers(COMPLETED, size=TRIED // 2)
            places[: TRIED // 2] *= np.exp(0.5 * log_variance[around])
            places[: TRIED // 2] += mean[around]
        begun = np.repeat(completed[:1], count * TRIED, axis=0)
        nats = self.nats_at(tried.reshape(-1, latent), begun)[:, : len(primer)]
        fits = -nats.sum(axis=(1, 2)).reshape(count, TRIED)
        chosen = []
        for rng, places, mean, log_variance, fit in zip(
            rngs, tried, means, log_variances, fits, strict=True
        ):
            prior = _log_density(places, np.zeros((1, latent)), np.zeros((1, latent)))
            each = zip(mean, log_variance, strict=True)
            near = log_sum_exp(np.stack([_log_density(places, *one) for one in each]), axis=0)
            score = fit + prior - np.logaddexp(prior, near - np.log(COMPLETED))
            chosen.append(places[rng.choice(TRIED, p=np.exp(score - log_sum_exp(score)))])
        return np.array(chosen)

    def located(self, patterns: Pattern, *, seed: int = 0, rounds: int = ROUNDS) -> Latents:
        """[patterns, latent]: from the encoder's means, places that write the patterns better.

        Each round tries steps of half the encoder's spread in random directions, both ways, and
        goes on from the best of them and of longer steps along the mean direction that gained
        (evolution strategies, Salimans et al. 2017). No place says a pattern worse than its mean.
        """
        mean, log_variance = self.encode(patterns)
        spread = np.exp(0.5 * log_variance)
        best, nats = mean, self.nats_at(mean, patterns).sum(axis=(1, 2))
        rng = np.random.default_rng([seed, 5])
        for _ in range(rounds):
            half = rng.standard_normal((DIRECTIONS, *mean.shape))
            steps = np.concatenate([half, -half])
            found = self._tried(best + 0.5 * spread * steps, patterns)
            gain = ((found.mean(axis=0) - found)[:, :, None] * steps).mean(axis=0)
            gain /= np.linalg.norm(gain, axis=1, keepdims=True) + 1e-9
            picked = 0.5 * steps[found.argmin(axis=0), np.arange(len(mean))]
            tried = best + spread * np.stack([picked, gain, 2.0 * gain, 4.0 * gain])
            found = self._tried(tried, patterns)
            better = found.min(axis=0) < nats
            chosen = tried[found.argmin(axis=0), np.arange(len(mean))]
            best = np.where(better[:, None], chosen, best)
            nats = np.minimum(nats, found.min(axis=0))
        return best

    def _tried(self, places: Latents, patterns: Pattern) -> Nats:
        """[tries, patterns]: nats of the patterns at places [tries, patterns, latent]."""
        tries, count, latent = places.shape
        repeated = np.tile(patterns, (tries, 1, 1))
        nats = self.nats_at(places.reshape(-1, latent), repeated).sum(axis=(1, 2))
        return np.asarray(nats.reshape(tries, count), np.float64)

    def nats(self, patterns: Pattern, *, seed: int = 0) -> Nats:
        """`PatternModel.nats`: given a place drawn from what the encoder says, so no likelihood."""
        mean, log_variance = self.encode(patterns)
        noise = np.random.default_rng([seed, 3]).standard_normal(mean.shape)
        return self.nats_at(mean + np.exp(0.5 * log_variance) * noise, patterns)

    def nats_at(self, latents: Latents, patterns: Pattern) -> Nats:
        """[patterns, steps, voices]: -ln p of each token, given the place and all before it."""
        found = [
            self._nats(latents[first : first + BATCH], patterns[first : first + BATCH])
            for first in range(0, len(patterns), BATCH)
        ]
        return np.concatenate(found)

    def _nats(self, latents: Latents, tokens: Pattern) -> Nats:
        plan, begin = self._conducted(latents)
        read = _by_bar(self.eye.read(shifted(tokens, self.kind.sizes)))
        states = self.cell.run(np.concatenate([read, plan], axis=-1), begin)[0]
        return self.heads.nats(states.reshape(*tokens.shape[:2], -1), tokens)

    def _conducted(self, latents: Latents) -> tuple[Array, tuple[Array, Array]]:
        """(plan of each bar [patterns * bars, steps of a bar, width], the decoder's start)."""
        place = np.asarray(latents, np.float32)
        start = np.split(np.tanh(dense(self.weights, "begin", place)), 2, axis=1)
        steady = np.repeat(place[:, None], self.kind.bars, axis=1)
        bars = self.conductor.run(steady, (start[0], start[1]))[0]
        if self.direct:
            bars = bars + dense(self.weights, "bar_direct", place).reshape(bars.shape)
        bars = bars.reshape(-1, self.conductor.units)
        start = np.split(np.tanh(dense(self.weights, "begin_bar", bars)), 2, axis=1)
        plan = dense(self.weights, "bar_plan", bars).reshape(len(bars), STEPS_PER_BAR, -1)
        return plan, (start[0], start[1])

    def _write(
        self,
        latents: Latents,
        chance: Array,
        temperature: float,
        primer: Pattern | None,
        progress: Progress,
    ) -> Pattern:
        count, kind = len(latents), self.kind
        plan, (states, cells) = self._conducted(latents)
        made = np.zeros((count, kind.steps, len(kind.voices)), np.int64)
        forced = 0 if primer is None else len(primer)
        if primer is not None:
            made[:, :forced] = primer
        before = np.tile(np.array(kind.sizes), (count, 1))
        for step in range(kind.steps):
            rows = np.arange(count) * kind.bars + step // STEPS_PER_BAR
            if step % STEPS_PER_BAR == 0:
                state, cell = states[rows], cells[rows]
            read = self.eye.read(before[:, None], step)[:, 0]
            x = np.concatenate([read, plan[rows, step % STEPS_PER_BAR]], axis=1)
            state, cell = self.cell.step(state, cell, x @ self.cell.kernel + self.cell.bias)
            if step >= forced:
                made[:, step] = self.heads.drawn(state, chance[:, step], temperature)
            before = made[:, step]
            progress((step + 1) / kind.steps)
        return made


def _by_bar(x: Array) -> Array:
    """[patterns, steps, width] -> [patterns * bars, steps of a bar, width]."""
    return x.reshape(-1, STEPS_PER_BAR, x.shape[-1])


def _log_density(places: Latents, mean: Latents, log_variance: Latents) -> npt.NDArray[np.float64]:
    """[places]: ln of the normal density."""
    squares = (places - mean) ** 2 / np.exp(log_variance) + log_variance + np.log(2 * np.pi)
    return np.asarray(-0.5 * squares.sum(axis=1), np.float64)
