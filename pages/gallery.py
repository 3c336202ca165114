"""Gallery: every finished example with its credit; players appear when asked for."""

import streamlit as st

from core.engines import info
from core.gallery import GalleryItem
from ui import examples, requests
from ui.results import show_paths, show_player


def card(item: GalleryItem) -> None:
    """One example. Its sound is read only when its player is opened."""
    with st.container(border=True, key=f"gallery_card_{item.slug}"):
        words, picture = st.columns([3, 2], gap="medium", vertical_alignment="center")
        words.subheader(item.title, anchor=False)
        words.caption(f"{item.artist} · {item.genre} · {item.licence}  \n{item.source}")
        names = [info(requests.JOB, made.engine).title for made in item.continuations]
        words.markdown(" ".join(f":violet-badge[{name}]" for name in names))
        with words.container(horizontal=True, vertical_alignment="center"):
            opened = st.toggle("Listen here", key=f"gallery_open_{item.slug}")
            st.page_link(
                "pages/extrapolate.py",
                label="Open in Extrapolate",
                icon=":material/open_in_new:",
                query_params=requests.of_recipe(item.recipe).query(),
            )
        input_picture = item.folder / "input.png"
        if input_picture.exists():
            picture.image(input_picture.read_bytes(), width="stretch")
        if opened:
            result = examples.result(item)
            show_player(result, key=f"gallery_player_{item.slug}", with_figures=False)
            show_paths(result, key=f"gallery_path_{item.slug}")


st.title("Gallery", anchor=False)
st.write("Finished runs, each with the music it started from. Nothing is computed here.")
items = examples.items()
if not items:
    st.info("The gallery is empty so far.", icon=":material/queue_music:")
    st.stop()
with st.container(horizontal=True):
    genre = st.selectbox(
        "Genre",
        ["All", *sorted({item.genre for item in items})],
        key="gallery_genre",
        width=260,
    )
    engine = st.selectbox(
        "Engine",
        ["All", *sorted({made.engine for item in items for made in item.continuations})],
        format_func=lambda name: name if name == "All" else info(requests.JOB, name).title,
        key="gallery_engine",
        width=320,
    )
shown = [
    item
    for item in items
    if genre in ("All", item.genre)
    and (engine == "All" or any(made.engine == engine for made in item.continuations))
]
if not shown:
    st.info("No example has both; choose another genre or engine.", icon=":material/filter_alt:")
for item in shown:
    card(item)
