"""Which training sounds lie around a place, what to call it, and how they sound in truth."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import streamlit as st

from core import gallery
from core.sampling.sound import Latent, Point
from core.score import PITCH_CLASSES
from ui.latent_plane import Near
from ui.sample import sounds

SHOWN = 5
HERE = 0.02
"""Nearer than this, in standard deviations, it is the training sound itself."""
NOTES = "notes"


def nearest(engine: str, latent: Latent) -> list[Near]:
    """The nearest sound of each of the nearest instruments."""
    points, places = _space(engine)
    if not points:
        return []
    away = np.linalg.norm(places - np.asarray(latent.values, np.float32), axis=1)
    found: dict[str, Near] = {}
    for index in np.argsort(away, kind="stable"):
        name = points[index].name
        if name not in found:
            note, credit = recorded(name) or (None, "")
            found[name] = Near(int(index), float(away[index]), note, credit)
            if len(found) == SHOWN:
                break
    return list(found.values())


def words(engine: str, near: Sequence[Near], stops: int) -> str:
    """What to call a place, or a path, by what is near it."""
    points = sounds.shown(engine).points
    names = [points[one.index].name for one in near[:2]]
    if stops > 1:
        return f"A path of {stops} stops, from near {names[0]}" if names else "A path"
    if not names:
        return "A place on the plane"
    if near[0].distance < HERE:
        point = points[near[0].index]
        return f"{point.name}, {pitch_name(point.pitch)}"
    return f"between {names[0]} and {names[1]}" if len(names) > 1 else f"near {names[0]}"


def pitch_name(pitch: float) -> str:
    """`E♭4` for 63; cents are left out."""
    whole = round(pitch)
    name = PITCH_CLASSES[whole % 12].replace("-", "♭").replace("#", "♯")
    return f"{name}{whole // 12 - 1}"


def recorded(name: str) -> tuple[bytes, str] | None:
    """(MP3 of a recorded note of that instrument, its credit), where the gallery has one."""
    folder = gallery.GALLERY / NOTES
    path = folder / "credits.toml"
    if not path.exists():
        return None
    entry = _credits(str(path), path.stat().st_mtime_ns).get(name)
    if entry is None:
        return None
    return (folder / entry["file"]).read_bytes(), f"{entry['credit']} · {entry['licence']}"


@st.cache_resource(max_entries=2, show_spinner=False)
def _credits(path: str, stamp: int) -> dict[str, dict[str, str]]:
    with open(path, "rb") as file:  # noqa: PTH123 - a string is what the cache takes
        return {entry["instrument"]: entry for entry in tomllib.load(file)["note"]}


@st.cache_resource(max_entries=8, show_spinner=False)
def _space(engine: str) -> tuple[Sequence[Point], npt.NDArray[np.float32]]:
    points = sounds.shown(engine).points
    return points, np.array([point.latent.values for point in points], np.float32)
