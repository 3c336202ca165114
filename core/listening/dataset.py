"""Votes to and from a dataset on the Hugging Face Hub, beside the file and never in its way.

`huggingface_hub.CommitScheduler` commits a folder of JSON lines every few minutes. All that waits
for the Hub happens in a thread of its own: while the Hub is away, votes gather in the folder.
"""

from __future__ import annotations

import contextlib
import logging
import secrets
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.listening.store import Store, from_line, to_line
from core.listening.votes import Vote

if TYPE_CHECKING:
    from huggingface_hub import CommitScheduler

EVERY_MINUTES = 5
RETRY_S = 300.0
MAX_FILE_BYTES = 64 * 2**20
IN_REPO = "votes"
_log = logging.getLogger(__name__)


class Dataset:
    """repo_id: of the dataset, made private if it is not there. folder: for files under way.

    Each process writes a file of its own, so that none overwrites another's; what a process that
    ended had not sent is sent by the next.
    api: an `HfApi`, for tests.
    """

    def __init__(self, repo_id: str, token: str, folder: Path, *, api: Any = None) -> None:
        self.repo_id = repo_id
        self._token = token
        self._api = api
        self._file = folder / f"votes-{secrets.token_hex(8)}.jsonl"
        self._lock = threading.Lock()
        self._scheduler: CommitScheduler | None = None

    def add(self, vote: Vote) -> bool:
        """Write the vote where the scheduler will find it. Whether that went."""
        scheduler = self._scheduler
        # The scheduler's lock: it never sees half a line.
        with self._lock, scheduler.lock if scheduler else contextlib.nullcontext():
            try:
                self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                with self._file.open("a", encoding="utf-8") as file:
                    file.write(to_line(vote))
            except OSError as error:
                _log.warning("a vote is not sent: %s", error)
                return False
        return True

    def start(self, store: Store) -> threading.Thread:
        """Begin to send, and fetch into `store` what earlier processes sent; in the background."""
        thread = threading.Thread(
            target=self._connect, args=(store,), name="votes-dataset", daemon=True
        )
        thread.start()
        return thread

    def push(self) -> None:
        """Commit now what is not committed, and wait for it. Raises what the Hub's client does."""
        if self._scheduler is not None:
            self._scheduler.trigger().result()

    def stop(self) -> None:
        """Commit no more."""
        if self._scheduler is not None:
            self._scheduler.stop()

    def _connect(self, store: Store) -> None:
        import httpx2
        from huggingface_hub import CommitScheduler, HfApi
        from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

        api = self._api or HfApi(token=self._token)
        while self._scheduler is None:
            try:
                self._scheduler = CommitScheduler(
                    repo_id=self.repo_id,
                    repo_type="dataset",
                    folder_path=self._file.parent,
                    path_in_repo=IN_REPO,
                    allow_patterns="votes-*.jsonl",
                    every=EVERY_MINUTES,
                    private=True,
                    hf_api=api,
                )
                self._fetch(api, store)
            except (HfHubHTTPError, OfflineModeIsEnabled, httpx2.HTTPError, OSError) as error:
                _log.warning("votes wait for the dataset %s: %s", self.repo_id, error)
                if self._scheduler is None:
                    time.sleep(RETRY_S)

    def _fetch(self, api: Any, store: Store) -> None:
        """Earlier votes of this dataset; lines that are none are passed over."""
        for name in api.list_repo_files(self.repo_id, repo_type="dataset"):
            if not (name.startswith(f"{IN_REPO}/") and name.endswith(".jsonl")):
                continue
            path = Path(api.hf_hub_download(self.repo_id, name, repo_type="dataset"))
            if path.stat().st_size > MAX_FILE_BYTES:
                continue
            found = []
            for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
                with contextlib.suppress(ValueError):
                    found.append(from_line(line))
            store.add(found)
