"""Listening test: true or generated, A or B, without knowing who made what. Needs no model."""

import streamlit as st

from core.errors import UserInputError
from core.listening import ready
from core.listening.keeping import keeper
from core.listening.material import items
from core.listening.questions import COUNT, RESULTS_AFTER
from core.listening.votes import PAIR, TRUTH
from ui.listen import stage, tables, visit
from ui.listen.visit import Visit

NOT_KEPT = "The votes cannot be kept on this server at the moment; the test works all the same."
PEEKED = "You have seen the results, so your votes are for yourself and are not kept."


def welcome() -> None:
    """What it is, and the way in."""
    st.write(
        f"Up to {COUNT} short questions on examples of the gallery: true or generated? Which of "
        "two would you rather hear? What it was is told after each vote; what others said, after "
        f"{RESULTS_AFTER} votes, when you are done."
    )
    if not items():
        st.info("The gallery is empty so far.", icon=":material/queue_music:")
        return
    ready.warm()
    st.button(
        "Start", key="listen_start", type="primary", icon=":material/hearing:", on_click=visit.start
    )
    st.caption(
        "Headphones help. Everything is equally loud, so leave the volume alone once it suits you. "
        "Kept are your answers, the day, the seconds you took, and nothing about you."
    )
    if visit.saw_results():
        st.caption(PEEKED)
    elif not keeper().store.works():
        st.info(NOT_KEPT, icon=":material/info:")


def finished(own: Visit) -> None:
    """The visitor's own score, and what everybody said."""
    singles = [vote for vote in own.votes if vote.kind != PAIR]
    st.header("Thank you", anchor=False)
    if singles:
        right = sum((vote.choice == 0) == (vote.shown[0] == TRUTH) for vote in singles)
        st.write(f"True or generated: {right} of {len(singles)} right.")
    against = [vote for vote in own.votes if TRUTH in vote.shown and vote.kind == PAIR]
    against = [vote for vote in against if not vote.is_check]
    if against:
        chosen = sum(vote.chosen == TRUTH for vote in against)
        st.write(
            f"The truth against an engine: you chose the truth {chosen} of {len(against)} times."
        )
    if own.kept is False:
        st.info(NOT_KEPT, icon=":material/info:")
    if own.may_see_results:
        st.header("What everybody said", anchor=False)
        tables.show(own.votes)
    else:
        st.write(f"The results are shown to those who have listened to {RESULTS_AFTER} questions.")
        st.button("Start again", key="listen_again", on_click=visit.start)


st.title("Listening test", anchor=False)
own = visit.visit()
if own is None:
    welcome()
elif own.over:
    finished(own)
else:
    try:
        with st.container(width=720):
            stage.show(own)
    except (OSError, UserInputError):
        st.info("This sound cannot be read; go on without it.", icon=":material/info:")
        st.button("Next", key="listen_pass", on_click=visit.go_on, args=(own.at,))
    if own.kept is False:
        st.caption(NOT_KEPT)
    elif visit.saw_results():
        st.caption(PEEKED)
