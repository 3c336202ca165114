"""How a staff is written down: voices, note values, ties, triplets, beams, spelling, accidentals.

All times are ticks of the score within one bar, unless said otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby

from core.keys import fifths
from core.quantise import beat_ticks, is_compound
from core.score import Key, Note

_VALUES = {
    192: ("breve", 0),
    144: ("whole", 1),
    96: ("whole", 0),
    72: ("half", 1),
    48: ("half", 0),
    36: ("quarter", 1),
    24: ("quarter", 0),
    18: ("eighth", 1),
    12: ("eighth", 0),
    9: ("16th", 1),
    6: ("16th", 0),
    3: ("32nd", 0),
}
"""Ticks -> note value and dots."""
_TRIPLET_VALUES = {16: ("quarter", 0), 12: ("eighth", 1), 8: ("eighth", 0), 4: ("16th", 0)}
"""The same for three in the time of two."""
_BEAMS = {"eighth": 1, "16th": 2, "32nd": 3}

_STEPS = ("F", "C", "G", "D", "A", "E", "B")
_NATURALS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


@dataclass
class Piece:
    """A printed note, chord or rest. notes: empty for a rest; of one start and length.

    tied_from, tied_to: it goes on from the piece before, or on to the next. triplet: "start",
    "stop", "inside" or "". beams: per level from 1, "begin", "continue", "end", "forward hook" or
    "backward hook".
    """

    start: int
    duration: int
    notes: tuple[Note, ...]
    tied_from: bool = False
    tied_to: bool = False
    in_triplet: bool = False
    triplet: str = ""
    beams: list[str] = field(default_factory=list)

    @property
    def value(self) -> tuple[str, int]:
        """Note value and dots."""
        return (_TRIPLET_VALUES if self.in_triplet else _VALUES)[self.duration]


@dataclass(frozen=True)
class Event:
    """Notes that start and end together. start, end: ticks of the score."""

    start: int
    end: int
    notes: tuple[Note, ...]


def voices_of(notes: tuple[Note, ...]) -> list[list[Event]]:
    """Notes as chords, and chords as voices in which no two sound at once, the highest first.

    A chord goes to the first voice that is free.
    """
    chords: dict[tuple[int, int], list[Note]] = {}
    for note in notes:
        chords.setdefault((note.start, note.end), []).append(note)
    voices: list[list[Event]] = []
    order = sorted(chords.items(), key=lambda item: (item[0][0], -max(n.pitch for n in item[1])))
    for (start, end), chord in order:
        event = Event(start, end, tuple(chord))
        free = [voice for voice in voices if voice[-1].end <= start]
        if free:
            free[0].append(event)
        else:
            voices.append([event])
    return voices


def write_bar(
    events: list[Event], bar_start: int, bar_ticks: int, beats: int, beat_unit: int
) -> list[Piece]:
    """One voice's bar, full from end to end. events: those that sound in it, in order."""
    beat = beat_ticks(beats, beat_unit)
    bar_end = bar_start + bar_ticks
    spans: list[tuple[int, int, Event | None]] = []
    at = bar_start
    for event in events:
        start, end = max(event.start, bar_start), min(event.end, bar_end)
        if start > at:
            spans.append((at, start, None))
        spans.append((start, end, event))
        at = end
    if at < bar_end:
        spans.append((at, bar_end, None))
    triplets = _triplet_beats(spans, bar_start, beat)
    pieces = []
    for start, end, sounding in spans:
        for a, b in _split(start - bar_start, end - bar_start, beat, triplets, sounding is None):
            pieces.append(
                Piece(
                    a,
                    b - a,
                    sounding.notes if sounding else (),
                    tied_from=sounding is not None and sounding.start < bar_start + a,
                    tied_to=sounding is not None and sounding.end > bar_start + b,
                    in_triplet=a // beat in triplets and b - a < beat,
                )
            )
    _mark_triplets(pieces, beat)
    _beam(pieces, beat, beats, beat_unit)
    return pieces


