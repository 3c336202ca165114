"""Multitrack MIDI as a solo and the parts of a band, with beats and bars: what is played, unheard.

A `Song` holds one file's notes by part. Which track is the solo is written in midi_arranged,
midi_pop909 and midi_lieder, and guessed in midi_multitrack.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pretty_midi

from core.synth_notes import DRUMS, NoteArray, as_played
from training.dataset import Track

SUBSETS = ("midi_arranged", "midi_multitrack", "midi_pop909", "midi_lieder")

_BASSES, _PIANOS, _LEADS = range(32, 40), range(8), (*range(56, 88), *range(24, 32))
_LOW_BASSES = (43, 58)
"""Contrabass and tuba: the bass of a piece that has no other."""
_LOW_PITCH = 48
_SOUND_EFFECTS = range(120, 128)
_MIN_SOLO_NOTES, _MIN_SOLO_PITCHES = 24, 4
_COPY_S = 0.05
_COPY_SHARE = 0.7
_MIN_BARS = 4


@dataclass(frozen=True, eq=False)
class Line:
    """One instrument's notes, in s from the start of the file, as core.synth_notes has them."""

    program: int
    notes: NoteArray


@dataclass(frozen=True, eq=False)
class Song:
    """One file: its solo, the lines of each stem that it has, and its beats.

    beats: float64 [n, 2], time in s and place in the bar counted from 0. metres: for each beat
    (beats, unit), of the bar that it is in. A beat is a quarter, or a dotted one in 6/8 and its
    kin, or an eighth in 3/8.
    """

    solo: Line
    stems: dict[str, list[Line]]
    beats: NoteArray
    metres: list[tuple[int, int]]


def read_song(track: Track, annotations: dict[str, Any] | None = None) -> Song | None:
    """What a file of SUBSETS plays, or None where it cannot be used.

    annotations: of this piece, in midi_pop909. It cannot be used where it is damaged, has no solo
    or no other part, or where its bars are not known.
    """
    warnings.simplefilter("ignore")  # pretty_midi warns of tempo changes outside the first track
    try:
        midi = pretty_midi.PrettyMIDI(str(track.path))
    except (OSError, ValueError, EOFError, KeyError, IndexError):
        return None
    subset = track.path.relative_to(track.path.parents[2]).parts[0]
    if subset == "midi_pop909":
        beats, metres = _annotated_beats(annotations["beats"] if annotations else [])
    else:
        beats, metres = _written_beats(midi, subset)
    if len(beats) < _MIN_BARS * 2:
        return None
    parts = [
        (
            part.name,
            Line(
                DRUMS if part.is_drum else int(part.program),
                np.array([(n.start, n.end, n.pitch, n.velocity) for n in part.notes], np.float64),
            ),
        )
        for part in midi.instruments
        if part.notes
    ]
    solo, stems = _by_name(parts) if subset != "midi_multitrack" else _by_guess(parts)
    stems = {name: lines for name, lines in stems.items() if lines}
    return Song(solo, stems, beats, metres) if solo and stems else None


def _by_name(parts: Sequence[tuple[str, Line]]) -> tuple[Line | None, dict[str, list[Line]]]:
    """Parts of midi_arranged, midi_pop909 and midi_lieder; of several voices the busiest leads."""
    stems: dict[str, list[Line]] = {"drums": [], "bass": [], "piano": [], "other": []}
    leads = []
    for name, line in parts:
        word = name.strip().lower()
        if word in ("solo", "melody", "voice"):
            leads.append(line)
        else:
            stems[word if word in stems else "other"].append(line)
    leads.sort(key=lambda line: -len(line.notes))
    stems["other"] += leads[1:]
    return (leads[0] if leads else None), stems


def _by_guess(parts: Sequence[tuple[str, Line]]) -> tuple[Line | None, dict[str, list[Line]]]:
    """Parts by their programs; the most melodic one leads, and copies of it are left out."""
    lines = [line for _, line in parts if line.program not in _SOUND_EFFECTS]
    drums = [line for line in lines if line.program == DRUMS]
    bass = [line for line in lines if line.program in _BASSES]
    if not bass:
        low = [line for line in lines if line.program in _LOW_BASSES]
        bass = [line for line in low if np.median(line.notes[:, 2]) < _LOW_PITCH]
    taken = {id(line) for line in (*drums, *bass)}
    rest = [line for line in lines if id(line) not in taken]
    solo = max(rest, key=melodiousness, default=None)
    if solo is None or melodiousness(solo) <= 0:
        return None, {}
    rest = [line for line in rest if line is not solo and not _copies(line, solo)]
    pianos = [line for line in rest if line.program in _PIANOS]
    other = [line for line in rest if line.program not in _PIANOS]
    return solo, {"drums": drums, "bass": bass, "piano": pianos, "other": other}


