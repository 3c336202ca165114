"""Pitch classes over time, of sound and of notes; where one stretch lies in another, in any key.

Chroma twice a second (as Müller, "Fundamentals of Music Processing", 2015, ch. 3 and 7), matched at
every place and in all twelve keys at once: a circular correlation over the pitch classes, a linear
one over time, both by one FFT.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import fft

from core.audio import Clip
from core.retrieving.index import DURATION_TICKS, Index

Chroma = npt.NDArray[np.float32]
"""[frames, 12], C first; frames of zero mean and length 1, or all zero where nothing sounds."""

RATE_HZ = 2.0
_LOWEST, _HIGHEST = 54, 96
"""Pitches that are folded: below, the spectrum cannot tell them apart; above are overtones."""
_COMPRESSION = 10.0
_BLOCK = 1 << 15


def of_clip(clip: Clip, rate_hz: float = RATE_HZ) -> Chroma:
    """[frames, 12] of a sound of any length, rate_hz frames a second."""
    return of_clip_at(clip, (rate_hz,))[0]


def of_clip_at(clip: Clip, rates_hz: Iterable[float]) -> list[Chroma]:
    """The same at several rates, for little more than one of them takes."""
    from core.spectrogram import DISPLAY, analysis_samples, stft  # brings librosa along

    samples = analysis_samples(clip)
    magnitude = np.abs(stft(samples))
    loud = np.log1p(_COMPRESSION * magnitude / max(float(magnitude.max(initial=0.0)), 1e-9))
    folded = _folding(magnitude.shape[0], DISPLAY.sample_rate) @ loud
    found = []
    for rate_hz in rates_hz:
        count = max(int(clip.duration_s * rate_hz), 1)
        edges = np.minimum(
            np.rint(np.arange(count) * DISPLAY.frame_rate_hz / rate_hz).astype(int),
            max(folded.shape[1] - 1, 0),
        )
        found.append(centred(np.add.reduceat(folded, edges, axis=1).T))
    return found


def of_notes(onsets_s: Any, ends_s: Any, pitches: Any, rate_hz: float = RATE_HZ) -> Chroma:
    """[frames, 12] of notes in seconds: how long each pitch class sounds in each frame."""
    onsets, ends = (np.asarray(times, np.float64) * rate_hz for times in (onsets_s, ends_s))
    count = max(int(np.ceil(ends.max(initial=0.0))), 1)
    # Of a note its time until `t` is a ramp; the ramps' kinks are put at whole frames and summed.
    bins = np.asarray(pitches, np.int64) % 12
    total = np.zeros((count + 2) * 12)
    for times, sign in ((onsets, 1.0), (ends, -1.0)):
        frame = np.floor(times).astype(np.int64)
        share = times - frame
        total += np.bincount(frame * 12 + bins, sign * (1 - share), len(total))
        total += np.bincount((frame + 1) * 12 + bins, sign * share, len(total))
    return centred(np.cumsum(total.reshape(-1, 12), axis=0)[:count])


def of_index(index: Index, rate_hz: float = RATE_HZ) -> tuple[Chroma, npt.NDArray[np.int64]]:
    """(all pieces one behind the other [frames, 12], where each begins [pieces + 1])."""
    parts = []
    for number, piece in enumerate(index.pieces):
        lines = index.lines_of_piece[number]
        notes = slice(int(index.starts[lines[0]]), int(index.starts[lines[-1] + 1]))
        onsets = index.onsets[notes] * piece.seconds_per_tick
        lasting = index.durations[notes] * (DURATION_TICKS * piece.seconds_per_tick)
        parts.append(of_notes(onsets, onsets + lasting, index.pitches[notes], rate_hz))
    starts = np.cumsum([0, *(len(part) for part in parts)])
    return np.concatenate(parts) if parts else np.zeros((0, 12), np.float32), starts


Places = tuple[npt.NDArray[np.float32], npt.NDArray[np.int64], npt.NDArray[np.int64]]
"""For each stretch that is searched: (correlation at its best, frame there, semitones up to it)."""


def best_places(query: Chroma, others: Chroma, starts: npt.NDArray[np.int64]) -> Places:
    """Where the query fits best in each stretch of `others`.

    starts: where stretches begin, [stretches + 1]. A query longer than a stretch is compared as far
    as it reaches, which counts against it.
    """
    return best_places_of([query], others, starts)[0]


def best_places_of(
    queries: Sequence[Chroma], others: Chroma, starts: npt.NDArray[np.int64]
) -> list[Places]:
    """`best_places` of several queries, which share the transforms of what is searched."""
    shown = [query[: _BLOCK // 2] for query in queries]
    spectra = [np.conj(fft.rfft2(query.T, (12, _BLOCK), axes=(0, 1))) for query in shown]
    best = np.full((len(shown), len(others)), -1.0, np.float32)
    turns = np.zeros((len(shown), len(others)), np.int8)
    hop = _BLOCK - max(map(len, shown), default=0)
    for begin in range(0, len(others), hop):
        part = fft.rfft2(others[begin : begin + _BLOCK].T, (12, _BLOCK), axes=(0, 1))
        inside = min(hop, len(others) - begin)
        for number, spectrum in enumerate(spectra):
            found = fft.irfft2(part * spectrum, (12, _BLOCK), axes=(0, 1))[:, :inside]
            turns[number, begin : begin + inside] = found.argmax(axis=0)
            best[number, begin : begin + inside] = found.max(axis=0)
    return [
        _in_stretches(row / max(float((query**2).sum()), 1e-6), turn, len(query), starts)
        for query, row, turn in zip(shown, best, turns, strict=True)
    ]


def _in_stretches(best: Any, turns: Any, length: int, starts: npt.NDArray[np.int64]) -> Places:
    count = len(starts) - 1
    value = np.zeros(count, np.float32)
    frame, turn = np.zeros((2, count), np.int64)
    for number in range(count):
        low, high = int(starts[number]), int(starts[number + 1])
        if high > low:
            # Past here the query would reach into what comes next.
            at = low + int(best[low : max(high - length + 1, low + 1)].argmax())
            value[number], frame[number] = best[at], at - low
            turn[number] = (int(turns[at]) + 6) % 12 - 6
    return value, frame, turn


def centred(values: npt.NDArray[Any]) -> Chroma:
    """Frames [frames, 12] without their mean and of length 1; silence stays zero."""
    values = np.asarray(values, np.float32)
    values = values - values.mean(axis=1, keepdims=True)
    size = np.sqrt((values**2).sum(axis=1, keepdims=True))
    return np.asarray(np.where(size > 1e-4, values / np.maximum(size, 1e-4), 0.0), np.float32)


def _folding(bins: int, sample_rate: int) -> Chroma:
    """[12, bins]: which pitch class each bin of the spectrum belongs to, in range 1, else 0."""
    frequencies = np.arange(bins) * sample_rate / (2 * (bins - 1))
    pitch = 69.0 + 12.0 * np.log2(np.maximum(frequencies, 1.0) / 440.0)
    weight = np.where((pitch > _LOWEST) & (pitch < _HIGHEST), 1.0, 0.0)
    return np.asarray((np.rint(pitch)[None] % 12 == np.arange(12)[:, None]) * weight, np.float32)
