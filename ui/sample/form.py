"""Which engine the plane is of, and where on it a visitor begins."""

from __future__ import annotations

import streamlit as st

from core.sampling.plan import Plan, latents, of_recipe
from ui import links
from ui.sample import own_note, sounds, stage

ENGINE = "sample_engine"


def start_at(engine: str) -> Plan:
    """Where the engine's plane opens: at the gallery's sound, else in the middle."""
    found = sounds.examples().get(engine)
    if found is not None:
        return of_recipe(found.recipe)
    plane = sounds.engine(engine).plane
    return Plan(engine).at(((plane.x_low + plane.x_high) / 2, (plane.y_low + plane.y_high) / 2))


def go_to(plan: Plan) -> None:
    """Bring plane and picker to a plan; before they are drawn."""
    begin(plan)
    st.session_state[ENGINE] = plan.engine


def go_to_note(note: own_note.OwnNote, rebuilt: own_note.Rebuilt) -> None:
    """Bring plane and picker to where an engine puts the visitor's note."""
    plan = rebuilt.plan(note.sha256)
    stage.go(plan, rebuilt.sound(note.sha256))
    st.session_state[ENGINE] = plan.engine
    st.session_state[stage.LINK] = links.put(plan.query())


def begin(plan: Plan) -> None:
    """Bring the plane to a plan. Raises UserInputError for a place that its engine has not."""
    plan = sounds.fitting(plan)
    latents(sounds.engine(plan.engine), plan)
    stage.go(plan, sounds.finished(plan))


def pick_engine() -> str | None:
    """The engine of the plane. None where none is installed."""
    infos = sounds.infos()
    if not infos:
        return None
    if st.session_state.get(ENGINE) not in infos:
        st.session_state[ENGINE] = next(iter(infos))
    name = st.radio(
        "Engine",
        list(infos),
        format_func=lambda name: infos[name].title,
        key=ENGINE,
        on_change=_changed,
        label_visibility="collapsed",
    )
    chosen = infos[name]
    st.caption(chosen.summary + (" *As published.*" if chosen.published else ""))
    return str(name)


def _changed() -> None:
    """Another engine: where it puts the visitor's note, or where its plane opens."""
    name = st.session_state[ENGINE]
    note: own_note.OwnNote | None = st.session_state.get(own_note.RUNS.result)
    rebuilt = note.by(name) if note else None
    if note is not None and rebuilt is not None:
        go_to_note(note, rebuilt)
    else:
        go_to(start_at(name))
