"""What whoever hosts the app may set: environment variables, read once and checked."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

MAX_WORKERS = 16
OWN_WORKERS = min(2, os.cpu_count() or 1)
"""Two are what `benchmarks load` measures on two cores. No more on larger hosts: a container often
sees all cores of a machine of which it may use two."""
LOG_FORMATS = ("text", "json")
_REPO = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*")
_LEAST_TOKEN = 16


class SettingsError(ValueError):
    """A variable is set to something of no use. The message names it and says what it takes."""


@dataclass(frozen=True)
class Settings:
    """workers: runs that are worked on at a time. weights_dir: of manifest and weight files.

    soundfont: what scores are played with; None for the best there is. votes: the file that the
    listening test's votes go to; None for its default. votes_repo: the Hugging Face dataset that
    they are pushed to, with HF_TOKEN. log: "text", or "json" for one object a line. status_token:
    opens the status page; None and nobody can.
    """

    workers: int = OWN_WORKERS
    weights_dir: Path = Path(__file__).resolve().parent.parent / "weights"
    soundfont: Path | None = None
    votes: Path | None = None
    votes_repo: str | None = None
    log: str = "text"
    status_token: str | None = None


VARIABLES = {
    "ENCORE_WORKERS": f"runs at a time, 1 to {MAX_WORKERS} (2; 1 on one core)",
    "ENCORE_WEIGHTS_DIR": "folder of the manifest and the weight files (`weights`)",
    "ENCORE_SOUNDFONT": "SoundFont file for scores (the system's best, else pretty_midi's)",
    "ENCORE_VOTES": "file for the listening test's votes",
    "ENCORE_VOTES_REPO": "OWNER/NAME of a Hugging Face dataset for them, with `HF_TOKEN`",
    "ENCORE_LOG": "`text`, or `json` for one object a line (`text`)",
    "ENCORE_STATUS_TOKEN": f"opens `/status?token=...`; at least {_LEAST_TOKEN} characters",
}
"""Each variable and what it takes, as the README lists them."""


def read(environ: Mapping[str, str]) -> Settings:
    """The settings that an environment holds; empty variables count as unset.

    Raises SettingsError for a variable that is set to something of no use.
    """
    given = {name: text.strip() for name, text in environ.items() if name.startswith("ENCORE_")}
    own = Settings()

    def path(name: str, *, folder: bool = False) -> Path | None:
        text = given.get(name)
        if not text:
            return None
        found = Path(text).expanduser()
        if not (found.is_dir() if folder else found.is_file()):
            raise SettingsError(f"{name} is {text!r}, where no {'folder' if folder else 'file'} is")
        return found

    workers = given.get("ENCORE_WORKERS") or str(own.workers)
    if not workers.isdecimal() or not 1 <= int(workers) <= MAX_WORKERS:
        raise SettingsError(f"ENCORE_WORKERS must be a whole number from 1 to {MAX_WORKERS}")
    log = given.get("ENCORE_LOG") or own.log
    if log not in LOG_FORMATS:
        raise SettingsError(f"ENCORE_LOG must be {' or '.join(LOG_FORMATS)}, not {log!r}")
    repo = given.get("ENCORE_VOTES_REPO") or None
    if repo is not None and not _REPO.fullmatch(repo):
        raise SettingsError(f"ENCORE_VOTES_REPO must be OWNER/NAME, not {repo!r}")
    token = given.get("ENCORE_STATUS_TOKEN") or None
    if token is not None and len(token) < _LEAST_TOKEN:
        raise SettingsError(f"ENCORE_STATUS_TOKEN must have at least {_LEAST_TOKEN} characters")
    votes = given.get("ENCORE_VOTES")
    return Settings(
        workers=int(workers),
        weights_dir=path("ENCORE_WEIGHTS_DIR", folder=True) or own.weights_dir,
        soundfont=path("ENCORE_SOUNDFONT"),
        votes=Path(votes).expanduser() if votes else None,
        votes_repo=repo,
        log=log,
        status_token=token,
    )


@functools.lru_cache(maxsize=1)
def _read_once(given: tuple[tuple[str, str], ...]) -> Settings:
    return read(dict(given))


def settings() -> Settings:
    """The process's settings. Raises what `read` raises."""
    given = tuple(sorted(item for item in os.environ.items() if item[0].startswith("ENCORE_")))
    return _read_once(given)
