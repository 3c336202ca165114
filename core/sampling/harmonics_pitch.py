"""What `harmonics_analysis` measures of pitch: its course, the partials' places, vibrato."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from core.audio import FloatArray
from core.sampling.harmonics import BLOCK, OWN_PLACES, DoubleArray, partial_ratios, warped

PERIODS = 3.5
"""Length of the window that measures partials; of a Hann window this long the main lobe ends
half-way to the next partial."""


def projections(
    samples: FloatArray, sample_rate: int, centres_s: DoubleArray, window_s: float,
    frequencies_hz: DoubleArray, shape: Callable[[int], DoubleArray] = np.hanning,
) -> npt.NDArray[np.complex64]:  # fmt: skip
    """Complex amplitudes [centres, frequencies] of the signal under windows of `window_s`.

    A steady sinusoid of amplitude A gives A. Windows stay inside the signal where they fit.
    """
    size = max(round(window_s * sample_rate), 16)
    if len(samples) < size:
        samples = np.pad(samples, (0, size - len(samples)))
    starts = np.round(centres_s * sample_rate).astype(int) - size // 2
    starts = np.clip(starts, 0, len(samples) - size)
    window = shape(size + 2)[1:-1]
    window *= 2.0 / window.sum()
    frames = np.lib.stride_tricks.sliding_window_view(samples, size)[starts]
    angle = 2 * np.pi / sample_rate * np.outer(np.arange(size), frequencies_hz)
    basis = np.concatenate([np.cos(angle), -np.sin(angle)], axis=1).astype(np.float32)
    basis *= window[:, None].astype(np.float32)
    both = np.ascontiguousarray(frames) @ basis
    count = len(frequencies_hz)
    # Phases as if each window began at time 0 of the signal.
    turned = np.exp(-2j * np.pi / sample_rate * np.outer(starts, frequencies_hz))
    return np.asarray((both[:, :count] + 1j * both[:, count:]) * turned, np.complex64)


def smooth(values: DoubleArray, width: int) -> DoubleArray:
    """Moving Hann average along the first axis, ends repeated."""
    if width < 2:
        return values
    window = np.hanning(width + 2)[1:-1]
    window /= window.sum()
    padded = np.pad(values, ((width // 2, width - 1 - width // 2),) + ((0, 0),) * (values.ndim - 1),
                    mode="edge")  # fmt: skip
    if values.ndim == 1:
        return np.asarray(np.convolve(padded, window[::-1], mode="valid"))
    return np.asarray(np.stack([np.convolve(c, window, mode="valid") for c in padded.T], axis=1))


def pitch_curve(
    samples: FloatArray, sample_rate: int, f0_hz: float, ratios: DoubleArray, times_s: DoubleArray
) -> tuple[DoubleArray, DoubleArray]:  # fmt: skip
    """(cents beside `f0_hz`, power) at `times_s`, from the phases of the lowest partials."""
    low = f0_hz * ratios[:6]
    low = low[low < 0.45 * sample_rate]
    apart_s = 0.001
    window_s = max(PERIODS / f0_hz, 0.012)
    centres = np.minimum(times_s, len(samples) / sample_rate - window_s / 2 - 2 * apart_s)
    now = projections(samples, sample_rate, centres, window_s, low)
    step = round(apart_s * sample_rate)
    then = projections(samples[step:], sample_rate, centres, window_s, low)
    expected = 2 * np.pi * low * step / sample_rate
    relative = np.angle(then * np.conj(now) * np.exp(-1j * expected)) / expected
    power = np.abs(now) ** 2
    total = power.sum(axis=1) + 1e-20
    cents = 1731.2 * (power * np.clip(relative, -0.06, 0.06)).sum(axis=1) / total
    return np.asarray(cents, np.float64), np.asarray(total, np.float64)


def settled_pitch(
    x: FloatArray, sample_rate: int, f0_hz: float, held_s: float
) -> tuple[float, DoubleArray, float]:
    """(f0, places of the lowest partials, B), found in turns."""
    times = np.arange(0.03, max(min(held_s, 0.8), 0.06), 0.01)
    places, b = np.zeros(OWN_PLACES), 0.0
    for turn in range(3):
        ratios = partial_ratios(OWN_PLACES, b, places)
        cents, power = pitch_curve(x, sample_rate, f0_hz, ratios, times)
        loud = power > power.max() * 0.01
        f0_hz *= float(2.0 ** (np.clip(np.median(cents[loud]), -60, 60) / 1200.0))
        if turn < 2:
            places, b = own_places(x, sample_rate, f0_hz)
    return f0_hz, places, b


def own_places(
    samples: FloatArray, sample_rate: int, f0_hz: float
) -> tuple[DoubleArray, float]:  # fmt: skip
    """(f_n / f0 - n of the lowest partials, B) from one long spectrum of the first half second.

    A partial that lies where B says, or is weak, is put there.
    """
    span = samples[: round(0.6 * sample_rate)]
    size = 1 << int(np.ceil(np.log2(max(len(span), 2))) + 1)
    window = np.hanning(len(span) + 1)[1:]
    spectrum = np.abs(np.fft.rfft(span * window, size))
    per_bin = sample_rate / size
    found, strength = np.zeros(24), np.zeros(24)
    b = 0.0
    for n in range(1, 25):
        guess = f0_hz * n * np.sqrt(1.0 + b * n * n)
        reach = 0.47 if n <= OWN_PLACES else 0.3
        low, high = int((guess - reach * f0_hz) / per_bin), int((guess + reach * f0_hz) / per_bin)
        if high >= len(spectrum) - 2:
            break
        peak = low + int(np.argmax(spectrum[low : high + 1]))
        a, c, d = np.log(spectrum[peak - 1 : peak + 2] + 1e-12)
        shift = 0.5 * (a - d) / (a - 2 * c + d) if a - 2 * c + d < 0 else 0.0
        found[n - 1] = (peak + np.clip(shift, -0.5, 0.5)) * per_bin
        edge = max(spectrum[max(low, 0)], spectrum[high], 1e-12)
        strength[n - 1] = spectrum[peak] if spectrum[peak] > 4.0 * edge else 0.0
        b = fitted_inharmonicity(found[:n], strength[:n], f0_hz)
    places = partial_ratios(OWN_PLACES, b, np.zeros(0)) - np.arange(1, OWN_PLACES + 1)
    straight = places.copy()
    for n in range(2, OWN_PLACES + 1):
        own = found[n - 1] / f0_hz - n
        if strength[n - 1] > 0.01 * strength.max() and abs(own - straight[n - 1]) > 0.06:
            places[n - 1] = np.clip(own, -0.5, 0.5)
    return places, b


def fitted_inharmonicity(found_hz: DoubleArray, strength: DoubleArray, f0_hz: float) -> float:
    """B by weighted least squares of (f_n / n f0)^2 - 1 on n^2 - 1, robustly, 0 to 0.005."""
    n = np.arange(1, len(found_hz) + 1)
    y = (found_hz / (n * f0_hz)) ** 2 - 1.0
    x = n.astype(float) ** 2 - 1.0
    weight = np.where(strength > 0, 1.0, 0.0) * np.where(np.abs(y) < 0.06, 1.0, 0.0) / n
    weight[0] = 0.0
    if np.count_nonzero(weight) < 3:
        return 0.0
    b = 0.0
    for _ in range(3):
        b = float((weight * x * y).sum() / max((weight * x * x).sum(), 1e-12))
        off = np.abs(y - b * x) * n
        weight = weight * (off < max(3.0 * float(np.median(off[weight > 0])), 0.01))
        if np.count_nonzero(weight) < 3:
            return 0.0
    return float(np.clip(b, 0.0, 0.005)) if b > 2e-6 else 0.0


def steady_cents(cents: DoubleArray, power: DoubleArray) -> DoubleArray:
    """The pitch curve without its noise: 25 ms of smoothing, held where the note is too soft."""
    weight = np.where(power > power.max() * 10.0**-4.5, np.sqrt(power), 1e-12)
    weight = np.where(np.abs(cents) < 95.0, weight, 1e-12)
    curve = smooth(cents * weight, 9) / smooth(weight, 9)
    soft = smooth(weight, 9) < 1e-9
    return np.asarray(np.where(soft, 0.0, np.clip(curve, -80.0, 80.0)))


def flattened(
    x: FloatArray, sample_rate: int, times_s: DoubleArray, cents: DoubleArray
) -> FloatArray:
    """The sound with its pitch made constant; its times move by a few milliseconds at most."""
    edges = np.arange(0, len(x) + 2 * BLOCK, BLOCK) / sample_rate
    return warped(x, -np.interp(edges, times_s, cents), len(x))


def held_part(
    curve: DoubleArray, times_s: DoubleArray, held_s: float
) -> tuple[DoubleArray, DoubleArray]:
    """(times, curve without its slow course) of the steady part of a note."""
    steady = (times_s > min(0.35, 0.3 * held_s)) & (times_s < held_s - 0.05)
    if np.count_nonzero(steady) < 60:
        return np.zeros(0), np.zeros(0)
    part = curve[steady]
    return times_s[steady], part - smooth(part, 61)


def waver(
    curve: DoubleArray, times_s: DoubleArray, held_s: float, least: float
) -> tuple[float, float]:  # fmt: skip
    """(Hz, peak depth) of a regular waver of 3.5 to 8.5 Hz; depth 0 below `least` or irregular."""
    at, part = held_part(curve, times_s, held_s)
    if len(at) == 0:
        return 5.5, 0.0
    rates = np.arange(3.5, 8.51, 0.1)
    window = np.hanning(len(at) + 2)[1:-1]
    wave = np.exp(-2j * np.pi * np.outer(rates, at)) @ (part * window)
    depth = 2.0 * np.abs(wave) / window.sum()
    best = int(np.argmax(depth))
    regular = depth[best] ** 2 / 2 > 0.35 * float(np.mean(part**2))
    if not regular or depth[best] < least:
        return 5.5, 0.0
    return float(rates[best]), float(depth[best])


def depth_at(curve: DoubleArray, times_s: DoubleArray, held_s: float, rate_hz: float) -> float:
    """Peak depth of the part of a curve that wavers at one rate."""
    at, part = held_part(curve, times_s, held_s)
    if len(at) == 0:
        return 0.0
    window = np.hanning(len(at) + 2)[1:-1]
    wave = np.exp(-2j * np.pi * rate_hz * at) @ (part * window)
    depth = 2.0 * abs(wave) / window.sum()
    return float(min(depth, 6.0)) if depth**2 / 2 > 0.3 * float(np.mean(part**2)) else 0.0


def depth_wave(
    curve: DoubleArray, times_s: DoubleArray, held_s: float, rate_hz: float
) -> DoubleArray:  # fmt: skip
    """What a curve has around its slow course once it wavers, so that the course is left."""
    if rate_hz == 0.0:
        return np.zeros(len(curve))
    wave = curve - smooth(curve, 2 * round(0.5 / rate_hz / 0.005) + 1)
    return np.asarray(np.where(times_s > 0.1, wave, 0.0))
