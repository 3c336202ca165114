"""axe-core in Chromium on every page, both themes, a desk's and a phone's width.

Asked for are no critical and no serious finding, nothing that moves for long where less motion is
wanted, and no page that is wider than the window. Everything on a page that can be opened is.
What is left of lesser findings is told by rule and place.
"""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from benchmarks.accessibility_pages import (
    HEIGHT_PX,
    IMPACTS,
    SCENES,
    WAIT_MS,
    Finding,
    Look,
    look,
)
from benchmarks.load_server import serving
from benchmarks.mixer import chromium
from benchmarks.results import Results, Table

THEMES = ("light", "dark")
WIDTHS_PX = (1280, 390)
MAX_PAGES_TOLD = 4


def run(
    data: Path | None = None,
    *,
    wanted: Sequence[str] | None = None,
    limit: int | None = None,
    split: str = "test",
) -> Results:
    """wanted: words, one of which a page's title has. limit: pages. data, split: not used."""
    from playwright.sync_api import sync_playwright

    scenes = [
        scene
        for scene in SCENES
        if not wanted or any(word.lower() in scene.title.lower() for word in wanted)
    ][:limit]
    token = secrets.token_hex(16)
    looks = []
    with serving(ENCORE_STATUS_TOKEN=token) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium(), args=["--no-sandbox", "--disable-gpu", "--mute-audio"]
        )
        for scene in scenes:
            for theme in THEMES:
                context = browser.new_context(
                    viewport={"width": WIDTHS_PX[0], "height": HEIGHT_PX},
                    color_scheme=theme,
                    reduced_motion="reduce",
                )
                page = context.new_page()
                page.set_default_timeout(WAIT_MS)
                for found in look(page, server.address, scene, theme, WIDTHS_PX, token):
                    print(_line(found), flush=True)
                    looks.append(found)
                context.close()
        version = browser.version
        browser.close()
    return Results(
        "accessibility",
        f"axe-core on {len(scenes)} pages and sections, {len(THEMES)} themes, "
        f"{len(WIDTHS_PX)} widths, in Chromium {version}",
        len(looks),
        [],
        [_promises(looks), _pages(looks), *_left(looks)],
    )


def _line(found: Look) -> str:
    return f"{found.page}, {found.theme}, {found.width_px} px: {_counts(found)}"


def _counts(found: Look) -> str:
    return " / ".join(str(found.count(impact)) for impact in IMPACTS)


def _promises(looks: Sequence[Look]) -> Table:
    moving = {(found.page, name) for found in looks for name in found.moving}
    kept = [
        *(
            (f"{impact} findings", sum(found.count(impact) for found in looks))
            for impact in IMPACTS[:2]
        ),
        ("elements that move for over a second in spite of reduced motion", len(moving)),
        ("most by which a page is wider than the window, px",
         max((found.wide_px for found in looks), default=0)),
    ]  # fmt: skip
    return Table(
        "What is promised",
        "Of every page in both themes and widths, expanders opened; on five of them the player "
        "plays.",
        ["what", "figure", "asked", "kept"],
        [[what, figure, "0", "no" if figure else "yes"] for what, figure in kept],
    )


def _pages(looks: Sequence[Look]) -> Table:
    columns = [(theme, width_px) for width_px in WIDTHS_PX for theme in THEMES]
    cells = {(found.page, found.theme, found.width_px): _counts(found) for found in looks}
    pages = dict.fromkeys(found.page for found in looks)
    return Table(
        "By page",
        f"Elements found, {' / '.join(IMPACTS)}.",
        ["page", *(f"{theme}, {width_px} px" for theme, width_px in columns)],
        [[page, *(cells.get((page, *column), "") for column in columns)] for page in pages],
    )


def _left(looks: Sequence[Look]) -> list[Table]:
    places: dict[Finding, list[Look]] = defaultdict(list)
    for found in looks:
        for finding in found.findings:
            places[finding].append(found)
    rows = [
        [finding.impact, finding.rule, finding.where, finding.told, _where(found)]
        for finding, found in sorted(
            places.items(), key=lambda pair: (IMPACTS.index(pair[0].impact), pair[0].rule)
        )
    ]
    if not rows:
        return []
    return [
        Table(
            "What is left",
            "Each element by a selector of it; those under `data-testid` are Streamlit's, but for "
            "`stBidiComponent` and `stHtml`.",
            ["impact", "rule", "element", "what axe-core says", "where"],
            rows,
        )
    ]


def _where(looks: Sequence[Look]) -> str:
    pages = list(dict.fromkeys(found.page for found in looks))
    told = ", ".join(pages[:MAX_PAGES_TOLD])
    return (
        told if len(pages) <= MAX_PAGES_TOLD else f"{told} and {len(pages) - MAX_PAGES_TOLD} more"
    )
