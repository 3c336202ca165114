"""Whose desk counts: the page's, or what the visitor has made of it."""

from types import SimpleNamespace

import pytest
import streamlit as st

import ui.stem_mixer as mixer
from core.pictures import Axes
from core.remixing.desk import Desk, Fader
from ui.stem_mixer import Channel, stem_mixer

AXES = Axes(-70.0, 0.0, (), ())
QUIET, LOUD = Desk(master_db=-20.0), Desk({"drums": Fader(6.0)})


def channels(*names, rate=22050):
    return [Channel(name, name.title(), b"RIFF", 1.0, rate, b"png") for name in names]


class Browser:
    """What the component is given, and what it tells."""

    def __init__(self):
        self.data = None
        self.desk = None

    def mount(self, data, **_):
        self.data = data
        return SimpleNamespace(desk=self.desk)

    def moves(self, desk):
        self.desk = {"version": self.data["version"]} | desk.to_fields()

    @property
    def shown(self):
        fields = self.data["desk"]
        return Desk.from_fields(fields)


@pytest.fixture
def browser(monkeypatch):
    found = Browser()
    monkeypatch.setattr(mixer, "_mount", found.mount)
    monkeypatch.setattr(st, "session_state", {})
    return found


def show(desk, *names):
    return stem_mixer(channels(*(names or ("solo", "drums"))), AXES, desk, key="k")


def test_the_visitor_moves_faders_and_the_page_may_echo_or_not(browser):
    assert show(QUIET) == QUIET == browser.shown
    browser.moves(LOUD)
    version = browser.data["version"]
    assert show(QUIET) == LOUD  # a page that gives its first desk for ever
    assert show(LOUD) == LOUD  # one that gives back what it got
    assert browser.data["version"] == version


def test_another_desk_of_the_pages_wins_over_what_was_told_before(browser):
    show(Desk())
    browser.moves(LOUD)
    assert show(Desk()) == LOUD
    version = browser.data["version"]
    assert show(QUIET) == QUIET == browser.shown
    assert browser.data["version"] != version
    assert show(QUIET) == QUIET  # the browser's state is of the version before
    browser.moves(LOUD)
    assert show(QUIET) == LOUD


def test_faders_of_other_channels_are_left_out(browser):
    alone = Desk({"piano": Fader(solo=True), "drums": Fader(-3.0)})
    assert show(alone) == Desk({"drums": Fader(-3.0)})
    browser.moves(alone)
    assert show(alone) == Desk({"drums": Fader(-3.0)})


@pytest.mark.parametrize("wrong", [{"faders": {"drums": {"gain_db": 99}}}, {"master_db": "x"}])
def test_a_browsers_nonsense_changes_nothing(browser, wrong):
    show(LOUD)
    browser.desk = {"version": browser.data["version"], **wrong}
    assert show(LOUD) == LOUD


def test_channels_of_different_rates_are_refused():
    with pytest.raises(ValueError, match="rate"):
        stem_mixer(channels("a") + channels("b", rate=44100), AXES, Desk(), key="k")
