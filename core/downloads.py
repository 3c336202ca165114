"""Download bundles: several files in one zip, the same bytes for the same content."""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
from collections.abc import Mapping

_EPOCH = (1980, 1, 1, 0, 0, 0)


def bundle(files: Mapping[str, bytes]) -> bytes:
    """A zip of name -> content, in the order given.

    Times inside are fixed, so equal files give equal bytes. Raises ValueError for a name that
    could leave the folder it is unpacked into.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            if name != safe_name(name):
                raise ValueError(f"{name!r} is no plain file name")
            entry = zipfile.ZipInfo(name, date_time=_EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
    return buffer.getvalue()


def safe_name(text: str, fallback: str = "file") -> str:
    """`text` as a plain file name: ASCII letters, digits, dot, hyphen and underscore, 80 at most.

    Whatever a visitor called a file, the result has no folder in it and does not start with a dot.
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", re.split(r"[\\/]", plain)[-1])
    return plain.strip(".-")[:80].rstrip(".-") or fallback
