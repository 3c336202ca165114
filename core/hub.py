"""Weights from the Hugging Face Hub: a file of a pinned commit, whole and verified, or not at all.

The metadata request, the session, the token, the endpoint and the offline switch are those of
`huggingface_hub`. The transfer is our own, because `hf_hub_download` (2.4) throws a part away when
its process ends and may wait for minutes. Here a part outlives the process and the next call goes
on from it, all waiting is bounded, and a file gets its name only when its sha256 is right.

Files lie in the library's cache for other libraries' files, `HF_ASSETS_CACHE`, as
encore/OWNER--NAME/<revision>/<file>, with `.part` behind the name while they are under way.
"""

from __future__ import annotations

import logging
import os
import re
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import filelock
import httpx2
import huggingface_hub as hf
from huggingface_hub import constants
from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

from core import __version__
from core.registry import ModelSpec, unavailable

TOTAL_S = 300.0
"""A download that takes longer ends with an error; the next one goes on from where it was."""

TRIES = 3
"""Attempts in a row that may bring nothing before a download is given up."""

PAUSE_S = 0.5
"""Between attempts."""

_TRANSIENT = (408, 429, 500, 502, 503, 504)
_SHA256 = re.compile(r"[0-9a-f]{64}")
_log = logging.getLogger(__name__)


class _NotTheFileError(Exception):
    """The Hub offers or sent something else than the manifest pins."""


class _TooSlowError(Exception):
    """The time is up."""


class _BrokenOffError(Exception):
    """The answer ended early, or was not the Hub's: worth another attempt."""


def cached(spec: ModelSpec) -> Path | None:
    """The verified file if this machine has it already; asks no server.

    Looks at our own downloads and then at the Hub's cache, where `hf download` puts files.
    """
    if spec.repo_id is None or spec.revision is None:
        return None
    ours = _folder(spec, create=False) / spec.file
    if spec.matches(ours):
        return ours
    theirs = hf.try_to_load_from_cache(
        spec.repo_id, spec.file, revision=spec.revision, cache_dir=os.environ.get("HF_HUB_CACHE")
    )
    return Path(theirs) if isinstance(theirs, str) and spec.matches(Path(theirs)) else None


def download(spec: ModelSpec) -> Path:
    """Fetch the file, or the rest of it, and return its verified path.

    Takes `TOTAL_S` at most, and one wait for the server more. Processes that want the same file
    take turns, so that one of them downloads. Raises ModelUnavailableError with a sentence.
    """
    why: str
    cause: Exception
    try:
        return _download(spec, time.monotonic() + TOTAL_S)
    except _NotTheFileError as error:
        why, cause = "failed its integrity check and was not opened", error
    except (_TooSlowError, filelock.Timeout) as error:
        why, cause = "takes too long to download just now", error
    except OfflineModeIsEnabled as error:
        why, cause = "is not on this machine and downloads are switched off", error
    except HfHubHTTPError as error:
        gone = error.response.status_code in (401, 403, 404)
        why = "was not found in the model store" if gone else "is refused by the model store"
        cause = error
    except (httpx2.HTTPError, httpx2.InvalidURL, _BrokenOffError) as error:
        why, cause = "cannot be downloaded because the model store does not answer", error
    except (OSError, ValueError) as error:
        why, cause = "cannot be saved on this machine", error
    _log.warning("download of %s from %s: %r", spec.file, spec.repo_id, cause)
    raise unavailable(spec.id, why) from cause


def _folder(spec: ModelSpec, *, create: bool = True) -> Path:
    root = os.environ.get("HF_ASSETS_CACHE") or constants.HF_ASSETS_CACHE
    assert spec.repo_id is not None
    assert spec.revision is not None
    if create:
        return hf.cached_assets_path("encore", spec.repo_id, spec.revision, assets_dir=root)
    return Path(root).expanduser() / "encore" / spec.repo_id.replace("/", "--") / spec.revision


def _download(spec: ModelSpec, deadline: float) -> Path:
    if constants.is_offline_mode() or os.environ.get("HF_HUB_OFFLINE", "").upper() in (
        constants.ENV_VARS_TRUE_VALUES
    ):
        raise OfflineModeIsEnabled("HF_HUB_OFFLINE is set")
    path = _folder(spec) / spec.file
    part = path.with_name(path.name + ".part")
    lock = filelock.FileLock(path.with_name(path.name + ".lock"), timeout=_left(deadline))
    with lock:
        if spec.matches(path):  # another process fetched it while this one waited
            return path
        path.unlink(missing_ok=True)
        _fill(spec, part, deadline)
        if not spec.matches(part):
            part.unlink()  # so that the next call starts anew
            raise _NotTheFileError("the sha256 is another")
        part.replace(path)
    return path


