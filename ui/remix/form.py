"""The Remix page's form: nothing is computed before it is submitted."""

from __future__ import annotations

import math
from dataclasses import replace

import streamlit as st

from core.engines import EngineInfo, engines
from core.errors import UserInputError
from core.loaders import preload
from core.remixing.band_controls import BandControls
from core.remixing.plan import (
    BAND,
    DEFAULT_SECONDS,
    JOB,
    MAX_SECONDS,
    MAX_SEED,
    MIN_SECONDS,
    Plan,
)
from ui import seeds
from ui.remix import band
from ui.sources import EXAMPLE, RECORD, UPLOAD, Asking, Source

ASK = Asking(
    "remix",
    "Drop in a tune on one instrument",
    "One melody or guitar part by itself, 1 to 120 seconds of it, as sound or as notes (MIDI, "
    "MusicXML). Of a file of notes the tune is taken.",
    "Play or sing a tune",
    "Record for 20 seconds or so; it stays in this session and is not kept.",
    notes=True,
    handed_from="Compose",
)
ENGINES, SEED, WANTED = "remix_engines", "remix_seed", "remix_wanted"


def fill(plan: Plan) -> None:
    """Set all widgets to what a link asks for; before they are drawn."""
    state = st.session_state
    if plan.example is not None:
        state[ASK.kind], state[ASK.chosen] = EXAMPLE, plan.example
    elif state.get(ASK.kind) not in (UPLOAD, RECORD):
        state[ASK.kind] = UPLOAD
    here = [info.name for info in engines(JOB)]
    state[ENGINES] = [name for name in plan.engines if name in here]
    state[SEED] = plan.seed
    state[WANTED] = plan
    band.fill(plan.band, plan.input_sha256)


def show(source: Source) -> Plan | None:
    """The form for a source; what was asked, in the run in which the button was pressed.

    Nothing where there is no engine.
    """
    state = st.session_state
    infos = {info.name: info for info in engines(JOB)}
    if not infos:
        return None
    _expect(source, infos)
    state.setdefault(ENGINES, list(infos))
    state.setdefault(SEED, 0)
    with st.form("remix_form", enter_to_submit=False):
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
            start_s, seconds = _part(source)
            controls, chart = band.form(source.sha256) if BAND in infos else (BandControls(), "")
        seed, pressed = seeds.ask(
            SEED,
            MAX_SEED,
            "The same seed, solo and settings give the same sound, to the byte.",
            "Add a band",
            ":material/play_arrow:",
        )
    if not pressed:
        return None
    if not chosen:
        st.warning("Choose at least one engine, then press the button again.")
        return None
    try:
        controls = replace(controls, chords=chart)
    except UserInputError as error:
        st.error(str(error), icon=":material/info:")
        return None
    names = tuple(name for name in infos if name in chosen)
    return Plan(
        names,
        start_s,
        seconds,
        seed,
        example=source.example,
        input_sha256=source.sha256,
        band=controls,
    )


def _expect(source: Source, infos: dict[str, EngineInfo]) -> None:
    """Load the models while the visitor who brought a tune still looks at the form."""
    if source.example is None:
        for model in dict.fromkeys(model for info in infos.values() for model in info.models):
            preload(model)


def _part(source: Source) -> tuple[float, float]:
    """(start, seconds) of the solo in the file: sliders where there is a choice."""
    wanted: Plan | None = st.session_state.pop(WANTED, None)
    longest = min(MAX_SECONDS, math.ceil(source.duration_s))
    latest = max(0.0, math.floor((source.duration_s - MIN_SECONDS) * 2) / 2)
    keys = [f"remix_{name}_{source.sha256[:12]}" for name in ("start", "seconds")]
    if wanted is not None:
        st.session_state[keys[0]] = min(wanted.start_s, latest)
        st.session_state[keys[1]] = min(wanted.seconds, float(longest))
    st.session_state.setdefault(keys[0], 0.0)
    st.session_state.setdefault(keys[1], min(DEFAULT_SECONDS, float(longest)))
    if latest == 0.0 or longest <= MIN_SECONDS:
        st.caption(f"The whole file is the solo: {source.duration_s:.1f} s.")
        return 0.0, float(longest)
    start_s = st.slider("Solo starts at", 0.0, latest, step=0.5, format="%.1f s", key=keys[0])
    seconds = st.slider(
        "Solo lasts",
        MIN_SECONDS,
        float(longest),
        step=1.0,
        format="%.0f s",
        key=keys[1],
        help="Up to 120 s, or to where the file ends.",
    )
    return float(start_s), float(seconds)
