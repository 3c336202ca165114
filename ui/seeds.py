"""Seeds in the pages' forms: a field, dice that draw another, and the button beside them."""

from __future__ import annotations

import random
from typing import Literal

import streamlit as st


def new_seed() -> int:
    """For a press of the dice, and for every redraw: people want to hear another one."""
    return random.SystemRandom().randint(0, 9999)


def ask(
    key: str,
    most: int,
    told: str,
    label: str,
    icon: str,
    *,
    width: Literal["content", "stretch"] = "content",
) -> tuple[int, bool]:
    """The seed, and whether the form was sent. Call it in the form, last.

    key: the seed's in the session. told: the field's help. label, icon, width: of the button.
    """

    def roll() -> None:
        st.session_state[key] = new_seed()

    with st.container(horizontal=True, vertical_alignment="bottom"):
        seed = st.number_input("Seed", 0, most, step=1, key=key, width=150, help=told)
        st.form_submit_button("Roll", icon=":material/casino:", on_click=roll, help="Another seed")
        pressed = st.form_submit_button(label, type="primary", icon=icon, width=width)
    return int(seed), pressed