def _triplet_beats(
    spans: list[tuple[int, int, Event | None]], bar_start: int, beat: int
) -> set[int]:
    """The beats (their index in the bar) in which something starts off the straight grid."""
    if beat not in (12, 24):
        return set()
    return {(start - bar_start) // beat for start, _, _ in spans if (start - bar_start) % beat % 3}


def _split(
    start: int, end: int, beat: int, triplets: set[int], is_rest: bool
) -> Iterator[tuple[int, int]]:
    """Cut [start, end) into values that can be printed and that show the beats."""
    while start < end:
        number, inside = divmod(start, beat)
        if inside == 0 and end - start >= beat:
            length = _whole_beats(start, end, beat, triplets, is_rest)
        elif number in triplets:
            length = _largest(_TRIPLET_VALUES, min(end, (number + 1) * beat) - start)
        elif _is_syncope(start, end, beat, triplets) and not is_rest:
            length = beat
        else:
            length = _largest(_VALUES, min(end, (number + 1) * beat) - start)
        yield start, start + length
        start += length


def _whole_beats(start: int, end: int, beat: int, triplets: set[int], is_rest: bool) -> int:
    """The longest value from a beat on. Rests in simple time are not dotted and show the half."""
    for length in _VALUES:
        if length < beat or start + length > end:
            continue
        tail = length % beat
        if tail and ((start + length) // beat in triplets or is_rest or beat != 24 or tail != 12):
            continue
        if is_rest and beat == 24 and (_VALUES[length][1] or start % length):
            continue
        return length
    return beat


def _is_syncope(start: int, end: int, beat: int, triplets: set[int]) -> bool:
    """Whether [start, end) is a quarter between two beats of one half bar, which needs no tie."""
    number, inside = divmod(start, beat)
    both = {number, number + 1}
    return (
        beat == 24
        and inside == 12
        and end - start >= 24
        and number % 2 == 0
        and not both & triplets
        and (end - start == 24)
    )


def _largest(values: dict[int, tuple[str, int]], ticks: int) -> int:
    return next((length for length in values if length <= ticks), min(values))


def _mark_triplets(pieces: list[Piece], beat: int) -> None:
    """First and last piece of each beat in triplets get the bracket's ends."""
    for number in {p.start // beat for p in pieces if p.in_triplet}:
        group = [p for p in pieces if p.in_triplet and p.start // beat == number]
        for piece in group:
            piece.triplet = "inside"
        group[-1].triplet = "stop"
        group[0].triplet = "start"


def _beam(pieces: list[Piece], beat: int, beats: int, beat_unit: int) -> None:
    """Beams within a beat; plain eighths of 4/4 and 2/4 over two beats."""
    span = beat
    if not is_compound(beats, beat_unit) and beat_unit >= 8:
        span = beat * beats if beats <= 4 else 2 * beat
    groups: dict[int, list[Piece]] = {}
    for piece in pieces:
        groups.setdefault(piece.start // span, []).append(piece)
    if span == 24 and beat_unit == 4 and beats % 2 == 0:
        _join_eighths(groups)
    for group in groups.values():
        for is_beamed, run in groupby(group, lambda p: bool(p.notes) and p.value[0] in _BEAMS):
            if is_beamed:
                _beam_run(list(run))


def _join_eighths(groups: dict[int, list[Piece]]) -> None:
    for number in [n for n in groups if n % 2 == 0 and n + 1 in groups]:
        both = groups[number] + groups[number + 1]
        if all(p.notes and p.value == ("eighth", 0) and not p.in_triplet for p in both):
            groups[number] = both
            del groups[number + 1]


def _beam_run(run: list[Piece]) -> None:
    if len(run) == 1:
        return
    levels = [_BEAMS[piece.value[0]] for piece in run]
    for at, piece in enumerate(run):
        for level in range(1, levels[at] + 1):
            before = at > 0 and levels[at - 1] >= level
            after = at + 1 < len(run) and levels[at + 1] >= level
            if before and after:
                piece.beams.append("continue")
            elif before or after:
                piece.beams.append("end" if before else "begin")
            else:
                piece.beams.append("backward hook" if at else "forward hook")


def spell(pitch: int, key: Key) -> tuple[str, int, int]:
    """(letter, alteration, octave) of a pitch in a key.

    Of the names on the line of fifths the one nearest to the middle of what the key uses; minor
    keys raise their sixth and seventh, so that their middle lies further up.
    """
    # 0 is C, 1 G, -1 F; the major scale reaches from one below its tonic to five above.
    place = pitch * 7 % 12
    middle = fifths(key) + (2 if key.mode == "major" else 3)
    place += 12 * round((middle - place) / 12)
    letter = _STEPS[(place + 1) % 7]
    alter = (place + 1) // 7
    octave = (pitch - alter - _NATURALS[letter]) // 12 - 1
    return letter, alter, octave


def signature_alter(letter: str, sharps: int) -> int:
    """What the key signature does to a letter: 1 sharpened, -1 flattened, else 0."""
    at = _STEPS.index(letter)
    if sharps > 0:
        return int(at < sharps)
    return -int(at >= 7 + sharps)
