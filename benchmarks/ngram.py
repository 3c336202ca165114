"""An n-gram model of token streams: interpolated Kneser-Ney, on sorted arrays of hashes.

Kneser and Ney 1995, interpolated as in Chen and Goodman 1999, with one discount for each order. It
is what a model that only counts can say of the tokens that `core.composition.tokens` makes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Tokens = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]

_PRIME = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.uint64(0xBF58476D1CE4E5B9)
_BEFORE = -1
"""The token that stands before a stream's first."""


@dataclass(frozen=True)
class _Order:
    """Counts of one order. Of n-grams: hashes, counts. Of their contexts: hashes, totals, kinds."""

    grams: Hashes
    counts: npt.NDArray[np.int64]
    contexts: Hashes
    totals: npt.NDArray[np.int64]
    kinds: npt.NDArray[np.int64]
    discount: float


class KneserNey:
    """p(token | the `order` - 1 tokens before it), for tokens that are of known kinds.

    kinds: [tokens of the vocabulary], which kind each is of. A stream says of what kind its next
    token is (as a grammar does), so that probability goes to tokens of that kind alone.
    """

    def __init__(self, streams: Sequence[Tokens], kinds: npt.ArrayLike, order: int) -> None:
        self.order = order
        self._kinds = np.asarray(kinds)
        self._sizes = np.bincount(self._kinds)
        contexts, grams = self._hashes(streams)
        self._orders: list[_Order] = []
        places = np.arange(len(grams[-1]))
        for length in range(order, 0, -1):
            unique, first, counts = np.unique(
                grams[length - 1][places], return_index=True, return_counts=True
            )
            # One place for each n-gram: of lower orders it counts in how many contexts it was met.
            places = places[first]
            self._orders.append(_counted(unique, counts, contexts[length - 1][places]))
        self._orders.reverse()

    def nats(self, stream: Tokens) -> npt.NDArray[np.float64]:
        """-ln p of each token of a stream, given those before it."""
        contexts, grams = self._hashes([stream])
        probability = 1.0 / self._sizes[self._kinds[stream]]
        for order, context, gram in zip(self._orders, contexts, grams, strict=True):
            at, met = _find(order.contexts, context)
            total = np.where(met, order.totals[at], 1)
            there, seen = _find(order.grams, gram)
            count = np.where(seen, order.counts[there], 0)
            kept = np.maximum(count - order.discount, 0.0) / total
            passed_on = order.discount * order.kinds[at] / total
            probability = np.where(met, kept + passed_on * probability, probability)
        return -np.log(probability)

    def _hashes(self, streams: Sequence[Tokens]) -> tuple[list[Hashes], list[Hashes]]:
        """For each length 1 to order: hashes of the contexts and of the n-grams at each token.

        A context holds the kind of the token to come, so that the shortest is that kind alone.
        """
        before = np.full(self.order - 1, _BEFORE)
        padded = [np.concatenate([before, np.asarray(stream)]) for stream in streams]
        ends = np.cumsum([len(p) for p in padded])
        everything = np.concatenate(padded)
        real = np.ones(len(everything), bool)
        for end, p in zip(ends, padded, strict=True):
            real[end - len(p) : end - len(p) + self.order - 1] = False
        at = np.flatnonzero(real)
        target = everything[at]
        context = _mixed(np.uint64(1), self._kinds[target])
        contexts, grams = [], []
        for length in range(self.order):
            if length:
                context = _mixed(context, everything[at - length] + 2)
            contexts.append(context)
            grams.append(_mixed(context, target + 2))
        return contexts, grams


def _mixed(state: Any, value: npt.NDArray[np.int64]) -> Hashes:
    """A hash of a hash and a value; 64 bits, so that collisions among millions do not matter."""
    with np.errstate(over="ignore"):
        mixed = (state ^ value.astype(np.uint64)) * _PRIME
        return np.asarray((mixed ^ (mixed >> np.uint64(29))) * _MIX, np.uint64)


def _counted(grams: Hashes, counts: npt.NDArray[np.int64], contexts: Hashes) -> _Order:
    order = np.argsort(contexts, kind="stable")
    unique, start = np.unique(contexts[order], return_index=True)
    totals = np.add.reduceat(counts[order], start)
    kinds = np.diff(np.append(start, len(order)))
    once, twice = int((counts == 1).sum()), int((counts == 2).sum())
    discount = once / (once + 2 * twice) if once else 0.5
    return _Order(grams, counts, unique, totals, kinds, min(discount, 0.95))


def _find(table: Hashes, wanted: Hashes) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """(place in the sorted table, whether it is there) of each."""
    at = np.minimum(np.searchsorted(table, wanted), len(table) - 1)
    return at, table[at] == wanted
