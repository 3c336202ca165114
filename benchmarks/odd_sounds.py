"""Clips that are no music, made here, and what can be measured of how they go on."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile as sf
from scipy.signal import fftconvolve

from core.audio import Clip, FloatArray

RATE = 44100
CLICK_S = 0.02
CLICK_HZ = 1600.0
CLICK_PEAK = 0.6
CLICK_THRESHOLD = 0.25
"""A click is where the sound first reaches a quarter of the clip's peak (-12 dB)."""
REFRACTORY_S = 0.1
ENVELOPE_S = 0.05
SILENT_DB = -60.0
FRAME_S = 0.05
GAP_FRAME_S = 0.02
GAP_DB = -40.0
SPOKEN = (
    "The house at the end of the lane had been empty for years. Nobody knew who owned it, and "
    "nobody asked. In spring the garden filled with yellow flowers, and in autumn the wind blew "
    "their seeds across the fields. One morning a light was burning in the kitchen window. "
    "The postman saw it first, and by noon the whole village was talking about it."
)


def click() -> FloatArray:
    """One tick of a metronome, float32 [samples] at 44100 Hz."""
    time_s = np.arange(round(CLICK_S * RATE)) / RATE
    tick = CLICK_PEAK * np.cos(2 * np.pi * CLICK_HZ * time_s) * np.exp(-time_s / 0.004)
    return tick.astype(np.float32)


def with_clicks(times_s: FloatArray, seconds: float) -> Clip:
    """Silence with a click at each time."""
    samples = np.zeros((1, round(seconds * RATE)), np.float32)
    tick = click()
    for at in np.round(np.asarray(times_s) * RATE).astype(int):
        room = samples[0, at : at + len(tick)]
        room += tick[: len(room)]
    return Clip(samples, RATE)


def metronome(bpm: float, seconds: float = 12.0) -> tuple[Clip, FloatArray]:
    """(clip of about `seconds` that ends four tenths of a beat after a click, its click times)."""
    period = 60.0 / bpm
    times = np.arange(0.21, seconds, period)
    return with_clicks(times, float(times[-1]) + 0.4 * period), times


def click_times_s(clip: Clip, threshold: float) -> FloatArray:
    """Where a clip first reaches `threshold` (of full scale), and again after 0.1 s of less."""
    loud = np.flatnonzero(np.abs(clip.mono()) >= threshold) / clip.sample_rate
    if not len(loud):
        return loud
    return loud[np.concatenate([[True], np.diff(loud) > REFRACTORY_S])]


@dataclass(frozen=True)
class ClickErrors:
    """errors_s: of the clicks that were found, absolute. Missing and extra ones are counted."""

    errors_s: FloatArray
    missing: int
    extra: int


def click_errors(found_s: FloatArray, expected_s: FloatArray) -> ClickErrors:
    """Each expected click is paired with the nearest one found that is nearest to it in turn.

    Pairs more than half a beat apart are none.
    """
    if not len(found_s) or len(expected_s) < 2:
        return ClickErrors(np.zeros(0), len(expected_s), len(found_s))
    apart = np.abs(np.asarray(found_s)[None] - np.asarray(expected_s)[:, None])
    nearest = apart.argmin(axis=1)
    mutual = apart.argmin(axis=0)[nearest] == np.arange(len(expected_s))
    errors = apart[np.arange(len(expected_s)), nearest]
    paired = mutual & (errors <= np.diff(expected_s).min() / 2)
    count = int(paired.sum())
    return ClickErrors(errors[paired], len(expected_s) - count, len(found_s) - count)


def continued_grid(times_s: FloatArray, clip_s: float, seconds: float) -> FloatArray:
    """The clicks due in the `seconds` after the clip, counted from its end."""
    period = float(np.mean(np.diff(times_s)))
    due = float(times_s[-1]) + period * np.arange(1, int((seconds + period) / period) + 2) - clip_s
    return due[(due >= 0) & (due < seconds - CLICK_S)]


def steady(partials_hz: tuple[float, ...], seconds: float = 12.0) -> Clip:
    """Sines of equal level that neither begin nor end; the clip's end cuts through them."""
    time_s = np.arange(round(seconds * RATE)) / RATE
    total = sum(np.sin(2 * np.pi * f * time_s + 0.7 * i) for i, f in enumerate(partials_hz))
    return Clip((0.5 / len(partials_hz) * np.asarray(total))[None].astype(np.float32), RATE)


