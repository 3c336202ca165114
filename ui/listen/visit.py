"""One visitor's test: its questions, where it stands, and the votes, in the session."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field

import streamlit as st

from core.listening import ready
from core.listening.keeping import PSEUDONYMS, keeper, new_visit, today
from core.listening.material import items
from core.listening.questions import RESULTS_AFTER, Question, draw
from core.listening.votes import Vote, was_heard

KEY = "listen_visit"
SAW = "listen_saw_results"
clock = time.monotonic


@dataclass
class Visit:
    """at: which question. wavs: its sounds. shown_s: when they were shown, by the server's clock.

    vote: on this question, once given. kept: None before the first vote, then whether the last
    one was written down.
    """

    name: str
    seed: int
    questions: list[Question]
    at: int = 0
    wavs: tuple[bytes, ...] = ()
    shown_s: float | None = None
    vote: Vote | None = None
    votes: list[Vote] = field(default_factory=list)
    kept: bool | None = None
    over: bool = False

    @property
    def question(self) -> Question:
        return self.questions[self.at]

    @property
    def may_see_results(self) -> bool:
        """Whether enough votes came slowly enough."""
        return sum(map(was_heard, self.votes)) >= RESULTS_AFTER

    def sounds(self) -> tuple[bytes, ...]:
        """Of the question; the next one's are begun meanwhile. Raises what `ready.wavs` does."""
        if not self.wavs:
            self.wavs = ready.wavs(self.question, self.seed, self.at)
        for coming in self.questions[self.at + 1 : self.at + 2]:
            ready.begin(coming)
        return self.wavs


def visit() -> Visit | None:
    """The session's visit, once it has begun."""
    return st.session_state.get(KEY)


def saw_results() -> bool:
    """Whether this visitor has seen what others said."""
    return bool(st.session_state.get(SAW))


def start() -> None:
    """Begin, if there is anything to ask. Beginning anew makes no new visit of it."""
    before = visit()
    seed = secrets.randbits(64)
    questions = draw(items(), seed)
    if questions:
        st.session_state[KEY] = Visit(before.name if before else new_visit(), seed, questions)


def shown() -> None:
    """The sounds are on the page: the clock runs, from the first time on."""
    own = visit()
    if own is not None and own.shown_s is None:
        own.shown_s = clock()


def answer(place: int, choice: int) -> None:
    """A vote on the question at `place`; a second press finds it answered.

    It is kept unless the visitor had seen the results before.
    """
    own = visit()
    if own is None or own.over or own.at != place or own.vote is not None or own.shown_s is None:
        return
    question, day = own.question, today()
    own.vote = Vote(
        visit=PSEUDONYMS.of(own.name, day),
        day=day,
        kind=question.kind,
        job=question.item.job,
        item=question.item.slug,
        shown=question.shown,
        choice=choice,
        sound_s=round(question.sound_s, 2),
        waited_s=round(clock() - own.shown_s, 1),
    )
    own.votes.append(own.vote)
    if not saw_results():
        own.kept = keeper().keep(own.vote)


def go_on(place: int) -> None:
    """To the next question, with or without a vote; after the last one the test is over."""
    own = visit()
    if own is None or own.at != place:
        return
    if own.at + 1 == len(own.questions):
        stop()
        return
    own.at, own.wavs, own.shown_s, own.vote = own.at + 1, (), None, None


def stop() -> None:
    """The test is over."""
    own = visit()
    if own is not None:
        own.over, own.wavs = True, ()
