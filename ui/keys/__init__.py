"""Piano keys to play a tune on: for mouse, fingers and the computer's keys.

The tune sounds in the browser itself. It is sent when the visitor says so, not note by note.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from core.hearing.heard import HeardNote
from ui import player

MAX_NOTES = 300
MAX_SECONDS = 600.0
_mount = st.components.v2.component(
    "encore_keys", **player.parts(Path(__file__).parent, "keys", "../latent_plane/keyboard")
)


def keys(*, key: str, button: str) -> tuple[HeardNote, ...]:
    """Show the keys; the tune that was sent last, from 0 s on, or none.

    button: what the one that sends it says.
    """
    result = _mount(
        data={"button": button, "most": MAX_NOTES},
        key=key,
        default={"tune": None},
        on_tune_change=_ignore,
    )
    return checked(result.tune)


def checked(tune: Any) -> tuple[HeardNote, ...]:
    """What a browser sent, {"notes": [[start, end (s), pitch], ...]}, as far as it is sane."""
    rows = tune.get("notes") if isinstance(tune, Mapping) else None
    found = []
    for row in rows[:MAX_NOTES] if isinstance(rows, list) else []:
        if not (isinstance(row, list) and len(row) == 3):
            continue
        if not all(isinstance(value, (int, float)) for value in row):
            continue
        start, end, pitch = row
        if 0 <= start < end <= MAX_SECONDS and 0 <= pitch <= 127 and pitch == int(pitch):
            found.append(HeardNote(float(start), int(pitch), float(end)))
    return tuple(sorted(found))


def _ignore() -> None:
    """The tune is read where the keys are mounted."""
