"""The collection in weights/: read once a process, by whoever asks first, after its sha256."""

from __future__ import annotations

import hashlib
import io
import threading
import zipfile
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.errors import ModelUnavailableError
from core.registry import weights_dir
from core.retrieving.index import Index
from core.retrieving.recordings import Recordings

FILE = "retrieval.npz"
SHA256 = "63d01d566008aa01fa6268f3848fbd850f3085f98126db68601cd9bda98723f7"
"""Of the file that `python -m training.retrieval_index` wrote."""

_lock = threading.Lock()
_kept: dict[str, Collection] = {}


@dataclass(frozen=True)
class Collection:
    """The training split: pieces in notes, and recordings."""

    index: Index
    recordings: Recordings


def collection() -> Collection:
    """The shipped one. Threads that come while it is read wait for it.

    Raises ModelUnavailableError where the file is missing or is another.
    """
    found = _kept.get(SHA256)
    if found is not None:
        return found
    with _lock:
        if SHA256 not in _kept:
            _kept[SHA256] = _read()
        return _kept[SHA256]


def _read() -> Collection:
    try:
        data = (weights_dir() / FILE).read_bytes()
    except OSError as error:
        raise _unavailable("missing") from error
    if hashlib.sha256(data).hexdigest() != SHA256:
        raise _unavailable("damaged")
    return loads(data)


def _unavailable(what: str) -> ModelUnavailableError:
    return ModelUnavailableError(
        f"What is closest in the training data cannot be told: the collection, weights/{FILE}, is "
        f"{what}; get the file from the repository again."
    )


def dumps(index: Index, recordings: Recordings) -> bytes:
    """The collection as a .npz; the same collection gives the same bytes."""
    buffer = io.BytesIO()
    arrays: dict[str, Any] = {**index.arrays(), **recordings.arrays()}
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
        for name, values in arrays.items():
            array = io.BytesIO()
            np.lib.format.write_array(array, np.asarray(values), allow_pickle=False)
            # A ZipInfo's own date is 1980, whenever it is written.
            entry = zipfile.ZipInfo(f"{name}.npy")
            entry.compress_type = zipfile.ZIP_DEFLATED
            file.writestr(entry, array.getvalue())
    return buffer.getvalue()


def loads(data: bytes) -> Collection:
    """The reverse of `dumps`."""
    with np.load(io.BytesIO(data)) as file:
        arrays = {name: file[name] for name in file.files}
    return Collection(Index.from_arrays(arrays), Recordings.from_arrays(arrays))
