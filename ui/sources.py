"""Where a page's sound comes from: an example, an upload, or the microphone."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from core.errors import UserInputError
from core.gallery import GallerySource
from ui import examples
from ui.results import credit

EXAMPLE, UPLOAD, RECORD = "Example", "Upload", "Record"
HANDED = "Handed on"
"""What another page has handed on."""
TYPES = (
    "wav", "flac", "mp3", "ogg", "oga", "opus", "m4a", "aac", "aiff", "aif", "webm", "mp4", "mkv",
    "mov", "m4v",
)  # fmt: skip
NOTE_TYPES = ("mid", "midi", "musicxml", "xml", "mxl")
"""Endings of files with notes in them."""
_ICONS = {
    EXAMPLE: ":material/queue_music:",
    UPLOAD: ":material/upload:",
    RECORD: ":material/mic:",
    HANDED: ":material/redo:",
}


@dataclass(frozen=True)
class Asking:
    """How a page asks for its sound. page: what its widgets' keys start with.

    notes: files of notes may be given too. handed_from: the page that hands its results on.
    """

    page: str
    upload: str
    upload_hint: str
    record: str
    record_hint: str
    notes: bool = False
    handed_from: str = ""

    @property
    def kind(self) -> str:
        """The session's key for EXAMPLE, UPLOAD, RECORD or HANDED."""
        return f"{self.page}_source"

    @property
    def chosen(self) -> str:
        """The session's key for the example's slug."""
        return f"{self.page}_example"

    @property
    def handed(self) -> str:
        """The session's key for a Source from another page."""
        return f"{self.page}_handed"


CONTINUE = Asking(
    "extrapolate",
    "Drop in a clip of music",
    "20 seconds is plenty. With 30 or more, the end is kept for comparison.",
    "Play or sing something",
    "Record for 20 seconds or so; it stays in this session and is not kept.",
    handed_from="Remix",
)
KIND, CHOSEN = CONTINUE.kind, CONTINUE.chosen


@dataclass(frozen=True)
class Source:
    """A file to work on. data: its bytes as given. example: the gallery's slug, where it is one.

    title: what the page calls it; a visitor's file name is shown and never used as a path.
    about: what another page says of how it made it.
    """

    title: str
    data: bytes
    sha256: str
    duration_s: float
    example: str | None = None
    credit: str | None = None
    about: str = ""


def hand_on(
    title: str, data: bytes, credit_line: str | None, ask: Asking = CONTINUE, about: str = ""
) -> None:
    """Let a page start with this sound, or these notes, when it is opened next."""
    digest = hashlib.sha256(data).hexdigest()
    seconds = _duration_s(digest, len(data), data, ask.notes)
    st.session_state[ask.handed] = Source(
        title, data, digest, seconds, credit=credit_line, about=about
    )
    st.session_state[ask.kind] = HANDED


def pick(items: Sequence[GallerySource], ask: Asking = CONTINUE) -> Source | None:
    """The widgets; None until there is a sound.

    Raises UserInputError when the file is of no use.
    """
    kinds = [EXAMPLE, UPLOAD, RECORD] if items else [UPLOAD, RECORD]
    handed: Source | None = st.session_state.get(ask.handed)
    kinds += [] if handed is None else [HANDED]
    labels = {HANDED: f"From {ask.handed_from}"}
    kind = st.segmented_control(
        "Your clip",
        kinds,
        default=None if ask.kind in st.session_state else kinds[0],
        required=True,
        format_func=lambda name: f"{_ICONS[name]} {labels.get(name, name)}",
        key=ask.kind,
        label_visibility="collapsed",
    )
    if kind == EXAMPLE:
        return _example(items, ask)
    if kind == HANDED and handed is not None:
        st.caption(f"**{plain(handed.title)}** · {plain(handed.about)}")
        return handed
    if kind == UPLOAD:
        types = (*TYPES, *NOTE_TYPES) if ask.notes else TYPES
        file = st.file_uploader(ask.upload, types, max_upload_size=25, key=f"{ask.page}_upload")
        if file is None:
            st.caption(ask.upload_hint)
    else:
        file = st.audio_input(ask.record, sample_rate=48000, key=f"{ask.page}_record")
        if file is None:
            st.caption(ask.record_hint)
    if file is None:
        return None
    data = file.getvalue()
    title = "Your recording" if kind == RECORD else file.name.replace("\\", "/").split("/")[-1]
    digest = hashlib.sha256(data).hexdigest()
    return Source(title, data, digest, _duration_s(digest, len(data), data, ask.notes))


def _example(items: Sequence[GallerySource], ask: Asking) -> Source:
    by_slug = {item.slug: item for item in items}
    if st.session_state.get(ask.chosen) not in by_slug:
        st.session_state.pop(ask.chosen, None)
    slug = st.selectbox(
        "Example",
        list(by_slug),
        format_func=lambda name: f"{by_slug[name].title} · {by_slug[name].genre}",
        key=ask.chosen,
    )
    return of_item(by_slug[slug])


def of_item(item: GallerySource) -> Source:
    """An example as a source: treated exactly as the same file uploaded would be."""
    data = item.source_bytes()
    digest = hashlib.sha256(data).hexdigest()
    return Source(item.title, data, digest, examples.duration_s(item), item.slug, credit(item))


@st.cache_data(max_entries=64, ttl=900, show_spinner=False)
def _duration_s(sha256: str, size: int, _data: bytes, notes: bool = False) -> float:
    from core.decoding import MAX_BYTES, probe
    from core.remixing.solos import is_notes, tune_of

    if notes and is_notes(_data):
        return tune_of(_data).duration_s
    if size > MAX_BYTES:
        raise UserInputError("The file is larger than 25 MB; give a shorter or compressed one.")
    return probe(_data).duration_s


def plain(text: str) -> str:
    """A stranger's words, which may not turn into Markdown."""
    return re.sub(r"([\\`*_{}\[\]()#!|<>$:~])", r"\\\1", text)
