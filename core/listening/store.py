"""Votes in a file of SQLite: several threads and processes write, and a full disk stops nothing.

A row holds what core.listening.votes.Vote has and nothing else: no address, no browser, no time of
day. Votes can be read back from such a file, and from JSON, one vote a line.
"""

from __future__ import annotations

import contextlib
import json
import logging
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from core.errors import UserInputError
from core.listening.votes import Vote

MAX_BYTES = 64 * 2**20
"""About half a million votes. A larger file would be somebody's attack on the disk."""
BUSY_S = 2.0
"""How long a vote waits for another process's."""

_PAGE = 4096
_VERSION = 1
_MAGIC = b"SQLite format 3\0"
_TABLE = """
CREATE TABLE IF NOT EXISTS votes (
    visit TEXT NOT NULL, question TEXT NOT NULL, day TEXT NOT NULL, kind TEXT NOT NULL,
    job TEXT NOT NULL, item TEXT NOT NULL, shown TEXT NOT NULL, choice INTEGER NOT NULL,
    sound_s REAL NOT NULL, waited_s REAL NOT NULL,
    UNIQUE (visit, question)
)
"""
_COLUMNS = "visit, question, day, kind, job, item, shown, choice, sound_s, waited_s"
_log = logging.getLogger(__name__)


class Store:
    """The votes in one file. Nothing here raises: what cannot be kept is said, and logged once.

    Every call opens the file anew, so that a store may be shared by threads, and a disk that was
    full is used again when it no longer is.
    """

    def __init__(self, path: Path, *, max_bytes: int = MAX_BYTES) -> None:
        self.path = path
        self._pages = max_bytes // _PAGE
        self._first = threading.Lock()
        self._made = False
        self._told = False

    def works(self) -> bool:
        """Whether a vote could be kept now, as far as that can be known without one."""
        try:
            with self._open() as base:
                base.execute("BEGIN IMMEDIATE")
                base.execute("ROLLBACK")
        except (OSError, sqlite3.Error) as error:
            self._tell(error)
            return False
        return True

    def add(self, votes: Iterable[Vote]) -> bool:
        """Keep them, but of one visit's votes on a question the first alone. Whether that went."""
        rows = [_row(vote) for vote in votes]
        marks = ", ".join("?" * len(_COLUMNS.split(",")))
        try:
            with self._open() as base:
                base.executemany(f"INSERT OR IGNORE INTO votes ({_COLUMNS}) VALUES ({marks})", rows)  # noqa: S608 - the names are ours
                base.commit()
        except (OSError, sqlite3.Error) as error:
            self._tell(error)
            return False
        return True

    def count(self) -> int:
        """How many are kept; 0 where the file cannot be read."""
        try:
            with self._open() as base:
                return int(base.execute("SELECT COUNT(*) FROM votes").fetchone()[0])
        except (OSError, sqlite3.Error) as error:
            self._tell(error)
            return 0

    def votes(self) -> list[Vote]:
        """All that are kept, oldest first; none where the file cannot be read."""
        try:
            with self._open() as base:
                return _votes(base)
        except (OSError, sqlite3.Error) as error:
            self._tell(error)
            return []

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with self._first:
            if not self._made:
                self._make()
                self._made = True
        if not self.path.exists():
            self._made = False
            raise FileNotFoundError(f"{self.path} has been taken away")
        with contextlib.closing(self._connected()) as base:
            yield base

    def _connected(self) -> sqlite3.Connection:
        base = sqlite3.connect(self.path, timeout=BUSY_S)
        base.execute(f"PRAGMA max_page_count = {self._pages}")
        base.execute("PRAGMA synchronous = NORMAL")
        return base

    def _make(self) -> None:
        """The file with its table. Write-ahead logging lets readers and one writer go on at once.

        The change to it is not waited for by SQLite's own timeout, so two processes that start
        together try again.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        until = time.monotonic() + BUSY_S
        while True:
            try:
                with contextlib.closing(self._connected()) as base:
                    base.execute("PRAGMA journal_mode = WAL")
                    base.execute(_TABLE)
                    base.execute(f"PRAGMA user_version = {_VERSION}")
                    base.commit()
                return
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > until:
                    raise
                time.sleep(0.02)

    def _tell(self, error: Exception) -> None:
        if not self._told:
            self._told = True
            _log.warning("votes are not kept: %s", error)


def read(path: Path) -> list[Vote]:
    """The votes in a file of SQLite, a file of JSON lines, or a folder of those.

    Raises UserInputError where there are none to read.
    """
    try:
        if path.is_dir():
            return [vote for name in sorted(path.rglob("*.jsonl")) for vote in _lines(name)]
        with path.open("rb") as file:
            is_base = file.read(len(_MAGIC)) == _MAGIC
        return _read_base(path) if is_base else _lines(path)
    except OSError as error:
        reason = error.strerror or "it cannot be read"
        raise UserInputError(f"{path} cannot be opened: {reason}.") from error
    except (sqlite3.Error, ValueError) as error:
        raise UserInputError(f"{path} holds no votes of the listening test.") from error


def to_line(vote: Vote) -> str:
    """The vote as a line of JSON."""
    return json.dumps(vote.to_fields(), sort_keys=True) + "\n"


def from_line(line: str) -> Vote:
    """Raises ValueError for what is no vote."""
    fields = json.loads(line)
    if not isinstance(fields, dict):
        raise ValueError("a vote is an object")
    return Vote.from_fields(fields)


def _lines(path: Path) -> list[Vote]:
    with path.open(encoding="utf-8") as file:
        return [from_line(line) for line in file if line.strip()]


def _read_base(path: Path) -> list[Vote]:
    """Read without writing; on a disk that cannot be written even the log beside it is left."""
    address = path.resolve().as_uri()
    try:
        with contextlib.closing(sqlite3.connect(f"{address}?mode=ro", uri=True)) as base:
            return _votes(base)
    except sqlite3.OperationalError:
        address += "?mode=ro&immutable=1"
        with contextlib.closing(sqlite3.connect(address, uri=True)) as base:
            return _votes(base)


def _row(vote: Vote) -> tuple[object, ...]:
    return (
        vote.visit,
        vote.question,
        vote.day,
        vote.kind,
        vote.job,
        vote.item,
        json.dumps(vote.shown),
        vote.choice,
        vote.sound_s,
        vote.waited_s,
    )


def _votes(base: sqlite3.Connection) -> list[Vote]:
    base.row_factory = sqlite3.Row
    rows = base.execute("SELECT * FROM votes ORDER BY rowid")
    return [Vote.from_fields({**dict(row), "shown": json.loads(row["shown"])}) for row in rows]
