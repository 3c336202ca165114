"""Which General MIDI program a part is rendered with: a draw among those that suit it."""

from __future__ import annotations

import numpy as np

from core.remixing.stems import SOLO
from core.synth_notes import DRUMS
from training.stem_parts import Line

SOLO_RANGES = {
    0: (36, 96), 4: (40, 92), 11: (53, 89), 12: (48, 96), 16: (48, 96), 21: (53, 93),
    22: (55, 96), 24: (43, 84), 25: (43, 84), 27: (43, 88), 29: (43, 88), 40: (55, 100),
    41: (48, 88), 42: (36, 79), 52: (48, 84), 56: (52, 86), 57: (40, 74), 60: (40, 77),
    65: (49, 84), 66: (44, 79), 68: (58, 91), 70: (34, 72), 71: (50, 92), 73: (60, 98),
    74: (60, 98), 80: (45, 96), 81: (45, 96),
}  # fmt: skip
"""Instruments that carry a tune -> the lowest and the highest pitch that they play."""
IN_RANGE_SHARE = 0.97
BASSES = (32, 33, 34, 35, 36, 38)
PIANOS = (0, 1, 2, 4, 5)
KIN = (
    (8, 9, 10, 11, 12, 13),
    (16, 17, 18, 19),
    (21, 22, 23),
    (24, 25, 26, 27),
    (29, 30),
    (40, 41, 42),
    (48, 49, 50, 51),
    (52, 53, 54),
    (56, 57, 60, 61),
    (62, 63),
    (64, 65, 66, 67),
    (68, 69, 70, 71),
    (72, 73, 74, 75),
    (80, 81, 87),
    (88, 89, 90, 91, 94, 95),
)
"""Programs that stand in for each other in the stem `other`. What is in none is kept."""
APART_FROM_PIANO = (11, 24, 25, 26, 48, 49, 52, 71, 73)
"""For a line of `other` that its file gives to a piano, as POP909 does its bridges."""
KEPT_SHARE = 0.4
"""How often a band's part keeps the program that its file gives it, where that suits."""


def draw_program(name: str, line: Line, rng: np.random.Generator) -> int:
    """The program for a line of a stem or the solo; DRUMS for drums, which have one kit."""
    if name == "drums" or line.program == DRUMS:
        return DRUMS
    if name == SOLO:
        pitches = line.notes[:, 2]
        suited = [
            program
            for program, (low, high) in SOLO_RANGES.items()
            if np.mean((pitches >= low) & (pitches <= high)) >= IN_RANGE_SHARE
        ]
        return int(rng.choice(suited or list(SOLO_RANGES)))
    if name == "bass":
        suited = list(BASSES)
    elif name == "piano":
        suited = list(PIANOS)
    elif line.program in range(8):
        suited = list(APART_FROM_PIANO)
    else:
        suited = next((list(kin) for kin in KIN if line.program in kin), [line.program])
    keeps = rng.random() < KEPT_SHARE
    return line.program if keeps and line.program in suited else int(rng.choice(suited))
