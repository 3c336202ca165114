"""The Compose page's form: what the chosen engine has. Nothing is made before the button."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from core.composition.controls import Controls
from core.composition.offers import (
    DEFAULT_BARS,
    MAX_BARS,
    MAX_TEMPERATURE,
    MAX_TEMPO_BPM,
    MIN_BARS,
    MIN_TEMPO_BPM,
    Offer,
    offer,
)
from core.composition.plan import JOB, MAX_SEED, Plan
from core.engines import EngineInfo, engines
from core.loaders import preload
from core.score import Key
from ui import seeds
from ui.compose.primers import Primer

ENGINE, SEED, BARS = "compose_engine", "compose_seed", "compose_bars"
DENSITIES = {None: "Auto", 0.1: "Sparse", 0.3: "Light", 0.5: "Medium", 0.7: "Full", 0.9: "Dense"}
AUTO = "Auto"
KEYS = {str(key): key for mode in ("major", "minor") for key in (Key(n, mode) for n in range(12))}
PUBLISHED, DRAWN = "As published", "By chance"


def fill(plan: Plan) -> None:
    """Set the widgets to what a plan asks for; before they are drawn."""
    controls = plan.controls
    density = controls.density
    values = {
        ENGINE: plan.engine,
        BARS: plan.bars or DEFAULT_BARS,
        SEED: plan.seed,
        "compose_tempo": None if controls.tempo_bpm is None else round(controls.tempo_bpm),
        "compose_key": AUTO if controls.key is None else str(controls.key),
        "compose_density": min(
            (d for d in DENSITIES if d is not None), key=lambda d: abs(d - density)
        )
        if density is not None
        else None,
        "compose_top_p": controls.top_p,
        "compose_repetition": controls.repetition,
        f"compose_genre_{plan.engine}": controls.genre or AUTO,
        f"compose_metre_{plan.engine}": _metre_name(controls.metre) if controls.metre else AUTO,
        f"compose_instruments_{plan.engine}": list(controls.instruments or ()),
        f"compose_temperature_{plan.engine}": controls.temperature or 1.0,
        f"compose_drawing_{plan.engine}": DRAWN if controls.temperature else PUBLISHED,
    }
    st.session_state.update(values)


def pick_engine() -> EngineInfo | None:
    """The engine, outside the form, for the form depends on it. None where none is installed."""
    infos = {entry.name: entry for entry in engines(JOB)}
    if not infos:
        return None
    if st.session_state.get(ENGINE) not in infos:
        st.session_state[ENGINE] = next(iter(infos))
    name = st.segmented_control(
        "Engine",
        list(infos),
        required=True,
        format_func=lambda name: infos[name].title,
        key=ENGINE,
        label_visibility="collapsed",
        wrap=True,
    )
    chosen = infos[name]
    st.caption(chosen.summary + (" *As published.*" if chosen.published else ""))
    return chosen


def show(engine: EngineInfo, primer: Primer | None) -> Plan | None:
    """The form; the plan that was asked for, in the run in which Compose was pressed."""
    state = st.session_state
    has = offer(engine.name)
    state.setdefault(BARS, DEFAULT_BARS)
    state.setdefault(SEED, 0)
    free = primer is None or not primer.own_style
    asked: dict[str, Any] = {}
    with st.form("compose_form", enter_to_submit=False):
        first, more = _controls(engine.name, has, free)
        if primer is None or not primer.harmonised:
            _bars(asked)
        _grid(first, asked)
        if more:
            with st.expander("More controls", icon=":material/tune:"):
                _grid(more, asked)
        seed, pressed = seeds.ask(
            SEED,
            MAX_SEED,
            "The same seed and settings give the same notes.",
            _label(primer),
            ":material/music_note_add:",
            width="stretch",
        )
    if not pressed:
        return None
    for model in engine.models:
        preload(model)
    bars = int(asked.pop("bars", 0))
    if asked.pop("drawing", None) == PUBLISHED:
        asked["temperature"] = 0.0
    controls = has.kept(Controls(**asked))
    return Plan(engine.name, bars, seed, controls, primer.sha256 if primer else None)


def _label(primer: Primer | None) -> str:
    if primer is None:
        return "Compose"
    return "Harmonise my music" if primer.harmonised else "Continue my music"


Control = Callable[[dict[str, Any]], None]


def _controls(engine: str, has: Offer, free: bool) -> tuple[list[Control], list[Control]]:
    """(those in sight, those behind More controls). free: whether style is the form's to say."""
    first: list[Control] = []
    more: list[Control] = []
    if has.genres and free:
        first.append(lambda to: _genre(engine, has, to))
    if has.key and free:
        first.append(_key)
    if has.tempo and free:
        first.append(_tempo)
    if has.as_published:
        first.append(lambda to: _drawing(engine, to))
    if len(has.metres) > 1 and free:
        more.append(lambda to: _metre(engine, has, to))
    if has.density and free:
        more.append(_density)
    if has.temperature is not None:
        more.append(lambda to: _temperature(engine, has, to))
    if has.top_p:
        more.append(_top_p)
    if has.repetition:
        more.append(_repetition)
    if has.instruments and free:
        more.append(lambda to: _instruments(engine, has, to))
    return first, more


