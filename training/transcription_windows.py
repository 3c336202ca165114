"""What the notes network learns from: the places of examples, shown and named, in shards.

    python -m training.transcription_windows --examples runs/transcription

Each pass transposes and filters every example of training.transcription_examples anew.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
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


def write_shard(files: Sequence[Path], out: Path, rng: np.random.Generator) -> int:
    """Store one pass over examples, shuffled, as <out>-{features,targets,weights}.npy.

    Features and targets are bytes, of STEP and 255 to 1; returns how many places there are.
    """
    found = [places(Example(file), rng) for file in files]
    shown, target, weights = (np.concatenate(parts) for parts in zip(*found, strict=True))
    mixed = rng.permutation(len(shown))
    np.save(f"{out}-targets.npy", np.round(target[mixed] * 255).astype(np.uint8))
    np.save(f"{out}-weights.npy", weights[mixed].astype(np.float16))
    np.save(f"{out}-features.npy", np.round(np.clip(shown, 0, 1.1)[mixed] * STEP).astype(np.uint8))
    return len(mixed)


class Shard:
    """Places as `write_shard` left them, in batches."""

    def __init__(self, features_file: Path) -> None:
        name = str(features_file).removesuffix("-features.npy")
        self.shown = np.load(features_file, mmap_mode="r")
        self.target, self.weights = np.load(f"{name}-targets.npy"), np.load(f"{name}-weights.npy")

    def batches(self, size: int) -> Iterator[tuple[Array, Array, Array]]:
        """(features [size, FEATURES], targets [size, OUTPUTS], weights [size]), whole ones."""
        for start in range(0, len(self.shown) - size + 1, size):
            rows = slice(start, start + size)
            yield (
                self.shown[rows].astype(np.float32) / np.float32(STEP),
                self.target[rows].astype(np.float32) / np.float32(255),
                self.weights[rows].astype(np.float32),
            )


def main() -> None:
    """Make shards of the examples there are."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=Path, default=Path("runs/transcription"))
    parser.add_argument("--passes", type=int, default=2)
    parser.add_argument("--together", type=int, default=30, help="examples of a shard")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    for split, passes in (("valid", 1), ("train", args.passes)):
        files = sorted((args.examples / split).glob("*-*.npz"))
        for number in range(passes):
            rng = np.random.default_rng([args.seed, number])
            mixed = [files[at] for at in rng.permutation(len(files))]
            for start in range(0, len(mixed), args.together):
                out = args.examples / split / f"shard-{number}-{start:04d}"
                if not Path(f"{out}-features.npy").exists():
                    count = write_shard(mixed[start : start + args.together], out, rng)
                    print(out.name, count, flush=True)


if __name__ == "__main__":
    main()
