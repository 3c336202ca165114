"""What of a solo's notes a listener to bars would notice, beat by beat."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from core.audio import FloatArray
from core.hearing.beat_frames import AT_ONSETS, FEATURES, FRAME_S, REGISTERS
from core.hearing.beats_network import METRES, Pulse, at_beats
from core.hearing.heard import Grid, HeardNote
from core.keys import KEYS, likeliest_key

Array = npt.NDArray[np.float64]

SLICES = 4
"""Parts of a beat that are told apart."""
LAGS = (1, 2, 3, 4, 6, 8)
"""Beats over which a beat is compared with others, before and after it."""
_ONSETS = 5
_AROUND = FEATURES - AT_ONSETS - len(REGISTERS) + 1
"""What core.hearing.beat_frames shows of all frames alike."""
SHOWN = SLICES * _ONSETS + 3 * 12 + 3 + 4 * len(LAGS) + _AROUND + 1 + METRES + 1
"""Numbers shown of each beat."""
_LONGEST = 8.0
_USUAL_BEAT_S = 0.5
_EARLY, _FROM, _UNTIL = 0.1, 0.6, 0.15
"""Of a beat: what is played so early is meant for the next slice; a note that begins by then and
sounds after that is heard in the beat."""


def features(
    notes: Sequence[HeardNote], beats_s: Array, said: Pulse, frames: FloatArray
) -> FloatArray:
    """float32 [beats, SHOWN]; the key does not matter, for classes are beside the likeliest tonic.

    Of each beat: in each slice how many notes begin, the longest and all of their lengths, how far
    the highest lies above the middle of all and the lowest below; how much of each pitch class
    sounds in it and in its first slice; the class of its lowest note; what the beats network says;
    how like it is to beats before and after, in rhythm and in classes; what is around it. And of
    the whole: the length of a beat, the metre as the beats network has it, the key's mode.

    notes: one or more. beats_s: two or more. frames: core.hearing.beat_frames.features of the
    notes, which the network was shown.
    """
    count = len(beats_s)
    grid = Grid(tuple(map(float, beats_s)))
    starts = grid.to_ticks([note.start_s for note in notes]) / grid.beat_ticks
    ends = grid.to_ticks([note.end_s for note in notes]) / grid.beat_ticks
    ends = np.maximum(ends, starts + 0.02)
    pitches = np.array([note.pitch for note in notes])
    begun = _begun(starts, ends, pitches, count)
    sounding = _sounding(starts, ends, pitches, count * SLICES)
    total = sounding.sum(axis=0)
    key = likeliest_key(total) if np.ptp(total) else KEYS[0]
    by_slice = np.roll(sounding, -key.tonic, axis=1).reshape(count, SLICES, 12)
    classes = by_slice.mean(axis=1)
    lowest = np.roll(_lowest(starts, ends, pitches, count), -key.tonic, axis=1)
    beat = np.clip(at_beats(said.beat, beats_s), 0.01, 1.0)
    bar = np.clip(at_beats(said.bar, beats_s), 0.003, 0.997)
    rhythm = begun.reshape(count, SLICES, _ONSETS)[:, :, 2]
    at = np.clip(np.round(beats_s / FRAME_S).astype(int), 0, len(frames) - 1)
    whole = [np.log(np.median(np.diff(beats_s)) / _USUAL_BEAT_S), *said.metre, key.mode == "minor"]
    return np.column_stack([
        begun, classes, by_slice[:, 0], lowest,
        beat, _logit(bar) / 3, _logit(np.clip(bar / beat, 0.03, 0.97)) / 3,
        *_likeness(rhythm), *_likeness(classes), frames[at, FEATURES - _AROUND :],
        np.tile(whole, (count, 1)),
    ]).astype(np.float32)  # fmt: skip


def _begun(starts: Array, ends: Array, pitches: npt.NDArray[np.int_], count: int) -> Array:
    """[beats, SLICES * _ONSETS] of the notes that begin in each slice."""
    out = np.zeros((count * SLICES, _ONSETS))
    at = np.floor(starts * SLICES + 0.5).astype(int)
    inside = (at >= 0) & (at < len(out))
    at, lengths = at[inside], np.minimum(ends - starts, _LONGEST)[inside]
    above = ((pitches - np.median(pitches)) / 12)[inside]
    np.add.at(out[:, 0], at, 1.0)
    np.maximum.at(out[:, 1], at, np.log1p(2 * lengths))
    np.add.at(out[:, 2], at, lengths)
    np.maximum.at(out[:, 3], at, 1.5 + above)
    np.maximum.at(out[:, 4], at, 1.5 - above)
    out[:, [0, 2]] = np.log1p(out[:, [0, 2]])
    return out.reshape(count, -1)


def _sounding(starts: Array, ends: Array, pitches: npt.NDArray[np.int_], slices: int) -> Array:
    """[slices, 12]: how much of each pitch class sounds in each, 1 for a note throughout."""
    begin = (starts + np.minimum(_EARLY, 0.3 * (ends - starts))) * SLICES
    edges = np.arange(slices)[:, None]
    overlap = np.minimum(ends * SLICES, edges + 1) - np.maximum(begin, edges)
    return np.asarray(np.maximum(overlap, 0.0) @ np.eye(12)[pitches % 12])


def _lowest(starts: Array, ends: Array, pitches: npt.NDArray[np.int_], count: int) -> Array:
    """[beats, 12]: 1 for the class of the lowest note of each beat."""
    out = np.zeros((count, 12))
    for beat in range(count):
        here = (starts < beat + _FROM) & (ends > beat + _UNTIL)
        if here.any():
            out[beat, pitches[here].min() % 12] = 1.0
    return out


def _likeness(rows: Array) -> list[Array]:
    """For each of LAGS the cosines of beats with those so far before, and after; 0 for none."""
    unit = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)
    out = []
    for lag in LAGS:
        alike = (unit[lag:] * unit[:-lag]).sum(axis=1)
        before, after = np.zeros(len(rows)), np.zeros(len(rows))
        before[lag:], after[: len(alike)] = alike, alike
        out += [before, after]
    return out


def _logit(share: Array) -> Array:
    return np.asarray(np.log(share / (1.0 - share)))
