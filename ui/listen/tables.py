"""What the votes come to, as tables on the page."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.listening.keeping import keeper
from core.listening.material import title
from core.listening.results import Results, Row, results
from core.listening.statistics import ELO_MIDDLE
from core.listening.votes import Vote
from ui.listen import visit

_STYLE = "<style>[class*=st-key-listen_table] { overflow-x: auto; }</style>"


def show(own: Sequence[Vote] = ()) -> None:
    """A table for each job, of all votes that are kept; of one's own where none are.

    own: the visitor's votes.
    """
    st.session_state[visit.SAW] = True
    found = results(keeper().store.votes() or own)
    if not found:
        st.info("No votes that count so far.", icon=":material/how_to_vote:")
        return
    st.html(_STYLE)
    for one in found:
        _job(one)
    with st.expander("How this is counted", icon=":material/straighten:"):
        st.markdown(HOW)


def section() -> None:
    """For the scoreboard: how many voted, and the tables for whoever has, or asks for them."""
    count = keeper().store.count()
    if not count:
        return
    st.header("Listening test", anchor=False)
    st.caption(
        f"{count} vote{'s' if count != 1 else ''} by visitors who did not know what they heard"
    )
    own = visit.visit()
    done = own is not None and own.over and own.may_see_results
    if done or visit.saw_results():
        show()
        return
    st.page_link("pages/listen.py", label="Take the test first", icon=":material/hearing:")
    if st.toggle("Show the results all the same; my votes then no longer count", key="listen_peek"):
        show()


def _job(one: Results) -> None:
    st.subheader(one.job.capitalize(), anchor=False)
    if one.ratings:
        zero = title(one.job, "truth") if one.anchored else "The mean"
        st.markdown(f"**A or B?** Elo: {zero[0].lower() + zero[1:]} stands at {ELO_MIDDLE:.0f}.")
        with st.container(key=f"listen_table_elo_{one.job}"):
            _table(one.job, "Elo", one.ratings, 1.0, "")
    if one.taken_for_true:
        st.markdown("**True or generated?** How often each was taken for true.")
        with st.container(key=f"listen_table_true_{one.job}"):
            _table(one.job, "Taken for true", one.taken_for_true, 100.0, " %")
    if one.words:
        st.caption(one.words)


def _table(job: str, name: str, rows: Sequence[Row], scale: float, unit: str) -> None:
    figures = [row.figure for row in rows]
    fixed = [one.low == one.high for one in figures]
    st.table(
        {
            "": [title(job, row.maker) for row in rows],
            name: [f"{scale * one.value:.0f}{unit}" for one in figures],
            "95 % interval": [
                "–" if by_definition else f"{scale * one.low:.0f} to {scale * one.high:.0f}{unit}"
                for one, by_definition in zip(figures, fixed, strict=True)
            ],
            "Votes": [str(row.votes) for row in rows],
        },
        hide_index=True,
    )


HOW = """
- **Elo**: Bradley-Terry strengths of greatest likelihood on the Elo scale, where 400 points more
  are odds of ten to one. Where the truth is known it stands at 1500, elsewhere the mean does.
  Intervals are those of a bootstrap over votes; half a win and half a loss against an imaginary
  contestant keep them finite.
- **Taken for true**: the share of votes that called it true, with Wilson's interval. The truth
  itself is in the table: listeners doubt it too.
- Left out: votes that came before the sound can have been heard, second votes on one question, and
  visits that pressed one button throughout. A visit that took plain noise for the better music
  counts a quarter, one that was never asked a half, and none counts more than twelve votes.
- Kept of a vote: the question, the answer, the day and the seconds it took, and a name for the
  visit that is random and changes daily. Nothing else.
"""
