"""What of a solo's notes a listener to beats would notice, frame by frame."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from core.audio import FloatArray
from core.hearing.heard import HeardNote
from core.hearing.onsets import moments

Array = npt.NDArray[np.float64]

FRAME_S = 0.02
PARTS = 4
"""Frames that the network takes as one: it is run 12.5 times a second and answers for 50."""
LONGEST_S = 4.0
REGISTERS = (0, 43, 52, 60, 67, 76, 128)
"""Lowest pitches of the bands in which notes that begin are counted apart."""
CHANGES_S = (0.4, 1.2)
"""Over how long before and after a frame the harmonies are compared."""
DENSITIES_S = (0.7, 3.0)
_RARE = 3.0
"""What is shown at onsets alone is raised to the size of what is shown always."""
AT_ONSETS = 13
FEATURES = AT_ONSETS + len(REGISTERS) - 1 + 2 * len(CHANGES_S) + 3 + len(DENSITIES_S)


def frames_of(seconds: float) -> int:
    """How many frames there are: whole steps of the network, one at least."""
    return PARTS * max(int(np.ceil(seconds / (FRAME_S * PARTS))), 1)


def features(notes: Sequence[HeardNote], seconds: float) -> FloatArray:
    """float32 [frames, FEATURES]; nothing but the registers depends on the key.

    At the frames where notes begin: that they do, how many, how loud beside the others, how long,
    the time since and until others begin, the way of the highest and the lowest note, where they
    lie beside the middle of all, whether they are the same again; how many begin in each register.
    At all frames: how far the harmony before is from that after, of all notes and of the lowest,
    the time since a note began and until one will, how many sound, how many begin around.
    """
    frames = frames_of(seconds)
    out = np.zeros((frames, FEATURES), np.float64)
    found = moments(notes)
    if len(found) == 0:
        return out.astype(np.float32)
    _placed(out[:, :AT_ONSETS], found[:, 0], _of_moments(found, notes))
    starts = np.array([note.start_s for note in notes])
    pitches = np.array([note.pitch for note in notes])
    bands = np.searchsorted(REGISTERS, pitches, side="right") - 1
    at = AT_ONSETS
    for band in range(len(REGISTERS) - 1):
        mine = starts[bands == band]
        _placed(out[:, at + band : at + band + 1], mine, np.full((len(mine), 1), 0.7))
    at += len(REGISTERS) - 1
    out[:, :at] *= _RARE
    ends = np.array([note.end_s for note in notes])
    sounding = _sounding(starts, ends, pitches % 12, frames)
    low = pitches <= np.median(found[:, 3]) + 2
    bass = _sounding(starts[low], ends[low], pitches[low] % 12, frames)
    for span_s in CHANGES_S:
        out[:, at], out[:, at + 1] = _change(sounding, span_s), _change(bass, span_s)
        at += 2
    times = (np.arange(frames) + 0.5) * FRAME_S
    after = np.searchsorted(found[:, 0], times)
    edges = np.concatenate([[-LONGEST_S], found[:, 0], [found[-1, 0] + LONGEST_S]])
    out[:, at] = _log_s(times - edges[after])
    out[:, at + 1] = _log_s(edges[after + 1] - times)
    out[:, at + 2] = np.log1p(sounding.sum(axis=1))
    for number, span_s in enumerate(DENSITIES_S):
        around = np.searchsorted(found[:, 0], times + span_s) - np.searchsorted(
            found[:, 0], times - span_s
        )
        out[:, at + 3 + number] = np.log((around + 0.3) / (2 * span_s)) - 1.0
    return out.astype(np.float32)


def _of_moments(found: Array, notes: Sequence[HeardNote]) -> Array:
    """[moments, AT_ONSETS]."""
    time, length, top, low, loud, count = found.T
    gaps = np.diff(time)
    middle = float(np.median(top))
    which = np.searchsorted(time, [note.start_s for note in notes], side="right") - 1
    sets: list[set[int]] = [set() for _ in time]
    for moment, note in zip(which, notes, strict=True):
        sets[moment].add(note.pitch)
    again = [len(a & b) / len(a | b) for a, b in zip(sets[1:], sets[:-1], strict=True)]
    leap = np.diff(top, prepend=top[0]) / 12
    return np.stack(
        [
            np.ones(len(time)),
            np.log(count),
            (loud - loud.mean()) / 15,
            _log_s(length),
            _log_s(np.append(gaps, LONGEST_S)),
            _log_s(np.append(LONGEST_S, gaps)),
            leap,
            np.abs(leap),
            np.diff(low, prepend=low[0]) / 12,
            np.diff(low, append=low[-1]) / 12,
            (top - middle) / 12,
            (low - middle) / 12,
            np.append(0.0, again),
        ],
        axis=1,
    )


def _log_s(seconds: Array) -> Array:
    return np.asarray(np.log(np.clip(seconds, 0.03, LONGEST_S) / 0.3))


def _placed(out: Array, times_s: Array, rows: Array) -> None:
    """Add rows [n, columns] to the two frames that each time lies between."""
    place = times_s / FRAME_S - 0.5
    low = np.floor(place).astype(int)
    for at, share in ((low, low + 1 - place), (low + 1, place - low)):
        inside = (at >= 0) & (at < len(out))
        np.add.at(out, at[inside], rows[inside] * share[inside, None])


def _sounding(starts: Array, ends: Array, classes: npt.NDArray[np.int_], frames: int) -> Array:
    """How many notes of each pitch class sound, [frames, 12]."""
    edges = np.zeros((frames + 1, 12))
    np.add.at(edges, (np.clip(np.round(starts / FRAME_S).astype(int), 0, frames), classes), 1.0)
    np.add.at(edges, (np.clip(np.round(ends / FRAME_S).astype(int), 0, frames), classes), -1.0)
    return np.asarray(np.cumsum(edges, axis=0)[:-1])


def _change(sounding: Array, span_s: float) -> Array:
    """1 less the cosine between the pitch classes before and after each frame; 0 by silence."""
    span = round(span_s / FRAME_S)
    total = np.concatenate([np.zeros((1, 12)), np.cumsum(sounding, axis=0)])
    at = np.arange(len(sounding))
    before = total[at] - total[np.maximum(at - span, 0)]
    after = total[np.minimum(at + span, len(sounding))] - total[at]
    sizes = np.linalg.norm(before, axis=1) * np.linalg.norm(after, axis=1)
    alike = (before * after).sum(axis=1) / np.maximum(sizes, 1e-9)
    return np.asarray(np.where(sizes > 1e-6, 1.0 - alike, 0.0))
