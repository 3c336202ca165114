"""Links that carry the recipe of an example's run."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit, urlunsplit

import streamlit as st

from ui.requests import Request


def write(request: Request) -> dict[str, str]:
    """Put the request into the page's address; a visitor's own file leaves it plain."""
    query = request.query()
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
    address = urlsplit(st.context.url or "")
    query = urlencode(request.query(), safe=",")
    with st.popover("Share this run", icon=":material/link:"):
        st.write("Whoever opens this link hears the same sound, to the byte.")
        st.code(urlunsplit((address.scheme, address.netloc, address.path, query, "")), None)
