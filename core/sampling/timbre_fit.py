"""Where in `timbre-vae`'s space a heard note is: the encoder's guess, then a few steps downhill."""

from __future__ import annotations

import numpy as np

from core.sampling.harmonics import FLOOR_DB, HELD_KNOTS, KNOT_TIMES_S, DoubleArray
from core.sampling.timbre_network import Network
from core.sampling.timbre_notes import (
    LEVEL_MIDDLE_DB,
    LEVEL_UNIT_DB,
    TRAITS,
    asked_row,
    heard_row,
)

STEPS = 6
PRIOR = 50.0
"""What a latent a standard deviation from the middle costs, in cells that are wrong by 1 dB."""
TRAIT_DB, TRAIT_CELLS = 10.0, 5.0
"""A trait that is off by 1 counts as this many cells that are off by this much."""
SETTLED_DB = 4.0
"""Errors count by their square up to this and by their size above (Huber 1964)."""


def fitted(
    network: Network, levels_db: DoubleArray, traits: DoubleArray, known: DoubleArray, *,
    pitch: float, velocity: float | None, played: float, released: bool, steps: int = STEPS,
) -> DoubleArray:  # fmt: skip
    """The latent, [latent], whose sound at `pitch`, with the velocity `played`, is nearest.

    levels_db [KNOTS, LEVELS], traits [TRAITS], known bool [LEVELS]. velocity: what the encoder is
    told, None if unknown. Gauss and Newton's method with Levenberg's damping; the normal prior of
    the latent counts too, so that the place stays among sounds.
    """
    row = heard_row(levels_db, traits, known, pitch, velocity, released)
    place = network.encode(row[None])[0].astype(np.float64)
    weight = cell_weights(levels_db, known, released)
    used = np.flatnonzero(weight)
    weight = np.concatenate([weight[used], np.full(TRAITS, TRAIT_CELLS)])
    cells = np.maximum(levels_db, FLOOR_DB).T.reshape(-1)[used]
    wanted = np.concatenate([cells, TRAIT_DB * traits])

    def said(places: DoubleArray) -> DoubleArray:
        asked = np.repeat(asked_row(pitch, played)[None], len(places), 0)
        out = network.decode(places, asked).astype(np.float64)
        levels = np.maximum(out[:, used] * LEVEL_UNIT_DB + LEVEL_MIDDLE_DB, FLOOR_DB)
        return np.concatenate([levels, TRAIT_DB * out[:, -TRAITS:]], axis=1)

    def cost(errors: DoubleArray, at: DoubleArray) -> float:
        size = np.abs(errors)
        huber = np.where(size < SETTLED_DB, size**2 / SETTLED_DB, 2.0 * size - SETTLED_DB)
        return float((weight * huber).sum() + PRIOR * (at**2).sum())

    damping, nudge = 1.0, 0.02
    errors = said(place[None])[0] - wanted
    reached = cost(errors, place)
    for _ in range(steps):
        moved = said(place[None] + nudge * np.eye(len(place)))
        slopes = ((moved - (errors + wanted)) / nudge).T
        pull = weight / np.maximum(np.abs(errors), SETTLED_DB)
        normal = (slopes * pull[:, None]).T @ slopes + PRIOR * np.eye(len(place))
        downhill = slopes.T @ (pull * errors) + PRIOR * place
        for _ in range(4):
            step = np.linalg.solve(normal + damping * np.diag(np.diag(normal)), downhill)
            tried = place - step
            new = said(tried[None])[0] - wanted
            if cost(new, tried) < reached:
                place, errors, reached = tried, new, cost(new, tried)
                damping *= 0.3
                break
            damping *= 4.0
    return np.asarray(place)


def cell_weights(levels_db: DoubleArray, known: DoubleArray, released: bool) -> DoubleArray:
    """[LEVELS * KNOTS], channel by channel: audible and known cells count, by the time they last.

    Every second knot is left out.
    """
    spacing = np.gradient(KNOT_TIMES_S) ** 0.5
    spacing[HELD_KNOTS:] *= 0.5 if released else 0.0
    spacing[1::2] = 0.0
    audible = np.clip((levels_db + 90.0) / 50.0, 0.0, 1.0)
    weight = (0.6 + 0.4 * audible) * known[None] * spacing[:, None]
    return np.asarray((weight / spacing.mean()).T.reshape(-1))
