"""Names of the General MIDI programs and their families."""

import pretty_midi

PROGRAM_NAMES: tuple[str, ...] = tuple(pretty_midi.INSTRUMENT_MAP)
"""The 128 instruments of General MIDI level 1, "Acoustic Grand Piano" first."""

DRUM_CHANNEL = 9
"""Channel 10 as people count them."""

FAMILY_SIZE = 8
"""Programs come in 16 families of 8."""


def track_name(program: int, is_drum: bool) -> str:
    """What to call a track that has no name of its own."""
    return "Drums" if is_drum else PROGRAM_NAMES[program]
