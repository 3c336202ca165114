"""What the page tests do to a page."""

import json
import re
import time
from pathlib import Path

from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).resolve().parents[2]


def page(name: str, **query: str) -> AppTest:
    """One visitor on the page, through app.py as in life."""
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    at.query_params.update(query)
    at.switch_page(f"pages/{name}.py")
    return at.run()


def problems(at: AppTest) -> list[str]:
    return [box.value for kind in ("error", "warning") for box in getattr(at, kind)]


def players(at: AppTest) -> list[dict]:
    """The data of every comparison player on the page."""
    return [json.loads(found.proto.json) for found in at.get("bidi_component")]


def tables(at: AppTest) -> list[tuple[list[str], list[list[str]]]]:
    """(head, rows) of every table of figures; a cell is its text, the head without units."""
    found = []
    for element in at.get("html"):
        body = element.proto.body
        if "encore-figures" not in body or "<table>" not in body:
            continue
        cells = [
            [
                re.sub(r"<br>.*|<[^>]+>", "", cell)
                for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)
            ]
            for row in re.findall(r"<tr>(.*?)</tr>", body)
        ]
        found.append((cells[0], cells[1:]))
    return found


def upload(at: AppTest, name: str, data: bytes, mime: str = "application/octet-stream") -> AppTest:
    at.segmented_control(key="extrapolate_source").set_value("Upload").run()
    return at.file_uploader(key="extrapolate_upload").set_value((name, data, mime)).run()


def press(at: AppTest, label: str = "Continue the music") -> AppTest:
    return next(b for b in at.button if b.label == label).click().run()


def ask(at: AppTest, engines: tuple[str, ...] = ("loop",)) -> AppTest:
    """Choose the engines, press the button, and wait for the outcome."""
    at.button_group(key="extrapolate_engines").set_value(list(engines))
    return settle(press(at))


def settle(at: AppTest, limit_s: float = 60.0, job: str = "extrapolate_job") -> AppTest:
    until = time.monotonic() + limit_s
    while job in at.session_state:
        assert time.monotonic() < until, "the run does not end"
        time.sleep(0.05)
        at.run()
    return at
