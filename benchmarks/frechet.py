"""The Fréchet distance of all of an engine's continuations from all the true ones."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from core.audio import Clip, FloatArray
from core.errors import ModelUnavailableError
from core.judging.embedding import embed
from core.metrics import frechet_distance

DRAWS = 400
TRUE = "the true continuation"


class Embeddings:
    """Embeddings of the seconds of every continuation, by who made it and by track."""

    def __init__(self) -> None:
        self._found: dict[str, dict[str, list[FloatArray]]] = defaultdict(lambda: defaultdict(list))
        self._available = True

    def add(self, name: str, track: str, clip: Clip, made: Clip, actual: Clip) -> None:
        """Take in one continuation, with the gain that brings `clip` and `actual` to a peak of .9.

        Where the embedding's weights are missing it says so once and takes in nothing.
        """
        if not self._available:
            return
        gain = 0.9 / max(clip.peak(), actual.peak(), 1e-4)
        try:
            self._found[name][track].append(embed(made.scaled(gain)))
        except ModelUnavailableError as error:
            self._available = False
            print(f"no Fréchet distance: {error}", flush=True)

    def interval(self, name: str, *, seed: int = 0) -> dict[str, float] | None:
        """{mean, low, high} of the distance of `name` from `TRUE`; None where there is none.

        mean is the distance itself. low and high are its 95 % bootstrap interval, whole tracks
        drawn (the same ones on both sides). Drawing tracks twice leaves less variety and raises
        the distance, so the interval is moved by what the draws are above it on average.
        """
        if not self._available or min(len(self._found[name]), len(self._found[TRUE])) < 2:
            return None
        made = {track: np.concatenate(found) for track, found in self._found[name].items()}
        true = {track: np.concatenate(self._found[TRUE][track]) for track in made}
        rng = np.random.default_rng(seed)
        names = sorted(made)
        drawn = np.array([
            _distance(made, true, [names[i] for i in rng.integers(0, len(names), len(names))])
            for _ in range(DRAWS)
        ])  # fmt: skip
        whole = _distance(made, true, names)
        low, high = np.percentile(drawn, [2.5, 97.5]) - drawn.mean() + whole
        return {"mean": whole, "low": max(float(low), 0.0), "high": float(high)}


def _distance(made: dict[str, FloatArray], true: dict[str, FloatArray], names: list[str]) -> float:
    return frechet_distance(
        np.concatenate([made[name] for name in names]),
        np.concatenate([true[name] for name in names]),
    )
