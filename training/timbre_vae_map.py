"""Lay `timbre-vae`'s training sounds out on its map.

    python -m training.timbre_vae_map --notes runs/notes.npz

Reads the registered weights and writes core/sampling/timbre_map.json.

A few notes of each instrument, each at the latent that the app would give it. The plane is t-SNE
(van der Maaten and Hinton, 2008) of the latents with each instrument's mean, so that an instrument
and then a family lie together.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.manifold import TSNE

from core import registry
from core.sampling.sound import Latent, Plane, Point
from core.sampling.timbre_fit import fitted
from core.sampling.timbre_map import FILE, TimbreMap, dumps
from core.sampling.timbre_network import Network, network
from training.timbre_vae_examples import Notes

Array = np.ndarray[Any, Any]

PER_INSTRUMENT = 4
SHOWN_SOURCES = ("FluidR3_GM", "discord-sfz-gm-bank")
EDGE = 3.0
TOGETHER = 1.0
"""How much an instrument's mean counts beside a note's own latent, and its family's beside that."""


def chosen(notes: Notes) -> list[int]:
    """Notes of each instrument, spread over its range but for the ends."""
    out = []
    for members in notes.members:
        if notes.source[members[0]] not in SHOWN_SOURCES:
            continue
        ordered = members[np.argsort(notes.pitch[members], kind="stable")]
        at = np.linspace(0.12, 0.88, PER_INSTRUMENT) * (len(ordered) - 1)
        out += [int(i) for i in np.unique(ordered[np.round(at).astype(int)])]
    return out


def latent_of(network: Network, notes: Notes, index: int) -> Array:
    return fitted(
        network, notes.levels[index].astype(np.float64), notes.traits[index].astype(np.float64),
        notes.known[index], pitch=float(notes.pitch[index]),
        velocity=float(notes.velocity[index]), played=float(notes.velocity[index]),
        released=bool(notes.released[index]),
    )  # fmt: skip


def laid_out(latents: Array, instruments: Array, families: Array, seed: int) -> Array:
    """[points, 2] within -1 and 1."""

    def means(labels: Array) -> Array:
        return np.stack([latents[labels == label].mean(axis=0) for label in labels])

    described = np.concatenate(
        [latents, TOGETHER * means(instruments), TOGETHER * means(families)], axis=1
    )
    perplexity = min(30.0, (len(described) - 1) / 3)
    found = TSNE(perplexity=perplexity, init="pca", random_state=seed).fit_transform(described)
    found = found - (found.max(axis=0) + found.min(axis=0)) / 2
    return np.asarray(found / np.abs(found).max(axis=0))


def made(network: Network, notes: Notes, weights_sha256: str, seed: int = 0) -> TimbreMap:
    picked = chosen(notes)
    latents = np.stack([latent_of(network, notes, i) for i in picked])
    places = EDGE * laid_out(latents, notes.group[picked], notes.family[picked], seed)
    apart = np.linalg.norm(places[:, None] - places[None], axis=2)
    reach = float(np.median(np.sort(apart, axis=1)[:, PER_INSTRUMENT - 1]))
    points = tuple(
        Point(
            round(float(x), 3), round(float(y), 3), str(notes.instrument[i]),
            str(notes.family[i]), int(notes.pitch[i]),
            Latent(tuple(round(float(v), 3) for v in latent)),
        )
        for (x, y), i, latent in zip(places, picked, latents, strict=True)
    )  # fmt: skip
    side = EDGE * 1.05
    return TimbreMap(points, Plane(-side, side, -side, side), round(reach, 4), weights_sha256)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--notes", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=FILE)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    sha256 = registry.model("timbre-vae").sha256
    found = made(network(), Notes(args.notes, "train"), sha256, args.seed)
    args.out.write_text(dumps(found), encoding="utf-8")
    print(len(found.points), "points,", args.out.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
