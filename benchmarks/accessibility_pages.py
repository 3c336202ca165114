"""Every page of the app, all that can be opened on it opened, and what axe-core says of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

WAIT_MS = 240_000
HEIGHT_PX = 900
IMPACTS = ("critical", "serious", "moderate", "minor")
QUIET = """() => document.querySelector('[data-testid=stApp]')?.dataset.testScriptState
  === 'notRunning' && !document.querySelector('[data-stale=true], [data-testid=stSkeleton]')
  && !document.getAnimations().some(one => one.playState === 'running')"""
ALL = """
const all = root => [...root.querySelectorAll('*')].flatMap(
  node => node.shadowRoot ? [node, ...all(node.shadowRoot)] : [node]);
"""
"""JavaScript: every element, those inside shadow trees too."""
MOVING = f"""() => {{ {ALL}
  const forever = one => one.effect.getComputedTiming().endTime > 1000;
  const name = node => `${{node.localName}}.${{node.dataset.testid || node.className}}`;
  return all(document).flatMap(node => node.getAnimations())
    .filter(one => one.playState === 'running' && forever(one))
    .map(one => name(one.effect.target)); }}"""
"""Animations over a second long that go on where a visitor asked for less motion."""
OVERFLOW = """() => Math.max(0, ...[document.scrollingElement, ...document.querySelectorAll(
  '[data-testid=stMain]')].map(node => node.scrollWidth - node.clientWidth))"""
"""CSS pixels by which the page is wider than the window."""


FIND = """async () => {
  const part = node => node.localName + (
    node.dataset.testid ? `[data-testid=${node.dataset.testid}]`
    : node.id && !/[0-9]/.test(node.id) ? `#${node.id}`
    : [...node.classList].filter(name => !/^(st-emotion|e[0-9a-z]{6,}|st-..$)/.test(name))
        .slice(0, 1).map(name => `.${name}`).join(''));
  const named = node => node.dataset.testid || /st-key-/.test(node.className);
  const above = node => node.parentElement || node.getRootNode().host;
  const where = node => {
    const parts = [part(node)];
    for (let up = above(node); up; up = above(up))
      if (named(up) && (parts.push(part(up)) > 2)) break;
    return parts.reverse().join(' ');
  };
  const told = node => [...node.any, ...node.all, ...node.none][0]?.message || '';
  const found = await axe.run({resultTypes: ['violations'], elementRef: true});
  return found.violations.flatMap(rule => rule.nodes.map(node => ({
    rule: rule.id, impact: node.impact || rule.impact, where: where(node.element),
    told: told(node)})));
}"""
"""JavaScript: run axe-core. Elements are named by what Streamlit calls them, not hashed classes."""


@dataclass(frozen=True)
class Finding:
    """One element that breaks one of axe-core's rules. where: a selector of it."""

    rule: str
    impact: str
    where: str
    told: str


@dataclass
class Look:
    """What was found of a page in one theme and width, all its states together.

    moving: elements that move for over a second in spite of reduced motion. wide_px: how much wider
    than the window it is.
    """

    page: str
    theme: str
    width_px: int
    findings: set[Finding] = field(default_factory=set)
    moving: set[str] = field(default_factory=set)
    wide_px: int = 0

    def count(self, impact: str) -> int:
        return sum(finding.impact == impact for finding in self.findings)


@dataclass(frozen=True)
class Scene:
    """A page: its title, its address, and what is done on it before each look."""

    title: str
    path: str
    steps: tuple[Callable[[Any], None], ...]


def settle(page: Any, pause_ms: int = 600) -> None:
    """Until the script rests and what fades has faded."""
    page.wait_for_function(QUIET, timeout=WAIT_MS)
    page.wait_for_timeout(pause_ms)
    page.wait_for_function(QUIET, timeout=WAIT_MS)


def nothing(page: Any) -> None:
    """Look at the page as it is."""


def open_all(page: Any) -> None:
    """Open every expander."""
    closed = page.locator("[data-testid=stExpander] details:not([open]) > summary")
    for _ in range(closed.count()):
        closed.first.click()
    settle(page)


