"""The plane of sounds with its pitch keyboard: any place of it is heard at a click.

The browser asks (`asked`), the page answers with the next mount's data, and the sound starts as
soon as it is there. Training points and sounds travel by URL, but for a short sound that somebody
waits for.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import streamlit as st

from core.sampling.sound import Plane, Point, Touch
from ui import media, player

MAX_ALONG_BYTES = 400_000
_mount = st.components.v2.component(
    "encore_latent_plane",
    **player.parts(Path(__file__).parent, "plane", "voice", "map", "keyboard", "hands"),
)


@dataclass(frozen=True)
class Map:
    """An engine's plane. title: the engine's. pitches: lowest and highest MIDI number it plays."""

    title: str
    plane: Plane
    points: Sequence[Point]
    plays_pitches: bool
    pitches: tuple[int, int]

    @cached_property
    def families(self) -> list[str]:
        return sorted({point.family for point in self.points})

    @cached_property
    def names(self) -> list[str]:
        return sorted({point.name for point in self.points})

    @cached_property
    def rows(self) -> bytes:
        """JSON: for each point x, y, index of its name, index of its family, pitch."""
        family = {name: index for index, name in enumerate(self.families)}
        name = {name: index for index, name in enumerate(self.names)}
        rows = [
            [round(p.x, 3), round(p.y, 3), name[p.name], family[p.family], p.pitch]
            for p in self.points
        ]
        return json.dumps(rows, separators=(",", ":")).encode()


@dataclass(frozen=True)
class Audible:
    """A sound that the browser can fetch. id: equal for equal sounds."""

    id: str
    wav: bytes


@dataclass(frozen=True)
class Near:
    """A training sound near the place. index: in the map's points. distance: in latent space.

    note: MP3 of a recorded note of that instrument, where there is one. credit: its maker's.
    """

    index: int
    distance: float
    note: bytes | None = None
    credit: str = ""


@dataclass(frozen=True)
class Answer:
    """To the browser's question of that id.

    error: what went wrong. notes: by pitch, where they were made ahead. sound: the view's, where it
    was asked for; a short one comes along with the answer, which spares a way to and fro.
    """

    id: str
    error: str = ""
    notes: Mapping[int, Audible] | None = None
    sound: Audible | None = None


@dataclass(frozen=True)
class View:
    """What the plane shows. plan, timbre: equal for equal sounds, and for those of one place.

    places: one, or those of a path. here, more: where that is, in words.
    sound: what Play plays at once; None where it is made when asked for. link: parameters of the
    address that leads here.
    """

    plan: str
    timbre: str
    places: Sequence[tuple[float, float]]
    touch: Touch
    here: str
    more: str
    nearest: Sequence[Near]
    sound: Audible | None
    link: str
    answer: Answer | None


def latent_plane(shown: Map, view: View, *, key: str) -> None:
    """Show the plane at the view's place, and play the answer if the browser has asked for it."""
    families = shown.families
    plane, touch, answer = shown.plane, view.touch, view.answer
    data: dict[str, Any] = {
        "title": shown.title,
        "plane": [plane.x_low, plane.x_high, plane.y_low, plane.y_high],
        "points": media.url(shown.rows, "application/json", f"{key}/points"),
        "count": len(shown.points),
        "families": families,
        "names": shown.names,
        "plays_pitches": shown.plays_pitches,
        "pitches": list(shown.pitches),
        "plan": view.plan,
        "timbre": view.timbre,
        "place": list(view.places[0]),
        "path": [list(place) for place in view.places] if len(view.places) > 1 else [],
        "touch": {"pitch": touch.pitch, "velocity": touch.velocity, "held_s": touch.held_s},
        "here": view.here,
        "more": view.more,
        "link": view.link,
        "sound": _audible(view.sound, f"{key}/sound"),
        "nearest": [
            {
                "index": near.index,
                "name": shown.points[near.index].name,
                "family": families.index(shown.points[near.index].family),
                "pitch": shown.points[near.index].pitch,
                "distance": round(near.distance, 3),
                "note": media.url(near.note, "audio/mpeg", f"{key}/near/{place}")
                if near.note
                else "",
                "credit": near.credit,
            }
            for place, near in enumerate(view.nearest)
        ],
        "answer": None,
    }
    if answer is not None:
        notes = [
            {"pitch": pitch} | _audible(sound, f"{key}/note/{pitch}")
            for pitch, sound in (answer.notes or {}).items()
        ]
        wav = answer.sound.wav if answer.sound else b""
        data["answer"] = {
            "id": answer.id,
            "error": answer.error,
            "notes": notes,
            "wav": base64.b64encode(wav).decode("ascii") if len(wav) <= MAX_ALONG_BYTES else "",
        }
    _mount(data=data, key=key, on_asked_change=_ignore)


def asked(key: str) -> Mapping[str, Any] | None:
    """What the browser asks in this very run, before the plane is mounted in it.

    `id`, `kind` and what that kind has: hello (the plane is there), place (`place`), point
    (`index`), path (`path`), key (a touch alone), keys (`pitches`, to be made ahead), rest (nothing
    more is asked for a while); all but hello with `touch` (pitch, velocity, held_s). It comes from
    a browser: check it.
    """
    state = st.session_state.get(key)
    found = state.get("asked") if isinstance(state, Mapping) else None
    return found if isinstance(found, Mapping) else None


def _audible(sound: Audible | None, place: str) -> dict[str, str]:
    if sound is None:
        return {"id": "", "url": ""}
    return {"id": sound.id, "url": media.url(sound.wav, "audio/wav", place)}


def _ignore() -> None:
    """What is asked is read where the plane is mounted."""
