"""Solos to be heard, whose notes, beats and chords are known: rendered as no training piece was."""

from __future__ import annotations

import warnings
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pretty_midi

from core.audio import Clip
from core.hearing.constant_q import SAMPLE_RATE
from core.hearing.heard import Chord, Grid
from core.hearing.spans import PARTS
from core.remixing.stems import SOLO
from core.score import TICKS_PER_QUARTER
from core.synth_notes import DRUMS, NoteArray, render_notes
from training.chord_labels import of_notes
from training.stem_choice import wanted
from training.stem_excerpts import Excerpt, excerpt_of
from training.stem_parts import read_song

SECONDS = 20.0
SINGLE_PROGRAMS = (0, 11, 21, 24, 26, 40, 56, 65, 68, 71, 73, 80)
CHORD_PROGRAMS = (0, 4, 24, 25, 27)
PIECES = 22
UPBEAT_SHARE = 0.3
"""Of single lines, how many are cut so that they begin inside a bar."""
_STEP = TICKS_PER_QUARTER // 12
_MIN_NOTES = 12


@dataclass(frozen=True, eq=False)
class Solo:
    """single: one line, else chords. notes: [n, 4] as played. beats: [n, 2], time and place in bar.

    grid: made of the beats; in 6/8 these are dotted quarters and the grid's are eighths. chords:
    what the rest of the band plays, on the grid; none for chordal solos of a piece without one.
    """

    id: str
    group: str
    single: bool
    metre: tuple[int, int]
    upbeat: bool
    clip: Clip
    notes: NoteArray
    beats: NoteArray
    grid: Grid
    chords: Sequence[Chord]


def soundfont() -> Path:
    """TimGM6mb, which pretty_midi brings: no training example was played with it."""
    return Path(pretty_midi.__file__).with_name("TimGM6mb.sf2")


def solos(data: Path, split: str, limit: int | None, seed: int = 0) -> list[Solo]:
    """Single lines and chordal parts of a split's pieces, drawn from the seed; two a piece at most.

    Subsets that the folder lacks are skipped. limit: pieces.
    """
    warnings.simplefilter("ignore")
    found: list[Solo] = []
    pieces = 0
    for subset, track, marks in wanted(data, split, seed, tuple(_subsets(data))):
        if pieces >= (limit or PIECES):
            break
        song = read_song(track, marks)
        rng = np.random.default_rng([seed, zlib.crc32(f"{subset}/{track.id}".encode())])
        part = excerpt_of(song, SECONDS, rng) if song else None
        if part is None or len(part.beats) < 8 or part.metre not in PARTS:
            continue
        pieces += 1
        upbeat = bool(rng.random() < UPBEAT_SHARE)
        cut_s = float(part.beats[1, 0]) - 0.05 if upbeat else 0.0
        for single in (True, False):
            made = _solo(part, single, cut_s, rng)
            if made is not None:
                notes, sound = made
                beats = part.beats[part.beats[:, 0] >= cut_s] - [cut_s, 0.0]
                grid = grid_of_beats(beats, part.metre)
                chords = _chords(part, cut_s, grid)
                found.append(Solo(
                    f"{subset}/{track.id}", track.group, single, part.metre, upbeat, sound, notes,
                    beats, grid, chords,
                ))  # fmt: skip
    return found


def _subsets(data: Path) -> list[str]:
    names = ("midi_arranged", "midi_multitrack", "midi_pop909", "midi_lieder")
    return [name for name in names if (data / name).is_dir()]


def _solo(
    part: Excerpt, single: bool, cut_s: float, rng: np.random.Generator
) -> tuple[NoteArray, Clip] | None:
    """(notes, sound) of the solo or of the part that plays chords; None where there is none."""
    if single:
        notes = part.lines[SOLO][0].notes
        if np.mean(notes[1:, 0] >= notes[:-1, 1] - 0.05) < 0.9:
            return None
    else:
        lines = part.lines["piano"] + [
            line for line in part.lines["other"] if 24 <= line.program < 32
        ]
        if not lines:
            return None
        notes = lines[0].notes
    notes = notes - [cut_s, cut_s, 0.0, 0.0]
    notes = notes[notes[:, 0] >= 0.0]
    if len(notes) < _MIN_NOTES:
        return None
    program = int(rng.choice(SINGLE_PROGRAMS if single else CHORD_PROGRAMS))
    clip = render_notes(notes, program, SECONDS - cut_s, soundfont=soundfont())
    return notes, clip.with_channels(1).resampled(SAMPLE_RATE)


def grid_of_beats(beats: NoteArray, metre: tuple[int, int]) -> Grid:
    """The grid of beats as training.stem_parts has them."""
    times, first = beats[:, 0], int(beats[0, 1])
    if metre == (6, 8):
        at = np.arange(3 * (len(times) - 1) + 1) / 3
        times, first = np.interp(at, np.arange(len(times)), times), 3 * first
    return Grid(tuple(float(t) for t in times), first, *metre)


def _chords(part: Excerpt, cut_s: float, grid: Grid) -> list[Chord]:
    """Chords of what plays beside the solo."""
    lines = [line for name, found in part.lines.items() if name != SOLO for line in found]
    notes = [line.notes for line in lines if line.program != DRUMS and len(line.notes)]
    if not notes:
        return []
    rows = np.concatenate(notes) - [cut_s, cut_s, 0.0, 0.0]
    steps = np.stack(
        [
            np.round(grid.to_ticks(rows[:, 0]) / _STEP),
            np.round(grid.to_ticks(rows[:, 1]) / _STEP),
            rows[:, 2],
        ],
        axis=1,
    ).astype(np.int64)
    bar = grid.beats * grid.beat_ticks // _STEP
    bars = int(np.ceil(grid.to_ticks(grid.beats_s[-1]) / _STEP / bar))
    return of_notes(
        steps[steps[:, 1] > 0], max(bars, 1) * bar, bar // PARTS[grid.beats, grid.beat_unit]
    )
