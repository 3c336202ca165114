"""What `harmonics_analysis` measures of a note's levels: partials, what lies between, wavering."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from core.audio import FloatArray
from core.sampling.harmonics import (
    FLUTTER_NUMBERS,
    FLUTTERS,
    HALVES,
    PARTIAL_NUMBERS,
    PARTIALS,
    DoubleArray,
    interpolation,
    noise_centres_hz,
    noise_edges_hz,
)
from core.sampling.harmonics_pitch import PERIODS, projections, smooth

NOISE_PERIODS = 10.0


def noise_power(
    x: FloatArray, sample_rate: int, f0_hz: float, ratios: DoubleArray, frames_s: DoubleArray
) -> DoubleArray:  # fmt: skip
    """Power of the noise bands, [frames, NOISE_BANDS], from what lies between the partials.

    The median of a few places in each band, so that a stray line (an organ's lower octave, a bell's
    own partials) does not count; that of an exponential distribution is ln 2 of its mean.
    """
    spacing_hz = f0_hz * (0.5 if np.diff(ratios, prepend=0.0).min() < 0.6 else 1.0)
    window_s = min(max(NOISE_PERIODS / spacing_hz, 0.02), 0.15, 0.9 * len(x) / sample_rate)
    grid = np.arange(1.0 / window_s, 0.49 * sample_rate, 0.7 / window_s)
    nearest = np.abs(grid[:, None] - f0_hz * ratios[None]).min(axis=1)
    clear = nearest > min(3.0 / window_s, 0.4 * spacing_hz)
    above = grid > f0_hz * (ratios[-1] + 0.5)
    hertz = grid[clear | above]
    edges, picked = noise_edges_hz(), []
    for low, high in pairwise(edges):
        inside = np.flatnonzero((hertz >= low) & (hertz < high))
        if len(inside) < 4:
            inside = np.sort(np.argsort(np.abs(hertz - (low + high) / 2))[:5])
        picked.append(inside[np.unique(np.linspace(0, len(inside) - 1, 7).astype(int))])
    used = np.unique(np.concatenate(picked))
    found = projections(x, sample_rate, frames_s, window_s, hertz[used], np.blackman)
    density = np.abs(found) ** 2 / 2.0 / (1.73 / window_s)
    bands = [np.median(density[:, np.searchsorted(used, p)], axis=1) for p in picked]
    return np.asarray(np.stack(bands, axis=1) / np.log(2.0) * np.diff(edges), np.float64)


def partial_power(
    x: FloatArray, sample_rate: int, f0_hz: float, ratios: DoubleArray, frames_s: DoubleArray,
    noise: DoubleArray, held_s: float, tremolo_db: float,
) -> tuple[DoubleArray, DoubleArray, float]:  # fmt: skip
    """(power of the told partials [frames, PARTIALS], flutter [FLUTTERS], flutter's rate in Hz)."""
    window_s = min(max(PERIODS / f0_hz, 0.012), 0.9 * len(x) / sample_rate)
    numbers = [
        [m for m in ((n,) if n <= 24 else (n - 1, n, n + 1)) if m <= len(ratios)]
        for n in PARTIAL_NUMBERS
    ]
    used = np.unique([m for group in numbers for m in group])
    found = np.abs(projections(x, sample_rate, frames_s, window_s, f0_hz * ratios[used - 1])) ** 2
    density = noise / np.diff(noise_edges_hz())
    across = interpolation(f0_hz * ratios[used - 1], noise_centres_hz()).T
    beneath = density @ across * (1.5 / window_s)
    power = np.maximum(found / 2.0 - beneath, 0.03 * found / 2.0)
    out = np.full((len(frames_s), PARTIALS), 1e-12)
    for k, group in enumerate(numbers):
        if group:
            out[:, k] = power[:, np.searchsorted(used, group)].mean(axis=1)
    share, rate_hz = random_share(power, beneath, used, frames_s, held_s, tremolo_db)
    return out, share, rate_hz


def half_power(
    x: FloatArray, sample_rate: int, f0_hz: float, ratios: DoubleArray, frames_s: DoubleArray
) -> DoubleArray:  # fmt: skip
    """Power of the lines half-way between partials, [frames, HALVES], where one stands out."""
    window_s = min(max(10.0 / f0_hz, 0.02), 0.9 * len(x) / sample_rate)
    places = np.arange(HALVES) + 0.5
    around = np.concatenate([places, places - 0.2, places + 0.2])
    beside = np.resize(np.concatenate([[1.0], ratios]), HALVES + 1)
    looked = f0_hz * np.concatenate([around, beside])
    found = np.abs(projections(x, sample_rate, frames_s, window_s, looked, np.blackman)) ** 2 / 2
    level = found.mean(axis=0)
    own, lower, upper = level[:HALVES], level[HALVES : 2 * HALVES], level[2 * HALVES : 3 * HALVES]
    near = np.maximum(level[3 * HALVES : -1], level[3 * HALVES + 1 :])
    there = (own > 10.0 * np.maximum(lower, upper)) & (own > 1e-3 * near) & (own > 1e-5)
    there &= f0_hz * places < 0.45 * sample_rate
    return np.asarray(np.where(there, found[:, :HALVES], 1e-12))


def random_share(
    power: DoubleArray, beneath: DoubleArray, numbers: npt.NDArray[np.int_], frames_s: DoubleArray,
    held_s: float, tremolo_db: float,
) -> tuple[DoubleArray, float]:  # fmt: skip
    """How much of each partial's amplitude drifts at random, and how fast.

    From the spread of its level around its course: 5.6 dB for Rayleigh's, where all of it drifts.
    """
    steady = (frames_s > min(0.25, 0.3 * held_s)) & (frames_s < held_s - 0.05)
    share, rates, weights = np.zeros(FLUTTERS), [], []
    if np.count_nonzero(steady) < 60:
        return share, 3.0
    level = 10.0 * np.log10(power[steady] + 1e-12)
    clear = power[steady].mean(axis=0) > 30.0 * beneath[steady].mean(axis=0) + 1e-8
    away = level - smooth(level, 61)
    spread = np.sqrt(np.maximum((away**2).mean(axis=0) - tremolo_db**2 / 2.0, 0.0))
    speed = np.abs(np.diff(away, axis=0)).mean(axis=0) / 0.01
    for k, n in enumerate(FLUTTER_NUMBERS):
        near = clear & (numbers >= n / 1.5) & (numbers <= n * 1.5)
        if near.any():
            share[k] = np.clip((np.median(spread[near]) - 0.25) / 5.0, 0.0, 1.0)
            rates.append(float(np.median(speed[near] / np.maximum(spread[near], 0.2))))
            weights.append(share[k] + 1e-3)
        elif k > 0:
            share[k] = share[k - 1]
    rate = float(np.average(rates, weights=weights)) / 5.66 if rates else 3.0
    return share, float(np.clip(rate, 0.5, 12.0))
