"""How it works: every engine, and the card of each network that it asks."""

import streamlit as st

from core.cards import card
from core.engines import EngineInfo, engines
from core.registry import ModelSpec, models

JOBS = {
    "extrapolate": ("Extrapolate", "pages/extrapolate.py", ":material/forward_10:"),
    "remix": ("Remix", "pages/remix.py", ":material/tune:"),
    "sample": ("Sample", "pages/sample.py", ":material/scatter_plot:"),
    "compose": ("Compose", "pages/compose.py", ":material/piano:"),
    "compare": ("Compare", "pages/compare.py", ":material/compare_arrows:"),
}


def facts(spec: ModelSpec) -> str:
    """One line of a model's weights."""
    parts = [f"`{spec.file}`", f"{spec.bytes / 1e6:.1f} MB", spec.licence]
    where = f"{spec.repo_id}@{str(spec.revision)[:7]}" if spec.repo_id else "in this repository"
    return " · ".join([*parts, where, f"sha256 {spec.sha256[:12]}"])


def show(info: EngineInfo) -> None:
    """An engine, and behind a click the card of each of its networks."""
    label = "as published" if info.published else "ours"
    st.markdown(f"**{info.title}** · {label}  \n{info.summary}")
    known = models()
    for model_id in info.models:
        spec = known.get(model_id)
        text = card(model_id)
        if spec is None or not text:
            continue
        title = "Its network" if model_id == info.model_id else f"It also asks {model_id}"
        with st.expander(title, icon=":material/network_node:"):
            st.markdown(text)
            st.caption(facts(spec))
            st.caption(f"Trained by `{spec.command}` on {spec.training_data}")
    if not info.models:
        st.caption("It has nothing to learn and no weights.")


st.title("How it works", anchor=False)
st.write(
    "Each engine in a few words, then its card: what its network takes and gives, how it learned, "
    "and what to expect of it. How well each does is on the scoreboard."
)
for job, (title, page, icon) in JOBS.items():
    entries = engines(job)
    if not entries:
        continue
    st.header(title, anchor=job)
    st.page_link(page, label=f"Hear it on the page {title}", icon=icon)
    for entry in entries:
        show(entry)
st.page_link("pages/scoreboard.py", label="See every figure", icon=":material/leaderboard:")
