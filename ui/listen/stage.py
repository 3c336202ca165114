"""One question on the page: the sounds, the buttons, and afterwards what it was."""

from __future__ import annotations

import streamlit as st

from core.listening.material import RATES_HZ, credit, is_published, title
from core.listening.questions import Question
from core.listening.votes import NOISE, PAIR, TRUE_OR_GENERATED, TRUTH, Vote, was_heard
from ui.listen import visit
from ui.listen.blind import blind_player
from ui.listen.visit import Visit

PAIR_QUESTIONS = {
    "extrapolate": "A or B: which goes on more naturally?",
    "remix": "A or B: which band plays better with the tune?",
}
SINGLE_QUESTIONS = {
    "extrapolate": "What follows the first seconds: is it the true recording, or generated?",
    "remix": "The band around the tune: did it truly play, or is it generated?",
    "sample": "Is this a note of a real instrument, or generated?",
}
SAID = {TRUE_OR_GENERATED: ("true", "generated"), PAIR: ("A", "B")}
LABELS = {TRUE_OR_GENERATED: ("True", "Generated"), PAIR: ("Vote A", "Vote B")}


def words(question: Question) -> str:
    """The question."""
    if question.kind == PAIR:
        return PAIR_QUESTIONS.get(question.item.job, "A or B: which would you rather hear?")
    return SINGLE_QUESTIONS[question.item.job]


def show(own: Visit) -> None:
    """Progress, the question, its sounds, and the buttons or what it was."""
    question, number, count = own.question, own.at + 1, len(own.questions)
    st.progress(number / count, text=f"{number} of {count}")
    st.header(words(question), anchor=False)
    with st.spinner("Getting the sound ready", show_time=False):
        wavs = own.sounds()
    blind_player(
        wavs,
        question.item.seconds,
        RATES_HZ[question.item.job],
        question.item.lead_s,
        label=f"Sound of question {number} of {count}",
        key="listen_player",
    )
    visit.shown()
    if own.vote is None:
        _buttons(own, question)
    else:
        _told(own.vote, question)
        st.button(
            "Next" if number < count else "Finish",
            key="listen_next",
            type="primary",
            icon=":material/arrow_forward:",
            shortcut="N",
            on_click=visit.go_on,
            args=(own.at,),
        )


def _buttons(own: Visit, question: Question) -> None:
    with st.container(horizontal=True):
        for choice, label in enumerate(LABELS[question.kind]):
            st.button(
                label,
                key=f"listen_choice_{choice}",
                type="primary",
                width="stretch",
                shortcut=str(choice + 1),
                on_click=visit.answer,
                args=(own.at, choice),
            )
    with st.container(horizontal=True):
        st.button("Skip", key="listen_skip", shortcut="S", on_click=visit.go_on, args=(own.at,))
        st.button("Stop here", key="listen_stop", type="tertiary", on_click=visit.stop)


def _told(vote: Vote, question: Question) -> None:
    """What it was, whose music, and whether the vote counts."""
    said = SAID[vote.kind][vote.choice]
    if vote.kind == PAIR:
        names = [f"{letter} was **{_name(question, maker)}**" for letter, maker in
                 zip("AB", vote.shown, strict=True)]  # fmt: skip
        st.markdown(f"You chose {said}. {names[0]}, {names[1]}.")
    else:
        st.markdown(f"You said {said}. It was **{_name(question, vote.shown[0])}**.")
    if vote.is_check:
        st.caption("Noise is played once in each test, to see that somebody listens.")
    music = dict.fromkeys(credit(question.item, maker) for maker in vote.shown)
    st.caption("  \n".join(line for line in music if line))
    if not was_heard(vote):
        st.caption("That was faster than the sound can be judged, so the vote does not count.")


def _name(question: Question, maker: str) -> str:
    name = title(question.item.job, maker)
    if maker in (TRUTH, NOISE):
        return name[0].lower() + name[1:]
    return name if is_published(question.item.job, maker) else f"{name}, ours"