def level_change_db(clip: Clip, made: Clip) -> float:
    """Root mean square of what was made over the clip's, dB."""
    return _db(_rms(made.mono()) / max(_rms(clip.mono()), 1e-9))


def frequency_error_cents(made: Clip, partials_hz: tuple[float, ...]) -> float:
    """Largest error of a partial, cents.

    The peak of a Hann-windowed spectrum within half a semitone of the partial, by parabolic
    interpolation of its logarithm (Smith and Serra, 1987).
    """
    signal = made.mono().astype(np.float64)
    size = 4 * len(signal)
    spectrum = np.abs(np.fft.rfft(signal * np.hanning(len(signal)), size))
    step = made.sample_rate / size
    errors = []
    for partial in partials_hz:
        low, high = (round(partial * 2 ** (c / 24) / step) for c in (-1, 1))
        peak = low + int(np.argmax(spectrum[low : high + 1]))
        a, b, c = np.log(np.maximum(spectrum[peak - 1 : peak + 2], 1e-12))
        curve = a - 2 * b + c
        offset = 0.5 * (a - c) / curve if curve < 0 else 0.0
        errors.append(abs(1200 * np.log2((peak + offset) * step / partial)))
    return float(max(errors))


def seam_jump(clip: Clip, made: Clip, reach_s: float = 0.005) -> float:
    """Largest sample-to-sample change within 5 ms of the join over the clip's own largest."""
    own, after = clip.mono(), made.mono()
    reach = round(reach_s * clip.sample_rate)
    around = np.concatenate([own[-reach:], after[:reach]])
    return float(np.abs(np.diff(around)).max() / max(float(np.abs(np.diff(own)).max()), 1e-9))


def modulation_depth(clip: Clip) -> float:
    """(highest - lowest) / (highest + lowest) of the level: 0 is steady, 1 falls silent.

    The level is the root mean square under a Hann window of 50 ms, which hides beats of partials
    40 Hz or more apart and shows a dip of a cross-fade.
    """
    window = np.hanning(round(ENVELOPE_S * clip.sample_rate))
    power = fftconvolve(np.square(clip.mono().astype(np.float64)), window / window.sum(), "valid")
    level = np.sqrt(np.maximum(power, 0.0))
    return float((level.max() - level.min()) / max(float(level.max() + level.min()), 1e-9))


def silent_share(made: Clip, reference: float) -> float:
    """Share of 50 ms frames whose root mean square is 60 dB or more under `reference`."""
    return float(np.mean(_frame_db(made, FRAME_S, reference) <= SILENT_DB))


def longest_gap_s(clip: Clip, reference: float) -> float:
    """Longest stretch of 20 ms frames at 40 dB or more under `reference`, s."""
    quiet = _frame_db(clip, GAP_FRAME_S, reference) <= GAP_DB
    edges = np.flatnonzero(np.diff(np.concatenate([[0], quiet.astype(int), [0]])))
    lengths = edges[1::2] - edges[::2]
    return float(lengths.max(initial=0)) * GAP_FRAME_S


def speech(voice: str) -> Clip | None:
    """A short text read by Debian's `espeak-ng`; None where that is not installed."""
    program = shutil.which("espeak-ng")
    if program is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "speech.wav"
        command = [program, "-v", voice, "-s", "150", "-w", str(path), SPOKEN]
        subprocess.run(command, check=True, timeout=60)  # noqa: S603 - our own words
        samples, rate = sf.read(path, dtype="float32", always_2d=True)
    return Clip(samples.T, rate)


def _frame_db(clip: Clip, frame_s: float, reference: float) -> FloatArray:
    size = round(frame_s * clip.sample_rate)
    samples = clip.mono()
    frames = samples[: len(samples) // size * size].reshape(-1, size)
    return 20 * np.log10(
        np.maximum(np.sqrt(np.square(frames).mean(axis=1)), 1e-9) / max(reference, 1e-9)
    )


def _rms(samples: FloatArray) -> float:
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))


def _db(ratio: float) -> float:
    return float(20 * np.log10(max(ratio, 1e-9)))
