"""Whether a note has the pitch that was meant, by two estimators that know nothing of it."""

from __future__ import annotations

import librosa
import numpy as np

from core.audio import Clip, FloatArray

CENTS = 50.0
START_S, END_S = 0.08, 1.2
LOWEST_HZ, HIGHEST_HZ = 25.0, 5000.0
LOUD_DB = 30.0


def cents_off(clip: Clip, pitch: float) -> tuple[float, float]:
    """How far each estimator hears it from a MIDI pitch, cents; infinite where it hears none.

    Both look at 1.1 s after the attack, without frames 30 dB under the loudest. YIN (de Cheveigné
    and Kawahara 2002, librosa): the median over frames. Autocorrelation of the whole stretch,
    normalised as McLeod and Wyvill 2005: the first peak nearly as high as the highest.
    """
    wanted_hz = 440.0 * 2.0 ** ((pitch - 69.0) / 12.0)
    samples = clip.mono()[round(START_S * clip.sample_rate) : round(END_S * clip.sample_rate)]
    if len(samples) < 4096 or float(np.abs(samples).max()) < 1e-4:
        return np.inf, np.inf
    both = (_yin(samples, clip.sample_rate), _autocorrelation(samples, clip.sample_rate))
    first, second = (abs(1200.0 * np.log2(f / wanted_hz)) if f > 0 else np.inf for f in both)
    return float(first), float(second)


def in_tune(clip: Clip, pitch: float) -> bool:
    """Whether both estimators hear it within CENTS of the pitch."""
    return max(cents_off(clip, pitch)) <= CENTS


def _yin(samples: FloatArray, rate: int) -> float:
    length = 2048 if rate <= 24000 else 4096
    found = librosa.yin(
        samples, fmin=LOWEST_HZ, fmax=HIGHEST_HZ, sr=rate, frame_length=length, hop_length=512
    )
    level = librosa.feature.rms(y=samples, frame_length=length, hop_length=512)[0]
    count = min(len(found), len(level))
    loud = level[:count] > level.max() * 10 ** (-LOUD_DB / 20)
    return float(np.median(found[:count][loud]))


def _autocorrelation(samples: FloatArray, rate: int) -> float:
    x = samples.astype(np.float64) - samples.mean()
    size = 1 << (2 * len(x)).bit_length()
    spectrum = np.fft.rfft(x, size)
    product = np.fft.irfft(np.abs(spectrum) ** 2, size)[: len(x)]
    power = np.concatenate([[0.0], np.cumsum(x**2)])
    lags = np.arange(min(int(rate / LOWEST_HZ) + 2, len(x) // 2))
    energy = (power[len(x) - lags] + power[len(x)] - power[lags]) + 1e-12
    normal = 2.0 * product[: len(lags)] / energy
    below = np.flatnonzero(normal < 0.0)
    if len(below) == 0:
        return 0.0
    start = max(int(below[0]), int(rate / HIGHEST_HZ))
    inner = normal[start + 1 : -1]
    rising, falling = inner >= normal[start:-2], inner > normal[start + 2 :]
    peaks = np.flatnonzero(rising & falling) + start + 1
    if len(peaks) == 0 or normal[peaks].max() < 0.3:
        return 0.0
    lag = int(peaks[normal[peaks] > 0.93 * normal[peaks].max()][0])
    a, b, c = normal[lag - 1], normal[lag], normal[lag + 1]
    shift = 0.5 * (a - c) / (a - 2 * b + c) if a - 2 * b + c < 0 else 0.0
    return float(rate / (lag + shift))
