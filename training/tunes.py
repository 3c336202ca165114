"""Which pieces of the corpus have a tune and parts beside it, and which notes are the tune."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from core.composition.instruments import INSTRUMENTS, LEAD, SECOND_LEAD
from training.composer_corpus import Piece

SUBSETS = ("midi_arranged", "midi_multitrack", "midi_pop909", "midi_lieder")
LEAST_NOTES = 24


def with_tune(piece: Piece) -> Piece | None:
    """The piece with its tune on LEAD: where none is named, its busiest instrument for melodies.

    None where there is no tune, or nothing beside it.
    """
    events = piece.events
    if not (events[:, 2] == LEAD).any():
        melodies = [i for i, entry in enumerate(INSTRUMENTS) if entry.role == "melody"]
        counts = np.bincount(events[:, 2], minlength=len(INSTRUMENTS))[melodies]
        if counts.max() < LEAST_NOTES:
            return None
        events = events.copy()
        events[events[:, 2] == melodies[int(counts.argmax())], 2] = LEAD
        events = events[np.lexsort(events.T[::-1])]
    if not (~np.isin(events[:, 2], (LEAD, SECOND_LEAD))).any():
        return None
    return dataclasses.replace(piece, events=events)


def usable(found: Sequence[Piece]) -> list[Piece]:
    """The pieces of SUBSETS with a tune on LEAD."""
    tuned = [with_tune(piece) for piece in found if piece.subset in SUBSETS]
    return [piece for piece in tuned if piece is not None]
