"""Search: what in the training data is like a file, a recording, or a tune played on keys."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING

import streamlit as st

from core.errors import ModelUnavailableError, UserInputError
from core.hearing.heard import HeardNote
from core.progress import Progress, ignore, part
from ui import closest
from ui.compare.quick import Quick
from ui.keys import keys
from ui.sources import NOTE_TYPES, TYPES

if TYPE_CHECKING:
    from core.retrieval import Match
    from core.retrieving.recordings import RecordingMatch

HOW = "compare_search_how"
FILE, RECORD, KEYS = "File", "Recording", "Keys"
ICONS = {FILE: ":material/upload:", RECORD: ":material/mic:", KEYS: ":material/piano:"}
COUNT = 10
HEARD_S = 40.0
"""Of a longer recording so much is listened to."""
MAX_UPLOAD_MB = 25


@dataclass(frozen=True)
class Answer:
    """What was found. told: a sentence on why there are no pieces, where nothing could be heard."""

    matches: Sequence[Match] = ()
    recordings: Sequence[RecordingMatch] = ()
    told: str = ""


RUNS: Quick[Answer] = Quick("compare_search", "Looking through the training data")


def show() -> None:
    """The section: how to ask, and the ten nearest."""
    st.write(
        "Find what the models may have learned it from: give a tune in any key and tempo, and see "
        "the nearest pieces of the training data, with the notes that stand in both."
    )
    how = st.segmented_control(
        "Search by",
        list(ICONS),
        default=None if HOW in st.session_state else FILE,
        required=True,
        format_func=lambda name: f"{ICONS[name]} {name}",
        key=HOW,
        label_visibility="collapsed",
    )
    st.fragment({FILE: _by_file, RECORD: _by_recording, KEYS: _by_keys}[how])()


def _by_file() -> None:
    file = st.file_uploader(
        "A MIDI, MusicXML or sound file",
        (*NOTE_TYPES, *TYPES),
        max_upload_size=MAX_UPLOAD_MB,
        key="compare_search_file",
    )
    if file is None:
        st.caption("It stays in this session and is not kept.")
        return
    data = file.getvalue()
    name = file.name.replace("\\", "/").split("/")[-1]
    _answer(
        f"file {hashlib.sha256(data).hexdigest()}", lambda progress: of_file(data, name, progress)
    )


def _by_recording() -> None:
    file = st.audio_input("Play or sing a tune", sample_rate=48000, key="compare_search_record")
    if file is None:
        st.caption("Ten seconds of one instrument, or of humming, are enough; it is not kept.")
        return
    data = file.getvalue()
    _answer(f"heard {hashlib.sha256(data).hexdigest()}", lambda progress: of_sound(data, progress))


def _by_keys() -> None:
    notes = keys(key="compare_search_keys", button="Search")
    if notes:
        told = json.dumps([astuple(note) for note in notes])
        _answer(f"keys {told}", lambda progress: of_notes(notes, progress))


def _answer(asked: str, find: Callable[[Progress], Answer]) -> None:
    found = RUNS.get(asked, find)
    if found is None:
        return
    if found.told:
        st.info(found.told, icon=":material/hearing:")
    else:
        st.markdown("**Nearest pieces**")
        closest.matches(found.matches, key="compare_search", yours="Your tune")
    if found.recordings:
        st.markdown("**Recordings that sound most like it**")
        closest.recordings(found.recordings)


def of_file(data: bytes, name: str, progress: Progress = ignore) -> Answer:
    """The nearest to a file's notes or sound. Raises UserInputError where it is of no use."""
    from core.midi_events import is_midi
    from core.musicxml import is_musicxml
    from core.retrieval import nearest
    from core.score_files import read_score

    notes = name.rpartition(".")[2].lower() in NOTE_TYPES
    if notes or is_midi(data[:12]) or is_musicxml(data):
        return Answer(nearest(read_score(data, name), COUNT))
    return of_sound(data, progress)


def of_sound(data: bytes, progress: Progress = ignore) -> Answer:
    """The nearest to a recording: pieces by what is heard in it, recordings by how it sounds."""
    from core.decoding import decode
    from core.retrieval import nearest_recordings, nearest_to_clip

    clip = decode(data, seconds=HEARD_S)
    recordings = nearest_recordings(clip, COUNT)
    try:
        return Answer(nearest_to_clip(clip, COUNT, progress=part(progress, 0.1, 1.0)), recordings)
    except (UserInputError, ModelUnavailableError) as error:
        return Answer(recordings=recordings, told=str(error))


def of_notes(notes: Sequence[HeardNote], progress: Progress = ignore) -> Answer:
    """The nearest to notes as they were played. Raises UserInputError for fewer than four."""
    from core.retrieval import nearest_to_notes

    return Answer(nearest_to_notes(notes, count=COUNT))
