"""Home: what Encore is, one finished example that plays at once, and where to go. No model."""

import streamlit as st

from ui import examples
from ui.results import show_player

st.title("Encore", anchor=False)
st.markdown("#### Give it a clip of music, hear it go on, and see how close it came.")
with st.container(horizontal=True):
    st.page_link("pages/extrapolate.py", label="Continue a clip", icon=":material/forward_10:")
    st.page_link("pages/gallery.py", label="Hear the gallery", icon=":material/queue_music:")
    st.page_link("pages/scoreboard.py", label="See the scores", icon=":material/leaderboard:")

items = examples.items()
if items:
    best = examples.result(items[0])
    st.caption(f"Press play: 20 s of the recording, then what each engine makes of it. "
               f"{best.credit}")  # fmt: skip
    show_player(best, key="home_player", with_figures=False)
st.markdown(
    "Every engine is measured on music that it has never heard, beside silence, plain copies and "
    "the published model, and the [scoreboard](scoreboard) shows all of it, the bad figures too."
)
