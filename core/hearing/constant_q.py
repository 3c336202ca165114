"""A constant-Q picture: levels at logarithmically spaced frequencies, three bins a semitone.

Windows grow towards low frequencies as in Brown (JASA 1991), but no longer than _LONGEST_S, as in
the variable-Q transform of Schoerkhuber et al. (AES 2014): bass notes still begin somewhere, and
their overtones say what they are. Each octave is measured at a rate of its own.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy import signal

from core.audio import FloatArray

SAMPLE_RATE = 22050
HOP_LENGTH = 512
FRAME_S = HOP_LENGTH / SAMPLE_RATE
LOWEST_PITCH = 21
PITCHES = 88
"""A piano's keys, as MIDI numbers from LOWEST_PITCH on."""
BINS_PER_SEMITONE = 3
BINS = BINS_PER_SEMITONE * 102
"""Bin BINS_PER_SEMITONE * p + 1 is in tune with pitch LOWEST_PITCH + p, its neighbours a third of
a semitone off; 14 semitones above the keys, for overtones."""
RANGE_DB = 70.0

_SHARPNESS = 0.6
"""Share of a true constant-Q window's length at high frequencies."""
_LONGEST_S = 0.4
_HIGHEST_SHARE = 0.2
"""A bin is measured at the lowest rate of which its frequency is at least this share."""
_LEVELS = 8


def constant_q(samples: FloatArray, tuning_cents: float = 0.0) -> FloatArray:
    """Amplitudes, float32 [frames, BINS]; a steady sinusoid of amplitude A in a bin gives A.

    samples: float32 [samples] at SAMPLE_RATE. Frame n is centred at n * FRAME_S seconds; there are
    1 + samples // HOP_LENGTH. tuning_cents: of the bins, beside A4 = 440 Hz.
    """
    frames = 1 + len(samples) // HOP_LENGTH
    out = np.zeros((frames, BINS), np.float32)
    current = samples
    for level in range(_LEVELS):
        if level:
            current = signal.resample_poly(current, 1, 2).astype(np.float32)
        bins, kernel = _kernel(level, round(tuning_cents, 2))
        size, hop = len(kernel), HOP_LENGTH >> level
        need = size + hop * (frames - 1)
        padded = np.zeros(max(need, len(current) + size // 2), np.float32)
        padded[size // 2 : size // 2 + len(current)] = current
        rows = np.lib.stride_tricks.sliding_window_view(padded, size)[: need - size + 1 : hop]
        both = np.ascontiguousarray(rows) @ kernel
        half = len(bins)
        out[:, bins] = np.hypot(both[:, :half], both[:, half:])
    return out


def frequencies_hz(tuning_cents: float = 0.0) -> npt.NDArray[np.float64]:
    """Centre frequencies, [BINS]."""
    pitches = LOWEST_PITCH + (np.arange(BINS) - 1) / BINS_PER_SEMITONE
    return np.asarray(440.0 * 2.0 ** ((pitches - 69) / 12 + tuning_cents / 1200.0))


def levels(amplitudes: FloatArray) -> FloatArray:
    """Amplitudes as levels from 0 to 1: RANGE_DB below the loudest moments, to those.

    The reference is the amplitude of the strongest bin that a fiftieth of the frames exceed.
    Silence is all 0.
    """
    reference = float(np.quantile(amplitudes.max(axis=1, initial=0.0), 0.98))
    if reference < 1e-5:
        return np.zeros_like(amplitudes)
    decibels = 20.0 * np.log10(np.maximum(amplitudes / reference, 1e-9))
    return np.asarray(np.clip(1.0 + decibels / RANGE_DB, 0.0, 1.1), np.float32)


def tuning(amplitudes: FloatArray) -> float:
    """How far sharp the sound is of the bins' tuning, in cents, -50 to 50.

    The circular mean, over a semitone, of where the peaks lie, each as loud as it is (Dressler and
    Streich, ISMIR 2007). 0 where there are none.
    """
    middle, below, above = amplitudes[:, 1:-1], amplitudes[:, :-2], amplitudes[:, 2:]
    floor = 0.03 * float(np.quantile(amplitudes.max(axis=1, initial=0.0), 0.98))
    # Below about 150 Hz windows are too short, and the highest overtones of strings are sharp.
    inside = np.zeros(middle.shape[1], bool)
    inside[BINS_PER_SEMITONE * 30 : BINS_PER_SEMITONE * 75] = True
    peak = (middle > below) & (middle >= above) & (middle > floor) & inside
    frame, at = np.nonzero(peak)
    if len(at) == 0:
        return 0.0
    a, b, c = (np.log(part[frame, at] + 1e-9) for part in (below, middle, above))
    offset = 0.5 * (a - c) / np.minimum(a - 2 * b + c, -1e-6)
    # at counts from bin 1, the one in tune with the lowest pitch
    turns = (at + np.clip(offset, -0.5, 0.5)) / BINS_PER_SEMITONE
    total = (middle[frame, at] * np.exp(2j * np.pi * turns)).sum()
    return float(np.angle(total) / (2 * np.pi) * 100.0)


@lru_cache(maxsize=64)
def _kernel(level: int, tuning_cents: float) -> tuple[npt.NDArray[np.int_], FloatArray]:
    """(bins measured at a level, cosines beside sines, float32 [samples, 2 * bins])."""
    rate = SAMPLE_RATE / (1 << level)
    plain = frequencies_hz()
    low = _HIGHEST_SHARE * rate if level < _LEVELS - 1 else 0.0
    high = 2 * _HIGHEST_SHARE * rate if level else np.inf
    bins = np.flatnonzero((plain >= low) & (plain < high))
    wanted = frequencies_hz(tuning_cents)[bins]
    lengths_s = 1.0 / (_SHARPNESS * wanted * (2 ** (1 / 36) - 1) + 1.0 / _LONGEST_S)
    size = 2 * int(np.ceil(lengths_s.max() * rate / 2)) + 1
    times_s = (np.arange(size) - size // 2) / rate
    inside = np.abs(times_s[:, None]) < lengths_s / 2
    window = np.where(inside, 0.5 + 0.5 * np.cos(2 * np.pi * times_s[:, None] / lengths_s), 0.0)
    window *= 2.0 / window.sum(axis=0)
    angle = 2 * np.pi * times_s[:, None] * wanted
    kernel = np.concatenate([window * np.cos(angle), window * np.sin(angle)], axis=1)
    return bins, np.ascontiguousarray(kernel, np.float32)
