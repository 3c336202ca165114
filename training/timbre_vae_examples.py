"""Training examples for `timbre-vae`: pairs of notes of one instrument, varied.

One note is heard and another of the same instrument, often at another pitch, is to be said. Both
are varied alike, in ways that make an instrument another one: mixed with a second instrument,
tilted, given formants, hollowed, made to decay or swell.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from core.sampling.harmonics import (
    FLOOR_DB,
    HALVES,
    HELD_KNOTS,
    KNOT_TIMES_S,
    PARTIAL_NUMBERS,
    PARTIALS,
    noise_centres_hz,
)
from core.sampling.timbre_notes import (
    ASKED_VELOCITY,
    BRIGHT,
    CENTS_UNIT,
    GIVEN,
    HEARD,
    HEARD_KNOTS,
    LEVELS,
    scaled_levels,
    scaled_pitch,
    scaled_velocity,
)

Array = np.ndarray[Any, Any]

HALF_NUMBERS = np.arange(HALVES) + 0.5


class Notes:
    """Rows of training.timbre_vae_notes, of one split, and which of them are of one instrument."""

    def __init__(self, path: Path, split: str) -> None:
        with np.load(path) as stored:
            mine = stored["split"] == split
            for name in stored.files:
                setattr(self, name, stored[name][mine])
        self.levels, self.cents = self.levels.astype(np.float32), self.cents.astype(np.float32)
        self.levels: Array
        self.cents: Array
        self.traits: Array
        self.known: Array
        self.pitch: Array
        self.velocity: Array
        self.released: Array
        self.instrument: Array
        self.source: Array
        self.family: Array
        names = np.char.add(np.char.add(self.instrument, "|"), self.source)
        self.groups, self.group = np.unique(names, return_inverse=True)
        self.members = [np.flatnonzero(self.group == g) for g in range(len(self.groups))]

    def __len__(self) -> int:
        return len(self.pitch)

    def frequencies(self, index: Array) -> Array:
        """Hz of every level's channel, [index, LEVELS]."""
        f0 = 440.0 * 2.0 ** ((self.pitch[index] - 69.0) / 12.0)
        lines = f0[:, None] * np.concatenate([PARTIAL_NUMBERS, HALF_NUMBERS])
        bands = np.repeat(noise_centres_hz()[None], len(index), 0)
        return np.concatenate([lines, bands], axis=1)


def loudest_db(levels: Array) -> Array:
    """[batch]: level of the loudest knot, all channels together, as near as channels tell it."""
    power = np.exp(levels[:, 4:HELD_KNOTS:3] * np.float32(np.log(10.0) / 10.0))
    total = power @ np.concatenate([_SPREAD, np.ones(LEVELS - PARTIALS, np.float32)])
    total = (total[:, :-1] + total[:, 1:]) / 2
    return np.asarray(10.0 * np.log10(total.max(axis=1) + 1e-12))


_SPREAD = np.gradient(PARTIAL_NUMBERS.astype(np.float32)).clip(1.0)
"""How many partials each told one stands for."""


