"""The part of a song that is rendered: where it starts, on what instruments, and how in time."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from core.remixing.stems import SOLO, STEMS
from core.synth_notes import DRUMS, NoteArray, as_played
from training.stem_parts import Line, Song
from training.stem_programs import draw_program

SOLO_SHARE, STEM_SHARE, STEMS_PLAYING = 0.6, 0.5, 2
"""Of the excerpt's seconds, how many the solo and at least two stems must play in."""
NOTE_JITTER_S, MAX_NOTE_JITTER_S, PART_OFFSET_S = 0.004, 0.012, 0.008
DRUM_JITTER_S = 0.002
"""Standard deviation of a note's delay, its bound, and the bound of a part's; drums keep time."""
EARLY_S = 0.05
"""Notes this much ahead of the first bar line belong to it and start with the excerpt."""
_LAST_ONSET_S = 0.02


@dataclass(frozen=True, eq=False)
class Excerpt:
    """What is to be rendered: times in s from start_s on.

    lines: of SOLO and each of STEMS, with the programs and the notes as played; those that do not
    play have none. beats: as Song has them. tempo_bpm: the median of the beats'.
    """

    start_s: float
    tempo_bpm: float
    metre: tuple[int, int]
    lines: dict[str, list[Line]]
    beats: NoteArray


def excerpt_of(song: Song, seconds: float, rng: np.random.Generator) -> Excerpt | None:
    """A drawn excerpt of `seconds`, from a bar line on; None where none has enough playing.

    The metre is the same all through. A song with one part beside the solo needs that one alone.
    """
    starts = bar_lines(song, seconds)
    if not starts:
        return None
    first = starts[int(rng.integers(len(starts)))]
    start_s = float(song.beats[first, 0])
    inside = (song.beats[:, 0] >= start_s - 1e-9) & (song.beats[:, 0] < start_s + seconds)
    beats = song.beats[inside] - [start_s, 0.0]
    lines = {SOLO: [_played(SOLO, song.solo, start_s, seconds, rng)]}
    for name in STEMS:
        written = song.stems.get(name, [])
        if name != "other" and written:
            # One player for all: two tracks of drums or of a piano's hands are one part.
            written = [replace(written[0], notes=np.concatenate([x.notes for x in written]))]
        played = [_played(name, line, start_s, seconds, rng) for line in written]
        lines[name] = [line for line in played if len(line.notes)]
    tempo_bpm = 60 / float(np.median(np.diff(beats[:, 0])))
    return Excerpt(start_s, tempo_bpm, song.metres[first], lines, beats)


def bar_lines(song: Song, seconds: float) -> list[int]:
    """The beats at which an excerpt may start."""
    end_s = max(float(line.notes[:, 1].max()) for line in _all_lines(song))
    solo = _seconds_playing([song.solo], end_s)
    stems = [_seconds_playing(lines, end_s) for lines in song.stems.values()]
    needed = min(STEMS_PLAYING, len(stems))
    found = []
    for at in np.flatnonzero(song.beats[:, 1] == 0):
        start_s = song.beats[at, 0]
        if start_s + seconds > end_s:
            break
        last = int(np.searchsorted(song.beats[:, 0], start_s + seconds))
        if len(set(song.metres[at:last])) != 1 or last - at < 2:
            continue
        part = slice(int(start_s), max(int(start_s + seconds), int(start_s) + 1))
        playing = sum(bool(stem[part].mean() >= STEM_SHARE) for stem in stems)
        if solo[part].mean() >= SOLO_SHARE and playing >= needed:
            found.append(int(at))
    return found


def _all_lines(song: Song) -> list[Line]:
    return [song.solo, *(line for lines in song.stems.values() for line in lines)]


def _seconds_playing(lines: list[Line], end_s: float) -> npt.NDArray[np.bool_]:
    """For each second of the song whether a note sounds in it."""
    playing = np.zeros(int(end_s) + 2, bool)
    for line in lines:
        for onset_s, offset_s in line.notes[:, :2]:
            playing[int(onset_s) : int(offset_s) + 1] = True
    return playing


def _played(
    name: str, line: Line, start_s: float, seconds: float, rng: np.random.Generator
) -> Line:
    """The line's notes in the excerpt, each a little early or late, on a drawn program."""
    program = draw_program(name, line, rng)
    spread_s = DRUM_JITTER_S if program == DRUMS else NOTE_JITTER_S
    offset_s = 0.0 if program == DRUMS else rng.uniform(-PART_OFFSET_S, PART_OFFSET_S)
    notes = line.notes - [start_s, start_s, 0.0, 0.0]
    inside = (notes[:, 0] >= -EARLY_S) & (notes[:, 0] < seconds - _LAST_ONSET_S)
    notes = notes[inside]
    late_s = np.clip(rng.normal(0, spread_s, len(notes)), -MAX_NOTE_JITTER_S, MAX_NOTE_JITTER_S)
    notes[:, :2] += (late_s + offset_s)[:, None]
    notes[:, 0] = np.clip(notes[:, 0], 0.0, seconds - _LAST_ONSET_S)
    notes = as_played(notes)
    notes[:, 1] = np.minimum(notes[:, 1], seconds)
    return Line(program, notes)
