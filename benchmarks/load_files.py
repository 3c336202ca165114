"""What a visitor's browser fetches from the app, and sends to it, over HTTP."""

from __future__ import annotations

import contextlib
import http.client
import uuid
from collections.abc import Mapping
from urllib.parse import urlsplit

from benchmarks.load_widgets import VisitError

XSRF = "_streamlit_xsrf"
"""The cookie whose token an upload has to repeat."""
_PLAIN: Mapping[str, str] = {}


class Files:
    """Of the app at an address. token: what uploads are let in by."""

    def __init__(self, address: str, patience_s: float) -> None:
        self._host, self._patience_s = urlsplit(address).netloc, patience_s
        cookie, _ = self._ask("GET", "/_stcore/health")
        self.token = cookie.partition(f"{XSRF}=")[2].partition(";")[0]

    def get(self, path: str) -> bytes:
        """The bytes of a file. Raises VisitError where it is not there."""
        return self._ask("GET", path)[1]

    def put(self, path: str, name: str, data: bytes) -> None:
        """Send a file as a form does. Raises VisitError where it is refused."""
        edge = uuid.uuid4().hex
        safe = name.replace("\\", "\\\\").replace('"', "%22").replace("\n", "%0A")
        head = (
            f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{safe}"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        )
        body = head.encode() + data + f"\r\n--{edge}--\r\n".encode()
        self._ask("PUT", path, body, {
            "Content-Type": f"multipart/form-data; boundary={edge}",
            "Cookie": f"{XSRF}={self.token}", "X-Xsrftoken": self.token,
        })  # fmt: skip

    def _ask(
        self, method: str, path: str, body: bytes | None = None, head: Mapping[str, str] = _PLAIN
    ) -> tuple[str, bytes]:
        """(cookie, body) of the answer, over a connection of its own: a kept one may be closed."""
        line = http.client.HTTPConnection(self._host, timeout=self._patience_s)
        with contextlib.closing(line):
            line.request(method, path, body, dict(head))
            answer = line.getresponse()
            data = answer.read()
        if answer.status not in (200, 204):
            raise VisitError(f"{method} {path[:80]} gives {answer.status}")
        return str(answer.getheader("Set-Cookie")), data
