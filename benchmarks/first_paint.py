"""How soon a visitor sees and hears something: a real Chromium on loopback, a cold and a warm app.

Needs Playwright and Chromium (requirements-dev.in). Each visit is in a browser context of its own,
whose cache is empty, at a browser that runs already.
"""

from __future__ import annotations

import contextlib
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.load import yes
from benchmarks.load_server import serving
from benchmarks.results import Results, Table

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking",
         "--mute-audio")  # fmt: skip
PAGES = {
    "": "Home", "extrapolate": "Extrapolate", "remix": "Remix", "sample": "Sample",
    "compose": "Compose", "compare": "Compare", "gallery": "Gallery", "listen": "Listening test",
    "scoreboard": "Scoreboard", "engines": "How it works",
}  # fmt: skip
TIMES = 5
CALM_S = 1.0
"""A page that has fetched nothing for so long is there."""
COLD_S, WARM_S, GALLERY_MB = 4.0, 2.0, 1.5
PLAYER = "section.player"
WATCH = """
window.seen = { first: 0, largest: 0, what: "" };
new PerformanceObserver((list) => {
  for (const entry of list.getEntriesByName("first-contentful-paint")) {
    seen.first = entry.startTime;
  }
}).observe({ type: "paint", buffered: true });
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    Object.assign(seen, { largest: entry.startTime, what: entry.element?.tagName ?? "" });
  }
}).observe({ type: "largest-contentful-paint", buffered: true });
"""
LOOK_MS = 20


@dataclass(frozen=True)
class Paint:
    """Seconds from the navigation on. heading_s: until the page's own title is there.

    files_bytes: of sounds, pictures and data of the page. front_bytes: of Streamlit's own script,
    styles and fonts. wire_bytes: over the websocket. All as they travel, which is compressed.
    """

    first_s: float
    largest_s: float
    heading_s: float
    files_bytes: int
    front_bytes: int
    wire_bytes: int

    @property
    def own_mb(self) -> float:
        return (self.files_bytes + self.wire_bytes) / 1e6

    @property
    def all_mb(self) -> float:
        return self.own_mb + self.front_bytes / 1e6


