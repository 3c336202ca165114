"""The Listening test page: blind before a vote, told after it, results at the end alone."""

import json

import pytest

from core import gallery
from core.listening import keeping
from core.listening.material import items, title
from core.listening.questions import RESULTS_AFTER, draw
from core.listening.store import read
from core.listening.votes import PAIR
from tests.app.drive import page, players, problems
from tests.unit.listening import make_listening_gallery
from ui.listen import visit


@pytest.fixture(scope="module")
def gallery_folder(tmp_path_factory):
    """In the place of the other pages' gallery."""
    root = tmp_path_factory.mktemp("listening")
    make_listening_gallery(root, ("first", "second", "third"))
    return root


@pytest.fixture(autouse=True)
def listening(monkeypatch, house, tmp_path):
    """Seven questions from a fixed seed, a file for votes, and a clock that hears all of it."""
    monkeypatch.setattr(visit.secrets, "randbits", lambda bits: 5)
    monkeypatch.setenv("ENCORE_VOTES", str(tmp_path / "votes.sqlite"))
    now = [0.0]

    def clock():
        now[0] += 20.0
        return now[0]

    monkeypatch.setattr(visit, "clock", clock)
    monkeypatch.setattr(visit, "draw", lambda items, seed: draw(items, seed, 7))
    return tmp_path / "votes.sqlite"


def begun():
    return page("listen").button(key="listen_start").click().run()


def vote(at, choice=0):
    return at.button(key=f"listen_choice_{choice}").click().run()


def on(at):
    return at.button(key="listen_next").click().run()


def said(at):
    kinds = ("markdown", "caption", "subheader", "header", "html", "info")
    return "\n".join(
        element.proto.body if kind == "html" else str(element.value)
        for kind in kinds
        for element in at.get(kind)
    )


def own(at):
    return at.session_state[visit.KEY]


def test_nothing_tells_who_made_a_sound_before_the_vote_and_all_is_told_after():
    at = begun()
    assert not at.exception
    question = own(at).question
    (data,) = players(at)
    assert set(data) == {"urls", "seconds", "sample_rate", "lead_s", "label"}
    assert len(data["urls"]) == len(question.shown)
    secrets = {question.item.slug, "loop", "paper-encdec", "Loop", "A. Player", "CC0"}
    told = said(at) + json.dumps(data) + "".join(box.label + box.key for box in at.button)
    assert [secret for secret in secrets if secret in told] == []
    vote(at)
    for maker in question.shown:
        name = title(question.item.job, maker)
        assert name[1:] in said(at)
    assert "A. Player" in said(at)
    assert players(at) == [data]  # and the sound plays on


def test_a_whole_test_keeps_its_votes_and_ends_with_the_results(listening):
    at = begun()
    count = len(own(at).questions)
    assert count >= RESULTS_AFTER
    for number in range(count):
        assert not at.exception
        assert f"{number + 1} of {count}" in at.get("progress")[0].proto.text
        question = own(at).question
        vote(at, 0 if question.kind != PAIR else int(question.shown[0] == "noise"))
        assert "Elo" not in said(at)
        on(at)
    assert "What everybody said" in said(at)
    assert "Elo" in said(at)
    assert "the intervals are wide" in said(at)
    kept = read(listening)
    assert len(kept) == count
    assert len({one.visit for one in kept}) == 1
    assert {one.question for one in kept} == {one.question for one in own(at).votes}
    assert not problems(at)


def test_who_stops_early_sees_no_results_and_votes_once_on_each_question(listening):
    at = begun()
    vote(at)
    on(at).button(key="listen_stop").click().run()
    assert "Elo" not in said(at)
    assert f"listened to {RESULTS_AFTER}" in said(at)
    at.button(key="listen_again").click().run()
    vote(at, 1)
    assert len(read(listening)) == 1


def test_skipping_is_no_vote_and_a_hasty_vote_is_told_and_does_not_open_the_results(
    monkeypatch, listening
):
    monkeypatch.setattr(visit, "clock", lambda: 7.0)
    at = begun()
    at.button(key="listen_skip").click().run()
    assert own(at).at == 1
    while not own(at).over:
        vote(at)
        assert "does not count" in said(at)
        on(at)
    assert "Elo" not in said(at)
    assert all(one.waited_s == 0 for one in read(listening))


def test_where_votes_cannot_be_kept_the_test_goes_on_and_says_so(monkeypatch):
    monkeypatch.setenv("ENCORE_VOTES", "/proc/encore/votes.sqlite")
    at = page("listen")
    assert "cannot be kept" in said(at)
    at.button(key="listen_start").click().run()
    while not own(at).over:
        vote(at, own(at).at % 2)
        assert "cannot be kept" in said(at)
        on(at)
    assert not at.exception
    assert "Elo" in said(at)  # of one's own votes


def test_scoreboard_shows_results_to_those_who_voted_or_ask_and_then_do_not_count(listening):
    assert "Listening test" not in said(page("scoreboard"))
    at = begun()
    vote(at)
    count = len(read(listening))
    at.switch_page("pages/scoreboard.py").run()
    assert "1 vote by" in said(at)
    assert "Elo" not in said(at)
    at.toggle(key="listen_peek").set_value(True).run()
    assert "How this is counted" in [box.label for box in at.expander]
    at.switch_page("pages/listen.py").run()
    on(at)
    vote(at)
    assert "You have seen the results" in said(at)
    assert len(read(listening)) == count
    assert keeping.keeper().store.count() == count


def test_an_empty_gallery_asks_nothing(monkeypatch, tmp_path):
    monkeypatch.setattr(gallery, "GALLERY", tmp_path)
    assert items() == []
    at = page("listen")
    assert not at.exception
    assert "empty" in said(at)
    assert not at.button
