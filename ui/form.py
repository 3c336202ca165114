"""The Extrapolate page's form: nothing is computed before it is submitted."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from core.engines import EngineInfo, engines
from core.extrapolation.ending import ENDINGS
from core.loaders import preload
from ui import requests, seeds
from ui.requests import Request
from ui.sources import CHOSEN, EXAMPLE, HANDED, KIND, RECORD, UPLOAD, Source

ENGINES, SECONDS, SEED = "extrapolate_engines", "extrapolate_seconds", "extrapolate_seed"
ENDING = "extrapolate_ending"


def fill(request: Request) -> None:
    """Set the widgets to what a link asks for; before they are drawn."""
    if request.example is not None:
        st.session_state[KIND], st.session_state[CHOSEN] = EXAMPLE, request.example
    elif st.session_state.get(KIND) not in (UPLOAD, RECORD, HANDED):
        st.session_state[KIND] = UPLOAD
    st.session_state[ENGINES] = list(request.engines)
    st.session_state[SECONDS] = request.seconds
    st.session_state[SEED] = request.seed
    st.session_state[ENDING] = request.ending
    st.session_state["extrapolate_start_wanted"] = request.start_s


def _expect(source: Source, infos: Iterable[EngineInfo]) -> None:
    """Load the models while the visitor who brought a clip still looks at the form."""
    if source.example is None:
        for info in infos:
            for model in info.models:
                preload(model)


def show(source: Source) -> Request | None:
    """The form for a source; what was asked, in the run in which Run was pressed."""
    state = st.session_state
    infos = {info.name: info for info in engines(requests.JOB)}
    _expect(source, infos.values())
    state.setdefault(ENGINES, list(infos))
    state.setdefault(SECONDS, requests.DEFAULT_SECONDS)
    state.setdefault(SEED, 0)
    state.setdefault(ENDING, "none")
    with st.form("extrapolate_form", enter_to_submit=False):
        left, right = st.columns(2, gap="large")
        with left:
            chosen = st.pills(
                "Engines",
                list(infos),
                selection_mode="multi",
                format_func=lambda name: infos[name].title,
                key=ENGINES,
                wrap=True,
            )
            for info in infos.values():
                label = " *As published.*" if info.published else ""
                st.caption(f"**{info.title}.** {info.summary}{label}")
        with right:
            start_s = _start(source)
            seconds = st.slider(
                "Continue for",
                requests.MIN_SECONDS,
                requests.MAX_SECONDS,
                step=5,
                format="%d s",
                key=SECONDS,
            )
            ending = st.segmented_control(
                "Ending",
                list(ENDINGS),
                required=True,
                format_func=ENDINGS.__getitem__,
                key=ENDING,
                help="Fade out: the last seconds sink to silence. On a beat: it stops on a "
                "strong beat near the end, and that one rings out.",
            )
        seed, pressed = seeds.ask(
            SEED,
            requests.MAX_SEED,
            "The same seed, clip and settings give the same sound, to the byte.",
            "Continue the music",
            ":material/play_arrow:",
        )
    if not pressed:
        return None
    if not chosen:
        st.warning("Choose at least one engine, then press the button again.")
        return None
    return Request(
        tuple(name for name in infos if name in chosen),
        start_s,
        int(seconds),
        seed,
        source.example,
        ending,
        source.sha256 if source.example is None else None,
    )


def _start(source: Source) -> float:
    """Where the input starts: a slider when there is a choice."""
    latest = requests.latest_start_s(source.duration_s)
    wanted = st.session_state.pop("extrapolate_start_wanted", None)
    if latest <= 0.0:
        st.caption(f"The whole clip is the input: {min(source.duration_s, 20.0):.1f} s.")
        return 0.0
    key = f"extrapolate_start_{source.sha256[:12]}"
    if wanted is not None:
        st.session_state[key] = min(wanted, latest)
    st.session_state.setdefault(key, requests.default_start_s(source.duration_s))
    return round(
        float(
            st.slider(
                "Input starts at",
                0.0,
                latest,
                step=0.5,
                format="%.1f s",
                key=key,
                help="The input is the 20 s from here. What follows it in the file is what the "
                "continuations are compared with.",
            )
        ),
        1,
    )
