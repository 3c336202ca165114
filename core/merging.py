"""Too many tracks made fewer, and the one metre that a score has chosen from those of a file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from core.general_midi import FAMILY_SIZE, track_name
from core.quantise import separate
from core.score import TICKS_PER_QUARTER, Note, Track

MAX_TRACKS = 16

_DRUMS = -1


def merged(tracks: Sequence[Track]) -> tuple[Track, ...]:
    """The tracks, or where these are more than MAX_TRACKS, one for each program and the drums.

    Where these too are more, one for each family of programs, under the name of its busiest.
    """
    if len(tracks) <= MAX_TRACKS:
        return tuple(tracks)
    programs: dict[int, list[Note]] = defaultdict(list)
    for track in tracks:
        programs[_DRUMS if track.is_drum else track.program].extend(track.notes)
    if len(programs) > MAX_TRACKS:
        busiest: dict[int, int] = {}
        for program in sorted(programs, key=lambda p: (len(programs[p]), p)):
            busiest[program // FAMILY_SIZE] = program
        families: dict[int, list[Note]] = defaultdict(list)
        for program, notes in programs.items():
            families[busiest[program // FAMILY_SIZE]].extend(notes)
        programs = families
    return tuple(
        Track(track_name(max(p, 0), p == _DRUMS), max(p, 0), separate(notes), p == _DRUMS)
        for p, notes in sorted(programs.items())
    )


def main_metre(metres: Sequence[tuple[float, int, int]], end: float) -> tuple[int, int, int]:
    """(beats, beat unit, ticks by which all notes move later) of a piece of `end` quarters.

    metres: (time in quarters, beats, beat unit). The metre that lasts the longest is the score's;
    the notes move so that a bar begins where this metre first does, as after a pickup.
    """
    ordered = sorted(metres, key=lambda metre: metre[0])
    if not ordered:
        return 4, 4, 0
    lasting: dict[tuple[int, int], float] = defaultdict(float)
    first: dict[tuple[int, int], float] = {}
    ends = [time for time, _, _ in ordered[1:]] + [max(end, ordered[-1][0])]
    for (time, beats, unit), until in zip(ordered, ends, strict=True):
        lasting[beats, unit] += min(until, end) - min(time, end)
        first.setdefault((beats, unit), time)
    beats, unit = max(lasting, key=lambda metre: lasting[metre])
    bar = beats * TICKS_PER_QUARTER * 4 // unit
    # The first one holds from the start, whenever it is written.
    start = 0.0 if (beats, unit) == ordered[0][1:] else first[beats, unit]
    return beats, unit, -round(start * TICKS_PER_QUARTER) % bar
