"""What the votes come to, as tables on the page."""

from __future__ import annotations

import html
from collections.abc import Sequence

import streamlit as st

from core.listening.keeping import keeper
from core.listening.material import title
from core.listening.results import Results, Row, results
from core.listening.statistics import ELO_MIDDLE
from core.listening.votes import TRUTH, Vote
from ui.listen import visit

_STYLE = """
<style>
.encore-votes { overflow-x: auto; }
.encore-votes table { border-collapse: collapse; font-size: 14px; width: 100%; max-width: 860px; }
.encore-votes th, .encore-votes td { padding: 6px 10px; text-align: right; white-space: nowrap;
  font-variant-numeric: tabular-nums;
  border-bottom: 1px solid color-mix(in srgb, currentColor 14%, transparent); }
.encore-votes thead th { font-size: 12px; font-weight: 400; }
.encore-votes tr > :first-child { padding-left: 0; text-align: left; font-weight: 600;
  white-space: normal; min-width: 130px; }
.encore-votes .drawn { width: 40%; min-width: 90px; }
.encore-votes .drawn div { position: relative; height: 12px; }
.encore-votes .drawn i { position: absolute; top: 4px; height: 4px; border-radius: 2px;
  background: color-mix(in srgb, currentColor 40%, transparent); }
.encore-votes .drawn b { position: absolute; top: 1px; width: 10px; height: 10px;
  margin-left: -5px; border-radius: 50%; background: currentColor; }
@media (max-width: 640px) {
  .encore-votes .drawn { display: none; }
  .encore-votes th, .encore-votes td { padding: 6px; }
}
</style>
"""


def show(own: Sequence[Vote] = ()) -> None:
    """A table for each job, of all votes that are kept; of one's own where none are.

    own: the visitor's votes.
    """
    st.session_state[visit.SAW] = True
    store = keeper().store
    found = _of_all(str(store.path), store.count()) or results(own)
    if not found:
        st.info("No votes that count so far.", icon=":material/how_to_vote:")
        return
    for one in found:
        _job(one)
    with st.expander("How this is counted", icon=":material/straighten:"):
        st.markdown(HOW)


@st.cache_data(max_entries=4, ttl=3600, show_spinner=False)
def _of_all(path: str, count: int) -> list[Results]:
    """Of the kept votes, which only ever become more."""
    return results(keeper().store.votes())


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
        zero = title(one.job, TRUTH) if one.anchored else "The mean"
        st.markdown(f"**A or B?** Elo: {zero[0].lower() + zero[1:]} stands at {ELO_MIDDLE:.0f}.")
        _table(one.job, "Elo", one.ratings, 1.0, "")
    if one.taken_for_true:
        st.markdown("**True or generated?** How often each was taken for true.")
        _table(one.job, "Taken for true", one.taken_for_true, 100.0, " %")
    if one.words:
        st.caption(one.words)


def _table(job: str, name: str, rows: Sequence[Row], scale: float, unit: str) -> None:
    """A row for each maker, with its interval in figures and drawn."""
    low = min(row.figure.low for row in rows)
    high = max(row.figure.high for row in rows)
    if unit:
        low, high = 0.0, 1.0
    span = max(high - low, 1e-9)
    cells = []
    for row in rows:
        own = row.figure
        told = "by definition"
        if own.low != own.high:
            told = f"{scale * own.low:.0f} to {scale * own.high:.0f}{unit}"
        left, wide = (own.low - low) / span, (own.high - own.low) / span
        at = (own.value - low) / span
        drawn = f'<i style="left:{left:.1%};width:{wide:.1%}"></i><b style="left:{at:.1%}"></b>'
        cells.append(
            f'<tr><th scope="row">{html.escape(title(job, row.maker))}</th>'
            f"<td>{scale * own.value:.0f}{unit}</td><td>{told}</td>"
            f'<td>{row.votes}</td><td class="drawn" aria-hidden="true"><div>{drawn}</div></td></tr>'
        )
    head = "".join(f'<th scope="col">{text}</th>' for text in (name, "95 % interval", "Votes"))
    st.html(
        f'{_STYLE}<div class="encore-votes" tabindex="0" role="region" aria-label="{name}, {job}">'
        f'<table><thead><tr><td></td>{head}<td class="drawn"></td></tr></thead>'
        f"<tbody>{''.join(cells)}</tbody></table></div>"
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
