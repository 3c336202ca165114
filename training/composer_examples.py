"""The windows that `composer` is trained and measured on, from the pieces of composer_corpus."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from queue import Queue
from threading import Thread
from typing import Any, ClassVar

import numpy as np

from core.composition.stream import DENSITIES, FEATURES, Conditions, windowed
from core.composition.tokens import SIZES
from training.composer_corpus import Piece

Array = np.ndarray[Any, Any]

HIDDEN = {"genre": 0.15, "mode": 0.3, "tempo": 0.3, "density": 0.4, "instruments": 0.4, "end": 0.4}
"""Chance that each condition is unknown to the network."""
WEIGHTS = {"midi_pop909": 0.27, "midi_arranged": 0.25, "midi_multitrack": 0.25}
"""Chance that an example is of the subset; the rest share what is left by their notes."""


def density_edges(found: Sequence[Piece]) -> dict[str, list[float]]:
    """Notes a bar that part each genre's pieces into fifths; "" is for all genres."""
    edges = {}
    for genre in {p.genre for p in found} | {None}:
        rates = [len(p.events) / p.bars for p in found if genre is None or p.genre == genre]
        parts = np.quantile(rates, np.arange(1, DENSITIES) / DENSITIES)
        edges[genre or ""] = [round(float(x), 2) for x in parts]
    return edges


def conditions_of(piece: Piece, edges: dict[str, list[float]], rng: Any = None) -> Conditions:
    """All that is known of a piece, some of it hidden at random. Without rng: only the metre."""
    if rng is None:
        return Conditions(metre=piece.metre)
    hidden = {name: rng.random() < chance for name, chance in HIDDEN.items()}
    density = int(np.searchsorted(edges[piece.genre or ""], len(piece.events) / piece.bars))
    playing = frozenset(int(i) for i in np.unique(piece.events[:, 2]))
    return Conditions(
        metre=piece.metre,
        genre=None if hidden["genre"] else piece.genre,
        mode=None if hidden["mode"] else piece.mode,
        tempo_bpm=None if hidden["tempo"] else piece.tempo_bpm,
        density=None if hidden["density"] else density,
        instruments=None if hidden["instruments"] else playing,
        bars=None if hidden["end"] else piece.bars,
    )


def given_mask(piece: Piece, rng: Any) -> Array:
    """What stands fixed in this example, bool [notes]; nothing in half of them."""
    events = piece.events
    given = np.zeros(len(events), bool)
    kind = rng.random()
    if kind < 0.5:
        return given
    if kind < 0.9:
        playing = np.unique(events[:, 2])
        if len(playing) > 1:
            count = rng.integers(1, len(playing))
            given |= np.isin(events[:, 2], rng.choice(playing, count, replace=False))
    if kind > 0.75:
        # Runs of bars stand and runs are open, a few bars each.
        bars = np.zeros(piece.bars + 16, bool)
        at = int(rng.integers(0, 8))
        while at < piece.bars:
            run = int(rng.integers(1, 9))
            bars[at : at + run] = True
            at += run + int(rng.integers(1, 9))
        given |= bars[events[:, 0]]
    return given


class Examples:
    """Batches of windows, each batch from its own seed. shares: see WEIGHTS."""

    shares: ClassVar[Mapping[str, float]] = WEIGHTS

    def __init__(self, found: Sequence[Piece], seed: int, length: int, batch: int) -> None:
        self.found, self.seed, self.length, self.batch_size = found, seed, length, batch
        self.edges = density_edges(found)
        notes = np.array([len(p.events) for p in found], float)
        subsets = np.array([p.subset for p in found])
        chance = np.zeros(len(found))
        named = [s for s in self.shares if (subsets == s).any()]
        for subset in named:
            mine = subsets == subset
            root = np.sqrt(notes * mine)  # long medleys are not to drown the others
            chance += self.shares[subset] * root / root.sum()
        others = ~np.isin(subsets, named)
        if others.any():
            rest = 1 - sum(self.shares[s] for s in named)
            chance += rest * notes * others / (notes * others).sum()
        self.chance = chance / chance.sum()

    def batch(self, index: int) -> tuple[Array, Array]:
        """(features [batch, length, FEATURES], target [batch, length, 10])."""
        rng = np.random.default_rng([self.seed, index])
        inputs = np.zeros((self.batch_size, self.length, FEATURES), np.float32)
        target = np.zeros((self.batch_size, self.length, 2 * len(SIZES)), np.float32)
        for row, number in enumerate(rng.choice(len(self.found), self.batch_size, p=self.chance)):
            piece = self.found[number]
            first = first_bar(piece, self.length, rng)
            conditions, given = self.told(piece, rng)
            fill(inputs[row], target[row], piece, given, conditions, first)
        return inputs, target

    def told(self, piece: Piece, rng: Any) -> tuple[Conditions, Array]:
        """(what is known of the piece, which notes stand fixed)."""
        return conditions_of(piece, self.edges, rng), given_mask(piece, rng)

    def stream(self, start: int) -> Iterator[tuple[Array, Array]]:
        """Batches from `start` on, made ahead in a thread."""
        queue: Queue[tuple[Array, Array]] = Queue(4)

        def make() -> None:
            index = start
            while True:
                queue.put(self.batch(index))
                index += 1

        Thread(target=make, daemon=True).start()
        while True:
            yield queue.get()


def first_bar(piece: Piece, length: int, rng: Any) -> int:
    """A random bar from which on the piece fills the window; the beginning a little more often."""
    rest = np.searchsorted(piece.events[:, 0], np.arange(piece.bars))
    enough = len(piece.events) - rest + piece.bars - np.arange(piece.bars) >= length
    return int(rng.integers(0, max(int(enough.sum()), 1))) if rng.random() < 0.9 else 0


def fill(
    inputs: Array, target: Array, piece: Piece, given: Array, known: Conditions, first: int
) -> int:
    """Write one window of the piece from bar `first` on; the number of its events."""
    features, following, weights = windowed(
        piece.events, given, known, first, piece.bars, len(inputs)
    )
    count = len(features)
    inputs[:count] = features
    target[:count, : len(SIZES)] = following
    target[:count, len(SIZES) :] = weights
    return count


def validation(found: Sequence[Piece], length: int, most: int) -> tuple[Array, Array]:
    """The opening and the middle of up to `most` pieces, evenly over the split."""
    picked = [found[i] for i in np.linspace(0, len(found) - 1, min(most, len(found))).astype(int)]
    inputs = np.zeros((2 * len(picked), length, FEATURES), np.float32)
    target = np.zeros((2 * len(picked), length, 2 * len(SIZES)), np.float32)
    for row, piece in enumerate(picked):
        none = np.zeros(len(piece.events), bool)
        for half in (0, 1):
            first = half * (piece.bars // 2)
            known = Conditions(metre=piece.metre)
            fill(inputs[2 * row + half], target[2 * row + half], piece, none, known, first)
    return inputs, target
