"""Compare: an LSTM and variational autoencoders on the same music, side by side."""

import streamlit as st

from ui import links
from ui.compare import between, curves, search, sides, tiny, verdict, why
from ui.compare.quick import firm

SECTION = "compare_section"
SECTIONS = {
    "sides": ("Side by side", ":material/compare_arrows:", sides.show),
    "training": ("Training", ":material/show_chart:", curves.show),
    "between": ("In between", ":material/timeline:", between.show),
    "why": ("Why this note", ":material/psychology_alt:", why.show),
    "tiny": ("Train a tiny one", ":material/model_training:", tiny.show),
    "search": ("Search", ":material/manage_search:", search.show),
    "verdict": ("Verdict", ":material/gavel:", verdict.show),
}


def open_link() -> None:
    """Go where the address says, once."""
    query = {name: st.query_params[name] for name in st.query_params}
    if st.session_state.get(sides.LINK) == query:
        return
    st.session_state[sides.LINK] = query
    section = query.get("section")
    if section in SECTIONS:
        st.session_state[SECTION] = section
        if section == "between":
            between.fill(query)
    else:
        sides.open_link(query)


def turned() -> None:
    """Another section: its place in the address."""
    section = st.session_state[SECTION]
    pair = st.session_state.get(sides.RUNS.result)
    query = {} if pair is None or pair.example is not None else pair.plan.query()
    st.session_state[sides.LINK] = links.put(query if section == "sides" else {"section": section})


sides.RUNS.collect()
open_link()
sides.begin()
st.title("Compare", anchor=False)
st.write(
    "An LSTM writes note after note; a variational autoencoder draws a place in a space of music "
    "and writes what is there. Same data, same tokens, same size: hear which does what better."
)
shown = [name for name in SECTIONS if name != "verdict" or verdict.results() is not None]
if st.session_state.get(SECTION) not in shown:
    st.session_state[SECTION] = "sides"
firm(SECTION)
section = st.pills(
    "Section",
    shown,
    required=True,
    format_func=lambda name: f"{SECTIONS[name][1]} {SECTIONS[name][0]}",
    key=SECTION,
    on_change=turned,
    label_visibility="collapsed",
)
SECTIONS[section][2]()
