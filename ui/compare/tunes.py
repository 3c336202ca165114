"""Tunes that the sections begin from: shipped ones, and a visitor's own file."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import streamlit as st

from core.comparing.plan import OWN
from core.comparing.primers import PRIMERS, shipped
from core.score import Score
from ui.compose.primers import MAX_UPLOAD_MB
from ui.sources import NOTE_TYPES

OWN_TITLE = "Your own MIDI or MusicXML file"


@dataclass(frozen=True)
class Tune:
    """title: of a shipped tune, or the file's name, never a path. sha256: of the file."""

    title: str
    score: Score
    sha256: str | None = None


def named(name: str) -> Tune:
    """A tune of PRIMERS."""
    return Tune(PRIMERS[name], shipped(name))


def pick(label: str, key: str, default: str) -> Tune | None:
    """A tune to choose or to upload; None while there is no file.

    Raises UserInputError when the file is of no use.
    """
    titles = PRIMERS | {OWN: OWN_TITLE}
    st.session_state.setdefault(key, default)
    name = st.selectbox(
        label, list(titles), format_func=titles.__getitem__, key=key, persist_state="page"
    )
    return upload(f"{key}_upload") if name == OWN else named(name)


def upload(key: str) -> Tune | None:
    """The file that was given, read. Raises UserInputError when it is of no use."""
    file = st.file_uploader(
        "A MIDI or MusicXML file in 4/4",
        NOTE_TYPES,
        max_upload_size=MAX_UPLOAD_MB,
        key=key,
        help="It stays in this session and is not kept.",
    )
    if file is None:
        return None
    data = file.getvalue()
    name = file.name.replace("\\", "/").split("/")[-1]
    digest = hashlib.sha256(data).hexdigest()
    return Tune(name, _read(digest, name, data), digest)


@st.cache_resource(max_entries=32, ttl=900, show_spinner=False)
def _read(sha256: str, name: str, _data: bytes) -> Score:
    from core.score_files import read_score

    return read_score(_data, name)
