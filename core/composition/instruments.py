"""The instruments that `composer` knows: classes of General MIDI programs, and what each is for."""

from __future__ import annotations

from dataclasses import dataclass

from core.score import Track


@dataclass(frozen=True)
class Instrument:
    """A class of programs. program: the one it is played on. programs: those read as it.

    role: melody, harmony or rhythm, which can be redrawn apart.
    """

    name: str
    program: int
    programs: tuple[int, ...]
    role: str


def _class(name: str, program: int, first: int, last: int, role: str = "harmony") -> Instrument:
    return Instrument(name, program, tuple(range(first, last + 1)), role)


INSTRUMENTS = (
    Instrument("lead", 73, (), "melody"),
    Instrument("second lead", 11, (), "melody"),
    Instrument("drums", 0, (), "rhythm"),
    Instrument("piano", 0, (0, 1, 2, 3, 6, 7), "harmony"),
    _class("electric piano", 4, 4, 5),
    _class("mallets", 11, 8, 15),
    _class("organ", 16, 16, 20),
    _class("accordion", 21, 21, 23),
    _class("nylon guitar", 24, 24, 24),
    _class("steel guitar", 25, 25, 25),
    _class("clean guitar", 27, 26, 28),
    _class("distorted guitar", 30, 29, 31),
    _class("acoustic bass", 32, 32, 32),
    _class("electric bass", 33, 33, 37),
    _class("synth bass", 38, 38, 39),
    _class("solo strings", 40, 40, 43),
    Instrument("string ensemble", 48, (44, 48, 49, 50, 51), "harmony"),
    _class("harp and pizzicato", 46, 45, 46),
    _class("choir", 52, 52, 54),
    Instrument("timpani and hits", 47, (47, 55), "rhythm"),
    Instrument("trumpet", 56, (56, 59), "melody"),
    Instrument("low brass", 57, (57, 58, 60), "harmony"),
    _class("brass section", 61, 61, 63),
    _class("saxophone", 66, 64, 67, "melody"),
    _class("reeds", 71, 68, 71, "melody"),
    _class("flute", 73, 72, 79, "melody"),
    _class("synth lead", 81, 80, 87, "melody"),
    _class("pad", 89, 88, 95),
    _class("synth effects", 99, 96, 103),
    _class("plucked world", 105, 104, 111),
    _class("percussion", 115, 112, 119, "rhythm"),
)
"""In the order of the network's classes."""

LEAD, SECOND_LEAD, DRUMS = 0, 1, 2
NAMES = tuple(instrument.name for instrument in INSTRUMENTS)
ROLES = ("melody", "harmony", "rhythm")

PROGRAMS: dict[str, dict[int, int]] = {
    "": {},
    "pop": {LEAD: 71, SECOND_LEAD: 11},
    "folk": {LEAD: 73},
    "lieder": {LEAD: 68},
    "rock": {LEAD: 81},
    "country": {LEAD: 22},
    "jazz": {LEAD: 66},
    "blues": {LEAD: 22},
    "latin": {LEAD: 73},
    "soul": {LEAD: 65},
    "electronic": {LEAD: 80},
    "game": {LEAD: 81},
    "folk band": {LEAD: 21},
}
"""Genre -> the program of instruments whose class says only what they are for."""

_BY_PROGRAM = {
    program: index
    for index, instrument in enumerate(INSTRUMENTS)
    for program in instrument.programs
}
_LEADS = ("melody", "lead", "solo", "voice", "vocal", "soprano")
_SECOND_LEADS = ("bridge", "second lead", "counter")


def instrument_of(track: Track) -> int | None:
    """The class of a track, by its name where that says so, else by its program.

    None for sound effects (programs 120 to 127), which no class has.
    """
    if track.is_drum:
        return DRUMS
    name = track.name.lower()
    if name in NAMES:
        return NAMES.index(name)
    if any(word in name for word in _SECOND_LEADS):
        return SECOND_LEAD
    if any(word in name for word in _LEADS):
        return LEAD
    return _BY_PROGRAM.get(track.program)


def role(track: Track) -> str:
    """melody, harmony or rhythm."""
    index = instrument_of(track)
    return "harmony" if index is None else INSTRUMENTS[index].role
