"""The stem mixer: one transport for all stems, with a fader, pan, mute and solo for each.

Sounds and pictures travel by URL, the desk over the websocket. Mounted again with equal sounds it
plays on, wherever the faders stand; with other sounds it stops.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from core.errors import UserInputError
from core.pictures import Axes
from core.remixing import desk as desks
from core.remixing.desk import Desk
from core.remixing.stems import SOLO
from ui import media, player

_mount = st.components.v2.component(
    "encore_stem_mixer", **player.parts(Path(__file__).parent, "mixer", "graph", "strip", "wav")
)


@dataclass(frozen=True)
class Channel:
    """A stem with its picture.

    name: as in the desk. sound: WAV or FLAC. seconds, sample_rate: of that sound.
    picture: PNG of its spectrogram, time from left to right edge.
    """

    name: str
    title: str
    sound: bytes
    seconds: float
    sample_rate: int
    picture: bytes
    caption: str = ""


@dataclass(frozen=True)
class _Shown:
    """given: by the page, last time. now: where the faders stand. version: counts the page's."""

    given: Desk
    now: Desk
    version: int


def stem_mixer(
    channels: Sequence[Channel],
    axes: Axes,
    desk: Desk,
    *,
    key: str,
    actual: Channel | None = None,
    file_name: str = "mix.wav",
) -> Desk:
    """Show the mixer, and return where its faders stand.

    desk: where they stand at first. Once the visitor has moved them, the same desk again, or the
    one returned, leaves them alone; any other desk moves them.
    actual: a true mix, to compare with. file_name: of the exported mix.
    A channel named SOLO is what the switch calls the original.

    Raises ValueError without channels, or for channels of different rates.
    """
    rates = {channel.sample_rate for channel in channels}
    if len(rates) != 1:
        raise ValueError(f"channels must share one sample rate, not {sorted(rates)}")
    desk = _without_strangers(desk, channels)
    shown = _shown(desk, key)
    data: dict[str, Any] = {
        "version": shown.version,
        "desk": _all_faders(shown.now, channels),
        "sample_rate": rates.pop(),
        "file_name": file_name,
        "range": [desks.MIN_GAIN_DB, desks.MAX_GAIN_DB],
        "limiter": {
            "reach": desks.LIMITER_REACH,
            "points": desks.LIMITER_POINTS,
            "knee_db": desks.KNEE_DB,
            "ceiling_db": desks.CEILING_DB,
        },
        "solo": SOLO,
        "ticks": [asdict(tick) for tick in axes.ticks],
        "channels": [_fields(channel, key) for channel in channels],
        "actual": _fields(actual, key) if actual else None,
    }
    result = _mount(data=data, key=key, default={"desk": None}, on_desk_change=_ignore)
    now = _moved(result.desk, shown, channels)
    st.session_state[_store(key)] = _Shown(desk, now, shown.version)
    return now


def _store(key: str) -> str:
    return f"{key}/desk"


def _shown(desk: Desk, key: str) -> _Shown:
    """What was shown last; another version of it if the page gives another desk."""
    before = st.session_state.get(_store(key))
    if isinstance(before, _Shown) and desk in (before.given, before.now):
        return before
    return _Shown(desk, desk, before.version + 1 if isinstance(before, _Shown) else 0)


def _moved(told: Any, shown: _Shown, channels: Sequence[Channel]) -> Desk:
    """The desk that the browser tells of; what was shown if it has not heard of that yet."""
    if not isinstance(told, Mapping) or told.get("version") != shown.version:
        return shown.now
    try:
        return _without_strangers(Desk.from_fields(told), channels)
    except UserInputError:
        return shown.now


def _without_strangers(desk: Desk, channels: Sequence[Channel]) -> Desk:
    """Without faders of other channels: one that has solo would silence all that are there."""
    names = {channel.name for channel in channels}
    return Desk({k: v for k, v in desk.faders.items() if k in names}, desk.master_db)


def _all_faders(desk: Desk, channels: Sequence[Channel]) -> dict[str, Any]:
    faders = {channel.name: asdict(desk.of(channel.name)) for channel in channels}
    return {"faders": faders, "master_db": desk.master_db}


def _fields(channel: Channel, key: str) -> dict[str, Any]:
    kind = "audio/flac" if channel.sound.startswith(b"fLaC") else "audio/wav"
    return {
        "name": channel.name,
        "title": channel.title,
        "seconds": channel.seconds,
        "caption": channel.caption,
        "url": media.url(channel.sound, kind, f"{key}/{channel.name}/sound"),
        "picture": media.url(channel.picture, "image/png", f"{key}/{channel.name}/png"),
    }


def _ignore() -> None:
    """The desk is read where the component is mounted."""
