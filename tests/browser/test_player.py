"""The comparison player and the Extrapolate page, as a visitor has them."""

import hashlib
import os
import time
from pathlib import Path

import pytest

from core.engines import engines
from tests.app.samples import wav

pytestmark = pytest.mark.browser
SHOTS = os.environ.get("ENCORE_SCREENSHOTS")


def shot(visitor, name):
    """For people to look at, where ENCORE_SCREENSHOTS names a folder."""
    if SHOTS:
        visitor.page.screenshot(path=str(Path(SHOTS) / f"{name}.png"))


def no_sideways_scroll(visitor):
    """Once charts and tables, which come wide and then shrink to the page, have settled."""
    settled = "box => box.scrollWidth <= box.clientWidth"
    main = visitor.page.locator("[data-testid=stMain]")
    for _ in range(50):
        if main.evaluate(settled):
            break
        visitor.page.wait_for_timeout(100)
    visitor.page.wait_for_timeout(300)
    return main.evaluate(settled)


def choose_only_structure(visitor):
    """All engines are chosen at first: take out the others."""
    for info in engines("extrapolate")[1:]:
        visitor.page.get_by_role("button", name=info.title, exact=True).first.click()


def upload_and_run(visitor, data, name="own.wav"):
    visitor.page.get_by_text("Upload", exact=True).first.click()
    visitor.page.locator("input[type=file]").set_input_files(
        {"name": name, "mimeType": "audio/wav", "buffer": data}
    )
    visitor.page.get_by_text("Input starts at").wait_for()
    choose_only_structure(visitor)
    visitor.page.get_by_role("button", name="Continue the music").click()
    visitor.page.get_by_role("heading", name=name).wait_for(timeout=60_000)
    visitor.wait("ready", "true")


def test_a_link_opened_first_of_all_still_goes_through_the_app(visit):
    # Streamlit would run pages/extrapolate.py without app.py, for this and every later visitor.
    visitor = visit().open("extrapolate?example=second&engines=loop&start=0&seconds=10&seed=0")
    visitor.page.get_by_role("heading", name="Study second").wait_for()
    visitor.page.wait_for_function("document.title === 'Encore'")
    assert visitor.page.get_by_test_id("stSidebarNav").count() == 0
    assert visitor.page.get_by_role("link", name="Scoreboard").first.is_visible()


@pytest.mark.parametrize("width", [1280, 390])
def test_upload_run_play_switch_and_download(visit, width, tmp_path):
    visitor = visit(width).open("extrapolate")
    visitor.wait("ready", "true")
    upload_and_run(visitor, wav(32.0, seed=5))
    sounds = []
    visitor.page.on(
        "response", lambda answer: sounds.append(answer) if answer.url.endswith(".wav") else None
    )
    visitor.player.get_by_role("button", name="Play").click()
    visitor.wait("state", "playing")
    first = visitor.time()
    time.sleep(1.0)
    assert 0.5 < visitor.time() - first < 3.0
    assert visitor.state("heard") == "structure"

    # A click in the last picture jumps behind the join and makes that continuation heard.
    picture = visitor.player.locator(".panel[data-kind=actual] .picture")
    picture.scroll_into_view_if_needed()
    box = picture.bounding_box()
    picture.click(position={"x": box["width"] / 2, "y": box["height"] / 2})
    assert visitor.state("heard") == "actual"
    assert 24.9 < visitor.time() < 26.5
    visitor.page.keyboard.press("b")
    assert visitor.state("heard") == "structure"
    visitor.player.get_by_role("button", name="Actual continuation").click()
    assert visitor.state("heard") == "actual"
    assert visitor.state("state") == "playing"
    heads = visitor.player.locator(".head")
    visible = heads.evaluate_all("all => all.map(head => getComputedStyle(head).visibility)")
    assert visible == ["hidden", "visible", "visible"]
    shot(visitor, f"playing-{width}")

    visitor.player.focus()
    visitor.page.keyboard.press(" ")
    assert visitor.state("state") == "paused"
    at = visitor.time()
    visitor.page.keyboard.press("Shift+ArrowLeft")
    assert visitor.time() == pytest.approx(at - 5, abs=0.01)
    visitor.page.keyboard.press("1")
    assert visitor.state("heard") == "structure"

    played = {hashlib.sha256(sound.body()).hexdigest() for sound in sounds}
    assert len(played) == 3
    with visitor.page.expect_download() as waiting:
        visitor.page.locator(".st-key-extrapolate_download_wav_structure button:visible").click()
    path = tmp_path / "got.wav"
    waiting.value.save_as(path)
    assert hashlib.sha256(path.read_bytes()).hexdigest() in played
    assert waiting.value.suggested_filename == "encore-own-structure.wav"
    assert visitor.time() == pytest.approx(at - 5, abs=0.01)  # the page did not start over
    assert no_sideways_scroll(visitor)


