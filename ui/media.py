"""Bytes of ours at a URL: sound for the player goes this way, not over the websocket.

`st.audio` and `st.image` do the same with Streamlit's media file manager, which keeps a file as
long as a session shows it. Beyond 1 MiB it tells files apart by their length and three samples of
64 KiB, so sparse sounds of one length could be swapped: `core.audio.encode_wav` therefore writes
the sound's sha256 into the head of every file. Our own bytes are served as they are; `st.audio`
with an array would bring every sound to the same peak.
"""

from __future__ import annotations

import base64

from streamlit import config, runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx


def url(data: bytes, mimetype: str, coordinates: str) -> str:
    """Where the browser fetches `data` from, while this session's page shows it.

    coordinates: names the place on the page; new data there replaces the old.
    """
    if get_script_run_ctx(suppress_warning=True) is None or not runtime.exists():
        return f"data:{mimetype};base64,{base64.b64encode(data).decode('ascii')}"
    path = runtime.get_instance().media_file_mgr.add(data, mimetype, f"encore/{coordinates}")
    base = str(config.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{base}{path}" if base else path
