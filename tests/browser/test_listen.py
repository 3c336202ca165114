"""The blind player, and a vote by keys alone."""

import re

import pytest

pytestmark = pytest.mark.browser


def test_a_question_is_heard_and_answered_by_keys(visit):
    visitor = visit(width=390, scheme="dark").open("listen")
    page = visitor.page
    page.get_by_role("button", name="Start").click()
    pair = None
    for number in range(1, 13):  # to the first pair
        page.get_by_text(re.compile(rf"^{number} of ")).wait_for(timeout=60_000)
        visitor.wait("ready", "true", seconds=60)
        page.get_by_role("button", name=re.compile("True|Vote A")).wait_for()
        pair = page.get_by_role("button", name="Vote A").count() == 1
        if pair:
            break
        page.keyboard.press("s")
    assert pair
    page.keyboard.press(" ")
    visitor.wait("state", "playing")
    page.wait_for_function(
        "() => [...document.querySelectorAll('*')].some(e => e.shadowRoot"
        "?.querySelector('.player')?.dataset.time > 0.2)"
    )
    page.keyboard.press("b")
    visitor.wait("heard", "1")
    asked = page.content()
    page.keyboard.press("2")
    page.get_by_text("You chose B.").wait_for()
    assert visitor.state("heard") == "1"
    assert visitor.state("state") in ("playing", "ended")
    assert not [word for word in ("Loop", "loop", "A. Player") if word in asked]
    assert page.evaluate("document.body.scrollWidth <= innerWidth")
    page.keyboard.press("n")
    page.get_by_text(re.compile(rf"^{number + 1} of |Thank you")).first.wait_for()
