"""Finished examples from the gallery as results: no engine runs, no TensorFlow is imported."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import soundfile as sf
import streamlit as st

from core.gallery import GalleryItem, GallerySource, item
from core.gallery import items as gallery_items
from core.pictures import load
from ui import requests
from ui.results import Result, build, credit


def items() -> list[GalleryItem]:
    """The Extrapolate job's finished examples, best first."""
    return gallery_items(requests.JOB)


def result(found: GalleryItem) -> Result:
    """The example's finished run."""
    stamp = (found.folder / "item.json").stat().st_mtime_ns
    return _result(str(found.folder), found.slug, stamp)


@st.cache_resource(max_entries=32, ttl=3600, show_spinner=False)
def _result(folder: str, slug: str, stamp: int) -> Result:
    found = item(requests.JOB, slug)
    data = found.source_bytes()
    clip, actual = requests.cut(
        data, hashlib.sha256(data).hexdigest(), requests.of_recipe(found.recipe)
    )
    names = [made.engine for made in found.continuations]
    kept = ["input", *names] + (["actual"] if actual is not None else [])
    return build(
        found.title,
        credit(found),
        found.recipe,
        clip,
        actual,
        [
            (
                made.engine,
                found.clip(made.engine),
                dict(made.metrics),
                made.compute_seconds,
                made.path,
            )
            for made in found.continuations
        ],
        pictures=load(Path(folder), kept),
        path_pictures={
            made.engine: picture.read_bytes()
            for made in found.continuations
            if (picture := found.folder / made.path_file()).exists()
        },
    )


def duration_s(found: GallerySource) -> float:
    """Length of the example's excerpt in seconds."""
    return float(sf.info(io.BytesIO(found.source_bytes())).duration)
