"""From a recorded note of known pitch to its `NoteSound`.

Measured by projection onto windowed sinusoids at the partials, and between them for the noise, on
sound whose pitch was first made constant. Windows are a few periods long, so a low note's attack is
smeared; the last step compares the levels of what these descriptions sound like with the note's
own, a few milliseconds at a time, and corrects them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from core.audio import FloatArray
from core.sampling.harmonics import (
    FLOOR_DB,
    HALVES,
    HELD_KNOTS,
    HELD_S,
    KNOT_TIMES_S,
    KNOTS,
    NOISE_BANDS,
    PARTIAL_NUMBERS,
    DoubleArray,
    NoteSound,
    interpolation,
    noise_centres_hz,
    noise_edges_hz,
    partial_ratios,
    synthesise,
)
from core.sampling.harmonics_levels import half_power, noise_power, partial_power
from core.sampling.harmonics_pitch import (
    depth_at,
    depth_wave,
    flattened,
    pitch_curve,
    settled_pitch,
    smooth,
    steady_cents,
    waver,
)

LOUDEST_S = 0.1


@dataclass(frozen=True)
class Analysis:
    """What a recording says of a note.

    loudness_db: root mean square of its loudest 0.1 s, dB re full scale; the note's levels are
    relative to it. f0_hz: the pitch heard. known_partials, known_noise: bool [PARTIALS],
    [NOISE_BANDS], what lies below half the sample rate. held_s: seconds that were heard before the
    release. released: whether a release was heard.
    """

    note: NoteSound
    loudness_db: float
    f0_hz: float
    known_partials: npt.NDArray[np.bool_]
    known_noise: npt.NDArray[np.bool_]
    held_s: float
    released: bool


def loudest_rms(samples: FloatArray, sample_rate: int) -> float:
    """Root mean square of the loudest 0.1 s of a signal (of all of it where it is shorter)."""
    width = min(round(LOUDEST_S * sample_rate), len(samples))
    if width == 0:
        return 0.0
    total = np.concatenate([[0.0], np.cumsum(np.square(samples, dtype=np.float64))])
    return float(np.sqrt(max((total[width:] - total[:-width]).max(), 0.0) / width))


def onset_sample(samples: FloatArray, sample_rate: int) -> int:
    """Where the sound begins: 3 ms before its level over 5 ms first passes -35 dB re its peak."""
    width = max(round(0.005 * sample_rate), 1)
    total = np.concatenate([[0.0], np.cumsum(np.square(samples, dtype=np.float64))])
    power = (total[width:] - total[:-width]) / width
    if len(power) == 0 or power.max() <= 0.0:
        return 0
    first = int(np.argmax(power > power.max() * 10.0**-3.5))
    return max(first + width - round(0.003 * sample_rate) - width // 2, 0)


def analyse(
    samples: FloatArray, sample_rate: int, f0_hz: float, *, held_s: float | None = HELD_S
) -> Analysis:
    """The description of a note whose pitch is known to half a semitone or so.

    samples: float32 [samples], one note and nothing before it but silence. held_s: when the key is
    let go, seconds from the start of `samples`; None where the sound ends without a release.
    """
    start = onset_sample(samples, sample_rate)
    x = np.asarray(samples[start:], np.float32)
    end_s = len(x) / sample_rate
    released = held_s is not None and held_s - start / sample_rate < end_s - 0.05
    held = min(held_s - start / sample_rate if held_s is not None else end_s, end_s)
    level = max(loudest_rms(x, sample_rate), 1e-9)
    x = x / np.float32(level)

    f0_hz, places, b = settled_pitch(x, sample_rate, f0_hz, held)
    count = int(np.clip(0.48 * sample_rate / f0_hz, 1, PARTIAL_NUMBERS[-1] + 1))
    ratios = partial_ratios(count, b, places)
    times = np.arange(0.0, end_s, 0.005)
    cents, power = pitch_curve(x, sample_rate, f0_hz, ratios, times)
    cents = steady_cents(cents, power)
    if np.abs(cents).max(initial=0.0) > 2.0:
        x = flattened(x, sample_rate, times, cents)
    rate_hz, vibrato_cents = waver(cents, times, held, 3.0)
    if vibrato_cents == 0.0:
        rate_hz, _ = waver(10 * np.log10(power + 1e-9), times, held, 0.7)
    tremolo_db = depth_at(10 * np.log10(power + 1e-9), times, held, rate_hz)

    frames_s = frame_times(held, end_s)
    halves = half_power(x, sample_rate, f0_hz, ratios, frames_s)
    lines = np.sort(np.concatenate([ratios, np.flatnonzero(halves[0] > 1e-12) + 0.5]))
    noise = noise_power(x, sample_rate, f0_hz, lines, frames_s)
    own, flutter, flutter_hz = partial_power(
        x, sample_rate, f0_hz, ratios, frames_s, noise, held, tremolo_db
    )
    to_knots = knot_average(frames_s, held)
    settled_cents = cents - depth_wave(cents, times, held, rate_hz if vibrato_cents else 0.0)
    note = NoteSound(
        partials_db=decibels(to_knots @ own),
        halves_db=decibels(to_knots @ halves),
        noise_db=decibels(to_knots @ noise),
        cents=knot_average(times, held) @ smooth(settled_cents, 5),
        places=places,
        inharmonicity=b,
        vibrato_hz=rate_hz,
        vibrato_cents=vibrato_cents,
        tremolo_db=tremolo_db,
        flutter=flutter,
        flutter_hz=flutter_hz,
    )
    known_partials = f0_hz * PARTIAL_NUMBERS < 0.47 * sample_rate
    known_noise = noise_edges_hz()[:-1] < 0.48 * sample_rate
    note = replace(
        note,
        partials_db=np.where(known_partials, note.partials_db, FLOOR_DB),
        noise_db=np.where(known_noise, note.noise_db, FLOOR_DB),
    )
    note = filled(settled(note, held), held, released)
    for _ in range(2):
        note = corrected(note, x, sample_rate, f0_hz, min(held, HELD_S))
    return Analysis(
        note, 20.0 * np.log10(level), f0_hz, known_partials, known_noise, held, released
    )


def decibels(power: DoubleArray) -> DoubleArray:
    """Power to dB, FLOOR_DB at least."""
    return np.asarray(np.maximum(10.0 * np.log10(np.maximum(power, 1e-12)), FLOOR_DB))


def frame_times(held_s: float, end_s: float) -> DoubleArray:
    """When the spectrum is looked at: at the early knots, every 10 ms later."""
    early = KNOT_TIMES_S[:HELD_KNOTS]
    early = early[early < 0.05]
    late = np.arange(0.055, end_s, 0.01)
    after = held_s + np.arange(0.0, 0.06, 0.005)
    return np.asarray(np.unique(np.concatenate([early, late, after[after < end_s]])))


def knot_average(times_s: DoubleArray, held_s: float) -> DoubleArray:
    """[KNOTS, times]: each knot's mean over the times around it, falling off to its neighbours.

    Knots of the release count from `held_s`; held ones use no time after it.
    """
    out = np.zeros((KNOTS, len(times_s)))
    held, release = KNOT_TIMES_S[:HELD_KNOTS], KNOT_TIMES_S[HELD_KNOTS - 1 :] - HELD_S
    before = times_s <= held_s
    out[:HELD_KNOTS, before] = interpolation(times_s[before], held).T
    after = ~before
    if after.any():
        out[HELD_KNOTS:, after] = interpolation(times_s[after] - held_s, release).T[1:]
    total = out.sum(axis=1)
    for k in np.flatnonzero(total < 1e-6):
        at = held[k] if k < HELD_KNOTS else held_s + release[k - HELD_KNOTS + 1]
        allowed = np.flatnonzero(before if k < HELD_KNOTS else np.ones(len(times_s), bool))
        out[k, allowed[np.argmin(np.abs(times_s[allowed] - at))]] = 1.0
    return np.asarray(out / out.sum(axis=1, keepdims=True))


def settled(note: NoteSound, held_s: float) -> NoteSound:
    """Late knots without the wavering that flutter and tremolo stand for."""
    times = KNOT_TIMES_S[:HELD_KNOTS]
    late = np.clip((times - 0.25) / 0.25, 0.0, 1.0)[:, None]

    def calm(levels: DoubleArray) -> DoubleArray:
        held = levels[:HELD_KNOTS]
        even = 20.0 * np.log10(smooth(10.0 ** (held / 20.0), 5))
        return np.concatenate([late * even + (1 - late) * held, levels[HELD_KNOTS:]])

    return replace(
        note,
        partials_db=calm(note.partials_db),
        halves_db=calm(note.halves_db),
        noise_db=calm(note.noise_db),
    )


def filled(note: NoteSound, held_s: float, released: bool) -> NoteSound:
    """What was not heard made up: later knots of a short note, the release of one without."""
    times = KNOT_TIMES_S[:HELD_KNOTS]

    def whole(levels: DoubleArray, falls: bool) -> DoubleArray:
        out = levels.copy()
        heard = int(np.count_nonzero(times <= held_s))
        if heard < HELD_KNOTS and held_s < HELD_S - 0.15:
            tail = slice(max(heard - 10, 0), heard)
            centred = times[tail] - times[tail].mean()
            slope = np.clip(
                centred @ levels[tail] / max(float(centred @ centred), 1e-9), -80.0, 0.0
            )
            beyond = (times[heard:] - times[heard - 1])[:, None]
            out[heard:HELD_KNOTS] = levels[heard - 1] + (beyond * slope if falls else 0.0)
        if not released:
            knots = (KNOT_TIMES_S[HELD_KNOTS:] - HELD_S)[:, None]
            out[HELD_KNOTS:] = out[HELD_KNOTS - 1] - (120.0 * knots if falls else 0.0)
        return np.maximum(out, FLOOR_DB) if falls else out

    return replace(
        note,
        partials_db=whole(note.partials_db, True),
        halves_db=whole(note.halves_db, True),
        noise_db=whole(note.noise_db, True),
        cents=whole(note.cents[:, None], False)[:, 0],
    )


def band_powers(x: FloatArray, sample_rate: int, seconds: float) -> DoubleArray:
    """Power in eight bands every 2 ms, [frames, 8]: a fine look at an attack."""
    size, hop = round(0.008 * sample_rate), round(0.002 * sample_rate)
    count = round(seconds / 0.002)
    padded = np.pad(x[: round((seconds + 0.02) * sample_rate)], (size // 2, size))
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[::hop][:count]
    power = np.abs(np.fft.rfft(frames * np.hanning(size + 1)[:-1], axis=1)) ** 2
    hertz = np.arange(power.shape[1]) * sample_rate / size
    edges = noise_edges_hz()[:: NOISE_BANDS // 8]
    bands = [power[:, (hertz >= low) & (hertz < high)].sum(axis=1) for low, high in pairwise(edges)]
    return np.asarray(np.stack(bands, axis=1)) / size**2


def corrected(
    note: NoteSound, x: FloatArray, sample_rate: int, f0_hz: float, held_s: float
) -> NoteSound:  # fmt: skip
    """The note with its first 0.25 s louder or softer, band by band, where it sounds so."""
    reach_s = min(0.25, 0.7 * held_s)
    made = synthesise(note, f0_hz, seconds=reach_s + 0.03, held_s=HELD_S, sample_rate=sample_rate)
    width = max(3, round(1.2 / f0_hz / 0.002))
    floor = 1e-10
    true: DoubleArray = smooth(band_powers(x, sample_rate, reach_s), width) + floor
    ours = smooth(band_powers(made, sample_rate, reach_s), width) + floor
    at = np.asarray(np.arange(len(true)) * 0.002, np.float64)
    change: DoubleArray = np.clip(10.0 * np.log10(true / ours), -25.0, 25.0)
    change = change * np.clip((reach_s - at) / (0.6 * reach_s), 0.0, 1.0)[:, None]
    times = KNOT_TIMES_S[:HELD_KNOTS]
    early = knot_average(at, reach_s)[:HELD_KNOTS] @ change
    early[times > reach_s] = 0.0
    edges = noise_edges_hz()[:: NOISE_BANDS // 8]
    middles = np.asarray((edges[1:] + edges[:-1]) / 2, np.float64)
    hertz = f0_hz * PARTIAL_NUMBERS
    partials, noise = note.partials_db.copy(), note.noise_db.copy()
    halves = note.halves_db.copy()
    early = np.asarray(early, np.float64)
    below = (
        early @ interpolation(np.asarray(f0_hz * (np.arange(HALVES) + 0.5), np.float64), middles).T
    )
    halves[:HELD_KNOTS] += np.where(halves[:HELD_KNOTS] > FLOOR_DB, below, 0.0)
    partials[:HELD_KNOTS] += early @ interpolation(hertz, middles).T
    noise[:HELD_KNOTS] += early @ interpolation(noise_centres_hz(), middles).T
    return replace(
        note,
        partials_db=np.clip(partials, FLOOR_DB, 20.0),
        halves_db=np.clip(halves, FLOOR_DB, 20.0),
        noise_db=np.clip(noise, FLOOR_DB, 20.0),
    )
