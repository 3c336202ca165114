"""The pictures of the README's tour, taken of the app as it stands: `make pictures`."""

from __future__ import annotations

import argparse
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from benchmarks.accessibility_pages import press, settle
from benchmarks.load_server import serving
from benchmarks.mixer import chromium

DOCS = Path(__file__).resolve().parent.parent / "docs"
WIDTH_PX = 1280
SHOWN_PX = 960
MAX_BYTES = 120_000


@dataclass(frozen=True)
class Shot:
    """docs/<name>.png: a page's address, its theme, how much of it is seen.

    steps: what is done first. top: selector of what the picture begins with, else the page's top.
    """

    name: str
    path: str
    height_px: int
    theme: str = "light"
    steps: tuple[Callable[[Any], None], ...] = ()
    top: str | None = None


def heard(page: Any) -> None:
    """A few seconds played, and paused."""
    player = page.locator("section.player").first
    player.get_by_role("button", name="Play").first.click()
    page.wait_for_timeout(4000)
    player.get_by_role("button", name="Pause").first.click()
    page.mouse.move(2, 2)


SHOTS = (
    Shot("encore", "", 900, steps=(heard,)),
    Shot("extrapolate", "extrapolate?example=motorway&engines=structure,loop", 700, "dark",
         (heard,), "[data-testid=stHeading] h2"),
    Shot("remix", "remix", 900, steps=(heard,), top="[data-testid=stHeading] h2"),
    Shot("sample", "sample", 1290, "dark"),
    Shot("compose", "compose", 1000, steps=(heard,)),
    Shot("compare", "compare?section=between", 1150, "dark"),
    Shot("gallery", "gallery", 900),
    Shot("listen", "listen", 620, "dark", (press("Start"),)),
    Shot("scoreboard", "scoreboard", 1000),
    Shot("engines", "engines", 900, "dark"),
)  # fmt: skip


def taken(browser: Any, address: str, shot: Shot) -> Image.Image:
    """The page as a visitor has it, WIDTH_PX wide."""
    page = browser.new_page(
        viewport={"width": WIDTH_PX, "height": shot.height_px}, color_scheme=shot.theme
    )
    page.goto(f"{address}/{shot.path}")
    page.wait_for_selector("h1", timeout=60_000)
    settle(page, 3000)
    for step in shot.steps:
        step(page)
    if shot.top:
        page.locator(shot.top).first.evaluate("node => node.scrollIntoView()")
        page.wait_for_timeout(500)
    image = Image.open(io.BytesIO(page.screenshot()))
    page.close()
    return image.convert("RGB")


def small(image: Image.Image) -> bytes:
    """PNG, SHOWN_PX wide, in as many colours as MAX_BYTES have room for."""
    height = round(image.height * SHOWN_PX / image.width)
    image = image.resize((SHOWN_PX, height), Image.Resampling.LANCZOS)
    for colours in (256, 128, 64, 32, 16):
        buffer = io.BytesIO()
        # An octree keeps the colours of the few pixels of a fader beside those of a spectrogram.
        few = image.quantize(colours, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
        few.save(buffer, "PNG", optimize=True)
        if buffer.tell() <= MAX_BYTES:
            break
    return buffer.getvalue()


def main() -> None:
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(prog="python -m benchmarks.pictures", description=__doc__)
    names = [shot.name for shot in SHOTS]
    parser.add_argument("names", nargs="*", help=f"of {', '.join(names)}; all by default")
    wanted = parser.parse_args().names or names
    with serving() as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium(), args=["--no-sandbox", "--disable-gpu", "--mute-audio"]
        )
        for shot in (shot for shot in SHOTS if shot.name in wanted):
            data = small(taken(browser, server.address, shot))
            (DOCS / f"{shot.name}.png").write_bytes(data)
            print(f"docs/{shot.name}.png, {len(data) / 1000:.0f} kB")
        browser.close()


if __name__ == "__main__":
    main()
