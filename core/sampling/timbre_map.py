"""The map of `timbre-vae`: training sounds on a plane, and what lies between them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np

from core.sampling.harmonics import DoubleArray
from core.sampling.sound import Latent, Plane, Point

SHARPNESS = 2.5
"""Half the power of the distance by which a sound's weight falls."""
FILE = Path(__file__).with_name("timbre_map.json")


@dataclass(frozen=True)
class TimbreMap:
    """points: the sounds shown. weights_sha256: of the weights whose latents they are.

    reach: how far on the plane a sound is heard before its neighbours are.
    """

    points: tuple[Point, ...]
    plane: Plane
    reach: float
    weights_sha256: str

    @cached_property
    def places(self) -> DoubleArray:
        return np.array([(p.x, p.y) for p in self.points])

    @cached_property
    def latents(self) -> DoubleArray:
        return np.array([p.latent.values for p in self.points])

    @cached_property
    def latent_reach(self) -> float:
        """Typical distance of a sound's latent from the third nearest of the others."""
        apart = np.linalg.norm(self.latents[:, None] - self.latents[None], axis=2)
        return float(np.median(np.sort(apart, axis=1)[:, 3]))

    def at(self, x: float, y: float) -> Latent:
        """The sounds' latents, weighed by distance as in Shepard 1968.

        A sound's own place is its own; between sounds, however far apart, the nearest few speak.
        """
        square = ((self.places - (x, y)) ** 2).sum(axis=1) + self.reach**2
        weight = (square.min() / square) ** SHARPNESS
        values = weight @ self.latents / weight.sum()
        return Latent(tuple(float(round(v, 4)) for v in values))

    def locate(self, latent: Latent) -> tuple[float, float]:
        """The mean place of the sounds whose latents are near (Nadaraya 1964, Watson 1964)."""
        apart = ((self.latents - np.array(latent.values)) ** 2).sum(axis=1)
        weight = np.exp((apart.min() - apart) / (2.0 * (0.3 * self.latent_reach) ** 2))
        x, y = weight @ self.places / weight.sum()
        return float(round(x, 4)), float(round(y, 4))


@lru_cache(maxsize=1)
def timbre_map() -> TimbreMap:
    """The committed one, read once."""
    return loads(FILE.read_text(encoding="utf-8"))


def loads(text: str) -> TimbreMap:
    """The reverse of `dumps`."""
    stored = json.loads(text)
    points = tuple(
        Point(x, y, name, family, pitch, Latent(tuple(latent)))
        for x, y, name, family, pitch, latent in stored["points"]
    )
    return TimbreMap(points, Plane(*stored["plane"]), stored["reach"], stored["weights_sha256"])


def dumps(found: TimbreMap) -> str:
    """JSON, a line for each sound."""
    lines = ",\n".join(
        json.dumps([p.x, p.y, p.name, p.family, p.pitch, list(p.latent.values)])
        for p in found.points
    )
    plane = found.plane
    head = {
        "weights_sha256": found.weights_sha256,
        "plane": [plane.x_low, plane.x_high, plane.y_low, plane.y_high],
        "reach": found.reach,
    }
    return json.dumps(head)[:-1] + ',\n"points": [\n' + lines + "\n]}\n"
