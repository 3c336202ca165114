"""The piano roll and the Compose page, as a visitor has them."""

import time

import pytest

from tests.app.fake_composer import FakeComposer
from tests.browser.test_player import no_sideways_scroll, shot

pytestmark = pytest.mark.browser

# The first gain node of a player carries all that is heard: measure its level.
METER = """
const create = AudioContext.prototype.createGain;
AudioContext.prototype.createGain = function () {
  const gain = create.call(this);
  if (!window.meter) {
    window.meter = this.createAnalyser();
    gain.connect(window.meter);
  }
  return gain;
};
window.loudness = () => {
  const samples = new Float32Array(window.meter.fftSize);
  window.meter.getFloatTimeDomainData(samples);
  return Math.max(...samples.map(Math.abs));
};
"""


def opened(visit, width=1280, **options):
    visitor = visit(width, **options)
    visitor.page.add_init_script(METER)
    visitor.open("compose")
    visitor.wait("ready", "true")
    return visitor


def loudest(visitor, seconds=1.2):
    """The peak of what is heard over a while."""
    found = 0.0
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = max(found, visitor.page.evaluate("loudness()"))
        visitor.page.wait_for_timeout(20)
    return found


def click_note(visitor, tick, pitch):
    """Where that note is, by the scale that the roll says it is drawn at."""
    scale = {name: float(visitor.state(name)) for name in ("tick-width", "highest", "row")}
    at = {
        "x": (tick + 4) * scale["tick-width"],
        "y": (scale["highest"] - pitch + 0.5) * scale["row"] + 0.5,
    }
    visitor.player.locator("canvas.notes").click(position=at)


def test_plays_with_a_playhead_and_mutes_tracks_at_once(visit):
    visitor = opened(visit)
    assert visitor.state("notes") == "212"
    visitor.player.get_by_role("button", name="Play").click()
    visitor.wait("state", "playing")
    first = visitor.time()
    assert loudest(visitor) > 0.02
    assert 0.5 < visitor.time() - first < 4.0
    for name in ("lead", "piano", "electric bass", "drums"):
        visitor.player.get_by_role("button", name=f"{name}, heard").click()
    assert visitor.state("heard") == ""
    visitor.page.wait_for_timeout(150)
    assert loudest(visitor, 0.6) < 1e-4
    visitor.player.get_by_role("button", name="Only drums").click()
    assert visitor.state("heard") == "3"
    assert loudest(visitor) > 0.02
    visitor.player.focus()
    visitor.page.keyboard.press(" ")
    assert visitor.state("state") == "paused"
    visitor.page.keyboard.press("Home")
    assert visitor.time() == 0.0
    box = visitor.player.locator("canvas.notes").bounding_box()
    visitor.player.locator("canvas.notes").click(position={"x": box["width"] / 2, "y": 2})
    assert visitor.time() == pytest.approx(8 * 4 * 60 / 112 / 2, abs=0.1)


def test_a_piece_grows_under_the_visitors_eyes(visit):
    visitor = opened(visit)
    seed = visitor.page.get_by_role("spinbutton", name="Seed")
    seed.fill("7")
    seed.press("Enter")
    visitor.page.get_by_role("button", name="Compose", exact=True).click()
    visitor.wait("live", "true")
    early = int(visitor.state("notes"))
    visitor.wait("live", "false", seconds=60)
    whole = FakeComposer().compose(None, 16, seed=7).score.note_count
    assert 0 < early < int(visitor.state("notes")) == whole
    visitor.page.wait_for_function("location.search.includes('seed=7')")
    shot(visitor, "composed")


@pytest.mark.parametrize("width", [1280, 390])
def test_a_piece_is_changed_at_a_note_and_undone(visit, width):
    visitor = opened(visit, width, scheme="dark" if width == 390 else "light")
    visitor.player.focus()
    visitor.page.keyboard.press(".")
    track, start, pitch = map(int, visitor.state("picked").split(":"))
    visitor.page.keyboard.press("Escape")
    click_note(visitor, start, pitch)
    panel = visitor.player.get_by_role("dialog")
    panel.wait_for()
    assert visitor.state("picked") == f"{track}:{start}:{pitch}"
    assert panel.locator(".percent").all_inner_texts() == ["55 %", "25 %", "12 %", "< 1 %"]
    shot(visitor, f"choices-{width}")
    panel.locator(".take").first.click()
    visitor.wait("live", "true")
    visitor.wait("live", "false", seconds=60)
    visitor.page.wait_for_function("location.search.includes('redraws=')")
    assert no_sideways_scroll(visitor)
    visitor.page.get_by_role("button", name="Undo").click()
    visitor.page.wait_for_function("!location.search.includes('redraws=')")


def test_bars_are_chosen_by_mouse_and_keyboard_and_redrawn(visit):
    visitor = opened(visit)
    bars = visitor.player.locator(".bar")
    bars.nth(1).click()
    bars.nth(3).click(modifiers=["Shift"])
    assert visitor.state("bars") == "1,2,3"
    visitor.page.get_by_text("bars 2–4").wait_for()
    bars.nth(3).press("Shift+ArrowRight")
    assert visitor.state("bars") == "1,2,3,4"
    visitor.page.get_by_role("button", name="Lock", exact=True).click()
    visitor.page.wait_for_function(
        "() => { const find = (root) => root.querySelector('.bar[data-locked=true]') ||"
        " [...root.querySelectorAll('*')].some((n) => n.shadowRoot && find(n.shadowRoot));"
        " return find(document); }"
    )
    assert visitor.state("bars") == "1,2,3,4"


def test_sheet_music_has_pages_to_turn(visit):
    visitor = opened(visit, 390)
    visitor.page.get_by_text("Sheet music", exact=True).click()
    sheet = visitor.page.locator("section.sheet[data-ready=true]")
    sheet.wait_for()
    page = sheet.locator("img")
    assert page.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    assert page.bounding_box()["height"] > 200
    if int(sheet.get_attribute("data-pages")) > 1:
        sheet.get_by_role("button", name="Next page").click()
        assert sheet.get_attribute("data-page") == "2"
    assert no_sideways_scroll(visitor)


def test_leaving_the_page_stops_the_sound(visit):
    visitor = opened(visit)
    visitor.player.get_by_role("button", name="Play").click()
    visitor.wait("state", "playing")
    assert loudest(visitor) > 0.02
    visitor.page.get_by_role("link", name="Scoreboard").first.click()
    visitor.page.get_by_role("heading", name="Scoreboard").wait_for()
    visitor.page.wait_for_function("meter.context.state === 'closed'", timeout=10_000)
