"""What `structure`'s network learns from: random windows of tables of time-lag distances."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

import numba
import numpy as np

from core.extrapolation.self_similarity import (
    CHANNELS,
    CHOICE_STEPS,
    FUTURE,
    LAGS,
    PAST,
    RANGES,
    STEP,
    chosen_lags,
    frames,
    network_input,
)
from core.spectrogram import DISPLAY
from training.corpus import Piece

Array = np.ndarray[Any, Any]

BATCH = 16
MIN_LAG = 16
HISTORIES = ((54, 0.05), (107, 0.1), (215, 0.74), (322, 0.05), (430, 0.06))
"""Longest history of a batch in steps, and how often: mostly the 20 s of the benchmark."""
AUDIO_SHARE = 0.6
MIXED = 0.3


@numba.njit(parallel=True, fastmath=True, cache=True)  # type: ignore[untyped-decorator]
def _time_lag(log_mel: Array, chroma: Array, onset: Array, lags: int) -> Array:
    """The time-lag distances of core.extrapolation.self_similarity, float [lags, steps, 6]."""
    steps = log_mel.shape[0] // STEP
    width = log_mel.shape[1] // RANGES
    out = np.zeros((lags, steps, CHANNELS), np.float32)
    for lag in numba.prange(1, lags):
        for step in range(steps):
            if step * STEP < lag:
                continue
            for frame in range(step * STEP, (step + 1) * STEP):
                for index in range(RANGES):
                    total = np.float32(0.0)
                    for band in range(index * width, (index + 1) * width):
                        total += abs(log_mel[frame, band] - log_mel[frame - lag, band])
                    out[lag, step, index] += total / (width * STEP)
                inner = np.float32(0.0)
                for pitch in range(12):
                    inner += chroma[frame, pitch] * chroma[frame - lag, pitch]
                out[lag, step, RANGES] += (1 - inner) / STEP
                apart = abs(onset[frame] - onset[frame - lag]) / 2
                out[lag, step, RANGES + 1] += min(apart, 2.0) / STEP
    return out


def tables(found: Sequence[Piece], seconds: float = 62.0) -> list[Array]:
    """float16 [4 * LAGS, steps, 6] of each piece: time-lag distances, lags in frames of 43 Hz."""
    out = []
    for piece in found:
        log_mel, chroma, _ = piece.load()
        kept = min(round(seconds * DISPLAY.frame_rate_hz), log_mel.shape[1] - 1) // STEP * STEP
        if kept >= (54 + FUTURE) * STEP:
            some = frames(log_mel[:, :kept], chroma[:, :kept])
            lags = min(LAGS * STEP, kept)
            table = _time_lag(some.log_mel, some.chroma, some.onset, lags)
            out.append(table.astype(np.float16))
    return out


@dataclass(frozen=True)
class Change:
    """What makes another piece of a window: each mel range's weight, and a second piece mixed in.

    The target changes alike, so that it stays true. share: of the second piece's distances.
    """

    weights: Array
    other: Array | None = None
    other_start: int = 0
    share: float = 0.0

    @classmethod
    def drawn(cls, rng: np.random.Generator, group: list[Array], steps: int) -> Change:
        """Random weights; in three of ten windows a second piece, of at least `steps`."""
        weights = rng.uniform(0.4, 1.6, RANGES).astype(np.float32)
        weights /= weights.mean()
        other = group[rng.integers(len(group))]
        if rng.random() > MIXED or other.shape[1] < steps:
            return cls(weights)
        start = int(rng.integers(other.shape[1] - steps + 1))
        return cls(weights, other, start, float(rng.uniform(0.1, 0.4)))


UNCHANGED = Change(np.ones(RANGES, np.float32))


def example(
    table: Array, start: int, history: int, groups: int, change: Change = UNCHANGED
) -> tuple[Array, Array]:
    """(input [groups, SEEN*6+12], target [groups, FUTURE]) of the window that begins at `start`.

    start, history: in steps. Targets are log-mel distances in units of 20 dB, -1 where the step is
    no possible source.
    """
    now = start + history
    taken = min(groups, table.shape[0] // STEP)
    first = max(now - PAST, start)
    chosen = chosen_lags(
        table[: taken * STEP, max(now - CHOICE_STEPS, start) : now], history * STEP
    )
    both = np.array(table[chosen, first : now + FUTURE], np.float32)
    if change.other is not None and len(change.other) > chosen[-1]:
        shift = change.other_start - start
        second = change.other[chosen, first + shift : now + FUTURE + shift]
        both += change.share * (second - both)
    both[..., :RANGES] *= change.weights
    past = np.zeros((groups, PAST, CHANNELS), np.float32)
    past[:taken, PAST - (now - first) :] = both[:, : now - first]
    target = np.full((groups, FUTURE), -1.0, np.float32)
    target[:taken] = both[:, now - first :, :RANGES].mean(axis=2)
    lags = np.concatenate([chosen, np.arange(taken, groups) * STEP])
    lag, ahead = lags[:, None], np.arange(1, FUTURE + 1)[None] * STEP
    possible = (lag >= ahead) & (lag >= MIN_LAG) & (lag < history * STEP)
    possible[taken:] = False
    return network_input(past, lags, history * STEP), np.where(possible, target, -1.0)


class Windows:
    """Batches of random windows: `audio` tables for `AUDIO_SHARE` of them, else `extra`."""

    def __init__(self, audio: list[Array], extra: list[Array], seed: int) -> None:
        self.audio, self.extra, self.seed = audio, extra, seed

    def batch(self, index: int) -> tuple[Array, Array]:
        """Batch `index`: inputs [BATCH, lags, ...] and targets; its number of lags is drawn too."""
        rng = np.random.default_rng([self.seed, index])
        lengths, shares = zip(*HISTORIES, strict=True)
        longest = int(rng.choice(lengths, p=np.array(shares) / sum(shares)))
        made = [self._one(rng, longest) for _ in range(BATCH)]
        return np.stack([x for x, _ in made]), np.stack([y for _, y in made])

    def _one(self, rng: np.random.Generator, longest: int) -> tuple[Array, Array]:
        group = self.extra if self.extra and rng.random() > AUDIO_SHARE else self.audio
        table = group[rng.integers(len(group))]
        most = min(longest, table.shape[1] - FUTURE)
        least = max(most * 2 // 3, 40)
        history = most if rng.random() < 0.7 else int(rng.integers(least, most + 1))
        start = int(rng.integers(table.shape[1] - FUTURE - history + 1))
        change = Change.drawn(rng, group, history + FUTURE)
        return example(table, start, history, longest, change)


def validation_windows(found: list[Array]) -> list[tuple[Array, Array]]:
    """20 s windows of each table, 10 s apart."""
    return [
        example(table, start, PAST, PAST)
        for table in found
        for start in range(0, table.shape[1] - PAST - FUTURE + 1, 107)
    ]


class Batches(Protocol):
    """Anything that makes batches by number."""

    def batch(self, index: int) -> tuple[Array, Array]:
        """(inputs, targets) of batch `index`."""
        ...


def prefetched(windows: Batches, steps: int) -> Iterator[tuple[Array, Array]]:
    """Batches 0 to `steps`, made in a thread while the step before them runs."""
    with ThreadPoolExecutor(1) as pool:
        waiting = [pool.submit(windows.batch, index) for index in range(min(3, steps))]
        for index in range(steps):
            batch = waiting.pop(0).result()
            if index + 3 < steps:
                waiting.append(pool.submit(windows.batch, index + 3))
            yield batch
