"""Finished results kept in memory for a while, within a bound."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class ResultStore(Generic[K, V]):
    """Finished results by key, the least recently used dropped first. Safe from any thread.

    limit_bytes: of all values together, by the sizes that `put` was told.
    """

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._lock = threading.Lock()
        self._entries: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self._size_bytes = 0

    @property
    def size_bytes(self) -> int:
        return self._size_bytes

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: K) -> V | None:
        """The value, which thereby becomes the most recently used; None if it is not here."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                return None
            self._entries.move_to_end(key)
            return entry[0]

    def put(self, key: K, value: V, size_bytes: int) -> None:
        """Keep a value, dropping others for it. One larger than the whole store is not kept.

        Raises ValueError for a negative size.
        """
        if size_bytes < 0:
            raise ValueError(f"size_bytes must not be negative, not {size_bytes}")
        with self._lock:
            if key in self._entries:
                self._size_bytes -= self._entries.pop(key)[1]
            if size_bytes > self._limit_bytes:
                return
            self._entries[key] = value, size_bytes
            self._size_bytes += size_bytes
            while self._size_bytes > self._limit_bytes:
                _, (_, freed) = self._entries.popitem(last=False)
                self._size_bytes -= freed
