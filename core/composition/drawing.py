"""Drawing one value from a network's logits: temperature, nucleus, and what may not be drawn."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def probabilities(
    logits: npt.NDArray[np.float32], allowed: npt.NDArray[np.bool_] | None = None
) -> npt.NDArray[np.float64]:
    """Softmax over the allowed values, float64 [values]; all where none is named.

    Raises ValueError when nothing is allowed.
    """
    scores = logits.astype(np.float64)
    if allowed is not None:
        if not allowed.any():
            raise ValueError("nothing is allowed")
        scores = np.where(allowed, scores, -np.inf)
    scores = np.exp(scores - scores.max())
    return np.asarray(scores / scores.sum())


def draw(
    chances: npt.NDArray[np.float64],
    rng: np.random.Generator,
    *,
    temperature: float = 1.0,
    top_p: float = 1.0,
) -> int:
    """One index. temperature 0 takes the likeliest.

    top_p: of the likeliest values, as few as make up this share are drawn from (nucleus sampling,
    Holtzman et al., ICLR 2020), measured after the temperature.
    """
    if temperature <= 0.0:
        return int(chances.argmax())
    if temperature != 1.0:
        with np.errstate(divide="ignore"):
            scores = np.log(chances) / temperature
        chances = np.exp(scores - scores.max())
        chances = chances / chances.sum()
    order = np.argsort(-chances, kind="stable")
    reached = np.cumsum(chances[order])
    kept = order[: int(np.searchsorted(reached, min(top_p, 1.0) * reached[-1])) + 1]
    bounds = np.cumsum(chances[kept])
    return int(kept[min(np.searchsorted(bounds, rng.random() * bounds[-1]), len(kept) - 1)])
