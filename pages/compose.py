"""Compose: music from nothing or from a visitor's own, to play, redraw, print and take home."""

import streamlit as st

from core.composition import plan as plans
from core.composition.offers import offer
from core.composition.plan import Plan
from core.engines import engines
from core.errors import UserInputError
from core.gallery import GalleryPiece
from ui import links
from ui.compose import form, pieces, primers, stage, work
from ui.compose.pieces import Piece
from ui.compose.primers import Primer
from ui.compose.work import RUNS

LINK, WANTED, EXAMPLE = "compose_link", "compose_wanted", "compose_example"


def open_link() -> None:
    """Replay what the address asks for, once. A primer that it names has to be given first."""
    query = {name: st.query_params[name] for name in st.query_params}
    if st.session_state.get(LINK) == query:
        return
    st.session_state[LINK] = query
    names = [entry.name for entry in engines(plans.JOB)]
    if not query or not names:
        return
    plan, wrong = plans.from_fields(query, names)
    if wrong:
        st.session_state[RUNS.problem] = (
            f"Part of this link was not understood ({', '.join(wrong)}), so the engine's own "
            "settings are used there."
        )
    form.fill(plan)
    if plan.primer_sha256 is None:
        answer(plan, None)
    else:
        st.session_state[WANTED] = plan


def answer(plan: Plan, primer: Primer | None) -> None:
    """Show the finished piece that equals the plan, or make it."""
    st.session_state[LINK] = links.put(plan.query())
    key = plan.recipe().key()
    found = next((p for p in pieces.examples() if p.recipe.key() == key), None)
    if found is not None:
        RUNS.cancel()
        show_example(found)
    else:
        note = st.session_state.get(RUNS.problem)
        work.compose(plan, primer)
        if note:
            st.session_state.setdefault(RUNS.problem, note)


def expected(primer: Primer | None) -> None:
    """What a link wants to continue: asked for, and continued once it is there."""
    wanted: Plan | None = st.session_state.get(WANTED)
    if wanted is None:
        return
    if primer is not None and primer.sha256 == wanted.primer_sha256:
        del st.session_state[WANTED]
        answer(wanted, primer)
    else:
        st.info(
            "This link continues a file that it cannot carry: upload the one whose sha256 begins "
            f"with {str(wanted.primer_sha256)[:12]} below, and the same piece is made.",
            icon=":material/upload_file:",
        )


def address_follows() -> None:
    """Redraws and undo change the piece: its address too."""
    piece = st.session_state.get(RUNS.result)
    if piece is None or RUNS.is_running():
        return
    # The first example is what a plain address shows.
    plain = piece.example is not None and not st.session_state.get(LINK)
    if not plain and st.session_state.get(LINK) != piece.plan.query():
        st.session_state[LINK] = links.put(piece.plan.query())


def choose() -> None:
    """Show the finished piece that was picked, and its settings in the form."""
    found = next((p for p in pieces.examples() if p.slug == st.session_state[EXAMPLE]), None)
    if found is not None:
        RUNS.cancel()
        plan = show_example(found).plan
        form.fill(plan)
        st.session_state[LINK] = links.put(plan.query())


def show_example(found: GalleryPiece) -> Piece:
    piece = pieces.of_example(found)
    pieces.forget_versions()
    st.session_state[RUNS.result] = piece
    return piece


def pick_example() -> None:
    """The finished pieces by name; none is marked once the visitor's own piece stands there."""
    titles = {found.slug: found.title for found in pieces.examples()}
    piece = st.session_state.get(RUNS.result)
    if len(titles) > 1:
        st.session_state[EXAMPLE] = piece and piece.example
        st.pills(
            "Finished pieces",
            list(titles),
            format_func=titles.__getitem__,
            key=EXAMPLE,
            on_change=choose,
            wrap=True,
        )


work.collect()
open_link()
st.title("Compose", anchor=False)
st.write("Music that was not there a moment ago: hear it, change it, print it, take it home.")
problem = st.session_state.pop(RUNS.problem, None)
# The piece comes first, so that a phone shows it on top; beside it there is room for the form.
scene, desk = st.columns([5, 2], gap="large")
with desk:
    engine = form.pick_engine()
    primer = None
    if engine is None:
        st.info("No composer is installed here; finished pieces play without one.")
    else:
        try:
            primer = primers.pick(offer(engine.name))
        except UserInputError as error:
            problem = str(error)
        expected(primer)
        asked = form.show(engine, primer)
        if asked is not None:
            answer(asked, primer)
        problem = st.session_state.pop(RUNS.problem, None) or problem
if RUNS.result not in st.session_state and (first := pieces.examples()):
    show_example(first[0])
address_follows()
with desk:
    pick_example()
with scene:
    if problem:
        st.error(problem, icon=":material/info:")
    stage.show()
