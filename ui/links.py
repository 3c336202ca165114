"""Links that carry the recipe of a run."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit, urlunsplit

import streamlit as st

from ui.requests import Request


def write(request: Request) -> dict[str, str]:
    """Put the request into the page's address; a visitor's own file leaves it plain."""
    return put(request.query())


def put(query: dict[str, str]) -> dict[str, str]:
    """Make these the parameters of the page's address."""
    st.query_params.from_dict(query)
    return query


def show(request: Request) -> None:
    """The address to share, or why there is none."""
    if request.example is None:
        st.caption(
            "A link cannot carry your own sound; to share this run, send the zip, which holds "
            "the recipe too."
        )
        return
    popover(request.query(), "Whoever opens this link hears the same sound, to the byte.")


def popover(query: Mapping[str, str], told: str, label: str = "Share this run") -> None:
    """A button that shows the page's address with these parameters."""
    address = urlsplit(st.context.url or "")
    with st.popover(label, icon=":material/link:"):
        st.write(told)
        parts = (address.scheme, address.netloc, address.path, urlencode(query, safe=",:"), "")
        st.code(urlunsplit(parts), None, wrap_lines=True)
