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
    counts: npt.NDArray[np.integer[Any]]
    contexts: Hashes
    totals: npt.NDArray[np.integer[Any]]
    kinds: npt.NDArray[np.integer[Any]]
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
        training = _Joined(streams, order, self._kinds)
        self._orders: list[_Order] = []
        places = np.arange(len(training.at))
        for length in range(order, 0, -1):
            contexts, grams = training.hashes(length, places)
            unique, first, counts = np.unique(grams, return_index=True, return_counts=True)
            self._orders.append(_counted(unique, counts, contexts[first]))
            # One place for each n-gram: of lower orders it counts in how many contexts it was met.
            places = places[first]
        self._orders.reverse()

    def nats(self, stream: Tokens) -> npt.NDArray[np.float64]:
        """-ln p of each token of a stream, given those before it."""
        held = _Joined([stream], self.order, self._kinds)
        probability = 1.0 / self._sizes[self._kinds[stream]]
        for length, order in enumerate(self._orders, 1):
            context, gram = held.hashes(length, slice(None))
            at, met = _find(order.contexts, context)
            total = np.where(met, order.totals[at], 1)
            there, seen = _find(order.grams, gram)
            count = np.where(seen, order.counts[there], 0)
            kept = np.maximum(count - order.discount, 0.0) / total
            passed_on = order.discount * order.kinds[at] / total
            probability = np.where(met, kept + passed_on * probability, probability)
        return -np.log(probability)


class _Joined:
    """Streams one after another, each behind `order` - 1 tokens that stand for its beginning.

    at: [tokens], where the real ones are.
    """

    def __init__(self, streams: Sequence[Tokens], order: int, kinds: npt.NDArray[Any]) -> None:
        before = np.full(order - 1, _BEFORE)
        parts = [part for stream in streams for part in (before, np.asarray(stream))]
        self._tokens = np.concatenate(parts)
        self._kinds = kinds
        self.at = np.flatnonzero(self._tokens != _BEFORE)

    def hashes(self, length: int, places: Any) -> tuple[Hashes, Hashes]:
        """Hashes of the contexts and of the n-grams of one length that end at `at`[places].

        A context holds the kind of the token to come, so that the shortest is that kind alone.
        """
        at = self.at[places]
        target = self._tokens[at]
        context = _mixed(np.uint64(1), self._kinds[target])
        for back in range(1, length):
            context = _mixed(context, self._tokens[at - back] + 2)
        return context, _mixed(context, target + 2)


def _mixed(state: Any, value: npt.NDArray[np.int64]) -> Hashes:
    """A hash of a hash and a value; 64 bits, so that collisions among millions do not matter."""
    with np.errstate(over="ignore"):
        mixed = (state ^ value.astype(np.uint64)) * _PRIME
        return np.asarray((mixed ^ (mixed >> np.uint64(29))) * _MIX, np.uint64)


def _counted(grams: Hashes, counts: npt.NDArray[np.integer[Any]], contexts: Hashes) -> _Order:
    order = np.argsort(contexts)
    unique, start = np.unique(contexts[order], return_index=True)
    totals = np.add.reduceat(counts[order], start)
    kinds = np.diff(np.append(start, len(order)))
    once, twice = int((counts == 1).sum()), int((counts == 2).sum())
    discount = once / (once + 2 * twice) if once else 0.5
    small = [array.astype(np.int32) for array in (counts, totals, kinds)]
    return _Order(grams, small[0], unique, small[1], small[2], min(discount, 0.95))


def _find(table: Hashes, wanted: Hashes) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """(place in the sorted table, whether it is there) of each."""
    at = np.minimum(np.searchsorted(table, wanted), len(table) - 1)
    return at, table[at] == wanted
