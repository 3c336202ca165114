"""A visitor of the running app without a browser: Streamlit's messages over its websocket.

The page is kept as the browser keeps it: elements by their place, those of an earlier run dropped
when a run ends, parts that draw themselves again asked for at their interval. Sounds are fetched
over HTTP as the players fetch them.
"""

from __future__ import annotations

import contextlib
import json
import re
import time
import uuid
from collections.abc import Callable
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from benchmarks.load_files import XSRF, Files
from benchmarks.load_widgets import Shown, VisitError, state_of

PATIENCE_S = 300.0
ANSWER_S = 10.0
"""For an answer that may never come."""
_EARLY = ForwardMsg.FINISHED_EARLY_FOR_RERUN
_BROKEN = ForwardMsg.FINISHED_WITH_COMPILE_ERROR
_QUEUED = re.compile(r"number (\d+) in the queue")
_ALERTS = {1: "error", 2: "warning"}


class Visitor:
    """One tab. Not for several threads at once. A context manager that closes the tab."""

    def __init__(self, address: str, patience_s: float = PATIENCE_S) -> None:
        self.address, self.patience_s = address, patience_s
        self.longest_place = 0
        self.first_element_s = 0.0
        self._files = Files(address, patience_s)
        token = self._files.token
        self._open = contextlib.ExitStack()
        line = connect(
            f"{address.replace('http', 'ws', 1)}/_stcore/stream",
            origin=address,
            subprotocols=["streamlit", token],
            additional_headers={"Cookie": f"{XSRF}={token}"},
            max_size=None,
            open_timeout=patience_s,
            compression=None,
        )
        self._socket = self._open.enter_context(line)
        self._elements: dict[tuple[int, ...], Shown] = {}
        self._values: dict[str, WidgetState] = {}
        self._timers: dict[str, tuple[float, float]] = {}  # fragment -> (interval, next) in s
        self._run, self._run_fragments, self._running = "", frozenset[str](), False
        self._query, self._page_hash, self._session = "", "", ""
        self._answers: dict[str, Any] = {}
        self._due = False  # a part was asked for by itself, and has not been drawn since
        self._asked_s: float | None = None

    def __enter__(self) -> Visitor:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Leave, whatever is going on."""
        with contextlib.suppress(Exception):
            self._open.close()

    # ---- what a visitor does --------------------------------------------------------------------

    def open(self, page: str = "", query: str = "") -> float:
        """Go to a page; seconds until its first element. All is drawn when this returns."""
        self._query, self._page_hash = query, ""
        self._values.clear()
        self._asked_s, self.first_element_s = time.monotonic(), 0.0
        self._rerun(page=page)
        return self.first_element_s

    def set(self, key: str, value: Any) -> None:
        """Change a widget. A choice is told by its label, or by what that begins with."""
        shown = self.widget(key)
        state = state_of(shown, value)
        self._values[state.id] = state
        if not shown.proto.form_id:
            self._rerun(shown.fragment)

    def press(self, name: str) -> None:
        """A button, by its key or by its label."""
        shown = self._button(name)
        state = WidgetState(id=shown.proto.id, trigger_value=True)
        self._rerun(shown.fragment, trigger=state)

    def tell(self, key: str, event: str, value: Any) -> None:
        """What a component of ours sends for one run alone."""
        shown = self.widget(key)
        payload = json.dumps([{"event": event, "value": value}])
        name = f"$$STREAMLIT_INTERNAL_KEY_{shown.proto.id}__events"
        self._rerun(shown.fragment, trigger=WidgetState(id=name, json_trigger_value=payload))

    def upload(self, key: str, name: str, data: bytes) -> None:
        """Give a file. Raises VisitError where the server refuses it before the page sees it."""
        shown = self.widget(key)
        message, asked = BackMsg(), uuid.uuid4().hex
        message.file_urls_request.request_id = asked
        message.file_urls_request.file_names.append(name)
        message.file_urls_request.session_id = self._session
        self._socket.send(message.SerializeToString())
        self._until(lambda: asked in self._answers)
        urls = self._answers.pop(asked).file_urls[0]
        self._files.put(urls.upload_url, name, data)
        state = WidgetState(id=shown.proto.id)
        info = state.file_uploader_state_value.uploaded_file_info.add()
        info.file_id, info.name, info.size = urls.file_id, name, len(data)
        info.file_urls.CopyFrom(urls)
        self._values[state.id] = state
        self._rerun(shown.fragment)

    def settle(self) -> None:
        """Look on until no run of this visitor waits or goes."""
        self._until(lambda: not self._running and not self.waits())

    def calm(self) -> bool:
        """Wait for a part that was asked for just before all was drawn, and is drawn once more.

        Meanwhile it may be gone: the server drops what it has not sent of a part that it draws
        anew. Whether something was drawn; a part that is no more is never answered.
        """
        end, run = time.monotonic() + ANSWER_S, self._run
        self._until(lambda: not self._running and (not self._due or time.monotonic() > end))
        self._due = False
        return self._run != run

    def look(self, seconds: float) -> None:
        """Look on for a while."""
        end = time.monotonic() + seconds
        self._until(lambda: time.monotonic() >= end)

    # ---- what a visitor sees --------------------------------------------------------------------

    def all(self, kind: str) -> list[Any]:
        """The elements of a kind, from top to bottom."""
        return [self._elements[at].proto for at in sorted(self._elements)
                if self._elements[at].kind == kind]  # fmt: skip

    def waits(self) -> bool:
        """Whether a run of this visitor waits or goes: it can be cancelled."""
        return any(
            shown.kind == "button" and shown.proto.id.endswith("_cancel")
            for shown in self._elements.values()
        )

    def keys(self, beginning: str) -> list[str]:
        """The keys of the page's widgets that begin so, from top to bottom."""
        found = []
        for at in sorted(self._elements):
            name = getattr(self._elements[at].proto, "id", "").rpartition("-" + beginning)
            found += [beginning + name[2]] if name[1] else []
        return found

    def problems(self) -> list[str]:
        """What the page says went wrong."""
        return [one.body for one in self.all("alert") if one.format in _ALERTS]

    def widget(self, key: str) -> Shown:
        """By its key. Raises VisitError where it is not there."""
        for shown in self._elements.values():
            if getattr(shown.proto, "id", "").endswith(f"-{key}"):
                return shown
        raise VisitError(f"no {key} on the page; it says {self.problems()}")

    def data(self, key: str) -> Any:
        """What a component of ours was given."""
        return json.loads(self.widget(key).proto.json)

    def fetch(self, url: str) -> bytes:
        """A file of the page's."""
        return self._files.get(url)

    # ---- the wire -------------------------------------------------------------------------------

    def _rerun(
        self, fragment: str = "", page: str = "", trigger: WidgetState | None = None
    ) -> None:
        """Ask for a run, and wait for its end."""
        before = self._run
        self._send(fragment, page, trigger)
        done: list[str] = []

        def ended() -> bool:
            # A run of fragments may turn into one of the whole page, which then is waited for.
            fits = not self._run_fragments or fragment in self._run_fragments
            if self._run != before and fits and not self._running:
                done.append(self._run)
            return bool(done)

        self._until(ended)
        self._check()

    def _send(self, fragment: str = "", page: str = "", trigger: WidgetState | None = None,
              *, by_itself: bool = False) -> None:  # fmt: skip
        message = BackMsg()
        state = message.rerun_script
        state.query_string, state.page_script_hash = self._query, self._page_hash
        state.page_name, state.fragment_id, state.is_auto_rerun = page, fragment, by_itself
        state.context_info.url = f"{self.address}/{page}"
        state.context_info.timezone, state.context_info.locale = "UTC", "en-GB"
        state.widget_states.widgets.extend(
            [*self._values.values(), *([trigger] if trigger else [])]
        )
        self._socket.send(message.SerializeToString())

    def _until(self, reached: Callable[[], bool]) -> None:
        end = time.monotonic() + self.patience_s
        while not reached():
            now = time.monotonic()
            if now > end:
                raise VisitError(f"no answer within {self.patience_s:g} s")
            for fragment, (interval, due) in list(self._timers.items()):
                if due <= now:
                    self._timers[fragment] = interval, now + interval
                    self._send(fragment, by_itself=True)
                    self._due = True
            wait = min([due for _, due in self._timers.values()] or [now + 0.25]) - now
            try:
                data = self._socket.recv(timeout=min(max(wait, 0.001), 0.25))
            except TimeoutError:
                continue
            except ConnectionClosed as error:
                raise VisitError(f"the server closed the connection: {error}") from error
            message = ForwardMsg()
            message.ParseFromString(data)
            self._take(message)

    def _take(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        run = message.metadata.run
        if kind == "new_session":
            self._run, self._running = run.script_run_id, True
            self._run_fragments = frozenset(run.fragment_ids)
            self._due = self._due and not run.fragment_ids
            self._session = message.new_session.initialize.session_id
            if not run.fragment_ids:
                self._timers.clear()
        elif kind == "delta":
            self._draw(tuple(message.metadata.delta_path), message.delta)
        elif kind == "script_finished":
            if message.script_finished == _BROKEN:
                raise VisitError("the page could not be run")
            if message.script_finished != _EARLY:
                self._running = False
                self._tidy()
        elif kind == "auto_rerun":
            interval = message.auto_rerun.interval
            self._timers[message.auto_rerun.fragment_id] = interval, time.monotonic() + interval
        elif kind == "stop_auto_rerun":
            for fragment in message.stop_auto_rerun.fragment_ids:
                self._timers.pop(fragment, None)
        elif kind == "navigation":
            self._page_hash = message.navigation.page_script_hash
        elif kind == "page_info_changed":
            self._query = message.page_info_changed.query_string
        elif kind == "file_urls_response":
            self._answers[message.file_urls_response.response_id] = message.file_urls_response
        elif kind == "page_not_found":
            raise VisitError("there is no such page")

    def _draw(self, at: tuple[int, ...], delta: Any) -> None:
        what = delta.WhichOneof("type")
        if what == "add_block":
            self._elements.pop(at, None)
            return
        if what != "new_element":
            return
        if self._asked_s is not None and len(at) > 1:
            self.first_element_s, self._asked_s = time.monotonic() - self._asked_s, None
        kind = delta.new_element.WhichOneof("type")
        proto = getattr(delta.new_element, kind) if kind else None
        self._elements[at] = Shown(kind or "", proto, self._run, delta.fragment_id)
        if getattr(proto, "set_value", False):
            self._values.pop(proto.id, None)  # the page has just said what it is
        if kind == "progress" and (found := _QUEUED.search(proto.text)):
            self.longest_place = max(self.longest_place, int(found[1]))

    def _tidy(self) -> None:
        """Drop what an earlier run drew where this one, or its fragments, drew nothing."""
        parts = self._run_fragments
        self._elements = {
            at: shown
            for at, shown in self._elements.items()
            if shown.run == self._run or (parts and shown.fragment not in parts)
        }
        if not parts:
            here = {getattr(shown.proto, "id", "") for shown in self._elements.values()}
            self._values = {name: v for name, v in self._values.items() if name in here}

    def _check(self) -> None:
        for wrong in self.all("exception"):
            raise VisitError(f"a traceback on the page: {wrong.type} {wrong.message}")

    def _button(self, name: str) -> Shown:
        for shown in self._elements.values():
            if shown.kind == "button" and (
                shown.proto.label == name or shown.proto.id.endswith(f"-{name}")
            ):
                return shown
        raise VisitError(f"no button {name} on the page; it says {self.problems()}")