class Examples:
    """Endless random batches."""

    def __init__(self, notes: Notes, seed: int, batch: int = 64, plain: bool = False) -> None:
        self.notes, self.seed, self.batch, self.plain = notes, seed, batch, plain
        sizes = np.array([len(m) for m in notes.members])
        # An instrument with few notes is heard less often than one with many, but not by as much.
        self.shares = sizes**0.5 / (sizes**0.5).sum()

    def stream(self, latent: int) -> Iterator[tuple[Array, Array]]:
        index = 0
        while True:
            yield self.pair(np.random.default_rng([self.seed, index]), latent)
            index += 1

    def pair(self, rng: np.random.Generator, latent: int) -> tuple[Array, Array]:
        """(inputs, targets) of a batch, as `training.timbre_vae.Trainee` and its loss take them."""
        notes, size = self.notes, self.batch
        groups = rng.choice(len(notes.groups), size, p=self.shares)
        first = np.array([rng.choice(notes.members[g]) for g in groups])
        second = np.array([rng.choice(notes.members[g]) for g in groups])
        second = np.where(rng.random(size) < 0.4, first, second)
        a = notes.levels[first]
        b = notes.levels[second]
        known_a, known_b = notes.known[first].copy(), notes.known[second].copy()
        traits_a, traits_b = notes.traits[first], notes.traits[second]
        cents_b = notes.cents[second]
        if not self.plain:
            mixed = rng.random(size) < 0.35
            share = np.where(mixed, rng.uniform(0.15, 0.6, size), 0.0).astype(np.float32)
            others = rng.permutation(groups)
            third, fourth = self.nearest(others, first), self.nearest(others, second)
            fits = np.abs(notes.pitch[third] - notes.pitch[first]) <= 3
            fits &= np.abs(notes.pitch[fourth] - notes.pitch[second]) <= 3
            share = share * fits
            a = blended(a, notes.levels[third], share)
            b = blended(b, notes.levels[fourth], share)
            known_a &= notes.known[third] | (share == 0)[:, None]
            known_b &= notes.known[fourth] | (share == 0)[:, None]
            keep = (1 - share)[:, None]
            traits_a = traits_a * keep + notes.traits[third] * (1 - keep)
            traits_b = traits_b * keep + notes.traits[fourth] * (1 - keep)
            cents_b = cents_b * keep + notes.cents[fourth] * (1 - keep)
            a, b = varied(rng, a, b, notes.frequencies(first), notes.frequencies(second))
        # Partials that are not known are at the floor; those of a mixture may not be.
        a = np.maximum(a, FLOOR_DB)
        b = np.maximum(b, FLOOR_DB)
        inputs = np.concatenate(
            [
                self.heard(rng, a, traits_a, known_a, first),
                scaled_pitch(notes.pitch[second])[:, None],
                scaled_velocity(notes.velocity[second])[:, None],
                rng.normal(size=(size, latent)) * (not self.plain),
            ],
            axis=1,
        ).astype(np.float32)
        curves = np.concatenate([scaled_levels(b), cents_b[..., None] / CENTS_UNIT], axis=2)
        released = notes.released[second]
        weights = cell_weights(b, known_b, released)
        targets = np.concatenate(
            [
                curves.transpose(0, 2, 1).reshape(size, -1),
                traits_b,
                weights.transpose(0, 2, 1).reshape(size, -1),
                trait_weights(b),
            ],
            axis=1,
        ).astype(np.float32)
        return inputs, targets

    def nearest(self, groups: Array, like: Array) -> Array:
        """For each note of `like`, the note of a group that is nearest in pitch."""
        pitch = self.notes.pitch
        return np.array([
            self.notes.members[g][np.argmin(np.abs(pitch[self.notes.members[g]] - pitch[i]))]
            for g, i in zip(groups, like, strict=True)
        ])  # fmt: skip

    def heard(
        self, rng: np.random.Generator, levels: Array, traits: Array, known: Array, index: Array
    ) -> Array:
        """[batch, HEARD]: `timbre_notes.heard_row`, with some of it hidden or cut off at random."""
        notes, size = self.notes, len(levels)
        told = rng.random(size) < (0.0 if self.plain else 0.5)
        dull = (rng.random(size) < (0.0 if self.plain else 0.4)) & known[:, BRIGHT]
        below = notes.frequencies(index) < 7500.0
        known = np.where(dull[:, None], known & below, known)
        released = notes.released[index] & (rng.random(size) < (1.0 if self.plain else 0.75))
        levels = levels.copy()
        for row in np.flatnonzero(rng.random(size) < (0.0 if self.plain else 0.2)):
            cut(levels[row], rng.uniform(0.4, 2.0))
        out = np.zeros((size, HEARD), np.float32)
        out[:, 0] = scaled_pitch(notes.pitch[index])
        velocity = np.where(told, notes.velocity[index], ASKED_VELOCITY)
        out[:, 1] = scaled_velocity(velocity)
        out[:, 2], out[:, 3], out[:, 4] = told, released, known[:, BRIGHT]
        scaled = np.where(known[:, None], scaled_levels(levels), 0.0)
        scaled[~released, HELD_KNOTS:] = 0.0
        seen = scaled[:, HEARD_KNOTS]
        out[:, GIVEN : GIVEN + seen[0].size] = seen.reshape(size, -1)
        out[:, GIVEN + seen[0].size :] = traits
        return out


def blended(levels: Array, other: Array, share: Array) -> Array:
    """Between two instruments: the mean of both in dB, by `share` [batch]."""
    weight = share[:, None, None].astype(np.float32)
    return np.asarray((1.0 - weight) * levels + weight * other)


