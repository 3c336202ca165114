"""Remix: give a tune on one instrument, hear engines add a band, and mix it."""

import streamlit as st

from core.engines import engines
from core.errors import UserInputError
from core.gallery import GalleryRemix
from core.remixing import plan as plans
from core.remixing.plan import Plan
from ui import links, sources
from ui.compose import finished, pieces
from ui.remix import examples, form, stage, work
from ui.remix.stage import LINK
from ui.remix.work import RUNS
from ui.sources import Source

SHOWN, AWAITED = "remix_shown", "remix_awaited"


def open_link() -> None:
    """Replay what the address asks for, once. An upload that it names has to be given first."""
    query = {name: st.query_params[name] for name in st.query_params}
    if st.session_state.get(LINK) == query:
        return
    st.session_state[LINK] = query
    if not {"example", "input"} & set(query):
        return
    found = examples.find(query.get("example"))
    if found is None and "input" not in query:
        st.session_state[RUNS.problem] = (
            "This link names an example that is not here; pick one below instead."
        )
        return
    known = [info.name for info in engines(plans.JOB)]
    own = examples.plan(found) if found is not None else None
    plan, wrong = plans.from_fields(query, known, own)
    form.fill(plan)
    stage.set_up(plan)
    if found is not None:
        st.session_state[SHOWN] = found.slug
        answer(sources.of_item(found), plan)
    else:
        st.session_state[AWAITED] = plan
        if (composed := finished.find(plan.input_sha256)) is not None:
            piece = composed.piece
            about = pieces.about(piece)
            sources.hand_on(piece.title, composed.midi, piece.credit, form.ASK, about)
    if wrong:
        st.session_state[RUNS.problem] = (
            f"Part of this link was not understood ({', '.join(wrong)}), so the page's own "
            "settings are used there."
        )


def answer(source: Source, plan: Plan) -> None:
    """Show the finished remix that the plan asks for, or make it."""
    st.session_state.pop(AWAITED, None)
    st.session_state[LINK] = links.put(plan.query())
    found = examples.find(source.example)
    if found is not None and plans.is_answered_by(plan, found.recipe):
        RUNS.cancel()
        st.session_state[RUNS.result] = examples.result(found).only(plan)
    else:
        work.start(source, plan)


def expected(source: Source | None) -> None:
    """What a link wants to remix: asked for, and remixed once it is there."""
    wanted: Plan | None = st.session_state.get(AWAITED)
    if wanted is None:
        return
    if source is not None and source.sha256 == wanted.input_sha256:
        answer(source, wanted)
    elif source is not None and source.example is not None:
        del st.session_state[AWAITED]
    else:
        st.info(
            "This link remixes a file that it cannot carry: upload the one whose sha256 begins "
            f"with {str(wanted.input_sha256)[:12]}, and the same mix is made.",
            icon=":material/upload_file:",
        )


def show_example(source: Source | None) -> None:
    """A newly picked example brings its finished remix along, on its own desk."""
    found = examples.find(source.example) if source is not None else None
    if found is None or found.slug == st.session_state.get(SHOWN):
        return
    st.session_state[SHOWN] = found.slug
    if not RUNS.is_running():
        plan = examples.plan(found)
        st.session_state[RUNS.result] = examples.result(found)
        stage.set_up(plan)
        st.session_state[LINK] = links.put(plan.query())


def is_about(source: Source | None) -> bool:
    """Whether the result may stand under this source: not an earlier one under a new upload."""
    if AWAITED in st.session_state:
        return False
    result = st.session_state.get(RUNS.result)
    if result is None or source is None or source.example is not None:
        return True
    return bool(result.plan.input_sha256 == source.sha256)


items: list[GalleryRemix] = examples.items()
RUNS.collect()
open_link()
st.title("Remix", anchor=False)
st.write("Give Encore a tune on one instrument, and hear what band each engine adds to it.")
source, problem = None, st.session_state.pop(RUNS.problem, None)
try:
    source = sources.pick(items, form.ASK)
except UserInputError as error:
    problem = str(error)
expected(source)
show_example(source)
if not engines(plans.JOB):
    st.info("No remixer is installed here; finished remixes play without one.")
if source is not None and (asked := form.show(source)) is not None:
    st.session_state[stage.ASKED] = True
    answer(source, asked)
redraw: Plan | None = st.session_state.pop(stage.REDRAW, None)
if source is not None and redraw is not None:
    answer(source, redraw)
problem = st.session_state.pop(RUNS.problem, None) or problem
if problem:
    st.error(problem, icon=":material/info:")
if RUNS.is_running():
    work.watch()
elif is_about(source) and (problem is None or (source and source.example)):
    stage.show()
