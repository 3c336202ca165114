"""Links that carry the recipe of a run."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit, urlunsplit

import streamlit as st

from ui.requests import Request


def write(request: Request) -> dict[str, str]:
    """Put the request into the page's address."""
    return put(request.query())


def put(query: dict[str, str]) -> dict[str, str]:
    """Make these the parameters of the page's address."""
    st.query_params.from_dict(query)
    return query


def show(request: Request) -> None:
    """The address to share."""
    popover(request.query(), _SAME if request.example is not None else _ASKS)


def popover(query: Mapping[str, str], told: str, label: str = "Share this run") -> None:
    """A button that shows the page's address with these parameters."""
    address = urlsplit(st.context.url or "")
    with st.popover(label, icon=":material/link:"):
        st.write(told)
        parts = (address.scheme, address.netloc, address.path, urlencode(query, safe=",:"), "")
        st.code(urlunsplit(parts), None, wrap_lines=True)


_SAME = "Whoever opens this link hears the same sound, to the byte."
_ASKS = (
    "A link cannot carry your own sound: whoever opens this one is asked for the same file, and "
    "hears the same."
)
