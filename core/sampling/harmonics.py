"""A note as its partials, its noise and how both move, and the sound that these make.

Serra and Smith, "Spectral modeling synthesis", 1990: sinusoids plus shaped noise. Here the
sinusoids stand at f_n = n f0 sqrt(1 + B n^2) or where the lowest were heard (bars and bells), and
each may waver at random (Fitz and Haken, "Bandwidth enhancement", 1995), as in a choir.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from core.audio import FloatArray

DoubleArray = npt.NDArray[np.float64]

HELD_S = 2.3
"""The key is held this long in the sounds that levels describe."""
RELEASE_S = 0.7
HELD_KNOTS, RELEASE_KNOTS = 48, 16
KNOTS = HELD_KNOTS + RELEASE_KNOTS
KNOT_TIMES_S = np.concatenate(
    [
        HELD_S * (np.arange(HELD_KNOTS) / (HELD_KNOTS - 1)) ** 2,
        HELD_S + RELEASE_S * (np.arange(1, RELEASE_KNOTS + 1) / RELEASE_KNOTS) ** 1.5,
    ]
)
"""When levels are known: 1 ms apart at the start, 0.1 s apart late, dense again at the release."""

PARTIAL_NUMBERS = np.array(
    [*range(1, 25), 27, 30, 33, 37, 41, 46, 51, 57, 64, 72, 81, 91, 103, 119, 142, 180]
)
"""The partials whose level is told; those between lie on straight lines in dB."""
PARTIALS = len(PARTIAL_NUMBERS)
HALVES = 4
"""Partials at half, one and a half, two and a half times f0 and so on: an organ's lower octave."""
OWN_PLACES = 12
"""The lowest partials, which may stand anywhere between their neighbours."""
NOISE_BANDS = 32
TOP_HZ = 16000.0
FLOOR_DB = -100.0
FLUTTERS = 6
FLUTTER_NUMBERS = np.array([1, 2, 4, 8, 16, 32])

BLOCK = 64
"""Samples between two settings of the oscillators: 2 ms at 32 kHz."""
NOISE_FFT, NOISE_HOP = 256, 64


@dataclass(frozen=True)
class NoteSound:
    """A note's sound without its pitch and loudness. Levels are dB re the loudest 0.1 s of it.

    partials_db: [KNOTS, PARTIALS]. halves_db: [KNOTS, HALVES]. noise_db: [KNOTS, NOISE_BANDS], of
    whole bands.
    cents: [KNOTS], pitch beside the asked one, without the vibrato.
    places: [OWN_PLACES], f_n / f0 - n of the lowest partials. inharmonicity: B.
    vibrato_hz, vibrato_cents, tremolo_db: rate and peak depths.
    flutter: [FLUTTERS], 0 to 1, the random share of a partial's amplitude at FLUTTER_NUMBERS;
    flutter_hz: how fast that is.
    """

    partials_db: DoubleArray
    halves_db: DoubleArray
    noise_db: DoubleArray
    cents: DoubleArray
    places: DoubleArray
    inharmonicity: float
    vibrato_hz: float
    vibrato_cents: float
    tremolo_db: float
    flutter: DoubleArray
    flutter_hz: float


@cache
def noise_edges_hz() -> DoubleArray:
    """Edges of the noise bands, [NOISE_BANDS + 1]: equal steps of the mel scale (O'Shaughnessy)."""
    top = 2595.0 * np.log10(1.0 + TOP_HZ / 700.0)
    mel = np.linspace(0.0, top, NOISE_BANDS + 1)
    return np.asarray(700.0 * (10.0 ** (mel / 2595.0) - 1.0))


@cache
def noise_centres_hz() -> DoubleArray:
    """Their middles, [NOISE_BANDS]."""
    edges = noise_edges_hz()
    return np.asarray((edges[1:] + edges[:-1]) / 2)


def partial_ratios(count: int, inharmonicity: float, places: DoubleArray) -> DoubleArray:
    """f_n / f0 of partials 1 to `count`. The first stands at 1 whatever B is."""
    n = np.arange(1, count + 1)
    ratios = n * np.sqrt((1.0 + inharmonicity * n**2) / (1.0 + inharmonicity))
    own = min(count, len(places))
    ratios[:own] = n[:own] + places[:own]
    return np.asarray(ratios)


