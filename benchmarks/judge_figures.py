"""The judge that measures: figures of what follows beside the clip's end, and boosted trees.

Networks that see a few hundred pairs overlook what plain figures show, such as a spectrum that is
smoother than the clip's. So this design stands beside them, and the one that detects best counts.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import GradientBoostingClassifier

from benchmarks.judge_material import SEAM_FRAME, SHIFTS, Material
from core.audio import FloatArray
from core.spectrogram import DISPLAY

FIGURES = "figures"
JOIN = SEAM_FRAME + SHIFTS // 2
"""Where the clip ends in what is stored."""
EDGES = (0, 10, 20, 32, 46, 62, DISPLAY.n_mels)
"""Mel bands that are counted together."""
BESIDE_SEAM = 2
APART = round(DISPLAY.frame_rate_hz)
"""Frames, a second, that what counts as repeated must lie back at least."""
EVERY = 4
"""Of so many mel bands one is compared where moments are."""
TREES = 100


def figures(sound: FloatArray) -> FloatArray:
    """Of float [STORED_FRAMES, n_mels], dB: what follows the join less what is before, [figures].

    In each of six ranges: mean level, its 10th and 95th percentile, change from frame to frame and
    from band to band, deviation of its rises, and share of silence; deviation of its one-second
    means, of what follows alone. Then how near each moment comes to an earlier one, mean and 10th
    percentile, dB, and the change across the join over that elsewhere.
    """
    sound = np.asarray(sound, np.float32)
    before, after = sound[: JOIN - BESIDE_SEAM], sound[JOIN + BESIDE_SEAM :]
    found: list[float] = []
    for low, high in pairwise(EDGES):
        sides = [_of_range(side[:, low:high]) for side in (before, after)]
        found += list(sides[1] - sides[0])
        levels = after[:, low:high].mean(axis=1)
        found.append(float(np.convolve(levels, np.full(APART, 1 / APART), "valid").std()))
    near = _nearest_db(before, after)
    across = float(np.abs(sound[JOIN + BESIDE_SEAM] - sound[JOIN - BESIDE_SEAM]).mean())
    usual = float(np.abs(sound[2 * BESIDE_SEAM :] - sound[: -2 * BESIDE_SEAM]).mean())
    return np.array([*found, near.mean(), np.percentile(near, 10), across / (usual + 1e-3)])


def _of_range(levels: FloatArray) -> FloatArray:
    low, high = np.percentile(levels, [10, 95])
    rises = np.maximum(np.diff(levels.mean(axis=1)), 0.0)
    return np.array([
        levels.mean(), low, high,
        np.abs(np.diff(levels, axis=0)).mean(), np.abs(np.diff(levels, axis=1)).mean(),
        rises.std(), np.mean(levels <= DISPLAY.floor_db + 0.5),
    ])  # fmt: skip


def _nearest_db(before: FloatArray, after: FloatArray) -> FloatArray:
    """Root mean square difference of each frame after the join to the nearest earlier one."""
    whole = np.concatenate([before, after])[:, ::EVERY]
    squares = np.square(whole).sum(axis=1)
    rows = whole[len(before) :]
    apart = squares[len(before) :, None] + squares[None] - 2 * rows @ whole.T
    now = np.arange(len(before), len(whole))
    apart[np.arange(len(whole))[None] > now[:, None] - APART] = np.inf
    return np.sqrt(np.maximum(apart.min(axis=1), 0.0) / whole.shape[1])


class FiguresJudge:
    """Boosted trees on `figures`. Fitted to the pairs of `training`."""

    def __init__(self, training: Material, seed: int = 0) -> None:
        known = np.concatenate([_all(training.true), _all(training.made)])
        labels = np.repeat([1, 0], len(training.tracks))
        self._trees: Any = GradientBoostingClassifier(
            n_estimators=TREES, max_depth=2, subsample=0.7, random_state=seed
        )
        self._trees.fit(known, labels)

    def says_true(self, sounds: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
        """Bool [sounds] of float16 [sounds, STORED_FRAMES, n_mels]."""
        return np.asarray(self._trees.predict(_all(sounds)) == 1)


def _all(sounds: npt.NDArray[Any]) -> FloatArray:
    return np.stack([figures(sound) for sound in sounds])
