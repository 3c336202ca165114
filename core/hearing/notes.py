"""From what the network says of each moment to notes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from core.audio import FloatArray
from core.hearing.constant_q import BINS_PER_SEMITONE, FRAME_S, LOWEST_PITCH, PITCHES
from core.hearing.heard import HeardNote

ONSET, NOTE, FINE = 0, 1, slice(2, 2 + BINS_PER_SEMITONE)
"""Of what the network says of a pitch: that it begins, that it sounds, in which third of it."""
OUTPUTS = 2 + BINS_PER_SEMITONE


class Least(NamedTuple):
    """Probabilities from which an onset is one, and a note goes on."""

    onset: float
    note: float


LEAST = Least(0.4, 0.3)
"""Chosen on the validation split."""
FAINT = Least(0.15, 0.1)
"""For a second look: where all partials are equal, as in an organ's, the network is never sure."""
_BEGUN_LEAST = 0.7
"""A note with no onset of its own must be this sure, for _LONG_FRAMES."""
_LONG_FRAMES = 7
_SHORTEST_FRAMES = 2
_GAP_FRAMES = 4
"""A note less sure than is asked for so long has ended."""
_APART_FRAMES = 2
_TOGETHER_FRAMES = 3
_OVERTONES = (12, 19, 24, 28, 31, 34, 36)
"""Semitones from a note to its partials 2 to 8."""
_CHORDS_LEAST = 0.08
"""Share of notes that begin with another one, from which a solo has chords."""
_SURE_GHOST = 0.95
_LOUDEST, _QUIETEST, _DB_PER_STEP = 110, 25, 0.45


class _Found(NamedTuple):
    """at: frames. key: pitch from LOWEST_PITCH on. sure: probability of its onset."""

    at: float
    key: int
    end: int
    level_db: float
    sure: float


def notes_of(
    onsets: FloatArray, notes: FloatArray, loudness: FloatArray, least: Least = LEAST
) -> list[HeardNote]:
    """Notes in order of onset, from probabilities and levels, each [frames, PITCHES].

    An onset is a peak in time; from there a note lasts as long as it is likely. What sounds for
    long with no onset is a note too. loudness: dB of each pitch's strongest bins, any reference.
    After Bittner et al. (2022), section 2.4.
    """
    frames = len(onsets)
    found: list[_Found] = []
    taken = np.zeros_like(notes, dtype=bool)
    padded = np.pad(onsets, ((1, 1), (0, 0)))
    peak = (onsets >= padded[:-2]) & (onsets > padded[2:]) & (onsets >= least.onset)
    for pitch in np.flatnonzero(peak.any(axis=0)):
        starts = _apart(np.flatnonzero(peak[:, pitch]), onsets[:, pitch])
        for start, limit in zip(starts, [*starts[1:], frames], strict=True):
            end = _end(notes[:, pitch], start, limit, least.note)
            taken[max(start - 2, 0) : end + 2, pitch] = True
            if end - start >= _SHORTEST_FRAMES:
                at = start + _peak_offset(padded[start : start + 3, pitch])
                sure = float(onsets[start, pitch])
                found.append(_Found(at, int(pitch), end, _level(loudness, start, pitch), sure))
    for pitch in np.flatnonzero((notes >= _BEGUN_LEAST).any(axis=0)):
        found += _without_onset(notes[:, pitch], taken[:, pitch], int(pitch), loudness, least.note)
    found = without_ghosts(found)
    loudest = max((note.level_db for note in found), default=0.0)
    out = [
        HeardNote(
            max(note.at, 0.0) * FRAME_S,
            LOWEST_PITCH + note.key,
            max(note.end, note.at + _SHORTEST_FRAMES) * FRAME_S,
            int(np.clip(_LOUDEST - (loudest - note.level_db) / _DB_PER_STEP, _QUIETEST, _LOUDEST)),
        )
        for note in found
    ]
    return sorted(out)


def without_ghosts(found: Sequence[_Found]) -> list[_Found]:
    """Notes less those that are but overtones of others.

    A note that begins together with one of which it may be an overtone is a ghost in a solo whose
    other notes come one at a time; where there are chords, only if it is not quite sure.
    """
    rows = np.array([(note.at, note.key, note.sure) for note in found]).reshape(-1, 3)
    together = np.abs(rows[:, None, 0] - rows[None, :, 0]) <= _TOGETHER_FRAMES
    above = np.isin(rows[:, None, 1] - rows[None, :, 1], _OVERTONES)
    ghost = (together & above).any(axis=1)
    others = together & ~ghost[:, None] & ~ghost[None] & ~np.eye(len(rows), dtype=bool)
    single = others.any(axis=1).sum() <= _CHORDS_LEAST * max((~ghost).sum(), 1)
    gone = ghost & (single | (rows[:, 2] < _SURE_GHOST))
    return [note for note, out in zip(found, gone, strict=True) if not out]


def pitch_levels_db(amplitudes: FloatArray) -> FloatArray:
    """The level of each pitch's strongest third, [frames, PITCHES], from a constant-Q picture."""
    own = amplitudes[:, : PITCHES * BINS_PER_SEMITONE].reshape(-1, PITCHES, BINS_PER_SEMITONE)
    return np.asarray(20 * np.log10(own.max(axis=2) + 1e-6), np.float32)


def _apart(starts: npt.NDArray[np.int_], sure: FloatArray) -> list[int]:
    """Of onsets too near each other the surer one."""
    kept: list[int] = []
    for start in starts:
        if kept and start - kept[-1] <= _APART_FRAMES:
            if sure[start] > sure[kept[-1]]:
                kept[-1] = int(start)
        else:
            kept.append(int(start))
    return kept


def _end(sure: FloatArray, start: int, limit: int, least: float) -> int:
    """The frame at which a note ends that begins at `start`, no later than `limit`."""
    on = np.flatnonzero(sure[start:limit] >= least)
    if len(on) == 0 or on[0] > _GAP_FRAMES:
        return start
    gaps = np.flatnonzero(np.diff(on) > _GAP_FRAMES)
    last = on[gaps[0]] if len(gaps) else on[-1]
    return start + int(last) + 1


def _without_onset(
    sure: FloatArray,
    taken: npt.NDArray[np.bool_],
    pitch: int,
    loudness: FloatArray,
    least: float,
) -> list[_Found]:
    """Long sure stretches of one pitch that no onset explains."""
    free = np.concatenate([[False], (sure >= least) & ~taken, [False]])
    edges = np.flatnonzero(np.diff(free.astype(np.int8)))
    return [
        _Found(float(start), pitch, int(end), _level(loudness, int(start), pitch), 0.0)
        for start, end in zip(edges[::2], edges[1::2], strict=True)
        if end - start >= _LONG_FRAMES and np.median(sure[start:end]) >= _BEGUN_LEAST
    ]


def _peak_offset(three: FloatArray) -> float:
    """Where between frames the peak of a parabola through three values is, -0.5 to 0.5."""
    a, b, c = (float(v) for v in three)
    bend = a - 2 * b + c
    return float(np.clip(0.5 * (a - c) / bend, -0.5, 0.5)) if bend < 0 else 0.0


def _level(loudness: FloatArray, start: int, pitch: int | np.int_) -> float:
    return float(loudness[start : start + 5, pitch].max())