def _grid(controls: list[Control], to: dict[str, Any]) -> None:
    """Controls two by two, beneath each other on a phone; a last odd one has the whole width."""
    for start in range(0, len(controls), 2):
        row = controls[start : start + 2]
        for column, control in zip(st.columns(len(row), gap="small"), row, strict=True):
            with column:
                control(to)


def _bars(to: dict[str, Any]) -> None:
    to["bars"] = st.slider("Length", MIN_BARS, MAX_BARS, step=4, format="%d bars", key=BARS)


def _genre(engine: str, has: Offer, to: dict[str, Any]) -> None:
    key = f"compose_genre_{engine}"
    st.session_state.setdefault(key, has.genres[0])
    genre = st.selectbox("Genre", [*has.genres, AUTO], format_func=_capital, key=key)
    to["genre"] = None if genre == AUTO else genre


def _key(to: dict[str, Any]) -> None:
    to["key"] = KEYS.get(st.selectbox("Key", [AUTO, *KEYS], key="compose_key"))


def _tempo(to: dict[str, Any]) -> None:
    tempo = st.number_input(
        "Tempo",
        int(MIN_TEMPO_BPM),
        int(MAX_TEMPO_BPM),
        value=None,
        step=1,
        key="compose_tempo",
        placeholder="Auto",
        help="Quarters a minute; empty leaves it to the engine.",
    )
    to["tempo_bpm"] = None if tempo is None else float(tempo)


def _drawing(engine: str, to: dict[str, Any]) -> None:
    key = f"compose_drawing_{engine}"
    st.session_state.setdefault(key, PUBLISHED)
    to["drawing"] = st.segmented_control(
        "Notes are drawn",
        [PUBLISHED, DRAWN],
        required=True,
        key=key,
        help="The paper takes the likeliest note each time, which soon goes round in circles; "
        "by chance, at the temperature below, it does not.",
    )


def _metre(engine: str, has: Offer, to: dict[str, Any]) -> None:
    metres = {_metre_name(metre): metre for metre in has.metres}
    chosen = st.selectbox("Metre", [AUTO, *metres], key=f"compose_metre_{engine}")
    to["metre"] = metres.get(chosen)


def _density(to: dict[str, Any]) -> None:
    to["density"] = st.select_slider(
        "Density", list(DENSITIES), format_func=DENSITIES.__getitem__, key="compose_density"
    )


def _temperature(engine: str, has: Offer, to: dict[str, Any]) -> None:
    key = f"compose_temperature_{engine}"
    st.session_state.setdefault(key, has.temperature or 1.0)
    to["temperature"] = st.slider(
        "Temperature",
        0.1,
        MAX_TEMPERATURE,
        step=0.05,
        key=key,
        help="Low is careful, high is adventurous; 1 is what was learned.",
    )


def _top_p(to: dict[str, Any]) -> None:
    st.session_state.setdefault("compose_top_p", Controls().top_p)
    to["top_p"] = st.slider(
        "Top-p",
        0.5,
        1.0,
        step=0.01,
        key="compose_top_p",
        help="Only the likeliest choices, up to this probability together, are drawn from.",
    )


def _repetition(to: dict[str, Any]) -> None:
    st.session_state.setdefault("compose_repetition", 0.0)
    to["repetition"] = st.slider(
        "Repetition",
        -1.0,
        1.0,
        step=0.1,
        key="compose_repetition",
        help="To the left it avoids what was played, to the right it comes back to it.",
    )


def _instruments(engine: str, has: Offer, to: dict[str, Any]) -> None:
    chosen = st.multiselect(
        "Instruments",
        has.instruments,
        format_func=_capital,
        key=f"compose_instruments_{engine}",
        placeholder="Auto",
    )
    to["instruments"] = tuple(chosen) or None


def _metre_name(metre: tuple[int, int]) -> str:
    return "/".join(map(str, metre))


def _capital(name: str) -> str:
    return name[:1].upper() + name[1:]