def interpolation(at: DoubleArray, knots: DoubleArray) -> DoubleArray:
    """[at, knots]: the matrix of linear interpolation, constant beyond the ends."""
    place = np.interp(at, knots, np.arange(len(knots)))
    low = np.minimum(place.astype(int), len(knots) - 2)
    rest = place - low
    out = np.zeros((len(at), len(knots)))
    out[np.arange(len(at)), low] = 1.0 - rest
    out[np.arange(len(at)), low + 1] = rest
    return out


def played(levels_db: DoubleArray, at_s: DoubleArray, held_s: float) -> DoubleArray:
    """Levels [KNOTS, channels] at times `at_s` of a note held for `held_s`: [at, channels].

    Held beyond HELD_S, what decays goes on decaying as it last did and the rest stays. The release
    falls from wherever the note was when let go, as it fell at HELD_S.
    """
    held, release = levels_db[:HELD_KNOTS], levels_db[HELD_KNOTS:]
    times = KNOT_TIMES_S[:HELD_KNOTS]
    late = times > 0.55 * HELD_S
    centred = times[late] - times[late].mean()
    slope = np.minimum((centred @ held[late]) / (centred @ centred), 0.0)

    def at(times_s: DoubleArray) -> DoubleArray:
        inside = interpolation(np.minimum(times_s, HELD_S), times) @ held
        return np.asarray(inside + np.maximum(times_s - HELD_S, 0.0)[:, None] * slope)

    out = at(np.minimum(at_s, held_s))
    after = at_s - held_s
    going = after > 0
    if going.any():
        falls = release_falls(held[-1], release)
        knots = np.concatenate([[0.0], KNOT_TIMES_S[HELD_KNOTS:] - HELD_S])
        end = np.minimum(after[going], knots[-1])
        fall = interpolation(end, knots) @ np.concatenate([np.zeros((1, falls.shape[1])), falls])
        rate = np.minimum((falls[-1] - falls[-4]) / (knots[-1] - knots[-4]), -60.0)
        out[going] += fall + (after[going] - end)[:, None] * rate
    return np.asarray(np.maximum(out, FLOOR_DB - 40.0))


def release_falls(last_db: DoubleArray, release_db: DoubleArray) -> DoubleArray:
    """DB by which each channel falls after the key is let go, [RELEASE_KNOTS, channels], at most 0.

    A channel near the floor at HELD_S says nothing of its own fall: it takes the loud ones' mean.
    """
    own = np.minimum(release_db - last_db, 0.0)
    weight = np.clip((last_db - FLOOR_DB - 15.0) / 20.0, 0.0, 1.0)
    loud = 10.0 ** (last_db / 40.0) * weight + 1e-9
    common = (own @ loud) / loud.sum() if weight.any() else own.min(axis=1)
    return np.asarray(weight * own + (1.0 - weight) * np.minimum(common[:, None], own))


