"""From one melody to another through an autoencoder's space, and how smooth the way is."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.comparing.models import Autoencoder, Latents, Locator
from core.comparing.patterns import Kind, Pattern, to_score
from core.keys import estimate_key
from core.progress import Progress, ignore
from core.score import Score

Array = npt.NDArray[np.float64]

ROUNDS = 16
"""Of the search for the ends' places: more than `benchmarks comparison` can wait for, which looks
for the place of each test pattern. Two patterns take well under a second."""
_PARALLEL = 1e-6


@dataclass(frozen=True)
class Way:
    """What lies between two patterns. ends: the two, as given, [2, steps, voices].

    patterns: [stops, steps, voices], those decoded from `latents` [stops, numbers]; the first and
    last are what the model makes of the ends.
    """

    ends: Pattern
    latents: Latents
    patterns: Pattern

    def kept(self) -> tuple[float, float]:
        """The share of tokens of each end that the model gives back, 0 to 1."""
        first, last = (float(np.mean(self.patterns[at] == self.ends[at])) for at in (0, -1))
        return first, last

    def steps(self) -> Array:
        """[stops - 1]: the share of tokens that change from each stop to the next."""
        return _distances(self.patterns[1:], self.patterns[:-1])

    def from_ends(self) -> Array:
        """[2, stops]: the share of tokens in which each stop differs from the first and last."""
        return np.stack([_distances(self.patterns, self.patterns[at]) for at in (0, -1)])


def slerp(first: Latents, last: Latents, stops: int) -> Latents:
    """[stops, numbers]: along the great circle from one place [numbers] to the other.

    Shoemake, "Animating rotation with quaternion curves" (1985); White, "Sampling generative
    networks" (2016) for latents. Lengths go evenly from one's to the other's; parallel or empty
    places are joined by a straight line.
    """
    shares = np.linspace(0.0, 1.0, stops)[:, None]
    lengths = np.linalg.norm(first), np.linalg.norm(last)
    if min(lengths) < _PARALLEL:
        return np.asarray((1 - shares) * first + shares * last)
    one, other = first / lengths[0], last / lengths[1]
    angle = np.arccos(np.clip(one @ other, -1.0, 1.0))
    if np.sin(angle) < _PARALLEL:
        return np.asarray((1 - shares) * first + shares * last)
    turned = np.sin((1 - shares) * angle) * one + np.sin(shares * angle) * other
    length = (1 - shares) * lengths[0] + shares * lengths[1]
    return np.asarray(length * turned / np.sin(angle))


def between(
    model: Autoencoder, first: Pattern, last: Pattern, stops: int, *, progress: Progress = ignore
) -> Way:
    """The way from one pattern [steps, voices] to another, the likeliest tokens at each stop.

    The ends' places are searched for where the model can do that, else they are its encoder's.
    """
    ends = np.stack([first, last])
    if isinstance(model, Locator):
        places = model.located(ends, rounds=ROUNDS)
    else:
        places, _ = model.encode(ends)
    latents = slerp(places[0], places[1], stops)
    progress(0.2)
    return Way(ends, latents, model.decode(latents, seed=0, temperature=0.0))


def joined(patterns: Sequence[Pattern] | Pattern, kind: Kind) -> Score:
    """Patterns one after the other as one piece; no note sounds on into the next pattern."""
    scores = [to_score(pattern, kind) for pattern in patterns]
    tracks = tuple(
        dataclasses.replace(
            track,
            notes=tuple(
                dataclasses.replace(note, start=note.start + at * score.ticks)
                for at, score in enumerate(scores)
                for note in score.tracks[index].notes
            ),
        )
        for index, track in enumerate(scores[0].tracks)
    )
    whole = dataclasses.replace(scores[0], tracks=tracks, bars=kind.bars * len(scores))
    return dataclasses.replace(whole, key=estimate_key(whole))


def _distances(patterns: Pattern, others: Pattern) -> Array:
    """The Hamming distance of patterns [..., steps, voices] as a share of their tokens."""
    return np.asarray(np.mean(patterns != others, axis=(-2, -1)), np.float64)
