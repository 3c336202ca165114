"""What the tests of the Compare page do to it."""

from core.midi_files import write_midi
from core.score import Note, Score, Track
from tests.app.drive import page, press, settle
from ui.compare import sides


def tune(*pitches, bars=2, beats=4):
    notes = tuple(Note(at * 24, pitch, 24) for at, pitch in enumerate(pitches))
    return write_midi(Score((Track("Tune", 73, notes),), bars, 100.0, beats, 4))


def pair(at):
    return at.session_state[sides.RUNS.result]


def write(at, **values):
    for key, value in values.items():
        next(w for w in (*at.slider, *at.number_input) if w.key == key).set_value(value)
    return settle(press(at, "Write"), job="compare_job")


def section(name):
    at = page("compare", section=name)
    assert not at.exception
    return at
