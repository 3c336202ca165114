"""Finished remixes from the gallery as results: no engine runs, no TensorFlow is imported."""

from __future__ import annotations

import streamlit as st

from core import gallery
from core.gallery import GalleryRemix
from core.pictures import load
from core.remixing.files import solo_of
from core.remixing.pictures import sounds
from core.remixing.plan import ACTUAL, Plan, of_recipe
from core.remixing.run import Remix
from core.remixing.stems import Stems
from ui.remix.results import Result, build
from ui.results import credit


def items() -> list[GalleryRemix]:
    """The finished remixes, best first."""
    return gallery.remixes()


def find(slug: str | None) -> GalleryRemix | None:
    """The one of this slug."""
    return next((item for item in items() if item.slug == slug), None)


def plan(found: GalleryRemix) -> Plan:
    """What made it."""
    return of_recipe(found.recipe)


def actual(found: GalleryRemix, wanted: Plan) -> Stems | None:
    """The band that truly played in the plan's part of the file, where it is known."""
    if not found.actual:
        return None
    end_s = wanted.start_s + wanted.seconds
    whole = found.stems(found.actual)
    return Stems({name: c.between(wanted.start_s, end_s) for name, c in whole.parts.items()})


def result(found: GalleryRemix) -> Result:
    """The example's finished remix."""
    stamp = (found.folder / "item.json").stat().st_mtime_ns
    return _result(str(found.folder), found.slug, stamp)


@st.cache_resource(max_entries=8, ttl=3600, show_spinner=False)
def _result(folder: str, slug: str, stamp: int) -> Result:
    found = next(item for item in items() if item.slug == slug)
    own = plan(found)
    solo = solo_of(found.source_bytes(), own.start_s, own.seconds)
    made = [
        Remix(
            band.engine,
            found.stems(band.files),
            band.metrics,
            band.compute_seconds,
            found.arrangement(band.engine),
        )
        for band in found.bands
    ]
    true = actual(found, own)
    stems = {one.engine: one.stems for one in made} | ({} if true is None else {ACTUAL: true})
    pictures = load(found.folder, list(sounds(solo, stems)))
    return build(found.title, credit(found), own, solo, made, true, pictures=pictures)
