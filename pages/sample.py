"""Sample: a plane of sounds to click, walk and play, and the place of a visitor's own note."""

import streamlit as st

from core import gallery
from core.errors import ModelUnavailableError, UserInputError
from core.sampling import plan as plans
from core.sampling.plan import OWN, Plan
from ui import links
from ui.sample import form, own_note, sounds, stage, tunes

PROBLEM = "sample_problem"


def open_link() -> None:
    """Go where the address says, once."""
    query = {name: st.query_params[name] for name in st.query_params}
    if st.session_state.get(stage.LINK) == query:
        return
    st.session_state[stage.LINK] = query
    names = list(sounds.infos())
    if not query or not names:
        return
    plan, wrong = plans.from_fields(query, names)
    if wrong:
        st.session_state[PROBLEM] = (
            f"Part of this link was not understood ({', '.join(wrong)}), so the page's own "
            "settings are used there."
        )
    try:
        if "at" in wrong or "at" not in query:
            plan = form.start_at(plan.engine)
        # A tune is played beside the plane, which has its sound as a note.
        form.go_to(plan.note() if plan.melody else plan)
    except (UserInputError, ModelUnavailableError) as error:
        st.session_state[PROBLEM] = str(error)
        return
    if plan.melody == OWN:
        tunes.open_own(plan)
    elif plan.melody:
        tunes.start(plan, None)


def collect() -> None:
    """Take what finished runs gave: a note's place is where the plane goes."""
    if own_note.RUNS.collect():
        note: own_note.OwnNote = st.session_state[own_note.RUNS.result]
        form.go_to_note(note, note.rebuilt[0])
    if tunes.RUNS.collect():
        played: tunes.Played = st.session_state[tunes.RUNS.result]
        st.session_state[stage.LINK] = links.put(played.plan.query())


def show_desk(engine: str | None) -> str | None:
    """Engine, own note, tune; a sentence on what went wrong."""
    if engine is None:
        st.info("No sampler is installed here; finished sounds play without one.")
        return None
    try:
        sounds.shown(engine)
        if not stage.stands(engine):
            form.begin(form.start_at(engine))
        own_note.pick(engine)
        if own_note.RUNS.is_running():
            own_note.watch()
        plan: Plan = st.session_state[stage.PLAN]
        tunes.pick(plan)
        if tunes.RUNS.is_running():
            tunes.watch()
        else:
            tunes.show()
    except (UserInputError, ModelUnavailableError) as error:
        return str(error)
    return None


def show_finished() -> None:
    """The gallery's sounds, which need no engine."""
    for found in gallery.sounds():
        st.markdown(f"**{found.title}** by {found.artist} · {found.licence}")
        sounds.player(found)


collect()
open_link()
st.title("Sample", anchor=False)
st.write("Every place on this plane is a sound. Click anywhere, walk, draw a path, play the keys.")
scene, desk = st.columns([5, 2], gap="large")
with desk:
    engine = form.pick_engine()
    wrong = show_desk(engine)
with scene:
    for name in (PROBLEM, own_note.RUNS.problem, tunes.RUNS.problem):
        wrong = st.session_state.pop(name, None) or wrong
    if wrong:
        st.error(wrong, icon=":material/info:")
    if stage.stands(engine):
        stage.show()
        own_note.show()
    else:
        show_finished()
