"""A Hub on loopback: repositories, commits, LFS and downloads, for huggingface_hub 2.4.

Its faults are attributes that a test sets: see `HubServer`.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import re
import threading
import time
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

RESOLVE = re.compile(r"/(?P<repo>[^/]+/[^/]+)/resolve/(?P<revision>[^/]+)/(?P<path>.+)")
API = re.compile(r"/api/models/(?P<repo>[^/]+/[^/]+)/(?P<call>preupload|commit|revision)/main")
LFS = re.compile(r"/(?P<repo>[^/]+/[^/]+)\.git/info/lfs/objects/batch")


@dataclass(frozen=True)
class Seen:
    """A request that came in. Names of headers match in either case."""

    method: str
    path: str
    headers: Message


@dataclass
class Repo:
    """Commit id -> path -> bytes, and the newest commit's id."""

    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    head: str = ""

    def commit(self, changes: dict[str, bytes]) -> str:
        files = {**self.commits.get(self.head, {}), **changes}
        state = json.dumps({k: hashlib.sha256(v).hexdigest() for k, v in sorted(files.items())})
        self.head = hashlib.sha1(f"{len(self.commits)}{state}".encode()).hexdigest()
        self.commits[self.head] = files
        return self.head


class HubServer:
    """Use as a context manager; `endpoint` is what HF_ENDPOINT should be.

    seen: every request, in order. sent: bytes of file bodies that went out.
    status: answer downloads with this instead. body: send these bytes instead of the file's.
    break_at: cut the connection when a body has come this far into the file, `breaks` times.
    hold: stop there until `released` is set, rather than cut.
    silent: take requests and never answer. drip_s: seconds between one byte and the next.
    elsewhere: endpoint of a file server that downloads are sent on to, as the Hub does.
    ranges: whether Range is understood. honest: HEAD describes the committed file, not `body`.
    """

    def __init__(self) -> None:
        self.repos: dict[str, Repo] = {}
        self.blobs: dict[str, bytes] = {}
        self.seen: list[Seen] = []
        self.sent = 0
        self.status: int | None = None
        self.body: bytes | None = None
        self.break_at: int | None = None
        self.breaks = 0
        self.hold = False
        self.silent = False
        self.drip_s = 0.0
        self.elsewhere = ""
        self.ranges = True
        self.honest = True
        self.reached = threading.Event()
        self.released = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._server.hub = self  # type: ignore[attr-defined]
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> HubServer:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()

    def add(self, repo: str, path: str, data: bytes) -> str:
        """Commit one file; the commit's id."""
        return self.repos.setdefault(repo, Repo()).commit({path: data})

    def requests(self, method: str) -> list[Seen]:
        return [seen for seen in self.seen if seen.method == method]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: object) -> None:
        """Keep quiet."""

    @property
    def hub(self) -> HubServer:
        return self.server.hub  # type: ignore[attr-defined, no-any-return]

    def _note(self) -> None:
        self.hub.seen.append(Seen(self.command, self.path, self.headers))

    def do_HEAD(self) -> None:
        self._note()
        self._resolve()

    def do_GET(self) -> None:
        self._note()
        if match := API.fullmatch(self.path):
            repo = self.hub.repos[match["repo"]]
            self._json({"id": match["repo"], "sha": repo.head, "siblings": [], "tags": []})
        else:
            self._resolve()

    def do_PUT(self) -> None:
        self._note()
        data = self._read()
        digest = self.path.rsplit("/", 1)[-1]
        if hashlib.sha256(data).hexdigest() != digest:
            self._json({"error": "the bytes are others"}, 400)
            return
        self.hub.blobs[digest] = data
        self._json({})

    def do_POST(self) -> None:
        self._note()
        data = self._read()
        if self.headers.get("Authorization") != "Bearer hf_test":
            self._json({"error": "Invalid username or password."}, 401)
        elif self.path == "/api/repos/create":
            self._create(json.loads(data))
        elif self.path == "/api/validate-yaml":
            text = json.loads(data)["content"]
            bad = not re.match(r"---\n(?:[a-z_]+: .+\n)+---\n", text)
            errors = [{"message": "no front matter"}] if bad else []
            self._json({"errors": errors, "warnings": []}, 400 if bad else 200)
        elif match := LFS.fullmatch(self.path):
            self._batch(json.loads(data))
        elif match := API.fullmatch(self.path):
            repo = self.hub.repos[match["repo"]]
            if match["call"] == "preupload":
                self._preupload(repo, json.loads(data))
            else:
                self._commit(match["repo"], repo, [json.loads(row) for row in data.splitlines()])
        else:
            self._json({"error": "no such call"}, 404)

    def _create(self, asked: dict[str, Any]) -> None:
        name = f"{asked['organization']}/{asked['name']}"
        if name in self.hub.repos:
            url = f"{self.hub.endpoint}/{name}"
            self._json({"error": "You already created this model repo", "url": url}, 409)
            return
        self.hub.repos[name] = Repo()
        self._json({"url": f"{self.hub.endpoint}/{name}", "name": name})

    def _preupload(self, repo: Repo, asked: dict[str, Any]) -> None:
        there = repo.commits.get(repo.head, {})
        files = []
        for item in asked["files"]:
            large = item["path"].endswith((".h5", ".keras"))  # as a new repository's .gitattributes
            data = there.get(item["path"])
            files.append(
                {
                    "path": item["path"],
                    "uploadMode": "lfs" if large else "regular",
                    "shouldIgnore": False,
                    "oid": None if data is None else _oid(data, large=large),
                }
            )
        self._json({"files": files})

    def _batch(self, asked: dict[str, Any]) -> None:
        objects = []
        for item in asked["objects"]:
            answer = {"oid": item["oid"], "size": item["size"]}
            if item["oid"] not in self.hub.blobs:
                answer["actions"] = {"upload": {"href": f"{self.hub.endpoint}/lfs/{item['oid']}"}}
            objects.append(answer)
        self._json({"transfer": "basic", "objects": objects})

    def _commit(self, name: str, repo: Repo, rows: list[dict[str, Any]]) -> None:
        changes = {}
        for row in rows:
            value = row["value"]
            if row["key"] == "file":
                changes[value["path"]] = base64.b64decode(value["content"])
            elif row["key"] == "lfsFile":
                changes[value["path"]] = self.hub.blobs[value["oid"]]
        oid = repo.commit(changes)
        self._json({"commitOid": oid, "commitUrl": f"{self.hub.endpoint}/{name}/commit/{oid}"})

    def _resolve(self) -> None:
        hub = self.hub
        if hub.silent:
            hub.released.wait(30)
            self.close_connection = True
            return
        match = RESOLVE.fullmatch(self.path)
        repo = hub.repos.get(match["repo"]) if match else None
        data = repo and match and repo.commits.get(match["revision"], {}).get(match["path"])
        if hub.status or not isinstance(data, bytes):
            self.send_response(hub.status or 404)
            self.send_header("X-Error-Code", "EntryNotFound" if not hub.status else "")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        assert match is not None
        if hub.elsewhere:
            self.send_response(302)
            self.send_header("Location", hub.elsewhere + self.path)
            self.send_header("X-Repo-Commit", match["revision"])
            self.send_header("X-Linked-Etag", f'"{hashlib.sha256(data).hexdigest()}"')
            self.send_header("X-Linked-Size", str(len(data)))
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        told = data if hub.honest or hub.body is None else hub.body
        if hub.body is not None and (self.command == "GET"):
            data = told = hub.body
        start = 0
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if asked and hub.ranges:
            start = int(asked[1])
        if start and start >= len(told):
            self.send_response(416)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(told) - 1}/{len(told)}")
        self.send_header("X-Repo-Commit", match["revision"])
        self.send_header("ETag", f'"{hashlib.sha256(told).hexdigest()}"')
        self.send_header("Content-Length", str(len(told) - start))
        self.end_headers()
        if self.command == "GET":
            with contextlib.suppress(ConnectionError):
                self._send(data, start)

    def _send(self, data: bytes, start: int) -> None:
        hub = self.hub
        end = len(data)
        if hub.break_at is not None and hub.breaks > 0 and start < hub.break_at:
            end, hub.breaks = hub.break_at, hub.breaks - 1
        step = 1 if hub.drip_s else 65536
        for at in range(start, end, step):
            piece = data[at : min(at + step, end)]
            self.wfile.write(piece)
            hub.sent += len(piece)
            time.sleep(hub.drip_s)
        if end < len(data):
            self.wfile.flush()
            hub.reached.set()
            if hub.hold:
                hub.released.wait(30)
            self.close_connection = True

    def _read(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        data = b""
        while size := int(self.rfile.readline(), 16):
            data += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return data

    def _json(self, value: object, status: int = 200) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def _oid(data: bytes, *, large: bool) -> str:
    if large:
        return hashlib.sha256(data).hexdigest()
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
