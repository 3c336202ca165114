"""The plane of sounds and the Sample page, as a visitor has them."""

import pytest

from tests.app.fake_sampler import INSTRUMENTS, PITCHES
from tests.browser.test_piano_roll import METER, loudest
from tests.browser.test_player import no_sideways_scroll, shot

pytestmark = pytest.mark.browser

MAX_WAIT_MS = 1500
"""From click to sound, on a machine that does other things as well; 300 on one that does not."""

# When the first gain node carries sound again, after the moment of the last press.
STOPWATCH = """
window.pressed = 0;
window.heard = 0;
addEventListener("pointerdown", () => {
  window.pressed = performance.now();
  window.heard = 0;
}, true);
setInterval(() => {
  if (window.meter && window.pressed && !window.heard && window.loudness() > 0.01) {
    window.heard = performance.now();
  }
}, 5);
"""


def opened(visit, width=1280, path="sample", **options):
    visitor = visit(width, **options)
    visitor.page.add_init_script(METER)
    visitor.page.add_init_script(STOPWATCH)
    visitor.open(path)
    visitor.wait("ready", "true")
    return visitor


def canvas(visitor):
    return visitor.player.locator("canvas.canvas")


def played(visitor, count):
    """Wait until so many sounds have begun."""
    visitor.wait("played", str(count))


def silent(visitor):
    visitor.page.keyboard.press("Escape")
    visitor.page.wait_for_function("loudness() < 0.001")


def test_a_click_off_every_point_is_heard_soon(visit):
    visitor = opened(visit)
    assert visitor.state("count") == str(len(INSTRUMENTS) * len(PITCHES))
    box = canvas(visitor).bounding_box()
    waits = []
    for count in range(1, 6):
        at = {"x": box["width"] * (0.02 + 0.01 * count), "y": box["height"] * 0.97}
        canvas(visitor).click(position=at)
        visitor.page.wait_for_function("heard > 0")
        waits.append(visitor.page.evaluate("heard - pressed"))
        played(visitor, count)
        assert visitor.page.evaluate("meter.context.state") == "running"
        silent(visitor)
    print("click to sound, ms:", [round(wait) for wait in waits])
    assert min(waits) < MAX_WAIT_MS, waits
    visitor.page.wait_for_function("location.search.includes('at=')")
    shot(visitor, "plane-1280")


def test_arrows_sliders_and_keys_without_a_mouse(visit):
    visitor = opened(visit)
    canvas(visitor).focus()
    x, y = float(visitor.state("x")), float(visitor.state("y"))
    visitor.page.keyboard.press("Enter")
    played(visitor, 1)
    assert loudest(visitor, 0.3) > 0.02
    visitor.page.keyboard.press("Shift+ArrowRight")
    played(visitor, 2)
    assert float(visitor.state("x")) == pytest.approx(x + 0.6, abs=0.002)
    visitor.page.keyboard.press("ArrowDown")
    played(visitor, 3)
    assert float(visitor.state("y")) == pytest.approx(y - 0.08, abs=0.002)
    visitor.player.get_by_role("slider", name="Left to right").fill("500")
    played(visitor, 4)
    assert float(visitor.state("x")) == pytest.approx(0, abs=0.01)
    canvas(visitor).focus()
    visitor.page.keyboard.press("g")
    played(visitor, 5)
    visitor.page.wait_for_function("location.search.includes('pitch=67')")
    said = visitor.player.locator(".status").text_content()
    assert "played at G4" in said


def test_families_are_filtered_and_sounds_named(visit):
    visitor = opened(visit)
    chip = visitor.player.get_by_role("button", name="reed")
    chip.click()
    assert chip.get_attribute("aria-pressed") == "false"
    assert visitor.state("shown") == str((len(INSTRUMENTS) - 2) * len(PITCHES))
    chip.click(modifiers=["Shift"])
    assert visitor.state("shown") == str(2 * len(PITCHES))
    go = visitor.player.locator(".near-list .go").first
    go.click()
    played(visitor, 1)
    title = visitor.player.locator(".title")
    assert any(title.text_content().startswith(name) for name, _ in INSTRUMENTS)
    box = canvas(visitor).bounding_box()
    x = (float(visitor.state("x")) + 3) / 6 * box["width"]
    y = (2 - float(visitor.state("y"))) / 4 * box["height"]
    chip.click(modifiers=["Shift"])
    canvas(visitor).hover(position={"x": x, "y": y})
    tip = visitor.player.locator(".tip")
    tip.wait_for()
    assert "·" in tip.inner_text()


def test_a_path_is_drawn_and_heard_and_nothing_scrolls_sideways(visit):
    visitor = opened(visit, 390, scheme="dark")
    visitor.player.get_by_role("button", name="Draw a path").click()
    canvas(visitor).scroll_into_view_if_needed()
    box = canvas(visitor).bounding_box()
    mouse = visitor.page.mouse
    mouse.move(box["x"] + 40, box["y"] + 60)
    mouse.down()
    for step in range(1, 9):
        mouse.move(box["x"] + 40 + step * 25, box["y"] + 60 + step * 12)
    mouse.up()
    played(visitor, 1)
    assert int(visitor.state("stops")) >= 2
    assert loudest(visitor, 0.5) > 0.02
    assert no_sideways_scroll(visitor)
    shot(visitor, "plane-path-390")


def test_a_finger_taps_scrolls_and_pinches(visit):
    visitor = opened(visit, 390, has_touch=True, is_mobile=True)
    canvas(visitor).scroll_into_view_if_needed()
    canvas(visitor).tap(position={"x": 20, "y": 20})
    played(visitor, 1)
    assert float(visitor.state("x")) < -2
    touch = visitor.page.context.new_cdp_session(visitor.page)
    box = canvas(visitor).bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def fingers(kind, gap):
        points = [{"x": middle[0] + side * gap, "y": middle[1], "id": i}
                  for i, side in enumerate((-1, 1))]  # fmt: skip
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points if gap else []})

    fingers("touchStart", 20)
    for gap in (30, 40, 50, 60):
        fingers("touchMove", gap)
    fingers("touchEnd", 0)
    assert float(visitor.state("zoom")) > 1.5
    assert visitor.state("played") == "1"
    assert no_sideways_scroll(visitor)


def test_leaving_the_page_stops_the_sound(visit):
    visitor = opened(visit)
    visitor.player.get_by_role("button", name="Play", exact=True).click()
    played(visitor, 1)
    assert loudest(visitor, 0.5) > 0.02
    visitor.page.get_by_role("link", name="Scoreboard").first.click()
    visitor.page.get_by_role("heading", name="Scoreboard").wait_for()
    visitor.page.wait_for_function("meter.context.state === 'closed'", timeout=10_000)
