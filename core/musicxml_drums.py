"""Where drums stand on a percussion staff, after the Percussive Arts Society (Weinberg 1998)."""

import pretty_midi

_CROSS = "x"
_SNARE = 38
DRUM_PLACES: dict[int, tuple[str, int, str]] = {
    35: ("E", 4, ""),
    36: ("F", 4, ""),
    37: ("C", 5, _CROSS),
    38: ("C", 5, ""),
    39: ("C", 5, "triangle"),
    40: ("C", 5, ""),
    41: ("G", 4, ""),
    42: ("G", 5, _CROSS),
    43: ("A", 4, ""),
    44: ("D", 4, _CROSS),
    45: ("B", 4, ""),
    46: ("G", 5, "circle-x"),
    47: ("B", 4, ""),
    48: ("D", 5, ""),
    49: ("A", 5, _CROSS),
    50: ("E", 5, ""),
    51: ("F", 5, _CROSS),
    52: ("A", 5, "circle-x"),
    53: ("F", 5, "diamond"),
    54: ("E", 5, _CROSS),
    55: ("B", 5, _CROSS),
    56: ("E", 5, "triangle"),
    57: ("B", 5, "circle-x"),
    59: ("F", 5, "circle-x"),
}
"""General MIDI drum -> letter and octave as on a treble staff, and notehead."""
OTHER_DRUM = ("B", 4, "slash")


def drum_name(pitch: int) -> str:
    """General MIDI's name, or the number."""
    return pretty_midi.note_number_to_drum_name(pitch) or f"Percussion {pitch}"


def drum_at(letter: str, octave: int, head: str) -> int:
    """The drum of a place on the staff: with the same notehead if there is one, else the first."""
    here = [drum for drum, place in DRUM_PLACES.items() if place[:2] == (letter, octave)]
    same = [drum for drum in here if DRUM_PLACES[drum][2] == head]
    return (same or here or [_SNARE])[0]
