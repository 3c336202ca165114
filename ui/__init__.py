"""Streamlit widgets that the pages share. Arrows run one way: pages -> ui -> core.

Streamlit takes a folder named pages/ for its older kind of app until `st.navigation` has run in
the process. If the first visitor opens a link to a page, app.py would be passed over and every
later visitor would see the bare pages; so the first import from a page puts that right and starts
the run again, through app.py.
"""

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

if PagesManager.uses_pages_directory:
    PagesManager.uses_pages_directory = False
    st.rerun()
