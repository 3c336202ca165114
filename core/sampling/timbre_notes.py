"""A `NoteSound` as the arrays that `timbre-vae`'s network reads and writes, and back."""

from __future__ import annotations

import numpy as np

from core.sampling.harmonics import (
    FLOOR_DB,
    FLUTTERS,
    HALVES,
    HELD_KNOTS,
    KNOTS,
    NOISE_BANDS,
    OWN_PLACES,
    PARTIALS,
    DoubleArray,
    NoteSound,
    partial_ratios,
)

LEVELS = PARTIALS + HALVES + NOISE_BANDS
TRAITS = OWN_PLACES - 1 + 5 + FLUTTERS
PLACES = OWN_PLACES - 1
LEVEL_UNIT_DB = 20.0
LEVEL_MIDDLE_DB = -50.0
CENTS_UNIT = 10.0
LEAST_INHARMONICITY = 1e-6
HARMONIC = 0.03
STEADY = 0.12
"""Partials said to waver by less do not: measured on weak partials, a piano's seem to a little."""


def flat_levels(note: NoteSound) -> DoubleArray:
    """[KNOTS, LEVELS], dB: partials, halves, noise."""
    return np.concatenate([note.partials_db, note.halves_db, note.noise_db], axis=1)


def traits_of(note: NoteSound) -> DoubleArray:
    """[TRAITS], each of a size of about 1: what a note is as a whole."""
    b = np.log10(max(note.inharmonicity, LEAST_INHARMONICITY)) + 4.5
    rest = [
        b, (note.vibrato_hz - 5.5) / 1.5, note.vibrato_cents / 10.0, note.tremolo_db / 2.0,
        np.log2(note.flutter_hz / 4.0),
    ]  # fmt: skip
    return np.concatenate([note.places[1:] / 0.2, rest, 2.0 * note.flutter])


def note_of(levels_db: DoubleArray, cents: DoubleArray, traits: DoubleArray) -> NoteSound:
    """The reverse, from what a network says: values are brought into what a note may have.

    levels_db [KNOTS, LEVELS], cents [KNOTS], traits [TRAITS].
    """
    if levels_db.shape != (KNOTS, LEVELS) or traits.shape != (TRAITS,):
        raise ValueError(f"not a note: {levels_db.shape}, {traits.shape}")
    levels = np.clip(levels_db, FLOOR_DB, 20.0)
    # A level within a few dB of the floor stands for silence.
    levels = np.where(levels < FLOOR_DB + 6.0, FLOOR_DB - 20.0, levels)
    b, rate, cents_deep, tremolo, flutter_rate = traits[PLACES : PLACES + 5]
    inharmonicity = 10.0 ** (b - 4.5)
    inharmonicity = float(np.clip(inharmonicity, 0.0, 5e-3)) if inharmonicity > 3e-6 else 0.0
    return NoteSound(
        partials_db=levels[:, :PARTIALS],
        halves_db=levels[:, PARTIALS : PARTIALS + HALVES],
        noise_db=levels[:, PARTIALS + HALVES :],
        cents=np.clip(cents, -60.0, 60.0),
        places=settled_places(0.2 * traits[:PLACES], inharmonicity),
        inharmonicity=inharmonicity,
        vibrato_hz=float(np.clip(5.5 + 1.5 * rate, 3.5, 8.5)),
        vibrato_cents=float(np.clip(10.0 * cents_deep, 0.0, 40.0)),
        tremolo_db=float(np.clip(2.0 * tremolo, 0.0, 6.0)),
        flutter=np.clip((traits[PLACES + 5 :] / 2.0 - STEADY) / (1.0 - STEADY), 0.0, 1.0),
        flutter_hz=float(np.clip(4.0 * 2.0**flutter_rate, 0.5, 12.0)),
    )


def settled_places(places: DoubleArray, inharmonicity: float) -> DoubleArray:
    """[OWN_PLACES], from those of partial 2 on: what is nearly where a string's would be is there.

    A network's small errors would otherwise make every instrument a bell. Continuous: between
    HARMONIC and three times that, places move over to what was said.
    """
    string = partial_ratios(OWN_PLACES, inharmonicity, np.zeros(0)) - np.arange(1, OWN_PLACES + 1)
    away = np.concatenate([[0.0], places]) - string
    kept = np.clip((np.abs(away) - HARMONIC) / (2.0 * HARMONIC), 0.0, 1.0)
    return np.asarray(np.clip(string + kept * away, -0.5, 0.5))


CHANNELS = LEVELS + 1
"""Levels and, last, the pitch curve."""
OUTPUT = CHANNELS * KNOTS + TRAITS
HEARD_KNOTS = slice(0, KNOTS, 2)
HEARD_COUNT = len(range(KNOTS)[HEARD_KNOTS])
GIVEN = 5
"""Pitch, velocity, whether that is known, whether a release was heard, and whether 8 to 16 kHz."""
BRIGHT = -4
"""A noise band that only sound of 32 kHz and more has."""
HEARD = GIVEN + HEARD_COUNT * LEVELS + TRAITS
ASKED = 2
WAVES = 8
"""Sines and cosines of the pitch that the network reads beside it."""
ASKED_VELOCITY = 0.75
"""The velocity that a note of unknown velocity is taken to have been played with."""


def scaled_pitch(pitch: float) -> float:
    """In two octaves from middle C."""
    return (pitch - 60.0) / 24.0


def scaled_velocity(velocity: float) -> float:
    """About -1 to 1."""
    return 2.0 * velocity - 1.2


def scaled_levels(levels_db: DoubleArray) -> DoubleArray:
    """About -2.5 to 2.5, same shape."""
    return (np.maximum(levels_db, FLOOR_DB) - LEVEL_MIDDLE_DB) / LEVEL_UNIT_DB


def heard_row(
    levels_db: DoubleArray, traits: DoubleArray, known: DoubleArray, pitch: float,
    velocity: float | None, released: bool,
) -> DoubleArray:  # fmt: skip
    """What the network hears of a note, [HEARD].

    levels_db [KNOTS, LEVELS]; known: bool [LEVELS], the others read 0. velocity: None if unknown.
    """
    given = [
        scaled_pitch(pitch), scaled_velocity(ASKED_VELOCITY if velocity is None else velocity),
        float(velocity is not None), float(released), float(known[BRIGHT]),
    ]  # fmt: skip
    levels = np.where(known, scaled_levels(levels_db), 0.0)
    if not released:
        levels = np.concatenate([levels[:HELD_KNOTS], np.zeros((KNOTS - HELD_KNOTS, LEVELS))])
    return np.concatenate([given, levels[HEARD_KNOTS].reshape(-1), traits])


def asked_row(pitch: float, velocity: float) -> DoubleArray:
    """[ASKED]."""
    return np.array([scaled_pitch(pitch), scaled_velocity(velocity)])


def output_parts(output: DoubleArray) -> tuple[DoubleArray, DoubleArray, DoubleArray]:
    """[OUTPUT] -> levels in dB [KNOTS, LEVELS], cents [KNOTS], traits [TRAITS]."""
    curves = output[: CHANNELS * KNOTS].reshape(CHANNELS, KNOTS)
    levels = curves[:LEVELS].T * LEVEL_UNIT_DB + LEVEL_MIDDLE_DB
    return levels, curves[LEVELS] * CENTS_UNIT, output[CHANNELS * KNOTS :]
