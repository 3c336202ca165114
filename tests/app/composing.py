"""What the tests of the Compose page do to it, and the primer that they give it."""

from core.score import Key, Note, Score, Track
from tests.app.drive import press, settle


def compose(at, **values):
    for key, value in values.items():
        widget = next(w for w in (*at.slider, *at.selectbox, *at.number_input) if w.key == key)
        widget.set_value(value)
    return settle(press(at, "Compose"), job="compose_job")


def current(at):
    return at.session_state["compose_result"]


def notes(at):
    return current(at).made.score.tracks


def primer(bars=4):
    tune = tuple(Note(bar * 72 + i * 24, 60 + i * 2, 24) for bar in range(bars) for i in range(3))
    return Score((Track("Tune", 40, tune),), bars, 90.0, 3, 4, Key(2, "minor"))


def give(at, name, data):
    return at.file_uploader(key="compose_primer").set_value((name, data, "audio/midi")).run()
