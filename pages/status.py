"""Status: how the host is doing, for its owner, who has the token."""

import hmac
import math

import streamlit as st

from core.settings import settings

REFRESH_S = 5.0


@st.fragment(run_every=REFRESH_S)
def show() -> None:
    """Memory, queue, models and runs, drawn again by itself."""
    from core.jobs import executor
    from core.status import as_text, status

    now = status(executor())
    with st.container(horizontal=True):
        st.metric("Up", f"{now.up_s / 3600:.1f} h")
        st.metric("Memory", f"{now.rss_mb:.0f} MB", help=f"At most so far: {now.peak_mb:.0f} MB.")
        st.metric("Runs going", now.running)
        st.metric("Runs waiting", now.waiting)
        st.metric("Threads", now.threads)
        st.metric("Open handles", now.handles)
    st.write(f"Models loaded: {', '.join(now.models) or 'none'}")
    if now.runs:
        st.table(
            {
                "Runs": [row.kind for row in now.runs],
                "Outcomes": [
                    ", ".join(f"{count} {name}" for name, count in sorted(row.outcomes.items()))
                    for row in now.runs
                ],
                "Median": [_seconds(row.p50_s) for row in now.runs],
                "95 % within": [_seconds(row.p95_s) for row in now.runs],
            },
            hide_index=True,
        )
    st.code(as_text(now), language=None, wrap_lines=True)


def _seconds(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.1f} s"


token = settings().status_token
given = str(st.query_params.get("token", ""))
st.title("Status", anchor=False)
if token is None or not hmac.compare_digest(given.encode(), token.encode()):
    st.info(
        "This page is for the owner of the host, who opens it with a token.", icon=":material/lock:"
    )
else:
    show()
