"""What the notes network learns from: the places of an example, shown and named."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core.hearing.candidates import candidates, features, salience
from core.hearing.constant_q import BINS_PER_SEMITONE, FRAME_S, LOWEST_PITCH, PITCHES
from core.hearing.notes import FINE, NOTE, ONSET, OUTPUTS

Array = np.ndarray[Any, Any]

STEP = 255 / 1.1
"""Levels, 0 to 1.1, are stored as bytes of this many to 1."""
MAX_SHIFT = 3
REST_KEPT = 0.25
"""Share of places with no note at or beside them that a pass shows; each weighs as many."""


class Example:
    """levels: bytes [frames, BINS]. notes: [n, 4]. single: whether it is one line."""

    def __init__(self, file: Path) -> None:
        with np.load(file) as stored:
            self.levels = stored["levels"]
            self.notes: Array = stored["notes"]
            self.cents, self.single = float(stored["cents"]), bool(stored["single"])

    def picture(self) -> Array:
        """float32 levels, 0 to 1.1."""
        return self.levels.astype(np.float32) / np.float32(STEP)


def targets(notes: Array, frames: int, cents: float, shift: int = 0) -> Array:
    """float32 [frames, PITCHES, OUTPUTS]: onsets over two frames, notes, thirds of a semitone."""
    out = np.zeros((frames, PITCHES, OUTPUTS), np.float32)
    thirds = (np.arange(BINS_PER_SEMITONE) - 1) * 100.0 / BINS_PER_SEMITONE
    fine = np.exp(-0.5 * ((thirds - cents) / 18.0) ** 2)
    for onset, offset, pitch, _ in notes:
        key, at = int(pitch) - LOWEST_PITCH + shift, onset / FRAME_S
        if not 0 <= key < PITCHES:
            continue
        near = np.arange(max(int(at) - 1, 0), min(int(at) + 3, frames))
        near_by = np.clip(1.5 - np.abs(near - at), 0, 1)
        out[near, key, ONSET] = np.maximum(out[near, key, ONSET], near_by)
        first, last = max(round(at), 0), max(round(offset / FRAME_S), round(at) + 1)
        out[first:last, key, NOTE] = 1.0
        out[first:last, key, FINE] = fine
    return out


def places(example: Example, rng: np.random.Generator) -> tuple[Array, Array, Array]:
    """(features, targets, weights) of an example's places, transposed, filtered, with a floor.

    [n, FEATURES], [n, OUTPUTS], [n].
    """
    shift = int(rng.integers(-MAX_SHIFT, MAX_SHIFT + 1))
    x = np.roll(example.picture(), shift * BINS_PER_SEMITONE, axis=1)
    bends = np.cumsum(rng.normal(0, 0.05, 8))
    curve = np.interp(np.linspace(0, 7, x.shape[1]), np.arange(8), bends - bends.mean())
    gain = rng.uniform(-0.12, 0.03)
    x = np.where(x > 0, x + curve + gain, 0.0)
    if rng.random() < 0.5:
        x = np.maximum(x, rng.uniform(0, 0.4) + 0.03 * rng.standard_normal(x.shape))
    x = np.clip(x, 0, 1.1).astype(np.float32)
    salient = salience(x)
    frames, pitches = candidates(salient)
    target = targets(example.notes, len(x), example.cents, shift)
    own = target[frames, pitches]
    beside = np.maximum(own[:, ONSET], own[:, NOTE]) > 0
    for by in (-12, 12):
        other = np.clip(pitches + by, 0, PITCHES - 1)
        beside |= target[frames, other, ONSET] > 0
    kept = beside | (rng.random(len(frames)) < REST_KEPT)
    weights = np.where(beside, 1.0, 1.0 / REST_KEPT)[kept].astype(np.float32)
    shown = features(x, salient, frames[kept], pitches[kept])
    return shown, own[kept], weights


class Batches:
    """Shuffled batches of the places of a few examples at a time, without end."""

    def __init__(self, folder: Path, seed: int, size: int, together: int = 12) -> None:
        self.folder, self.size, self.together = folder, size, together
        self.rng = np.random.default_rng(seed)
        self.files: set[Path] = set()
        self.examples: list[Example] = []
        self.waiting: list[tuple[Array, Array, Array]] = []
        self.order: list[int] = []
        self.refresh()

    def refresh(self) -> None:
        """Take up what came since."""
        for file in sorted(set(self.folder.glob("*-*.npz")) - self.files):
            self.files.add(file)
            self.examples.append(Example(file))

    def next(self) -> tuple[Array, Array, Array]:
        """(features, targets, weights), `size` of each."""
        while not self.waiting:
            self._fill()
        return self.waiting.pop()

    def _fill(self) -> None:
        while len(self.order) < self.together:
            self.order += self.rng.permutation(len(self.examples)).tolist()
        some, self.order = self.order[: self.together], self.order[self.together :]
        found = [places(self.examples[at], self.rng) for at in some]
        joined: Sequence[Array] = [np.concatenate(parts) for parts in zip(*found, strict=True)]
        mixed = self.rng.permutation(len(joined[0]))
        for start in range(0, len(mixed) - self.size + 1, self.size):
            rows = mixed[start : start + self.size]
            self.waiting.append((joined[0][rows], joined[1][rows], joined[2][rows]))
