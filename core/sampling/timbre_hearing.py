"""Finding the one note in a recording: where it is and which pitch it has, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.audio import Clip, FloatArray
from core.errors import UserInputError
from core.sampling.harmonics import DoubleArray
from core.sampling.harmonics_analysis import onset_sample

LEAST_S = 0.15
MOST_S = 3.2
LOWEST_HZ, HIGHEST_HZ = 27.0, 4300.0
HIGHEST_RATE = 32000
LEAST_RATE = 8000
QUIET = 10.0 ** (-55.0 / 20.0)


@dataclass(frozen=True)
class HeardNote:
    """samples: float32, from just before the note begins. f0_hz: its pitch.

    held_s: until its release began, None where it was not heard to be let go.
    """

    samples: FloatArray
    sample_rate: int
    f0_hz: float
    held_s: float | None


def find_note(clip: Clip, f0_hz: float | None = None) -> HeardNote:
    """The loudest note of a clip; f0_hz: its pitch, where somebody knows it.

    Raises UserInputError where no single note is heard in it.
    """
    if clip.duration_s < LEAST_S:
        raise UserInputError(
            f"This sound is {clip.duration_s:.2f} s long; a note of 0.3 s or more can be placed."
        )
    if clip.sample_rate < LEAST_RATE:
        raise UserInputError("This recording has under 8,000 samples a second; use a better one.")
    if clip.sample_rate > HIGHEST_RATE:
        clip = clip.resampled(HIGHEST_RATE)
    mono, rate = clip.mono(), clip.sample_rate
    if float(np.abs(mono).max(initial=0.0)) < QUIET:
        raise UserInputError("This recording is silent; play one note and try again.")
    note = loudest_note(mono - mono.mean(), rate)
    if len(note) < LEAST_S * rate:
        if f0_hz is None:
            raise UserInputError("The loudest sound here is a click; play a note and let it sound.")
        note = np.asarray(mono[onset_sample(mono, rate) :][: round(MOST_S * rate)], np.float32)
    f0_hz = f0_hz or agreed_pitch(note, rate)
    return HeardNote(note, rate, f0_hz, release_time(note, rate))


def levels_db(samples: FloatArray, sample_rate: int) -> DoubleArray:
    """Level every 10 ms over 50 ms, so that a low note's periods do not show, dB re the loudest.

    -90 at least.
    """
    hop = round(0.01 * sample_rate)
    count = max(len(samples) // hop, 1)
    power = np.square(np.pad(samples, (0, hop))[: count * hop].reshape(count, hop)).mean(axis=1)
    power = np.convolve(np.pad(power, 2, mode="edge"), (0.1, 0.2, 0.4, 0.2, 0.1), mode="valid")
    return np.asarray(10.0 * np.log10(np.maximum(power / max(power.max(), 1e-12), 1e-9)))


def loudest_note(samples: FloatArray, sample_rate: int) -> FloatArray:
    """From the beginning of the note that is loudest to its end, MOST_S at most."""
    level = levels_db(samples, sample_rate)
    loud = int(np.argmax(level))
    rise = np.zeros(len(level))
    rise[4:] = np.max([level[4:] - level[k : len(level) - 4 + k] for k in range(3)], axis=0)
    begins = loud
    while begins > 0 and level[begins - 1] > -30.0 and not (rise[begins] > 9.0 and begins < loud):
        begins -= 1
    begins = max(begins - 4, 0)
    ends = loud + 8
    while ends < len(level) and level[ends] > -60.0 and rise[ends] < 9.0:
        ends += 1
    if ends < len(level) and rise[ends] >= 9.0:
        ends = max(ends - 4, loud + 1)
    hop = round(0.01 * sample_rate)
    part = samples[begins * hop : min(ends * hop, begins * hop + round(MOST_S * sample_rate))]
    return np.asarray(part[onset_sample(part, sample_rate) :], np.float32)


def release_time(note: FloatArray, sample_rate: int) -> float | None:
    """When the note was let go: where its level falls by 15 dB within 0.15 s and stays down."""
    level = levels_db(note, sample_rate)
    for at in range(20, len(level) - 16):
        falls = level[at] - level[at + 15]
        if level[at] > -45.0 and falls > 15.0 and level[at + 15 :].max() < level[at] - 12.0:
            return at * 0.01 + 0.01
    return None


def agreed_pitch(note: FloatArray, sample_rate: int) -> float:
    """f0 in Hz, on which two estimators agree. Raises UserInputError for what has no one pitch."""
    start = round(min(0.06, 0.1 * len(note) / sample_rate) * sample_rate)
    span = note[start : start + round(0.9 * sample_rate)]
    periods, sure = yin_track(span, sample_rate)
    voiced = sure < 0.25
    if voiced.mean() < 0.4:
        raise UserInputError(
            "No pitch is heard in this: it may be noise, a drum or speech. Play one note of one "
            "instrument and try again."
        )
    track = periods[voiced]
    first = float(np.median(track))
    # Frames that are an octave off are the estimator's slips, not the note's movement.
    away = np.abs(np.mod(1200.0 * np.log2(track / first) + 600.0, 1200.0) - 600.0)
    if float(np.percentile(away, 75)) > 130.0:
        raise UserInputError(
            "The pitch of this moves about, as in speech or a tune played fast. Play one steady "
            "note and try again."
        )
    second = harmonic_sum(span, sample_rate)
    candidates = {first, second, first * 2, first / 2}
    kept = [f for f in candidates if LOWEST_HZ <= f <= HIGHEST_HZ]
    best = max(kept, key=lambda f: comb_share(span, sample_rate, f) + 0.1 * (f == first))
    together = any(abs(1200 * np.log2(best / f)) < 60.0 for f in (first, second))
    share, low = comb_share(span, sample_rate, best), low_share(span, sample_rate, best)
    if share < 0.5 or not together or low < 3e-4:
        raise UserInputError(
            "Several pitches sound at once here, as in a chord. Play one note at a time: this "
            "engine places single notes."
        )
    return best


def yin_track(samples: FloatArray, sample_rate: int) -> tuple[DoubleArray, DoubleArray]:
    """(Hz, aperiodicity 0 to 1) of frames 20 ms apart.

    De Cheveigné and Kawahara, "YIN", 2002: the first dip of the cumulative mean normalised
    difference below .12, or its deepest.
    """
    longest = min(int(sample_rate / LOWEST_HZ), len(samples) // 2 - 1)
    shortest = max(int(sample_rate / HIGHEST_HZ), 2)
    size = max(longest, round(0.025 * sample_rate))
    size = min(size, len(samples) - longest - 1)
    starts = np.arange(0, max(len(samples) - size - longest, 1), round(0.02 * sample_rate))
    frames = np.lib.stride_tricks.sliding_window_view(samples, size + longest)[starts]
    frames = frames.astype(np.float64)
    n_fft = 1 << (2 * size + longest).bit_length()
    left = np.fft.rfft(frames[:, :size], n_fft)
    product = np.fft.irfft(np.conj(left) * np.fft.rfft(frames, n_fft), n_fft)[:, : longest + 1]
    total = np.concatenate([np.zeros((len(frames), 1)), np.cumsum(frames**2, axis=1)], axis=1)
    energy = total[:, size : size + longest + 1] - total[:, : longest + 1]
    away = np.maximum(energy[:, :1] + energy - 2 * product, 0.0)
    lags = np.arange(longest + 1)
    mean = np.cumsum(away[:, 1:], axis=1) / np.arange(1, longest + 1)
    normal = np.concatenate([np.ones((len(frames), 1)), away[:, 1:] / (mean + 1e-12)], axis=1)
    hertz, sure = np.zeros(len(frames)), np.ones(len(frames))
    for row, values in enumerate(normal):
        dips = np.flatnonzero(
            (values[shortest:-1] <= values[shortest - 1 : -2])
            & (values[shortest:-1] < values[shortest + 1 :])
        ) + shortest  # fmt: skip
        if len(dips) == 0:
            hertz[row] = sample_rate / lags[-1]
            continue
        low = dips[values[dips] < 0.12]
        lag = int(low[0]) if len(low) else int(dips[np.argmin(values[dips])])
        a, b, c = values[lag - 1], values[lag], values[lag + 1]
        shift = 0.5 * (a - c) / (a - 2 * b + c) if a - 2 * b + c > 0 else 0.0
        hertz[row], sure[row] = sample_rate / (lag + shift), b
    return hertz, sure


def long_spectrum(samples: FloatArray, sample_rate: int) -> tuple[DoubleArray, float]:
    """(magnitudes under a Hann window, Hz a bin), bins 2 Hz apart or less."""
    n_fft = 1 << int(np.ceil(np.log2(max(len(samples), sample_rate / 2))))
    window = np.hanning(len(samples) + 2)[1:-1]
    return np.abs(np.fft.rfft(samples * window, n_fft)), sample_rate / n_fft


def harmonic_sum(samples: FloatArray, sample_rate: int) -> float:
    """f0 in Hz by subharmonic summation (Hermes 1988), weights .84^n, on root magnitudes.

    What a candidate's own odd partials lack counts against it, so that its octave below loses.
    """
    magnitude, per_bin = long_spectrum(samples, sample_rate)
    root = np.sqrt(magnitude / max(magnitude.max(), 1e-12))
    wide = np.maximum(root, np.maximum(np.roll(root, 1), np.roll(root, -1)))
    candidates = LOWEST_HZ * 2.0 ** np.arange(0, np.log2(HIGHEST_HZ / LOWEST_HZ), 1 / 1920)
    score = np.zeros(len(candidates))
    for n in range(1, 13):
        at = candidates * n / per_bin
        inside = at < len(wide) - 1
        index = np.minimum(np.round(at).astype(int), len(wide) - 1)
        score += np.where(inside, 0.84 ** (n - 1) * wide[index], 0.0)
        between = np.minimum(np.round(candidates * (n - 0.5) / per_bin).astype(int), len(wide) - 1)
        score -= np.where(inside, 0.5 * 0.84 ** (n - 1) * wide[between], 0.0)
    return float(candidates[int(np.argmax(score))])


def comb_share(samples: FloatArray, sample_rate: int, f0_hz: float) -> float:
    """Share of the root spectrum's peaks that lie near multiples of f0, less what chance gives."""
    magnitude, per_bin = long_spectrum(samples, sample_rate)
    magnitude = magnitude[: int(min(40 * f0_hz, 0.45 * sample_rate) / per_bin)]
    inner = magnitude[1:-1]
    peaks = np.flatnonzero((inner > magnitude[:-2]) & (inner >= magnitude[2:])) + 1
    peaks = peaks[magnitude[peaks] > 0.02 * magnitude.max()]
    if len(peaks) == 0:
        return 0.0
    hertz, weight = peaks * per_bin, np.sqrt(magnitude[peaks])
    away = np.abs(hertz / f0_hz - np.maximum(np.round(hertz / f0_hz), 1.0))
    reach = np.clip(2.0 * per_bin / f0_hz + 0.02 + 0.004 * hertz / f0_hz, 0.0, 0.3)
    near = (weight * (away < reach)).sum() / weight.sum()
    chance = float((weight * 2.0 * reach).sum() / weight.sum())
    return float((near - chance) / (1.0 - chance))


def low_share(samples: FloatArray, sample_rate: int, f0_hz: float) -> float:
    """Power of the three lowest partials, beside that of the strongest.

    Of a triad in root position all partials are multiples of two octaves below its root, of which
    none of the lowest three sounds.
    """
    magnitude, per_bin = long_spectrum(samples, sample_rate)
    power = []
    for n in (1, 2, 3):
        low, high = int((n - 0.15) * f0_hz / per_bin), int((n + 0.15) * f0_hz / per_bin) + 2
        power.append(float(np.square(magnitude[low:high]).max(initial=0.0)))
    return max(power) / max(float(np.square(magnitude).max()), 1e-12)
