"""Gallery: every finished example with its credit; players appear when asked for."""

import streamlit as st

from core import gallery
from core.gallery import GalleryEntry
from ui import examples
from ui.compare import pairs
from ui.compose import pieces
from ui.gallery import cards, filters
from ui.remix import examples as remixes

st.title("Gallery", anchor=False)
st.write("Finished work: continuations with the music they started from, bands for a solo, new "
         "pieces, sounds, models side by side. Nothing is computed here.")  # fmt: skip
entries: list[GalleryEntry] = [
    *pieces.examples(), *examples.items(), *remixes.items(), *gallery.sounds(), *pairs.examples(),
]  # fmt: skip
if not entries:
    st.info("The gallery is empty so far.", icon=":material/queue_music:")
    st.stop()
shown = filters.pick(entries)
if not shown:
    st.info("No example has both; choose another genre or engine.", icon=":material/filter_alt:")
for entry in shown:
    cards.show(entry)
