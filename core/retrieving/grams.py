"""N-grams of four notes: three steps in pitch, and how the three times between them compare.

Steps in pitch are the same in every key, ratios of times in every tempo (Downie, "Evaluating a
simple approach to music information retrieval", 1999; Doraisamy and Rüger, "Robust polyphonic music
retrieval with n-grams", 2003). Ratios are told apart coarsely, so that play by hand stays the same.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

GRAM_NOTES = 4
_WIDEST = 24
"""Semitones; wider steps count as this."""
_EDGES = (0.41, 0.865, 1.156, 2.44)
"""Between the ratios that music has: 1/4 and 1/3, 1/2 to 3/4, 1, 4/3 to 2, 3 and 4."""
_STEPS, _RATIOS = 2 * _WIDEST + 1, len(_EDGES) + 1

Keys = npt.NDArray[np.int32]


def keys_of(onsets: npt.NDArray[Any], pitches: npt.NDArray[Any]) -> Keys:
    """[notes - 3]: the n-gram that begins at each note of one run of notes."""
    steps, times = _steps(np.diff(pitches)), _times(np.diff(onsets))
    ratios = _ratios(times[:-1], times[1:])
    return _packed(steps[:-2], steps[1:-1], steps[2:], ratios[:-1], ratios[1:])


def keys_of_rows(onsets: npt.NDArray[Any], pitches: npt.NDArray[Any]) -> Keys:
    """[n-grams]: of notes [n-grams, GRAM_NOTES]."""
    steps, times = _steps(np.diff(pitches, axis=1)), _times(np.diff(onsets, axis=1))
    ratios = _ratios(times[:, :-1], times[:, 1:])
    return _packed(*steps.T, *ratios.T)


def _steps(moves: npt.NDArray[Any]) -> npt.NDArray[np.int16]:
    return np.asarray(np.clip(moves.astype(np.int16), -_WIDEST, _WIDEST) + _WIDEST, np.int16)


def _times(apart: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    return np.maximum(apart.astype(np.float32), np.float32(0.5))


def _ratios(first: npt.NDArray[np.float32], second: npt.NDArray[np.float32]) -> Any:
    found = np.zeros(first.shape, np.int16)
    for edge in _EDGES:
        found += second > first * np.float32(edge)
    return found


def _packed(first: Any, second: Any, third: Any, ratio: Any, other: Any) -> Keys:
    out = first.astype(np.int32)
    for value, size in ((second, _STEPS), (third, _STEPS), (ratio, _RATIOS), (other, _RATIOS)):
        out *= size
        out += value
    return np.asarray(out, np.int32)


def windows(count: int, skipping: bool) -> npt.NDArray[np.int64]:
    """[n-grams, GRAM_NOTES]: which of `count` notes make each n-gram.

    skipping: those too that leave one note out, for lines in which notes are too many.
    """
    patterns = [(0, 1, 2, 3)] + ([(0, 1, 2, 4), (0, 1, 3, 4), (0, 2, 3, 4)] if skipping else [])
    found = [
        np.arange(count - pattern[-1])[:, None] + np.array(pattern)
        for pattern in patterns
        if count > pattern[-1]
    ]
    return np.concatenate(found) if found else np.zeros((0, GRAM_NOTES), np.int64)
