"""Where votes go: a file here, and a Hugging Face dataset where one is set.

A visit has a random name of its own, which this process keeps while the visit lasts. What is
written down is its pseudonym: a hash with a salt that is drawn anew each day and never stored, so
that nobody, we included, can tell later which votes of two days were one visitor's.
"""

from __future__ import annotations

import functools
import hashlib
import os
import secrets
import tempfile
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from core.listening.dataset import Dataset
from core.listening.store import Store
from core.listening.votes import Vote
from core.settings import settings

_DIGEST_BYTES = 8


def new_visit() -> str:
    """A random name for a visit."""
    return secrets.token_hex(16)


def today() -> str:
    """The day, UTC, as votes have it."""
    return datetime.now(UTC).date().isoformat()


class Pseudonyms:
    """Of visits, equal for a visit within a day of this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._day, self._salt = "", b""

    def of(self, visit: str, day: str) -> str:
        """16 hexadecimal digits."""
        with self._lock:
            if day != self._day:
                self._day, self._salt = day, secrets.token_bytes(32)
            salt = self._salt
        return hashlib.blake2b(visit.encode(), key=salt, digest_size=_DIGEST_BYTES).hexdigest()


@dataclass(frozen=True)
class Keeper:
    """store: what the figures are made from. dataset: where votes are sent besides."""

    store: Store
    dataset: Dataset | None = None

    def keep(self, vote: Vote) -> bool:
        """Whether the vote was written down anywhere."""
        kept = self.store.add([vote])
        sent = self.dataset is not None and self.dataset.add(vote)
        return kept or sent


PSEUDONYMS = Pseudonyms()


def keeper() -> Keeper:
    """The process's. Raises SettingsError as `core.settings` does."""
    own = settings()
    token = os.environ.get("HF_TOKEN", "").strip()
    return _keeper(own.votes or default_path(), own.votes_repo, token)


def default_path() -> Path:
    """In the folder for temporary files, which containers have where nothing else is writable."""
    return Path(tempfile.gettempdir()) / "encore-votes" / "votes.sqlite"


@functools.lru_cache(maxsize=4)
def _keeper(path: Path, repo_id: str | None, token: str) -> Keeper:
    store = Store(path)
    if not repo_id or not token:
        return Keeper(store)
    dataset = Dataset(repo_id, token, path.parent / "dataset")
    dataset.start(store)
    return Keeper(store, dataset)
