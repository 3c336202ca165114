"""Pieces as streams of `composer`'s tokens, for models that take one symbol at a time."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.composition.tokens import BAR_LINE, OFFSETS, SIZES, TIME, Events

Array = np.ndarray[Any, Any]

FIELDS = np.repeat(np.arange(len(SIZES)), SIZES)
"""[VOCABULARY]: the field of each token; the one before says which field is next."""
LINE = OFFSETS[TIME] + BAR_LINE


def stream_of(events: Events, bars: int) -> Array:
    """`core.composition.tokens.flat_tokens` and a last bar line, which says that the piece ends."""
    notes = (events[:, 1:] + np.array(OFFSETS)).reshape(-1)
    lines = np.searchsorted(events[:, 0], np.arange(bars)) * len(SIZES)
    return np.append(np.insert(notes, lines, LINE), LINE).astype(np.int64)


def note_of_token(stream: Array) -> Array:
    """For each token of a stream the number of its note; of a bar line that of the next note."""
    after = np.cumsum(FIELDS[stream] == len(SIZES) - 1)
    return after - (FIELDS[stream] == len(SIZES) - 1)
