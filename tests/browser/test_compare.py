"""The Compare page, as a visitor has it."""

import pytest

from tests.browser.test_piano_roll import METER, loudest
from tests.browser.test_player import no_sideways_scroll, shot

pytestmark = pytest.mark.browser


def opened(visit, path="compare", width=1280, **options):
    visitor = visit(width, **options)
    visitor.page.add_init_script(METER)
    visitor.open(path)
    return visitor


def section(visitor, name):
    visitor.page.get_by_role("radio", name=name).first.click()


def rolls(visitor, count):
    found = visitor.page.locator("section.roll[data-ready='true']")
    found.nth(count - 1).wait_for(timeout=20_000)
    return found


def test_both_sides_play_one_at_a_time_and_write_anew_from_the_keyboard(visit):
    visitor = opened(visit)
    left, right = (rolls(visitor, 2).nth(at) for at in range(2))
    before = left.get_attribute("data-notes"), right.get_attribute("data-notes")
    assert before == ("16", "16")
    left.get_by_role("button", name="Play").click()
    visitor.wait("state", "playing")
    assert loudest(visitor) > 0.02
    right.focus()
    visitor.page.keyboard.press(" ")
    visitor.page.locator("section.roll[data-state='paused']").wait_for()
    assert left.get_attribute("data-state") == "paused"
    assert right.get_attribute("data-state") in ("loading", "playing")
    seed = visitor.page.get_by_role("spinbutton", name="Seed")
    seed.fill("7")
    seed.press("Enter")  # which sends nothing, and rolls no dice
    seed.press("Enter")  # which sends nothing, and rolls no dice
    visitor.page.get_by_role("button", name="Write", exact=True).press("Enter")
    visitor.page.wait_for_function("location.search.includes('seed=7')")
    visitor.page.get_by_text("seed 7").wait_for()
    assert seed.input_value() == "7"
    assert no_sideways_scroll(visitor)
    shot(visitor, "compare-sides-1280")


def test_every_section_fits_a_phone_and_a_note_is_chosen_by_a_click(visit):
    visitor = opened(visit, "compare?section=why", width=390, scheme="dark")
    told = visitor.page.get_by_text("probability of")
    told.wait_for()
    first = told.inner_text()
    chart = visitor.page.locator("[data-testid=stVegaLiteChart] path[aria-roledescription=bar]")
    chart.first.wait_for()
    chart.first.click()
    visitor.page.wait_for_function("(was) => !document.body.innerText.includes(was)", arg=first)
    assert no_sideways_scroll(visitor)
    shot(visitor, "compare-why-390")
    section(visitor, "In between")
    rolls(visitor, 2)
    assert visitor.page.locator(".encore-way img").count() == 9
    assert visitor.page.locator(".encore-way img").first.evaluate(
        "image => image.decode().then(() => image.naturalWidth)"
    )
    assert no_sideways_scroll(visitor)
    shot(visitor, "compare-between-390")
    section(visitor, "Training")
    visitor.page.get_by_text("after epoch 12").first.wait_for()
    assert no_sideways_scroll(visitor)
    shot(visitor, "compare-training-390")


def test_a_tiny_training_is_watched_and_its_models_are_heard(visit):
    visitor = opened(visit, "compare?section=tiny")
    visitor.page.get_by_role("button", name="Train", exact=True).click()
    visitor.page.get_by_role("button", name="Cancel").wait_for()
    visitor.page.locator("[data-testid=stVegaLiteChart] svg.marks").wait_for()
    visitor.page.get_by_text("What they write").wait_for(timeout=30_000)
    assert rolls(visitor, 4).count() == 4
    shot(visitor, "compare-tiny-1280")
