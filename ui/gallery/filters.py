"""Which examples are shown: by job, genre and engine, in the page's address too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from core.gallery import GalleryEntry
from ui import links
from ui.gallery import cards

ALL = "All"
LINK = "gallery_link"
JOBS = {
    "extrapolate": "Continuations",
    "remix": "Remixes",
    "compose": "Compositions",
    "sample": "Sounds",
    "compare": "Comparisons",
}
NAMES = ("job", "genre", "engine")
WIDTHS = {"job": 200, "genre": 260, "engine": 320}


def pick(entries: Sequence[GalleryEntry]) -> list[GalleryEntry]:
    """The widgets, and what is left of the entries. A link's choice that no entry meets is `All`.

    Genres and engines are those of the chosen job.
    """
    query = {name: st.query_params[name] for name in NAMES if name in st.query_params}
    if st.session_state.get(LINK) != query:
        for name in NAMES:
            st.session_state[_key(name)] = query.get(name, ALL)
    with st.container(horizontal=True):
        job = _box("job", "Kind", {job: JOBS[job] for job in JOBS if _some(entries, job)})
        kept = [entry for entry in entries if job in (ALL, entry.job)]
        genres = sorted({entry.genre for entry in kept})
        genre = _box("genre", "Genre", {name: name for name in genres})
        titles = {name: cards.title(e.job, name) for e in kept for name in cards.names(e)}
        ours = dict(sorted(titles.items(), key=lambda item: item[1]))
        engine = _box("engine", "Engine", ours)
    chosen = {"job": job, "genre": genre, "engine": engine}
    chosen = {name: value for name, value in chosen.items() if value != ALL}
    if st.session_state.get(LINK) != chosen or query != chosen:
        st.session_state[LINK] = links.put(chosen)
    return [
        entry
        for entry in kept
        if genre in (ALL, entry.genre) and engine in (ALL, *cards.names(entry))
    ]


def _some(entries: Sequence[GalleryEntry], job: str) -> bool:
    return any(entry.job == job for entry in entries)


def _key(name: str) -> str:
    return f"gallery_{name}"


def _box(name: str, label: str, options: Mapping[str, str]) -> str:
    if st.session_state.get(_key(name)) not in (ALL, *options):
        st.session_state[_key(name)] = ALL
    return str(
        st.selectbox(
            label,
            [ALL, *options],
            format_func=lambda value: options.get(value, value),
            key=_key(name),
            width=WIDTHS[name],
        )
    )
