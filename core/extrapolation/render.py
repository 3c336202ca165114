"""Playing on from a clip's own past: a path of sources in, sound with inaudible joins out."""

from __future__ import annotations

from collections.abc import Sequence

import librosa
import numpy as np
import numpy.typing as npt
from scipy.signal import fftconvolve, lfilter

from core.audio import Clip, FloatArray, correlation, matched_fades
from core.extrapolation.path import Segment as Segment
from core.progress import Progress, ignore

Float64Array = npt.NDArray[np.float64]

FADE_S = 0.06
AR_FADE_S = 0.03
AR_ORDER = 256
AR_CONTEXT_S = 0.35
ALIGN_WINDOW_S = 2.0
"""Long, so that the whole rhythm decides and not the phase of a bass note: on the validation split
0.12 s within 46 ms cost a quarter of the onset correlation."""


def align(samples: FloatArray, target: int, source: int, reach: int, rate: int) -> int:
    """The sample within `reach` of `source` that best follows what comes before `target`.

    By normalised cross-correlation of up to 2 s before each, mono [samples]. It is `source` itself
    where there is not enough sound on either side, or nothing correlates.
    """
    window = min(round(ALIGN_WINDOW_S * rate), target, source - reach)
    low = max(source - reach, window)
    high = min(source + reach, len(samples) - 1)
    if window < 16 or high <= low:
        return source
    reference = samples[target - window : target]
    scores = match_scores(samples[low - window : high], reference)
    best = int(np.argmax(scores))
    return low + best if scores[best] > 0 else source


def match_scores(stretch: FloatArray, reference: FloatArray) -> Float64Array:
    """Normalised correlation of `reference` with each piece of `stretch` as long as it.

    Both mono; [len(stretch) - len(reference) + 1].
    """
    inner = fftconvolve(stretch, reference[::-1], mode="valid")
    squares = np.concatenate([[0.0], np.cumsum(np.square(stretch, dtype=np.float64))])
    energy = squares[len(reference) :] - squares[: -len(reference)]
    return np.asarray(inner / np.sqrt(np.maximum(energy, 1e-9)))


def extrapolate_linear(samples: FloatArray, length: int) -> FloatArray:
    """`length` samples of what an all-pole model of the end of [channels, samples] says comes next.

    Burg's method (librosa.lpc), which is stable by construction; Kauppinen and Roth, "Audio signal
    extrapolation", 2002. It rings on naturally for some tens of milliseconds: enough to fade from.
    """
    out = np.zeros((samples.shape[0], length), np.float32)
    order = min(AR_ORDER, samples.shape[1] // 4)
    if order < 8:
        return out
    for channel, signal in enumerate(samples.astype(np.float64)):
        if np.abs(signal).max() < 1e-5:
            continue
        # A trace of noise keeps Burg's recursion regular on pure tones; it is not in the output.
        dither = np.random.default_rng(0).standard_normal(len(signal)) * 1e-6
        poles = librosa.lpc(signal + dither, order=order)
        state = _filter_state(poles, signal[-order:])
        ringing, _ = lfilter([1.0], poles, np.zeros(length), zi=state)
        if np.isfinite(ringing).all() and np.abs(ringing).max() <= 4 * np.abs(signal).max():
            out[channel] = ringing
    return out


def _filter_state(poles: Float64Array, past: Float64Array) -> Float64Array:
    """State of the all-pole filter after it has put out `past` (its last `order` samples)."""
    order = len(poles) - 1
    state = np.zeros(order)
    for i in range(order):
        state[i] = -np.dot(poles[i + 1 :], past[::-1][: order - i])
    return state


def render(
    clip: Clip, segments: Sequence[Segment], length: int, progress: Progress = ignore
) -> Clip:
    """The clip's own sound along a path, `length` samples that follow the clip's last one.

    The first segment fades in over what linear prediction says the clip's end would ring on to, so
    that the clip itself is left untouched. Later ones overlap the one before by 60 ms, with fades
    that keep the power whatever the correlation of the two sides. Segments that run over the
    clip's end are cut there; if the path is too short the rest is silent.
    """
    samples, rate = clip.samples, clip.sample_rate
    out = np.zeros((clip.channels, length), np.float32)
    at = 0
    for index, segment in enumerate(segments):
        if at >= length:
            break
        copied = min(segment.length, length - at, clip.length - segment.source)
        if copied <= 0:
            continue
        piece = samples[:, segment.source : segment.source + copied]
        if index == 0:
            fade_from_ringing(out, samples, piece, rate)
        else:
            _crossfade_into(out, samples, segment.source, at, copied, rate)
        at += copied
        progress(at / length)
    return Clip(out, rate)


def fade_from_ringing(out: FloatArray, samples: FloatArray, piece: FloatArray, rate: int) -> None:
    """Write the first piece, its beginning faded in over the clip's predicted ringing."""
    out[:, : piece.shape[1]] = piece
    fade = min(round(AR_FADE_S * rate), piece.shape[1])
    if fade < 2:
        return
    context = samples[:, -round(AR_CONTEXT_S * rate) :]
    ringing = extrapolate_linear(context, fade)
    going, coming = matched_fades(fade, correlation(ringing, piece[:, :fade]))
    out[:, :fade] = ringing * going + piece[:, :fade] * coming


def _crossfade_into(
    out: FloatArray, samples: FloatArray, source: int, at: int, copied: int, rate: int
) -> None:
    """Write a later piece at `at`, beginning early enough to overlap what is there."""
    fade = min(round(FADE_S * rate), at, source)
    lead = samples[:, source - fade : source]
    going, coming = matched_fades(fade, correlation(out[:, at - fade : at], lead))
    out[:, at - fade : at] = out[:, at - fade : at] * going + lead * coming
    out[:, at : at + copied] = samples[:, source : source + copied]