@contextlib.contextmanager
def chromium() -> Iterator[Any]:
    """The browser. Raises RuntimeError where there is none."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        raise RuntimeError("no Chromium here; `make browser` installs one")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


class Tab:
    """One page in a context of its own. A context manager."""

    def __init__(self, browser: Any, address: str) -> None:
        self.address = address
        self.context = browser.new_context(viewport={"width": 1280, "height": 900})
        self.page = self.context.new_page()
        self.page.add_init_script(WATCH)
        self.line = self.context.new_cdp_session(self.page)
        self.line.send("Network.enable")
        self.urls: dict[str, str] = {}
        self.files = self.front = self.wire = 0
        self.last_s = time.monotonic()
        self.line.on("Network.responseReceived", self._answered)
        self.line.on("Network.loadingFinished", self._fetched)
        self.line.on("Network.webSocketFrameReceived", self._told)

    def __enter__(self) -> Tab:
        return self

    def __exit__(self, *_: object) -> None:
        self.context.close()

    def _answered(self, event: dict[str, Any]) -> None:
        self.urls[event["requestId"]] = event["response"]["url"]

    def _fetched(self, event: dict[str, Any]) -> None:
        self.last_s = time.monotonic()
        size, url = int(event["encodedDataLength"]), self.urls.get(event["requestId"], "")
        if "/media/" in url:
            self.files += size
        else:
            self.front += size

    def _told(self, event: dict[str, Any]) -> None:
        self.last_s = time.monotonic()
        data = event["response"]["payloadData"]
        # A binary frame is told in base64.
        self.wire += len(data) * 3 // 4 if event["response"]["opcode"] == 2 else len(data)

    def go(self, path: str = "") -> float:
        """Open a page; seconds until its heading is there."""
        start = time.perf_counter()
        self.page.goto(f"{self.address}/{path}", wait_until="commit")
        self.page.wait_for_selector("h1", timeout=60_000)
        return time.perf_counter() - start

    def hear(self) -> None:
        """Press Play of the first player, and wait until its sound moves."""
        self.page.locator(f"{PLAYER} button.play").first.click(timeout=60_000)
        player = self.page.locator(f"{PLAYER}[data-state='playing']").first
        player.wait_for(timeout=60_000)
        while float(player.get_attribute("data-time") or 0) <= 0:
            self.page.wait_for_timeout(LOOK_MS)

    def calm(self) -> None:
        """Wait until nothing more comes."""
        while time.monotonic() - self.last_s < CALM_S:
            self.page.wait_for_timeout(100)


def painted(browser: Any, address: str, path: str) -> Paint:
    """One visit of a page."""
    with Tab(browser, address) as tab:
        heading_s = tab.go(path)
        tab.calm()
        seen = tab.page.evaluate("() => seen")
        return Paint(seen["first"] / 1000, seen["largest"] / 1000, heading_s,
                     tab.files, tab.front, tab.wire)  # fmt: skip


def empty(browser: Any, times: int) -> tuple[list[float], list[float]]:
    """Seconds to the heading of an app that has nothing else: (cold processes, a warm one)."""
    with tempfile.TemporaryDirectory(prefix="encore-empty-") as folder:
        script = Path(folder) / "app.py"
        script.write_text("import streamlit as st\n\nst.title('Nothing')\n")
        colds, warms = [], []
        for _ in range(times):
            start = time.perf_counter()
            with serving(script) as server:
                with Tab(browser, server.address) as tab:
                    tab.go()
                colds.append(time.perf_counter() - start)
                with Tab(browser, server.address) as tab:
                    warms.append(tab.go())
        return colds, warms


def cold(browser: Any) -> tuple[float, float]:
    """(seconds to the first heading, to the first sound) from the start of the process."""
    start = time.perf_counter()
    with serving() as server, Tab(browser, server.address) as tab:
        tab.go()
        seen = time.perf_counter() - start
        tab.hear()
        return seen, time.perf_counter() - start


def heard(browser: Any, address: str) -> float:
    """Seconds from the opening of a warm app to the first sound, Play pressed at once."""
    with Tab(browser, address) as tab:
        start = time.perf_counter()
        tab.go()
        tab.hear()
        return time.perf_counter() - start


def run(
    data: Path | None = None,
    *,
    wanted: Sequence[str] | None = None,
    limit: int | None = None,
    split: str = "test",
) -> Results:
    """data, split: not used. wanted: pages. limit: visits of each."""
    times = limit or TIMES
    pages = [path for path in PAGES if wanted is None or path in wanted]
    with chromium() as browser:
        cold(browser)  # so that the disk's cache has what every later start finds there
        floor = empty(browser, times)
        starts = [cold(browser) for _ in range(times)]
        with serving() as server:
            for path in pages:
                painted(browser, server.address, path)
            sounds = [heard(browser, server.address) for _ in range(times)]
            paints = {
                path: [painted(browser, server.address, path) for _ in range(times)]
                for path in pages
            }
    return Results(
        "first-paint", f"{times} visits of each page, Chromium on loopback", times, [],
        [promises(starts, sounds, paints, floor), by_page(paints)],
    )  # fmt: skip


def promises(
    starts: Sequence[tuple[float, float]],
    sounds: Sequence[float],
    paints: dict[str, list[Paint]],
    floor: tuple[list[float], list[float]],
) -> Table:
    """What was asked for, and what came out."""
    seen = statistics.median(one for one, _ in starts)
    cold_s = statistics.median(sound for _, sound in starts)
    warm_s = statistics.median(sounds)
    rows: list[list[Any]] = [
        ["cold process: first heading, s", f"{seen:.2f}", "", ""],
        ["cold process: first sound, s", f"{cold_s:.2f}", f"≤ {COLD_S:g}", yes(cold_s <= COLD_S)],
        ["the slowest of these, s", f"{max(s for _, s in starts):.2f}", "", ""],
        ["the same for an app with nothing but a heading: its heading, s",
         f"{statistics.median(floor[0]):.2f}", "", ""],
        ["warm app: first sound, s", f"{warm_s:.2f}", f"≤ {WARM_S:g}", yes(warm_s <= WARM_S)],
        ["the slowest of these, s", f"{max(sounds):.2f}", "", ""],
        ["the same for an app with nothing but a heading: its heading, s",
         f"{statistics.median(floor[1]):.2f}", "", ""],
    ]  # fmt: skip
    if "gallery" in paints:
        own = max(one.own_mb for one in paints["gallery"])
        rows.append(["gallery before Play, MB", f"{own:.2f}", f"< {GALLERY_MB:g}",
                     yes(own < GALLERY_MB)])  # fmt: skip
        every = max(one.all_mb for one in paints["gallery"])
        rows.append(["the same and Streamlit's own front end, MB", f"{every:.2f}", "", ""])
    return Table(
        "What is promised",
        "Medians. Cold: from the start of the process, with its files in the disk's cache; warm: "
        "from the opening of the page by a browser with an empty cache. A sound is there when the "
        "playhead moves, Play being pressed as soon as it can be.",
        ["what", "figure", "asked", "kept"],
        rows,
    )


def by_page(paints: dict[str, list[Paint]]) -> Table:
    """Each page of a warm app."""
    rows = []
    for path, found in paints.items():
        names = ("first_s", "heading_s", "largest_s", "own_mb", "all_mb")
        middle = [statistics.median(getattr(one, name) for one in found) for name in names]
        slowest = max(one.largest_s for one in found)
        rows.append([
            PAGES[path], *(f"{value:.2f}" for value in middle[:3]), f"{slowest:.2f}",
            *(f"{value:.2f}" for value in middle[3:]),
        ])  # fmt: skip
    return Table(
        "Each page",
        "Of a warm app, in a browser whose cache is empty; medians of seconds from the navigation "
        "on. MB before anything is pressed: the page's own files and messages, and with the front "
        "end of Streamlit, which a browser keeps.",
        ["page", "first contentful paint", "heading", "largest contentful paint", "slowest of it",
         "MB of its own", "MB of all"],
        rows,
    )  # fmt: skip
