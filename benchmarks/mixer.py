"""The stem mixer in Chromium: do stems stay together, is the export what is heard, how soon.

Everything is taken from what leaves the mixer's graph while it plays, in a browser that runs
without a sound card, and compared with core.remixing.desk.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.mixer_page import (
    FOLDER,
    RATE,
    SCRIPT,
    TAPE,
    Listener,
    Taped,
    noise_stems,
    place,
    read_wav,
    write_stems,
)
from benchmarks.results import Results, Table
from core.audio import encode_wav
from core.remixing.desk import Desk, Fader, heard, mixed
from core.remixing.stems import Stems

ROOT = Path(__file__).resolve().parents[1]
SECONDS = 75.0
PLAYED_S = 60.0
SEEKS = 20
STARTS = 9
MAX_FIRST_SOUND_MS = 300.0
LSB = 1 / 32767
NEAR_S = 2.0
"""How far from where the playhead is drawn, which is seldom done on a busy machine."""
UNTOUCHED = """
Object.defineProperty(UserActivation.prototype, "hasBeenActive", { get: () => false });
"""
"""Whoever drives a browser by Playwright counts as one who has touched the page."""
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
DESKS = {
    "at rest": Desk(),
    "soft, panned, one muted": Desk(
        {
            "solo": Fader(-6.0, 0.3),
            "drums": Fader(-3.5, -0.8),
            "bass": Fader(mute=True),
            "other": Fader(2.0, 1.0),
        },
        master_db=-4.0,
    ),
    "two by themselves": Desk({"piano": Fader(1.5, solo=True), "bass": Fader(pan=-1, solo=True)}),
    "far too loud": Desk({"drums": Fader(6.0), "bass": Fader(9.0, -0.5)}, master_db=12.0),
}


@dataclass(frozen=True)
class Look:
    """A stretch of what was heard.

    apart: samples between the stems. difference: the largest from the mix computed here.
    """

    apart: int
    difference: float


@dataclass(frozen=True)
class Mix:
    """An exported mix.

    peak, limited_peak: before and after the limiter. steps: 16-bit, from the mix computed here.
    difference: the largest from what was taped, full scales.
    """

    peak: float
    limited_peak: float
    steps: int
    difference: float


def look(taped: Taped, stems: Stems, desk: Desk) -> Look:
    """Where each audible stem is in what was taped, and what remains beside the mix from there."""
    about = (taped.at_s - NEAR_S, taped.at_s + taped.samples.shape[1] / RATE + NEAR_S)
    near = Stems({name: clip.between(*about) for name, clip in stems.parts.items()})
    expected = heard(near, desk).samples
    total = taped.samples.sum(axis=0)
    at = place(total, expected.sum(axis=0))
    places = [place(total, near[name].mono()) for name in near.names if desk.level(name) > 0]
    difference = np.abs(taped.samples - expected[:, at : at + len(total)]).max()
    return Look(max(places) - min(places), float(difference))


def shuffle(
    listener: Listener, stems: Stems, *, steps: int, look_s: float, desk: Desk, seed: int = 0
) -> list[Look]:
    """While it plays: so many seeks and as many presses of Mute, and a look after each pair."""
    rng = np.random.default_rng(seed)
    taped = []
    for _ in range(steps):
        listener.click_picture(str(rng.choice(stems.names)), float(rng.uniform(0.05, 0.8)))
        muted = [name for name in stems.names if desk.of(name).mute]
        # Two at least stay audible: there must be something to be together with.
        free = muted if len(muted) >= len(stems.names) - 2 else list(stems.names)
        name = str(rng.choice(free))
        listener.mixer.locator(f".channel[data-name={name}] .mute").click()
        desk = desk.with_fader(name, Fader(mute=not desk.of(name).mute))
        taped.append((listener.next(look_s), desk))
    return [look(part, stems, desk) for part, desk in taped]


def exported(data: bytes, stems: Stems, desk: Desk, taped: Taped) -> Mix:
    """A file of the mixer's, beside the mix computed here and what was taped of the same mix."""
    file = read_wav(data).samples
    ours = heard(stems, desk)
    steps = np.abs(np.round((file - read_wav(encode_wav(ours)).samples) / LSB)).max()
    at = place(taped.samples.sum(axis=0), file.sum(axis=0))
    difference = np.abs(file[:, at : at + taped.samples.shape[1]] - taped.samples).max()
    return Mix(mixed(stems, desk).peak(), ours.peak(), int(steps), float(difference))


