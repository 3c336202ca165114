"""A tune with the sound of the moment: a scale, a built-in one, or a file of the visitor's."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import streamlit as st

from core.errors import UserInputError
from core.progress import Progress
from core.sampling import plan as plans
from core.sampling.plan import OWN, Plan
from core.sampling.tunes import TUNES
from core.score import Score
from ui.background import Runs, refresh_s
from ui.compose import finished, pieces
from ui.compose.primers import MAX_UPLOAD_MB, plain
from ui.sample import downloads, sounds
from ui.sample.sounds import Sound
from ui.sources import NOTE_TYPES

TUNE, UPLOAD, WANTED = "sample_tune", "sample_tune_upload", "sample_tune_wanted"
HANDED = "sample_tune_handed"
"""The session's key for an Own from another page, and its name among the tunes."""
PIECE = "piece-"
"""What the names of the gallery's pieces begin with, among the tunes."""
LONGEST_S = 60.0
RUNS: Runs[Played] = Runs("sample_tune_run")


@dataclass(frozen=True)
class Played:
    """A tune that was played. plan: what plays it again."""

    title: str
    plan: Plan
    sound: Sound


@dataclass(frozen=True)
class Own:
    """A visitor's tune. title: the file's name, never a path. about: what a page made it with."""

    title: str
    sha256: str
    score: Score
    about: str = ""


def pick(plan: Plan) -> None:
    """The widgets; a press of the button starts the run. plan: the sound that plays."""
    with st.expander("Play a tune with this sound", icon=":material/music_note:"):
        if not sounds.engine(plan.engine).plays_pitches:
            st.caption("This engine has no pitch control, so it plays no tunes.")
            return
        handed: Own | None = st.session_state.get(HANDED)
        titles = {} if handed is None else {HANDED: f"From Compose: {handed.title}"}
        composed = {f"{PIECE}{one.slug}": one for one in finished.tunes()}
        titles |= TUNES | {name: f"Composed: {one.piece.title}" for name, one in composed.items()}
        titles |= {OWN: "Your own MIDI or MusicXML file"}
        melody = st.selectbox("Tune", list(titles), format_func=titles.__getitem__, key=TUNE)
        own = handed if melody == HANDED else _upload() if melody == OWN else None
        if melody in composed:
            own = _composed(composed[melody])
        if own is not None:
            melody = OWN
            if own.about:
                st.caption(plain(own.about))
        wanted = st.session_state.get(WANTED)
        if wanted is not None and own is None:
            st.info(
                "This link plays a tune from a file that it cannot carry: give the one whose "
                f"sha256 begins with {str(wanted.input_sha256)[:12]}.",
                icon=":material/upload_file:",
            )
        if wanted is not None and own is not None and own.sha256 == wanted.input_sha256:
            del st.session_state[WANTED]
            start(wanted, own)
        if st.button(
            "Play it",
            key="sample_tune_play",
            icon=":material/play_arrow:",
            disabled=melody == OWN and own is None,
        ):
            start(replace(plan.note(), melody=melody), own)


def hand_on(title: str, data: bytes, about: str = "") -> None:
    """Let the page offer these notes as a tune. data: of a MIDI file. about: as Own has it."""
    digest = hashlib.sha256(data).hexdigest()
    own = Own(title, digest, beginning(_read(digest, f"{title}.mid", data)), about)
    st.session_state[HANDED] = own
    st.session_state[TUNE] = HANDED


def open_own(plan: Plan) -> None:
    """Play a link's tune from a file: a piece of the gallery at once, another once it is given."""
    found = finished.find(plan.input_sha256)
    if found is not None:
        st.session_state[TUNE] = f"{PIECE}{found.slug}"
        start(plan, _composed(found))
    else:
        st.session_state[WANTED], st.session_state[TUNE] = plan, OWN


def _composed(found: finished.Finished) -> Own:
    score = beginning(_read(found.sha256, f"{found.slug}.mid", found.midi))
    return Own(found.piece.title, found.sha256, score, pieces.about(found.piece))


def start(plan: Plan, own: Own | None) -> None:
    """Play the plan's tune, in place of the one that is being made."""
    if own is not None:
        plan = replace(plan, input_sha256=own.sha256)
    title = own.title if own else TUNES[plan.melody]
    engine = sounds.engine(plan.engine)

    def work(progress: Progress) -> Played:
        clip = plans.make(plan, own.score if own else None, engine=engine, progress=progress)
        return Played(title, plan, sounds.of(plan, clip))

    RUNS.submit(lambda: work)


def watch() -> None:
    """Progress, drawn again by itself until the tune is there."""
    st.fragment(_watch, run_every=refresh_s())()


def _watch() -> None:
    RUNS.show_progress(lambda state: f"Playing the tune: {state.fraction:.0%}")


def show() -> None:
    """The tune that was played last."""
    found: Played | None = st.session_state.get(RUNS.result)
    if found is None:
        return
    st.markdown(f"**{plain(found.title)}**")
    new = st.session_state.get("sample_tune_heard") != found.sound.id
    st.session_state["sample_tune_heard"] = found.sound.id
    st.audio(found.sound.wav, format="audio/wav", autoplay=new)
    downloads.show(downloads.Heard(found.plan, found.sound), key="sample_tune_download")


def _upload() -> Own | None:
    file = st.file_uploader(
        "A MIDI or MusicXML file", NOTE_TYPES, max_upload_size=MAX_UPLOAD_MB, key=UPLOAD
    )
    if file is None:
        return None
    data = file.getvalue()
    name = file.name.replace("\\", "/").split("/")[-1]
    digest = hashlib.sha256(data).hexdigest()
    try:
        score = _read(digest, name, data)
    except UserInputError as error:
        st.error(str(error), icon=":material/info:")
        return None
    if score.duration_s > LONGEST_S:
        st.caption(f"Its first {LONGEST_S:.0f} s are played.")
    return Own(name, digest, beginning(score))


def beginning(score: Score) -> Score:
    """As many whole bars as fit into LONGEST_S, at least one."""
    bars = int(LONGEST_S / (score.bar_ticks * score.seconds_per_tick))
    return score if score.bars <= bars else score.between(0, max(bars, 1))


@st.cache_resource(max_entries=32, ttl=900, show_spinner=False)
def _read(sha256: str, name: str, _data: bytes) -> Score:
    from core.score_files import read_score

    return read_score(_data, name)
