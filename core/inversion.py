"""From magnitudes back to sound: phases found by iteration, by integration, or by both."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import librosa
import numpy as np
import numpy.typing as npt
from numba import njit

from core.audio import FloatArray, fit_length
from core.spectrogram import DISPLAY, ComplexArray, SpectrogramParams, istft, stft

HANN_GAMMA = 0.25645
"""The Gaussian nearest to a Hann window of N samples is exp(-pi n^2 / (HANN_GAMMA N^2))."""
TOLERANCE = 1e-6
"""Bins under this share of the loudest get a random phase: integrating there adds up rounding."""

Doubles = npt.NDArray[np.float64]


def invert(
    magnitude: FloatArray,
    params: SpectrogramParams = DISPLAY,
    *,
    method: str | None = None,
    seed: int = 0,
    length: int | None = None,
) -> FloatArray:
    """Sound whose STFT has nearly this magnitude, float32 [samples].

    magnitude: [1 + n_fft / 2, frames], not negative. method: a key of METHODS, DEFAULT where none
    is given. length: in samples; (frames - 1) * hop_length without it. The same arguments give the
    same samples. Raises KeyError for an unknown method.
    """
    wanted = (magnitude.shape[1] - 1) * params.hop_length if length is None else length
    if not np.any(magnitude > 0) or wanted == 0:
        return np.zeros(wanted, np.float32)
    made = METHODS[method or DEFAULT](np.asarray(magnitude, np.float32), params, seed)
    found: FloatArray = fit_length(made[None], wanted)[0]
    return found


def _samples(magnitude: npt.NDArray[Any], params: SpectrogramParams) -> int:
    """The most samples that have as many frames as `magnitude`: just under one hop a frame."""
    return int(magnitude.shape[1]) * params.hop_length - 1


def griffin_lim(
    magnitude: FloatArray,
    params: SpectrogramParams = DISPLAY,
    *,
    iterations: int = 32,
    seed: int = 0,
    length: int | None = None,
) -> FloatArray:
    """Sound whose STFT has nearly this magnitude, float32 [samples].

    Griffin and Lim, "Signal estimation from modified short-time Fourier transform", 1984, from
    random phases drawn with `seed`.
    """
    return _griffin_lim(magnitude, params, iterations, 0.0, seed, length)


def fast_griffin_lim(
    magnitude: FloatArray,
    params: SpectrogramParams = DISPLAY,
    *,
    iterations: int = 100,
    momentum: float = 0.99,
    seed: int = 0,
    length: int | None = None,
) -> FloatArray:
    """`griffin_lim` with momentum, which comes closer in as many iterations.

    Perraudin, Balazs and Sondergaard, "A fast Griffin-Lim algorithm", 2013.
    """
    return _griffin_lim(magnitude, params, iterations, momentum, seed, length)


def _griffin_lim(
    magnitude: FloatArray,
    params: SpectrogramParams,
    iterations: int,
    momentum: float,
    seed: int,
    length: int | None,
) -> FloatArray:
    out = librosa.griffinlim(
        magnitude,
        n_iter=iterations,
        hop_length=params.hop_length,
        n_fft=params.n_fft,
        momentum=momentum,
        random_state=seed,
        length=length,
    )
    return np.asarray(out, dtype=np.float32)


def consistent(
    spectrum: ComplexArray,
    params: SpectrogramParams = DISPLAY,
    *,
    iterations: int = 32,
    momentum: float = 0.99,
    length: int | None = None,
) -> FloatArray:
    """Sound whose STFT has nearly the magnitudes of `spectrum`, float32 [samples].

    `fast_griffin_lim` that starts from the phases given, not from random ones.
    spectrum: complex [1 + n_fft / 2, frames].
    """
    magnitude = np.abs(spectrum)
    inner, frames = max(length or 0, _samples(magnitude, params)), magnitude.shape[1]
    estimate, before = spectrum, np.zeros_like(spectrum)
    for _ in range(iterations):
        rebuilt = stft(istft(estimate, params, length=inner), params)[:, :frames]
        ahead = rebuilt + momentum * (rebuilt - before)
        turned = ahead / np.maximum(np.abs(ahead), 1e-9)
        estimate = np.asarray(magnitude * turned, np.complex64)
        before = rebuilt
    return istft(estimate, params, length=length)


def phase_gradient_heap(
    magnitude: FloatArray, params: SpectrogramParams = DISPLAY, *, seed: int = 0
) -> ComplexArray:
    """`magnitude` with phases that follow from it alone, complex64 [1 + n_fft / 2, frames].

    Prusa, Balazs and Sondergaard, "A noniterative method for reconstruction of phase from STFT
    magnitude", 2017: under a Gaussian window the phase's derivative in one direction is that of
    the log magnitude in the other. Both are integrated from the loudest bin outwards, the loudest
    neighbour first; what no louder bin leads to starts at phase 0. `seed` draws the phases of
    bins under TOLERANCE.
    """
    bins = len(magnitude)
    loud = np.ascontiguousarray(magnitude, np.float64)  # one layout, compiled once
    peak = loud.max(initial=0.0)
    if peak <= 0:
        return np.zeros(magnitude.shape, np.complex64)
    hop, n_fft = params.hop_length, params.n_fft
    log = np.log(np.maximum(loud, 1e-12 * peak))
    spread = hop * n_fft / (HANN_GAMMA * n_fft**2)
    advance = 2 * np.pi * hop * np.arange(bins)[:, None] / n_fft
    by_frame = spread * _slope(log, 0) + advance
    by_bin = -_slope(log, 1) / spread
    phases = np.random.default_rng(seed).uniform(0.0, 2 * np.pi, loud.shape)
    order = np.argsort(-loud, axis=None, kind="stable")
    _integrate(loud, by_frame, by_bin, order, TOLERANCE * peak, phases)
    # Frames are integrated about their centres, and transformed from their beginnings.
    phases += np.pi * np.arange(bins)[:, None]
    return np.asarray(loud * np.exp(1j * phases), np.complex64)


def _slope(values: Doubles, axis: int) -> Doubles:
    """Central differences; 0 along an axis of one value."""
    if values.shape[axis] < 2:
        return np.zeros_like(values)
    return np.asarray(np.gradient(values, axis=axis))


@njit(cache=True)
def _integrate(
    loud: Doubles,
    by_frame: Doubles,
    by_bin: Doubles,
    order: npt.NDArray[np.int64],
    least: float,
    phases: Doubles,
) -> None:
    """Write the phases of bins over `least` into `phases`. All [bins, frames] but `order`.

    by_frame, by_bin: the phase's change to the next frame, and to the next bin. order: flat
    indices, the loudest first.
    """
    bins, frames = loud.shape
    done = loud <= least
    for start in order:
        bin_, frame = start // frames, start % frames
        if done[bin_, frame]:
            continue
        done[bin_, frame] = True
        phases[bin_, frame] = 0.0
        heap = [(-loud[bin_, frame], bin_, frame)]
        while heap:
            _, b, f = heapq.heappop(heap)
            here = phases[b, f]
            if f + 1 < frames and not done[b, f + 1]:
                done[b, f + 1] = True
                phases[b, f + 1] = here + 0.5 * (by_frame[b, f] + by_frame[b, f + 1])
                heapq.heappush(heap, (-loud[b, f + 1], b, f + 1))
            if f > 0 and not done[b, f - 1]:
                done[b, f - 1] = True
                phases[b, f - 1] = here - 0.5 * (by_frame[b, f] + by_frame[b, f - 1])
                heapq.heappush(heap, (-loud[b, f - 1], b, f - 1))
            if b + 1 < bins and not done[b + 1, f]:
                done[b + 1, f] = True
                phases[b + 1, f] = here + 0.5 * (by_bin[b, f] + by_bin[b + 1, f])
                heapq.heappush(heap, (-loud[b + 1, f], b + 1, f))
            if b > 0 and not done[b - 1, f]:
                done[b - 1, f] = True
                phases[b - 1, f] = here - 0.5 * (by_bin[b, f] + by_bin[b - 1, f])
                heapq.heappush(heap, (-loud[b - 1, f], b - 1, f))


Method = Callable[[FloatArray, SpectrogramParams, int], FloatArray]


def _iterated(function: Any, iterations: int) -> Method:
    def run(magnitude: FloatArray, params: SpectrogramParams, seed: int) -> FloatArray:
        length = _samples(magnitude, params)
        made = function(magnitude, params, iterations=iterations, seed=seed, length=length)
        return np.asarray(made, np.float32)

    return run


def _integrated(iterations: int) -> Method:
    """`phase_gradient_heap`, and so many iterations of fast Griffin-Lim from there."""

    def run(magnitude: FloatArray, params: SpectrogramParams, seed: int) -> FloatArray:
        start = phase_gradient_heap(magnitude, params, seed=seed)
        length = _samples(magnitude, params)
        return consistent(start, params, iterations=iterations, length=length)

    return run


METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "griffin-lim-32": _iterated(griffin_lim, 32),
        "griffin-lim-100": _iterated(griffin_lim, 100),
        "fast-griffin-lim-32": _iterated(fast_griffin_lim, 32),
        "fast-griffin-lim-100": _iterated(fast_griffin_lim, 100),
        "pghi": _integrated(0),
        "pghi-fast-griffin-lim-32": _integrated(32),
    }
)
DEFAULT = "pghi-fast-griffin-lim-32"
"""The best of METHODS in benchmarks/results/inversion.json."""
