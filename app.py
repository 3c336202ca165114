"""Encore: `streamlit run app.py`. Imports no TensorFlow and no librosa; pages do, when needed."""

from pathlib import Path

import streamlit as st

from core import logs
from core.settings import settings
from ui import order
from ui.guard import guarded

order.keep()
st.set_page_config(page_title="Encore", page_icon="🎶", layout="wide")
page = st.navigation(
    [
        st.Page("pages/home.py", title="Encore", icon=":material/graphic_eq:", default=True),
        st.Page("pages/extrapolate.py", title="Extrapolate", icon=":material/forward_10:"),
        st.Page("pages/remix.py", title="Remix", icon=":material/tune:"),
        st.Page("pages/sample.py", title="Sample", icon=":material/scatter_plot:"),
        st.Page("pages/compose.py", title="Compose", icon=":material/piano:"),
        st.Page("pages/compare.py", title="Compare", icon=":material/compare_arrows:"),
        st.Page("pages/gallery.py", title="Gallery", icon=":material/queue_music:"),
        st.Page("pages/listen.py", title="Listening test", icon=":material/hearing:"),
        st.Page("pages/scoreboard.py", title="Scoreboard", icon=":material/leaderboard:"),
        st.Page("pages/engines.py", title="How it works", icon=":material/menu_book:"),
        st.Page("pages/status.py", title="Status", visibility="hidden"),
    ],
    position="top",
)
st.html(Path(__file__).parent / "ui" / "page.css")
with guarded():
    logs.set_up(settings().log)
    page.run()
