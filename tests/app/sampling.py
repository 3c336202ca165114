"""What the tests of the Sample page read off it."""

from tests.app.drive import players
from ui.sample import stage


def plane(at):
    assert not at.exception
    return next(data for data in players(at) if "nearest" in data)


def current(at):
    return at.session_state[stage.PLAN]