def open_cards(page: Any) -> None:
    """Open the player of one gallery card of each job, the first."""
    for job in ("Extrapolate", "Remix", "Sample", "Compose", "Compare"):
        cards = page.locator("[class*=st-key-gallery_card]").filter(has_text=f"Open in {job}")
        if cards.count():
            cards.first.get_by_text("Listen here").click()
            settle(page, 2000)


def popover(page: Any) -> None:
    """Open the first popover."""
    page.get_by_test_id("stPopover").get_by_role("button").first.click()
    settle(page)


def menu(page: Any) -> None:
    """Open Streamlit's own menu, which holds the choice of a theme."""
    page.get_by_test_id("stMainMenu").get_by_role("button").click()
    settle(page)


def options(page: Any) -> None:
    """Open the first list of choices."""
    page.get_by_test_id("stSelectbox").first.locator("button").first.click()
    settle(page)


def press(name: str) -> Callable[[Any], None]:
    """Press the button of this name."""

    def step(page: Any) -> None:
        page.get_by_role("button", name=name).first.click()
        settle(page)

    return step


def choose(name: str) -> Callable[[Any], None]:
    """Choose the option of this name."""

    def step(page: Any) -> None:
        page.get_by_role("radio", name=name).first.click()
        settle(page)

    return step


def open_and_play(page: Any) -> None:
    """Open every expander and play the first player."""
    open_all(page)
    player = page.locator("section.player").first
    player.get_by_role("button", name="Play", exact=True).click()
    page.wait_for_timeout(1500)


SCENES = (
    Scene("Encore", "", (open_and_play, menu)),
    Scene("Extrapolate", "extrapolate", (open_and_play, popover)),
    Scene("Extrapolate, a link not understood", "extrapolate?example=none&seed=-1", (nothing,)),
    Scene("Remix", "remix", (open_and_play, popover)),
    Scene("Sample", "sample", (open_all,)),
    Scene("Compose", "compose", (open_and_play, choose("Sheet music"), options)),
    Scene("Compare, side by side", "compare", (open_and_play,)),
    Scene("Compare, training", "compare?section=training", (open_all,)),
    Scene("Compare, in between", "compare?section=between", (open_all,)),
    Scene("Compare, why this note", "compare?section=why", (open_all,)),
    Scene("Compare, train a tiny one", "compare?section=tiny", (open_all,)),
    Scene("Compare, search", "compare?section=search", (open_all,)),
    Scene("Compare, verdict", "compare?section=verdict", (open_all,)),
    Scene("Gallery", "gallery", (open_cards, options)),
    Scene("Listening test", "listen", (nothing, press("Start"), press("Stop here"))),
    Scene("Scoreboard", "scoreboard", (open_all,)),
    Scene("How it works", "engines", (open_all,)),
    Scene("Status", "status", (nothing,)),
    Scene("Status, for the owner", "status?token={token}", (nothing,)),
)


def axe_script() -> str:
    """axe-core, MPL 2.0, as the package axe-playwright-python carries it."""
    from axe_playwright_python.base import AXE_SCRIPT

    return str(AXE_SCRIPT)


def check(page: Any) -> set[Finding]:
    """What axe-core finds on the page as it stands, by all rules that are on by default."""
    if not page.evaluate("() => Boolean(window.axe)"):
        page.evaluate(axe_script())
    found = page.evaluate(FIND)
    return {Finding(one["rule"], one["impact"], one["where"], one["told"]) for one in found}


def look(
    page: Any, address: str, scene: Scene, theme: str, widths_px: Sequence[int], token: str
) -> list[Look]:
    """Open the scene in the first width; after each of its steps, check it in all of them."""
    looks = [Look(scene.title, theme, width_px) for width_px in widths_px]
    page.goto(f"{address}/{scene.path.format(token=token)}")
    page.wait_for_selector("h1", timeout=WAIT_MS)
    settle(page)
    for step in scene.steps:
        step(page)
        for found in [*looks[1:], looks[0]]:
            page.set_viewport_size({"width": found.width_px, "height": HEIGHT_PX})
            settle(page)
            found.findings |= check(page)
            found.moving |= set(page.evaluate(MOVING))
            found.wide_px = max(found.wide_px, int(page.evaluate(OVERFLOW)))
    return looks
