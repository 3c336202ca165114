"""The keys of the search, played with mouse and computer keys, at desk and on a phone."""

import pytest

from tests.browser.test_player import no_sideways_scroll

pytestmark = pytest.mark.browser

TUNE = ("KeyA", "KeyS", "KeyD", "KeyF", "KeyG", "KeyF", "KeyD", "KeyS", "KeyA", "KeyD", "KeyG")


def opened(visit, width):
    visitor = visit(width)
    visitor.open("compare?section=search")
    visitor.page.get_by_role("radio", name="Keys").click()
    visitor.wait("ready", "true")
    return visitor


@pytest.mark.parametrize("width", [1280, 390])
def test_a_tune_is_played_and_searched(visit, width):
    visitor = opened(visit, width)
    host = visitor.player.locator(".keys")
    box = host.bounding_box()
    host.click(position={"x": box["width"] / 16, "y": box["height"] * 0.9})
    visitor.wait("notes", "1")
    visitor.player.locator(".back").click()
    visitor.wait("notes", "0")
    assert visitor.player.locator(".send").is_disabled()
    host.focus()
    for code in TUNE:
        visitor.page.keyboard.press(code, delay=40)
        visitor.page.wait_for_timeout(90)
    visitor.wait("notes", str(len(TUNE)))
    visitor.player.locator(".send").click()
    visitor.page.get_by_text("Nearest pieces", exact=True).wait_for(timeout=30_000)
    assert visitor.state("notes") == str(len(TUNE))  # the tune stays, to go on with
    visitor.page.get_by_role("button", name="Hear the passage").first.wait_for()
    no_sideways_scroll(visitor)
    assert visitor.complaints == []
