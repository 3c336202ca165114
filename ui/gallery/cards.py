"""One finished example: its words and picture, and when it is opened player, figures and recipe."""

from __future__ import annotations

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
from ui import examples, figures, requests
from ui.compare import pairs, rolls
from ui.compose import pieces
from ui.compose.thumbnail import thumbnail
from ui.gallery import facts
from ui.piano_roll import describe, piano_roll
from ui.remix import examples as remixes
from ui.remix import stage
from ui.results import show_paths, show_player
from ui.sample import sounds


def names(entry: GalleryEntry) -> tuple[str, ...]:
    """The engines whose work it shows."""
    if isinstance(entry, GalleryItem):
        return tuple(made.engine for made in entry.continuations)
    return tuple(entry.recipe.engines)


def title(job: str, engine: str) -> str:
    """What the page calls an engine; its name where it is not installed."""
    known = TITLES if job == "compare" else {}
    return next((e.title for e in engines(job) if e.name == engine), known.get(engine, engine))


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


def show(entry: GalleryEntry) -> None:
    """The card. Its sound is read only when its player is opened."""
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
            _picture(entry)
        if opened:
            _sound(entry, f"gallery_player_{name}")
            _figures(entry)
            _recipe(entry, f"gallery_recipe_{name}")


def _picture(entry: GalleryEntry) -> None:
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


def _sound(entry: GalleryEntry, key: str) -> None:
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
        sounds.player(entry)
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


def _figures(entry: GalleryEntry) -> None:
    """Against what is true, where something is; else what can be said of the work alone."""
    if isinstance(entry, GalleryItem | GalleryRemix):
        made = entry.continuations if isinstance(entry, GalleryItem) else entry.bands
        published = {info.name for info in engines(entry.job) if info.published}
        lines = [
            figures.Line(title(entry.job, one.engine), one.engine in published, one.metrics)
            for one in made
        ]
        if isinstance(entry, GalleryRemix):
            lines = [stage.shown(line) for line in lines]
        figures.show(lines, entry.title)
    elif isinstance(entry, GalleryPiece):
        facts.show([("", facts.of_score(pieces.of_example(entry).made.score))])
    elif isinstance(entry, GalleryComparison):
        sides = pairs.of_example(entry).sides
        facts.show([(TITLES[side.model], facts.of_score(side.score)) for side in sides])
    elif isinstance(entry, GallerySound):
        facts.show([("", facts.of_sound(entry.facts))])


def _recipe(entry: GalleryEntry, key: str) -> None:
    with st.expander("Recipe: what makes the same bytes again", icon=":material/receipt_long:"):
        text = entry.recipe.to_json()
        st.code(text, "json", wrap_lines=True)
        st.download_button(
            "Recipe", text, f"{entry.slug}-recipe.json", "application/json", key=key,
            on_click="ignore", icon=":material/download:",
        )  # fmt: skip
