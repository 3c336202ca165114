"""Extrapolate: give a clip, hear it go on, and see how close that is to what really follows."""

from dataclasses import replace

import streamlit as st

from core.errors import UserInputError
from core.extrapolation.ending import ENDINGS
from core.gallery import GalleryItem
from ui import closest, examples, form, links, requests, runs, sources
from ui.results import show_downloads, show_figures, show_paths, show_player, show_reading

LINK, SHOWN = "extrapolate_link", "extrapolate_shown"
AWAITED = "extrapolate_awaited"


def open_link(items: list[GalleryItem]) -> None:
    """Replay what the address asks for, once: from the gallery when that holds the very run.

    An upload that it names has to be given first.
    """
    query = {name: st.query_params[name] for name in st.query_params}
    if st.session_state.get(LINK) == query:
        return
    st.session_state[LINK] = query
    request, note = requests.from_query(query, items, examples.duration_s)
    if note:
        st.session_state[runs.PROBLEM] = note
    if request is None:
        return
    form.fill(request)
    if request.example is None:
        st.session_state[AWAITED] = request
    else:
        st.session_state[SHOWN] = request.example
        answer(sources.of_item(next(i for i in items if i.slug == request.example)), request)


def answer(source: sources.Source, request: requests.Request) -> None:
    """Show the finished run that equals the request, or start one."""
    st.session_state.pop(AWAITED, None)
    st.session_state[LINK] = links.write(request)
    found = next((i for i in examples.items() if i.slug == request.example), None)
    wanted = request.recipe(source.sha256)
    if found is not None and requests.is_answered_by(wanted, found.recipe):
        runs.cancel()
        st.session_state[runs.RESULT] = examples.result(found).only(request.engines)
    else:
        runs.start(source, request)


def expected(source: sources.Source | None) -> None:
    """What a link wants to continue: asked for, and continued once it is there."""
    wanted: requests.Request | None = st.session_state.get(AWAITED)
    if wanted is None:
        return
    if source is not None and source.sha256 == wanted.input_sha256:
        latest_s = requests.latest_start_s(source.duration_s)
        answer(source, replace(wanted, start_s=min(wanted.start_s, latest_s)))
    elif source is not None and source.example is not None:
        del st.session_state[AWAITED]
    else:
        st.info(
            "This link continues a file that it cannot carry: upload the one whose sha256 begins "
            f"with {str(wanted.input_sha256)[:12]}, and the same sound is made.",
            icon=":material/upload_file:",
        )


def show_example(source: sources.Source | None, items: list[GalleryItem]) -> None:
    """A newly picked example brings its finished run along."""
    if source is None or source.example is None or source.example == st.session_state.get(SHOWN):
        return
    st.session_state[SHOWN] = source.example
    found = next(item for item in items if item.slug == source.example)
    if not runs.is_running():
        st.session_state[runs.RESULT] = examples.result(found)
        st.session_state[LINK] = links.write(requests.of_recipe(found.recipe))


def show_result() -> None:
    """The run in the session: player, credit, how to read it, downloads, link."""
    result = st.session_state.get(runs.RESULT)
    if result is None:
        return
    request = requests.of_recipe(result.recipe)
    start, seconds = request.start_s, request.seconds
    st.header(result.title, anchor=False)
    st.caption(
        (f"{result.credit}  \n" if result.credit else "")
        + f"Input from {start:g} s · continued for {seconds} s · seed {request.seed}"
        + ("" if request.ending == "none" else f" · ending: {ENDINGS[request.ending].lower()}")
    )
    for note in result.notes:
        st.warning(note, icon=":material/cloud_off:")
    show_player(result, key="extrapolate_player")
    if result.actual_flac is None:
        st.caption("The clip ends where the input ends, so there is no actual continuation.")
    show_figures(result)
    show_paths(result, key="extrapolate_path")
    closest.of_continuation(result, key="extrapolate_closest")
    show_reading(result)
    show_downloads(result, key="extrapolate_download")
    links.show(request)


def is_about(source: sources.Source | None) -> bool:
    """Whether the result may stand under this source: not an earlier one under a new upload."""
    if AWAITED in st.session_state:
        return False
    result = st.session_state.get(runs.RESULT)
    if result is None or source is None or source.example is not None:
        return True
    return bool(result.recipe.input_sha256 == source.sha256)


items = examples.items()
runs.collect()
open_link(items)
st.title("Extrapolate", anchor=False)
st.write("Give Encore a clip of music and hear how it could go on.")
source, problem = None, st.session_state.pop(runs.PROBLEM, None)
try:
    source = sources.pick(items)
except UserInputError as error:
    problem = str(error)
expected(source)
show_example(source, items)
if source is not None and (asked := form.show(source)) is not None:
    answer(source, asked)
    problem = st.session_state.pop(runs.PROBLEM, None)
if problem:
    st.error(problem, icon=":material/info:")
if runs.is_running():
    runs.watch()
elif is_about(source) and (problem is None or (source and source.example)):
    show_result()
