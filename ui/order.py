"""Streamlit's messages of one session, all of them and in their order.

A fragment that asks for itself just as a full run has ended gets a new script runner, and Streamlit
then ignores what the old one had still to say: parts of the page are missing, or are drawn where
nothing is ("Bad delta path index"). A comment in Streamlit's `AppSession.request_rerun` describes
it for fragments that are no more; it happens to those that are, with a page that is drawn anew five
times a second once in about ninety full runs. Here such a request waits, milliseconds, until the
old runner has been heard out.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from streamlit.runtime.app_session import AppSession, AppSessionState

AGAIN_S = 0.005
_CREATE = "_create_scriptrunner"
_log = logging.getLogger(__name__)


def keep(session: type[Any] = AppSession) -> bool:
    """Have sessions of this type wait so; whether they do. Once is enough, more does nothing."""
    create: Callable[[Any, Any], None] | None = getattr(session, _CREATE, None)
    if create is None:
        _log.warning("this Streamlit starts its script runners in another way; nothing is changed")
        return False
    if not hasattr(create, "waits"):
        setattr(session, _CREATE, _waiting(create))
    return True


def _waiting(create: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
    def start(session: Any, asked: Any) -> None:
        ended = session._scriptrunner
        if ended is None:
            create(session, asked)
        else:
            session._event_loop.call_later(AGAIN_S, again, session, asked, ended)

    def again(session: Any, asked: Any, ended: Any) -> None:
        now = session._scriptrunner
        if session._state == AppSessionState.SHUTDOWN_REQUESTED:
            return
        if now is None or now is ended:
            start(session, asked)  # which waits on while the old one is there
        elif not now.request_rerun(asked):
            start(session, asked)

    start.waits = True  # type: ignore[attr-defined]
    return start
