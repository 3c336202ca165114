"""Gallery: every finished example with its credit; players appear when asked for."""

import streamlit as st

from core.comparing import plan as compare_plans
from core.comparing.offers import TITLES
from core.engines import engines
from core.gallery import (
    GalleryComparison,
    GalleryEntry,
    GalleryItem,
    GalleryPiece,
    GalleryRemix,
    GallerySound,
)
from core.remixing import plan as remix_plans
from core.remixing.desk import Desk
from core.sampling import plan as sample_plans
from ui import examples, requests
from ui.compare import pairs, rolls
from ui.compose import pieces
from ui.compose.thumbnail import thumbnail
from ui.piano_roll import describe, piano_roll
from ui.remix import examples as remixes
from ui.remix import stage
from ui.results import show_paths, show_player
from ui.sample import sounds

JOBS = {
    "extrapolate": "Continuations",
    "remix": "Remixes",
    "compose": "Compositions",
    "sample": "Sounds",
    "compare": "Comparisons",
}


def names(entry: GalleryEntry) -> tuple[str, ...]:
    """The engines whose work it shows."""
    if isinstance(entry, GalleryItem):
        return tuple(made.engine for made in entry.continuations)
    return tuple(entry.recipe.engines)


def card(entry: GalleryEntry) -> None:
    """One example. Its sound is read only when its player is opened."""
    name = entry.slug if entry.job == "extrapolate" else f"{entry.job}_{entry.slug}"
    with st.container(border=True, key=f"gallery_card_{name}"):
        words, picture = st.columns([3, 2], gap="medium", vertical_alignment="center")
        words.header(entry.title, anchor=False)
        words.caption(f"{entry.artist} · {entry.genre} · {entry.licence}  \n{entry.source}")
        made_by = [title(entry.job, engine) for engine in names(entry)]
        words.markdown(" ".join(f":violet-badge[{name}]" for name in made_by))
        with words.container(horizontal=True, vertical_alignment="center"):
            opened = st.toggle("Listen here", key=f"gallery_open_{name}")
            st.page_link(
                f"pages/{entry.job}.py",
                label=f"Open in {entry.job.capitalize()}",
                icon=":material/open_in_new:",
                query_params=query(entry),
            )
        with picture:
            show_picture(entry)
        if opened:
            show_sound(entry, f"gallery_player_{name}")


def query(entry: GalleryEntry) -> dict[str, str]:
    """What opens it on its page."""
    if isinstance(entry, GalleryPiece):
        return pieces.of_example(entry).plan.query()
    if isinstance(entry, GalleryRemix):
        return remix_plans.of_recipe(entry.recipe).query()
    if isinstance(entry, GallerySound):
        return sample_plans.of_recipe(entry.recipe).query()
    if isinstance(entry, GalleryComparison):
        return compare_plans.of_recipe(entry.recipe).query()
    return requests.of_recipe(entry.recipe).query()


def show_picture(entry: GalleryEntry) -> None:
    if isinstance(entry, GalleryPiece):
        score = pieces.of_example(entry).made.score
        st.image(thumbnail(score), width="stretch", alt=describe(score))
    if isinstance(entry, GalleryComparison):
        for side in pairs.of_example(entry).sides:
            st.image(
                thumbnail(side.score),
                caption=TITLES[side.model],
                width="stretch",
                alt=describe(side.score),
            )
    for name in ("input.png", "actual-all.png"):
        if (path := entry.folder / name).exists():
            st.image(path.read_bytes(), width="stretch", alt=f"Spectrogram of {entry.title}.")


def show_sound(entry: GalleryEntry, key: str) -> None:
    if isinstance(entry, GalleryPiece):
        piece = pieces.of_example(entry)
        sound, given = entry.sound(), entry.given_bars
        piano_roll(piece.made, sound, key=key, work=piece.work, title=entry.title, given_bars=given)
    elif isinstance(entry, GalleryItem):
        result = examples.result(entry)
        show_player(result, key=key)
        show_paths(result, key=f"gallery_path_{entry.slug}")
    elif isinstance(entry, GalleryRemix):
        remix = remixes.result(entry)
        stage.mixer(remix, remix.bands[0], Desk(), key=key)
    elif isinstance(entry, GallerySound):
        st.audio(sounds.of(sample_plans.of_recipe(entry.recipe), entry.clip()).wav)
    elif isinstance(entry, GalleryComparison):
        pair = pairs.of_example(entry)
        for column, side in zip(st.columns(len(pair.sides)), pair.sides, strict=True):
            with column:
                st.markdown(f"**{TITLES[side.model]}**")
                rolls.show(
                    side.score,
                    key=f"{key}_{side.model}",
                    work=f"{entry.slug}/{side.model}",
                    title=f"{entry.title}, {TITLES[side.model]}",
                    given_bars=pair.given_bars,
                    heard=pair.sound(side),
                )


def title(job: str, engine: str) -> str:
    """What the page calls an engine; its name where it is not installed."""
    known = TITLES if job == "compare" else {}
    return next((e.title for e in engines(job) if e.name == engine), known.get(engine, engine))


st.title("Gallery", anchor=False)
st.write("Finished work: continuations with the music they started from, bands for a solo, new "
         "pieces, sounds, models side by side. Nothing is computed here.")  # fmt: skip
entries: list[GalleryEntry] = [
    *pieces.examples(), *examples.items(), *remixes.items(), *sounds.examples().values(),
    *pairs.examples(),
]  # fmt: skip
if not entries:
    st.info("The gallery is empty so far.", icon=":material/queue_music:")
    st.stop()
with st.container(horizontal=True):
    jobs = [job for job in JOBS if any(entry.job == job for entry in entries)]
    job = st.selectbox(
        "Kind",
        ["All", *jobs],
        format_func=lambda name: JOBS.get(name, name),
        key="gallery_job",
        width=200,
    )
    entries = [entry for entry in entries if job in ("All", entry.job)]
    genre = st.selectbox(
        "Genre",
        ["All", *sorted({entry.genre for entry in entries})],
        key="gallery_genre",
        width=260,
    )
    titles = {(e.job, name): title(e.job, name) for e in entries for name in names(e)}
    engine = st.selectbox(
        "Engine", ["All", *sorted(set(titles.values()))], key="gallery_engine", width=320
    )
shown = [
    entry
    for entry in entries
    if genre in ("All", entry.genre)
    and (engine == "All" or any(titles[entry.job, name] == engine for name in names(entry)))
]
if not shown:
    st.info("No example has both; choose another genre or engine.", icon=":material/filter_alt:")
for entry in shown:
    card(entry)