def run(
    data: Path | None, *, wanted: Sequence[str] | None = None, limit: int | None = None, split: str
) -> Results:
    """data, wanted, split: not used. limit: seconds of playing, instead of PLAYED_S."""
    from playwright.sync_api import sync_playwright

    played_s = float(limit or PLAYED_S)
    stems = noise_stems(SECONDS)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        write_stems(stems, Path(folder) / "stems")
        browser = playwright.chromium.launch(
            executable_path=chromium(), args=["--no-sandbox", "--disable-gpu", "--mute-audio"]
        )
        with _serving(Path(folder)) as address:
            firsts = [
                [_first_sound(browser, address, touched=touched) for _ in range(STARTS)]
                for touched in (False, True)
            ]
            load = os.getloadavg()[1]
            page = browser.new_page()
            page.add_init_script(TAPE)
            listener = Listener(page).open(address)
            listener.first_sound_ms()
            page.wait_for_timeout(played_s * 1000)
            taped = listener.next(1.0)
            looks = shuffle(listener, stems, steps=SEEKS, look_s=0.5, desk=Desk())
            mixes = {title: _mix(listener, stems, desk) for title, desk in DESKS.items()}
        browser.close()
    steady = look(taped, stems, Desk())
    return Results(
        "mixer",
        f"{len(stems.names)} channels of noise, {SECONDS:.0f} s at {RATE} Hz, in Chromium",
        len(looks) + len(mixes) + sum(map(len, firsts)),
        [],
        [_figures(played_s, load, steady, looks, mixes, firsts), _exports(mixes)],
    )


def _first_sound(browser: Any, address: str, *, touched: bool) -> float:
    """Of a fresh visitor, whose first press is Play, or who has touched the mixer before; ms."""
    page = browser.new_page()
    page.add_init_script(TAPE if touched else TAPE + UNTOUCHED)
    listener = Listener(page).open(address)
    if touched:
        listener.mixer.locator(".time").click()
        page.wait_for_timeout(1000)
    found = listener.first_sound_ms()
    page.close()
    return found


def _mix(listener: Listener, stems: Stems, desk: Desk) -> Mix:
    """Set by hand, played for a while, exported."""
    listener.set(desk)
    listener.play_from(stems.names[0], 0.1)
    taped = listener.next(1.0)
    return exported(listener.export(), stems, desk, taped)


def _figures(
    played_s: float,
    load: float,
    steady: Look,
    looks: Sequence[Look],
    mixes: Mapping[str, Mix],
    firsts: Sequence[Sequence[float]],
) -> Table:
    steps = max(mix.steps for mix in mixes.values())
    apart = max(mix.difference for mix in mixes.values())
    rows = [
        (f"stems apart after {played_s:.0f} s, samples", steady.apart, 1, "d"),
        (f"stems apart after each of {len(looks)} seeks and mutes, samples",
         max(look.apart for look in looks), 1, "d"),
        ("what is heard meanwhile from the mix computed here, full scales",
         max(look.difference for look in (steady, *looks)), LSB / 2, ".1e"),
        ("export from the mix computed here, 16-bit steps", steps, 1, "d"),
        ("export from what is heard, full scales", apart, LSB, ".1e"),
        *(
            (f"first sound after Play{what}, {how} of {len(found)}, ms", summary(found),
             MAX_FIRST_SOUND_MS, ".0f")
            for what, found in zip((", first press of all", ", mixer touched before"), firsts,
                                   strict=True)
            for how, summary in (("median", statistics.median), ("slowest", max))
        ),
    ]  # fmt: skip
    return Table(
        "The mixer's promises",
        "Taken from what leaves the mixer's graph in Chromium without a sound card. Stems of "
        "independent noise show where each of them is. Sounds are loaded before Play is pressed. "
        f"{load:.0f} processes wanted the {os.cpu_count()} cores at the time of the first sounds.",
        ["what", "figure", "at most", "reached"],
        [
            [what, f"{figure:{digits}}", f"{limit:{digits}}", "yes" if figure <= limit else "no"]
            for what, figure, limit, digits in rows
        ],
    )


def _exports(mixes: Mapping[str, Mix]) -> Table:
    return Table(
        "Exports",
        "Peaks before and after the limiter; differences as above.",
        ["faders", "peak", "peak, limited", "16-bit steps", "from what is heard"],
        [
            [
                title,
                f"{mix.peak:.3f}",
                f"{mix.limited_peak:.3f}",
                mix.steps,
                f"{mix.difference:.1e}",
            ]
            for title, mix in mixes.items()
        ],
    )


def chromium() -> str:
    found = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if found is None:
        raise SystemExit("The mixer is measured in Chromium, which is not installed here.")
    return found


@contextlib.contextmanager
def _serving(folder: Path) -> Iterator[str]:
    """The address of the page with the stems of folder/stems on it."""
    (folder / "page.py").write_text(SCRIPT, encoding="utf-8")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ["--server.port", str(port), "--server.address", "127.0.0.1"]
    server = subprocess.Popen(  # noqa: S603 - our own page
        [sys.executable, "-m", "streamlit", "run", str(folder / "page.py"),
         "--server.headless", "true", *options],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), FOLDER: str(folder / "stems")},
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        address = f"http://127.0.0.1:{port}"
        for _ in range(600):
            with contextlib.suppress(urllib.error.URLError, OSError):
                urllib.request.urlopen(f"{address}/_stcore/health", timeout=1).close()  # noqa: S310
                break
            time.sleep(0.1)
        yield address
    finally:
        server.terminate()
        server.wait(20)
