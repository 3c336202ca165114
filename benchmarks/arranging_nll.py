"""How much each true note of the parts surprises a model, with the tune told and without it.

All models read the same bars of the same pieces, from their first bar on, and know metre, genre,
mode and tempo. Nats of a note are those of its time (and of the bar lines before it), instrument,
pitch, length and loudness.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from benchmarks.arranging_pieces import Case, stem_of
from benchmarks.ngram import KneserNey
from benchmarks.token_streams import FIELDS, stream_of
from core.composition.instruments import DRUMS, LEAD
from core.composition.stream import FEATURES, Conditions, windowed
from core.composition.tokens import (
    INSTRUMENT,
    OFFSETS,
    PITCH,
    SIZES,
    TIME,
    bar_steps,
)
from core.hearing.heard import Chord
from core.remixing.band_guide import ChordGuide
from core.remixing.chords import Chart
from training.band_guide import tune_of
from training.composer_corpus import Piece

LENGTH, BATCH = 384, 8
NGRAM_ORDER = 6

Array = np.ndarray[Any, Any]
Network = Callable[[Array], Array]


def fitting(piece: Piece) -> Piece:
    """As many of its first bars as the network reads at once, tune and all."""
    edges = np.searchsorted(piece.events[:, 0], np.arange(1, piece.bars + 1))
    lengths = edges + np.arange(1, piece.bars + 1) + 2
    bars = max(int((lengths <= LENGTH).sum()), 1)
    return dataclasses.replace(piece, events=piece.events[piece.events[:, 0] < bars], bars=bars)


def without(piece: Piece, hidden: Array) -> Piece:
    """The piece without some of its notes, as if they had never been."""
    return dataclasses.replace(piece, events=piece.events[~hidden])


def guide_of(piece: Piece, chords: Sequence[Chord]) -> ChordGuide:
    """As the band makes it of a tune and chords."""
    return ChordGuide(Chart(chords), tune_of(piece, bar_steps(piece.metre)), piece.metre)


def network_nats(
    network: Network, pieces: Sequence[Piece], guides: Sequence[ChordGuide | None]
) -> list[float]:
    """Nats of all notes but LEAD's in each piece; those are given, where there are any.

    network: float32 [BATCH, LENGTH, FEATURES] -> logits [BATCH, LENGTH, VOCABULARY].
    """
    out = []
    for start in range(0, len(pieces), BATCH):
        some = pieces[start : start + BATCH]
        batch = np.zeros((BATCH, LENGTH, FEATURES), np.float32)
        rows = []
        for row, piece in enumerate(some):
            known = Conditions(piece.metre, piece.genre, piece.mode, piece.tempo_bpm)
            given = piece.events[:, 2] == LEAD
            found = windowed(piece.events, given, known, 0, piece.bars, LENGTH)
            batch[row, : len(found[0])] = found[0]
            rows.append(found)
        logits = np.asarray(network(batch), np.float64)
        for row, (found, guide) in enumerate(zip(rows, guides[start : start + BATCH], strict=True)):
            features, following, weights = found
            said = logits[row, : len(features)].copy()
            if guide is not None:
                _guided(said, features, following, weights, guide)
            out.append(_nats(said, following, weights))
    return out


def _guided(
    said: Array, features: Array, following: Array, weights: Array, guide: ChordGuide
) -> None:
    """Add the chords' say to the pitch logits, in place."""
    bars = np.cumsum(features[:, 0] == 1) - 1
    pitch = slice(OFFSETS[PITCH], OFFSETS[PITCH] + SIZES[PITCH])
    for index in np.flatnonzero((weights[:, -1] > 0) & (following[:, INSTRUMENT] != DRUMS)):
        step, instrument = int(following[index, TIME]), int(following[index, INSTRUMENT])
        said[index, pitch] += guide.pitches(int(bars[index]), step, instrument)


def _nats(said: Array, following: Array, weights: Array) -> float:
    total = 0.0
    for field, (offset, size) in enumerate(zip(OFFSETS, SIZES, strict=True)):
        part = said[:, offset : offset + size]
        top = part.max(axis=1)
        log_sum = np.log(np.exp(part - top[:, None]).sum(axis=1)) + top
        own = part[np.arange(len(part)), following[:, field]]
        total += float((weights[:, field] * (log_sum - own)).sum())
    return total


def alone(piece: Piece) -> list[Piece]:
    """Each stem's notes as a piece of its own."""
    stems = np.array([stem_of(int(i)) for i in piece.events[:, 2]])
    tune = piece.events[:, 2] == LEAD
    return [without(piece, tune | (stems != stem)) for stem in sorted({*stems[~tune].tolist()})]


def ngram_nats(train: Sequence[Piece], test: Sequence[Piece]) -> list[float]:
    """Of an n-gram model that has counted training pieces without their tunes; so is the test."""

    def parts(piece: Piece) -> Array:
        rest = without(piece, piece.events[:, 2] == LEAD)
        return stream_of(rest.events, rest.bars)

    model = KneserNey([parts(piece) for piece in train], FIELDS, NGRAM_ORDER)
    out = []
    for piece in test:
        nats = model.nats(parts(piece))
        nats[0] = 0.0  # every piece begins with a bar line
        out.append(float(nats[:-1].sum()))
    return out


def counted(piece: Piece) -> int:
    """Notes that are measured."""
    return int((piece.events[:, 2] != LEAD).sum())


def all_nats(
    network: Network,
    plain: Network,
    found: Sequence[Case],
    heard: Sequence[Sequence[Chord]],
    train: Sequence[Piece],
) -> dict[str, list[float]]:
    """Model -> nats of each case. heard: the chords that are heard in each tune.

    network: the band's. plain: composer's, which has learned from pieces of which nothing is told;
    the band's knows nothing else than a tune, and would be the worse for missing it.
    """
    pieces = [fitting(case.piece) for case in found]
    bare = [without(piece, piece.events[:, 2] == LEAD) for piece in pieces]
    told = [guide_of(piece, case.chords) for piece, case in zip(pieces, found, strict=True)]
    own = [guide_of(piece, chords) for piece, chords in zip(pieces, heard, strict=True)]
    nothing: list[ChordGuide | None] = [None] * len(pieces)
    split = [alone(piece) for piece in pieces]
    flat = [part for parts in split for part in parts]
    each = iter(network_nats(plain, flat, [None] * len(flat)))
    return {
        "band": network_nats(network, pieces, own),
        "band, true chords told": network_nats(network, pieces, told),
        "band, no chords": network_nats(network, pieces, nothing),
        "no context: the tune hidden": network_nats(plain, bare, nothing),
        "no context: each part by itself": [sum(next(each) for _ in parts) for parts in split],
        f"Kneser-Ney {NGRAM_ORDER}-grams": ngram_nats(train, pieces),
    }