def _fill(spec: ModelSpec, part: Path, deadline: float) -> None:
    """Bring `part` to its full length, over as many connections as it takes."""
    failures, furthest = 0, _size(part)
    while True:
        try:
            _transfer(spec, part, deadline)
            return
        except (httpx2.TransportError, _BrokenOffError) as error:
            failure: Exception = error
        except HfHubHTTPError as error:
            if error.response.status_code not in _TRANSIENT:
                raise
            failure = error
        # Only new ground counts: a server could send the same bytes over and over.
        failures = 0 if _size(part) > furthest else failures + 1
        furthest = max(furthest, _size(part))
        if failures >= TRIES:
            raise failure
        _log.info("download of %s: %r, going on from %d bytes", spec.file, failure, _size(part))
        time.sleep(min(PAUSE_S, _left(deadline)))


def _transfer(spec: ModelSpec, part: Path, deadline: float) -> None:
    """One connection's worth: ask what the Hub has, then append what `part` lacks."""
    assert spec.repo_id is not None
    endpoint = (os.environ.get("HF_ENDPOINT") or constants.ENDPOINT).rstrip("/")
    url = hf.hf_hub_url(spec.repo_id, spec.file, revision=spec.revision, endpoint=endpoint)
    wait = min(_seconds("HF_HUB_ETAG_TIMEOUT"), _left(deadline))
    found = hf.get_hf_file_metadata(
        url,
        timeout=wait,
        endpoint=endpoint,
        library_name="encore",
        library_version=__version__,
    )
    if found.commit_hash is None:
        raise _BrokenOffError("what answers is not a Hub")
    if found.commit_hash != spec.revision:
        raise _NotTheFileError(f"the commit is {found.commit_hash}")
    if found.size not in (None, spec.bytes):
        raise _NotTheFileError(f"the file has {found.size} bytes")
    if found.etag and _SHA256.fullmatch(found.etag) and found.etag != spec.sha256:
        raise _NotTheFileError(f"the Hub has sha256 {found.etag}")
    have = _size(part)
    if have == spec.bytes:
        return
    headers = {"Accept-Encoding": "identity"}
    token = None if constants.HF_HUB_DISABLE_IMPLICIT_TOKEN else hf.get_token()
    if token and urlsplit(found.location)[:2] == urlsplit(url)[:2]:  # not for its file servers
        headers["Authorization"] = f"Bearer {token}"
    if have:
        headers["Range"] = f"bytes={have}-"
    wait = min(_seconds("HF_HUB_DOWNLOAD_TIMEOUT"), _left(deadline))
    with hf.get_session().stream("GET", found.location, headers=headers, timeout=wait) as response:
        if response.status_code == 416:  # the part is longer than what is there: start over
            part.unlink(missing_ok=True)
            raise _BrokenOffError("the rest is not there")
        hf.hf_raise_for_status(response)
        if have and not _resumes(response.status_code, response.headers, have):
            have = 0
        with part.open("ab" if have else "wb") as file:
            for piece in response.iter_raw():
                have += len(piece)
                if have > spec.bytes:
                    break
                file.write(piece)
                _left(deadline)
    if have > spec.bytes:
        part.unlink()
        raise _NotTheFileError(f"the file has more than {spec.bytes} bytes")
    if have < spec.bytes:
        raise _BrokenOffError(f"{have} of {spec.bytes} bytes")


def _resumes(status: int, headers: Mapping[str, str], have: int) -> bool:
    return status == 206 and headers.get("Content-Range", "").startswith(f"bytes {have}-")


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise _TooSlowError(f"after {TOTAL_S} s")
    return left


def _seconds(variable: str) -> float:
    """A time-out of huggingface_hub's, which it reads once at import; here, at each call."""
    try:
        return max(float(os.environ[variable]), 0.1)
    except (KeyError, ValueError):
        return float(constants.DEFAULT_DOWNLOAD_TIMEOUT)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