def melodiousness(line: Line) -> float:
    """How much a line is like a tune, 0 to about 2; 0 where it has too few notes or pitches.

    Notes that sound alone, times how much of the piece's length has notes in it, more for lead
    instruments and for lines that lie in a voice's or a flute's range.
    """
    notes = as_played(line.notes)
    if len(notes) < _MIN_SOLO_NOTES or len(np.unique(notes[:, 2])) < _MIN_SOLO_PITCHES:
        return 0.0
    before = np.maximum.accumulate(notes[:, 1])[:-1]
    alone = np.mean(np.append(True, notes[1:, 0] > before - 0.5 * (before - notes[:-1, 0])))
    seconds = len(np.unique(notes[:, 0].astype(int))) / max(float(notes[-1, 1]), 1.0)
    lead = 1.3 if line.program in _LEADS else 1.0
    placed = 1.3 if 57 <= np.median(notes[:, 2]) <= 86 else 1.0
    return float(alone**2 * min(seconds, 1.0) * lead * placed)


def _copies(line: Line, solo: Line) -> bool:
    """Whether a line doubles the solo, in its octave or another, and so would give it away."""
    mine, its = line.notes, solo.notes[np.argsort(solo.notes[:, 0])]
    near = np.searchsorted(its[:, 0], mine[:, 0])
    found = np.zeros(len(mine), bool)
    for shift in range(-3, 3):
        at = np.clip(near + shift, 0, len(its) - 1)
        close = np.abs(its[at, 0] - mine[:, 0]) < _COPY_S
        found |= close & ((its[at, 2] - mine[:, 2]) % 12 == 0)
    return bool(found.mean() > _COPY_SHARE)


def _annotated_beats(marks: Sequence[Sequence[float]]) -> tuple[NoteArray, list[tuple[int, int]]]:
    """POP909's beats, from the first downbeat on; none where bars are not steadily of 3 or 4."""
    down = [index for index, mark in enumerate(marks) if mark[2]]
    gaps = np.bincount(np.diff(down)) if len(down) > _MIN_BARS else np.zeros(1)
    if gaps.sum() == 0 or gaps.argmax() not in (3, 4) or gaps.max() < 0.85 * gaps.sum():
        return np.zeros((0, 2)), []
    times = np.array([mark[0] for mark in marks[down[0] :]], np.float64)
    if (np.diff(times) <= 0).any():
        return np.zeros((0, 2)), []
    starts = np.array(down) - down[0]
    bar = np.searchsorted(starts, np.arange(len(times)), side="right") - 1
    lengths = np.append(np.diff(starts), gaps.argmax())
    beats = np.stack([times, np.arange(len(times)) - starts[bar]], axis=1)
    return beats, [(int(lengths[at]), 4) for at in bar]


def _written_beats(
    midi: pretty_midi.PrettyMIDI, subset: str
) -> tuple[NoteArray, list[tuple[int, int]]]:
    """Beats by the file's metres and tempos; 4/4 where it says none.

    midi_arranged writes its 6/8 as 6/4, a quarter for an eighth. midi_lieder starts its first bar
    with the upbeat: how long that is shows in where the metre changes, and in a song of one metre
    nowhere, so that of those about a fifth have their bar lines late.
    """
    changes = [
        (midi.time_to_tick(change.time), (int(change.numerator), int(change.denominator)))
        for change in midi.time_signature_changes
    ]
    if not changes or changes[0][0] > 0:
        changes.insert(0, (0, (4, 4)))
    end = midi.time_to_tick(midi.get_end_time())
    rows, metres = [], []
    for number, ((start, metre), (stop, _)) in enumerate(pairwise([*changes, (end, (4, 4))])):
        quarters = 4 / metre[1]
        if subset == "midi_arranged" and metre == (6, 4):
            metre, quarters = (6, 8), 1.0
        elif metre[1] == 2:
            metre, quarters = (metre[0] * 2, 4), 1.0
        units = 3 if metre[1] >= 8 and metre[0] % 3 == 0 and metre[0] > 3 else 1
        ticks = midi.resolution * quarters * units
        per_bar = metre[0] // units
        upbeat = 0.0
        if subset == "midi_lieder" and number == 0 and len(changes) > 1:
            upbeat = (stop - start) % (ticks * per_bar)
        first = start + upbeat % ticks
        place = -int(upbeat // ticks)
        for index, tick in enumerate(np.arange(first, stop, ticks), place):
            rows.append((midi.tick_to_time(round(tick)), float(index % per_bar)))
            metres.append(metre)
    return np.array(rows, np.float64).reshape(-1, 2), metres
