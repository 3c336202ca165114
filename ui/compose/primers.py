"""A visitor's own piece, for an engine to continue."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import streamlit as st

from core.composition.offers import Offer
from core.composition.plan import MAX_PRIMER_BARS, primer_part
from core.score import Score
from ui.sources import NOTE_TYPES
from ui.sources import plain as plain  # which many take from here

MAX_UPLOAD_MB = 5
UPLOAD, OWN_STYLE, DO = "compose_primer", "compose_own_style", "compose_primer_do"
CONTINUE, HARMONISE = "Continue it", "Harmonise it"


@dataclass(frozen=True)
class Primer:
    """The part of a visitor's piece that is continued. title: the file's name, never a path.

    own_style: its tempo, key and metre go on, and the form's do not count.
    harmonised: it gets more voices, and no more bars.
    """

    title: str
    sha256: str
    score: Score
    own_style: bool = True
    harmonised: bool = False


def pick(has: Offer) -> Primer | None:
    """The widgets; None while there is no file. has: what the engine can do with one.

    Raises UserInputError when the file is of no use.
    """
    with st.expander("Continue your own music", icon=":material/upload_file:"):
        file = st.file_uploader(
            "A MIDI or MusicXML file",
            NOTE_TYPES,
            max_upload_size=MAX_UPLOAD_MB,
            key=UPLOAD,
            help="It stays in this session and is not kept.",
        )
        if file is None:
            more = " Or a tune is given the voices it lacks." if has.harmonise else ""
            st.caption(
                "The piece begins with yours and goes on in its style; a few bars are enough."
                + more
            )
            return None
        data = file.getvalue()
        name = file.name.replace("\\", "/").split("/")[-1]
        digest = hashlib.sha256(data).hexdigest()
        score = _read(digest, name, data)
        st.caption(_told(score))
        if has.harmonise:
            do = st.segmented_control("What to do", [CONTINUE, HARMONISE], required=True, key=DO)
            if do == HARMONISE:
                return Primer(name, digest, primer_part(score), harmonised=True)
        st.session_state.setdefault(OWN_STYLE, True)
        own = st.toggle("Continue it in its own style", key=OWN_STYLE)
        return Primer(name, digest, primer_part(score), own)


@st.cache_resource(max_entries=32, ttl=900, show_spinner=False)
def _read(sha256: str, name: str, _data: bytes) -> Score:
    from core.score_files import read_score

    return read_score(_data, name)


def _told(score: Score) -> str:
    parts = [f"{score.bars} bars", f"{score.beats}/{score.beat_unit}", f"{score.tempo_bpm:.0f} BPM"]
    if score.key:
        parts.append(str(score.key))
    names = ", ".join(plain(track.name) for track in score.tracks[:6])
    more = len(score.tracks) - 6
    cut = f" Its last {MAX_PRIMER_BARS} bars are continued." if score.bars > MAX_PRIMER_BARS else ""
    return f"{' · '.join(parts)} · {names}{f' and {more} more' if more > 0 else ''}.{cut}"
