"""The Remix page, as a visitor has it."""

import pytest

from tests.browser.test_player import no_sideways_scroll, shot

pytestmark = pytest.mark.browser


def mixer(visitor):
    found = visitor.page.locator("section.mixer[data-ready=true]")
    found.wait_for(timeout=30_000)
    return found


def test_faders_go_with_the_link_and_parts_are_compared_by_ear(visit):
    visitor = visit().open("remix")
    drums = mixer(visitor).locator(".channel[data-name=drums]")
    drums.locator(".mute").click()
    visitor.page.wait_for_url("**faders=drums*", timeout=20_000)
    assert drums.locator(".mute").get_attribute("aria-pressed") == "true"

    row = visitor.page.locator("section.player:not(.mixer)[data-ready=true]")
    row.get_by_role("button", name="Play").click()
    visitor.page.wait_for_selector("section.player:not(.mixer)[data-state=playing]")
    row.focus()
    visitor.page.keyboard.press("b")
    assert row.get_attribute("data-heard") == "actual"
    visitor.page.keyboard.press("1")
    assert row.get_attribute("data-heard") == "input"
    # One of the two players sounds at a time.
    mixer(visitor).get_by_role("button", name="Play").click()
    visitor.page.wait_for_selector("section.player:not(.mixer):not([data-state=playing])")
    assert visitor.page.evaluate(
        "window[Symbol.for('encore.sounding')].root.classList.contains('mixer')"
    )
    shot(visitor, "remix-1280")

    phone = visit(390, "dark").open(visitor.page.url.removeprefix(f"{visitor.address}/"))
    mute = mixer(phone).locator(".channel[data-name=drums] .mute")
    assert mute.get_attribute("aria-pressed") == "true"
    assert no_sideways_scroll(phone)
    shot(phone, "remix-390")