def cut(levels: Array, at_s: float) -> None:
    """A note that was heard up to `at_s` alone: what follows is taken to go on as it did."""
    times = KNOT_TIMES_S[:HELD_KNOTS]
    heard = int(np.count_nonzero(times <= at_s))
    tail = slice(max(heard - 10, 0), heard)
    centred = times[tail] - times[tail].mean()
    slope = np.clip(centred @ levels[tail] / (centred @ centred), -80.0, 0.0)
    beyond = (times[heard:] - times[heard - 1])[:, None]
    levels[heard:HELD_KNOTS] = np.maximum(levels[heard - 1] + beyond * slope, FLOOR_DB)


def varied(
    rng: np.random.Generator, a: Array, b: Array, hertz_a: Array, hertz_b: Array
) -> tuple[Array, Array]:  # fmt: skip
    """Two notes of each instrument, [batch, KNOTS, LEVELS] each, made another instrument alike."""
    size = len(a)
    on = rng.random((6, size)) < np.array([0.5, 0.4, 0.12, 0.3, 0.25, 0.2])[:, None]
    tilt = on[0] * rng.normal(0.0, 2.0, size)
    middle = rng.uniform(np.log2(200.0), np.log2(6000.0), (size, 3))
    width = rng.uniform(0.3, 1.2, (size, 3))
    height = on[1][:, None] * rng.normal(0.0, 6.0, (size, 3))
    hollow = on[2] * rng.uniform(0.0, 30.0, size)
    noise = on[3] * rng.normal(0.0, 6.0, size)
    decay = on[4] * rng.exponential(12.0, size)
    swell, swell_s = on[5] * rng.uniform(0.0, 30.0, size), rng.uniform(0.01, 0.2, size)
    held_s = np.minimum(KNOT_TIMES_S, 10.0)
    course = -decay[:, None] * held_s - swell[:, None] * np.exp(-held_s / swell_s[:, None])
    even = np.zeros(LEVELS)
    even[:PARTIALS] = (PARTIAL_NUMBERS % 2 == 0) & (PARTIAL_NUMBERS <= 24)
    noisy = np.arange(LEVELS) >= PARTIALS + HALVES
    out = []
    for levels, hertz in ((a, hertz_a), (b, hertz_b)):
        octave = np.log2(np.clip(hertz, 30.0, 16000.0))  # [batch, LEVELS]
        colour = tilt[:, None] * (octave - np.log2(500.0))
        bumps = np.exp(-0.5 * ((octave[:, :, None] - middle[:, None]) / width[:, None]) ** 2)
        colour = colour + (bumps * height[:, None]).sum(-1)
        colour = colour - hollow[:, None] * even + noise[:, None] * noisy
        made = levels + colour[:, None].astype(np.float32)
        made += course[:, :, None].astype(np.float32)
        change = np.clip(loudest_db(made) - loudest_db(levels), -40.0, 40.0).astype(np.float32)
        made -= change[:, None, None]
        np.clip(made, FLOOR_DB, 10.0, out=made)
        out.append(np.where(levels > FLOOR_DB + 1.0, made, levels))
    return out[0], out[1]


_SPACING = np.gradient(KNOT_TIMES_S) ** 0.5
_SPACING[HELD_KNOTS:] *= 0.5
KNOT_WEIGHTS = (_SPACING / _SPACING.mean()).astype(np.float32)


def cell_weights(levels: Array, known: Array, released: Array) -> Array:
    """[batch, KNOTS, CHANNELS]: how much each level and the pitch curve count in the loss."""
    audible = np.clip((levels + np.float32(90.0)) / np.float32(50.0), 0.0, 1.0)
    weight = (0.25 + 0.75 * audible) * known[:, None]
    loud = levels[..., :8].max(axis=-1, keepdims=True)
    pitch = 2.0 * np.clip((loud + 45.0) / 30.0, 0.0, 1.0)
    out = np.concatenate([weight, pitch], axis=2) * KNOT_WEIGHTS[None, :, None]
    out[~released, HELD_KNOTS:] = 0.0
    return np.asarray(out)


def trait_weights(levels: Array) -> Array:
    """[batch, TRAITS]: a partial's place counts as far as it can be heard."""
    loud = levels[:, 5:30, 1:12].max(axis=1)
    places = np.clip((loud + 50.0) / 40.0, 0.02, 1.0)
    return np.concatenate([places, np.full((len(levels), 11), 0.5)], axis=1)