def synthesise(
    note: NoteSound,
    f0_hz: float,
    *,
    seconds: float,
    held_s: float = HELD_S,
    sample_rate: int = 32000,
    seed: int = 0,
) -> FloatArray:
    """The note's sound, float32 [samples], at the level 0 dB of its descriptions."""
    rng, noise_rng = (np.random.default_rng([seed, part]) for part in range(2))
    length = round(seconds * sample_rate)
    blocks = -(-length // BLOCK) + 2
    edges_s = np.arange(blocks + 1) * BLOCK / sample_rate
    levels = np.concatenate([note.partials_db, note.halves_db, note.noise_db], axis=1)
    heard = played(levels, edges_s, held_s)
    wave, tremolo = vibrato(note, edges_s)
    lines = heard[:, : PARTIALS + HALVES] + tremolo[:, None]
    tone = oscillators(note, lines, f0_hz, sample_rate, rng)
    cents = interpolation(np.minimum(edges_s, HELD_S), KNOT_TIMES_S) @ note.cents + wave
    if np.abs(cents).max() > 0.3:
        tone = warped(tone, cents, length)
    out = tone[:length] + shaped_noise(
        heard[:, PARTIALS + HALVES :], length, sample_rate, noise_rng
    )
    fade = min(length, round(0.001 * sample_rate))
    out[:fade] *= np.linspace(0.0, 1.0, fade)
    fade = min(length, round(0.01 * sample_rate))
    out[length - fade :] *= np.linspace(1.0, 0.0, fade)
    return np.asarray(out, np.float32)


def vibrato(note: NoteSound, at_s: DoubleArray) -> tuple[DoubleArray, DoubleArray]:
    """(cents, dB) of vibrato and tremolo at times `at_s`; both grow over the first 0.5 s."""
    grown = np.clip((at_s - 0.1) / 0.4, 0.0, 1.0)
    wave = grown * np.sin(2 * np.pi * note.vibrato_hz * at_s)
    return np.asarray(note.vibrato_cents * wave), np.asarray(note.tremolo_db * wave)


def oscillators(
    note: NoteSound, levels_db: DoubleArray, f0_hz: float, sample_rate: int,
    rng: np.random.Generator,
) -> FloatArray:  # fmt: skip
    """The partials at constant frequencies: levels [block edges, PARTIALS + HALVES] -> [samples].

    A block is two matrix products: exp(i w m) for its 64 samples, and the same times m for the
    change of amplitude over it. Amplitudes are complex where a partial wavers.
    """
    count = int(min(PARTIAL_NUMBERS[-1], 0.98 * sample_rate / 2 / f0_hz))
    count = max(count, 1)
    ratios = partial_ratios(count, note.inharmonicity, note.places)
    hertz = f0_hz * np.concatenate([ratios, np.arange(HALVES) + 0.5])
    # Near the top the level falls away, so that no partial comes or goes with a small step of pitch
    edge = np.clip((0.49 * sample_rate - hertz) / (0.02 * sample_rate), 0.0, 1.0)
    between = interpolation(np.arange(1.0, count + 1), PARTIAL_NUMBERS.astype(float)).T
    told = np.concatenate([levels_db[:, :PARTIALS] @ between, levels_db[:, PARTIALS:]], axis=1)
    amplitude = 10.0 ** (told / 20.0) * np.sqrt(2.0) * edge
    keep = (amplitude.max(axis=0) > 1e-5) & (edge > 0)
    if not keep.any():
        return np.zeros((len(levels_db) - 1) * BLOCK, np.float32)
    # Drawn for all partials, before any are left out: the same seed gives each the same phase.
    drawn = rng.uniform(0.0, 2 * np.pi, PARTIAL_NUMBERS[-1] + HALVES)
    starts = np.concatenate([drawn[HALVES : HALVES + count], drawn[:HALVES]])
    wavering = np.ones(amplitude.shape, np.complex64)
    wavering[:, :count] = flutter(note, len(levels_db), count, sample_rate, rng)
    hertz, amplitude = hertz[keep], amplitude[:, keep] * wavering[:, keep]
    turn = 2 * np.pi * hertz / sample_rate
    phase = np.mod(
        starts[keep] + np.arange(len(levels_db) - 1)[:, None] * (turn * BLOCK), 2 * np.pi
    )
    spin = (np.cos(phase) + 1j * np.sin(phase)).astype(np.complex64)
    first = (amplitude[:-1] * spin).astype(np.complex64)
    change = (np.diff(amplitude, axis=0) * spin).astype(np.complex64)
    angle = turn[:, None] * np.arange(BLOCK)
    basis = np.concatenate([np.cos(angle), -np.sin(angle)]).astype(np.float32)

    def summed(complex_amplitude: npt.NDArray[np.complex64]) -> FloatArray:
        pair = np.concatenate([complex_amplitude.real, complex_amplitude.imag], axis=1)
        return np.asarray(pair @ basis, np.float32)

    ramp = (np.arange(BLOCK) / BLOCK).astype(np.float32)
    return (summed(first) + ramp * summed(change)).reshape(-1)


def flutter(
    note: NoteSound, edges: int, count: int, sample_rate: int, rng: np.random.Generator
) -> npt.NDArray[np.complex64]:  # fmt: skip
    """Complex factors [edges, count] of mean power 1: steady, with a random share that drifts."""
    share = np.interp(np.log2(np.arange(1, count + 1)), np.log2(FLUTTER_NUMBERS), note.flutter)
    share = np.clip(share, 0.0, 1.0)
    if share.max() < 0.02:
        return np.ones((edges, count), np.complex64)
    # Random numbers on a coarse grid, joined by cosines: cheap, and band-limited enough.
    step_s = 0.5 / max(note.flutter_hz, 0.5)
    duration_s = edges * BLOCK / sample_rate
    points = int(duration_s / step_s) + 3
    # In this order the first numbers are the same however many follow: sounds that are nearly
    # alike then waver alike.
    pairs = rng.normal(size=(points, count, 2))
    drawn = pairs[..., 0] + 1j * pairs[..., 1]
    place = np.arange(edges) * BLOCK / sample_rate / step_s
    low = place.astype(int)
    rest = place - low
    weight = (0.5 - 0.5 * np.cos(np.pi * rest))[:, None]
    drift = drawn[low] * (1 - weight) + drawn[low + 1] * weight
    drift /= np.sqrt(2.0 * ((1 - weight) ** 2 + weight**2))
    return np.asarray(np.sqrt(1.0 - share**2) + share * drift, np.complex64)


@cache
def _taps() -> FloatArray:
    """Eight-point interpolation at 512 fractions of a sample: sinc under a Kaiser window."""
    fraction = np.arange(513)[:, None] / 512.0
    place = np.arange(-3, 5)[None] - fraction
    return np.asarray(np.sinc(0.97 * place) * 0.97 * np.kaiser(1025, 7.0)[
        np.clip(np.round((place / 8 + 0.5) * 1024), 0, 1024).astype(int)
    ], np.float32)  # fmt: skip


def warped(tone: FloatArray, cents: DoubleArray, length: int) -> FloatArray:
    """`tone` read at a speed that is `cents` [block edges] away from its own: float32 [length]."""
    speed = 2.0 ** (np.repeat(cents, BLOCK)[:length] / 1200.0)
    at = np.concatenate([[0.0], np.cumsum(speed)[:-1]])
    padded = np.pad(tone, (8, 8))
    at = np.minimum(at, len(tone) - 1.0)
    low = at.astype(np.int64)
    taps = _taps()[np.round((at - low) * 512).astype(np.int64)]
    out = np.zeros(length, np.float32)
    for k in range(8):
        out += taps[:, k] * padded[low + (k - 3 + 8)]
    return out


def shaped_noise(
    levels_db: DoubleArray, length: int, sample_rate: int, rng: np.random.Generator
) -> FloatArray:  # fmt: skip
    """Noise with band levels [block edges, NOISE_BANDS], float32 [length]."""
    frames = -(-length // NOISE_HOP) + NOISE_FFT // NOISE_HOP
    edges = noise_edges_hz()
    bins_hz = np.arange(NOISE_FFT // 2 + 1) * sample_rate / NOISE_FFT
    density = levels_db - 10.0 * np.log10(np.diff(edges))
    across = interpolation(bins_hz, noise_centres_hz()).T
    middle = np.clip(np.arange(frames) - NOISE_FFT // NOISE_HOP // 2, 0, len(levels_db) - 1)
    gain = 10.0 ** (density[middle] @ across / 20.0)
    gain[:, bins_hz > 0.49 * sample_rate] = 0.0
    gain[:, 0] = 0.0
    # White noise of variance 1 has a density of 2 / rate a hertz, one-sided.
    gain *= np.sqrt(sample_rate / 2.0)
    white = rng.standard_normal(frames * NOISE_HOP + NOISE_FFT, dtype=np.float32)
    window = np.sqrt(np.hanning(NOISE_FFT + 1)[:-1]).astype(np.float32)
    cut = np.lib.stride_tricks.sliding_window_view(white, NOISE_FFT)[::NOISE_HOP][:frames]
    spectrum = np.fft.rfft(cut * window, axis=1) * gain
    made = np.fft.irfft(spectrum, axis=1).astype(np.float32) * window
    out = np.zeros((frames + NOISE_FFT // NOISE_HOP) * NOISE_HOP, np.float32)
    for k in range(NOISE_FFT // NOISE_HOP):
        part = made[:, k * NOISE_HOP : (k + 1) * NOISE_HOP].reshape(-1)
        out[k * NOISE_HOP : k * NOISE_HOP + len(part)] += part
    out *= NOISE_HOP / (NOISE_FFT / 2)
    start = NOISE_FFT
    return out[start : start + length]