def test_every_engine_runs_while_another_visitor_keeps_the_pages_busy(visit):
    # Streamlit clears Keras's session after each run of a page; a model being built then hung.
    busy, visitor = visit().open(""), visit().open("extrapolate")
    visitor.wait("ready", "true")
    visitor.page.get_by_text("Upload", exact=True).first.click()
    visitor.page.locator("input[type=file]").set_input_files(
        {"name": "two.wav", "mimeType": "audio/wav", "buffer": wav(25.0, seed=6)}
    )
    visitor.page.get_by_text("Input starts at").wait_for()
    visitor.page.get_by_role("button", name="Continue the music").click()
    for _ in range(6):
        for title in ("Listening test", "Gallery"):
            busy.page.get_by_role("link", name=title).first.click()
            busy.page.get_by_role("heading", name=title).wait_for()
    visitor.page.get_by_role("heading", name="two.wav").wait_for(timeout=60_000)
    visitor.wait("ready", "true")
    titles = visitor.page.locator("section.player").first.inner_text()
    assert "Loop" in titles
    assert "Published encoder-decoder" in titles


def test_shared_link_replays_the_same_bytes_for_someone_else(visit):
    query = "extrapolate?example=second&engines=loop&start=3&seconds=12&seed=4"
    got = []
    for _ in range(2):
        visitor = visit().open(query)
        visitor.page.get_by_text("Input from 3 s · continued for 12 s · seed 4").wait_for(
            timeout=60_000
        )
        visitor.wait("ready", "true")
        sounds = {}
        visitor.page.on(
            "response",
            lambda answer, sounds=sounds: (
                sounds.setdefault(answer.url, answer) if answer.url.endswith(".wav") else None
            ),
        )
        visitor.player.get_by_role("button", name="Play").click()
        visitor.wait("state", "playing")
        for _ in range(100):  # what is not heard at first may come a little later
            if len(sounds) >= 3:
                break
            visitor.page.wait_for_timeout(100)
        visitor.page.wait_for_timeout(2000)
        got.append({hashlib.sha256(sound.body()).hexdigest() for sound in sounds.values()})
        assert "seed=4" in visitor.page.url
    # Input, loop and actual. Other sounds of the page may be among those that were fetched.
    assert len(got[0] & got[1]) >= 3, got


def test_an_equal_rerun_plays_on_and_leaving_stops(visit):
    visitor = visit().open("extrapolate")
    visitor.wait("ready", "true")
    visitor.player.get_by_role("button", name="Play").click()
    visitor.wait("state", "playing")
    visitor.page.evaluate(
        "window.opened = []; const old = AudioContext.prototype.close;"
        "AudioContext.prototype.close = function () { opened.push('closed'); "
        "return old.call(this); }; null"
    )
    visitor.page.get_by_role("button", name="Roll").click()  # reruns the page with equal data
    time.sleep(1.5)
    assert visitor.state("state") == "playing"
    assert visitor.time() > 1.0
    visitor.page.get_by_role("link", name="Scoreboard").first.click()
    visitor.page.get_by_role("heading", name="Scoreboard").wait_for()
    visitor.page.wait_for_function("opened.length === 1", timeout=10_000)


def test_plays_to_the_end_and_from_the_start_again(visit):
    visitor = visit().open("")
    visitor.wait("ready", "true")
    visitor.player.locator(".seekbar").fill("29.5")
    visitor.player.get_by_role("button", name="Play").click()
    visitor.wait("state", "ended")
    assert visitor.time() == pytest.approx(30.0, abs=0.01)
    visitor.player.get_by_role("button", name="Play").click()
    visitor.wait("state", "playing")
    assert visitor.time() < 5.0


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("path", ["", "extrapolate", "gallery", "scoreboard"])
def test_no_page_scrolls_sideways_or_complains(visit, width, path):
    for scheme in ("light", "dark") if SHOTS else ("light",):
        visitor = visit(width, scheme).open(path)
        if path in ("", "extrapolate"):
            visitor.wait("ready", "true")
        time.sleep(0.5)
        assert no_sideways_scroll(visitor)
        shot(visitor, f"{path or 'home'}-{width}-{scheme}")
