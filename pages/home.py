"""Home: what Encore is, one finished example that plays at once, and where to go. No model."""

import streamlit as st

from core import gallery
from ui import examples
from ui.results import show_player

GO = ":material/forward_10:"

st.title("Encore", anchor=False)
st.header("Give it a clip of music, hear it go on, and see how close it came.", anchor=False)
with st.container(horizontal=True):
    if st.button("Continue a clip", key="home_extrapolate", type="primary", icon=GO):
        st.switch_page("pages/extrapolate.py")
    if st.button("Remix a solo", key="home_remix", icon=":material/tune:"):
        st.switch_page("pages/remix.py")
    if st.button("Walk between sounds", key="home_sample", icon=":material/scatter_plot:"):
        st.switch_page("pages/sample.py")
    if st.button("Compose a piece", key="home_compose", icon=":material/piano:"):
        st.switch_page("pages/compose.py")
    if st.button("Compare two models", key="home_compare", icon=":material/compare_arrows:"):
        st.switch_page("pages/compare.py")
    if st.button("Hear the gallery", key="home_gallery", icon=":material/queue_music:"):
        st.switch_page("pages/gallery.py")

# Each page opens with its first finished example, ready to play.
best_of = {
    "remix": ("with a band", gallery.remixes()),
    "compose": ("composed", gallery.pieces()),
    "sample": ("as a sound", gallery.sounds()),
    "compare": ("compared", gallery.comparisons()),
}
with st.container(horizontal=True, key="home_best"):
    for job, (how, found) in best_of.items():
        if found:
            label = f"{found[0].title}, {how}"
            st.page_link(f"pages/{job}.py", label=label, icon=":material/play_circle:")
items = examples.items()
if items:
    best = examples.result(items[0])
    st.caption(f"Press play: 20 s of the recording, then what each engine makes of it. "
               f"{best.credit}")  # fmt: skip
    show_player(best, key="home_player")
st.write(
    "Every engine is measured on music that it has never heard, beside silence, plain copies and "
    "the published model; the bad figures are shown too."
)
st.page_link("pages/scoreboard.py", label="See every figure", icon=":material/leaderboard:")
st.page_link("pages/listen.py", label="Take the blind listening test", icon=":material/hearing:")
