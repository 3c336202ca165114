"""The comparison player: spectrograms side by side, one playhead, instant switching.

Sound and pictures travel by URL, only the layout goes over the websocket. Mounted again with equal
data, it plays on; with other data it starts over; taken off the page, it stops.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import streamlit as st

from core.pictures import Axes
from ui import media, player

_mount = st.components.v2.component(
    "encore_spectrogram_row", **player.parts(Path(__file__).parent, "row")
)


@dataclass(frozen=True)
class Panel:
    """A sound with its picture.

    name: told apart by this; the input's is "input".
    wav: the very bytes that the download gives.
    seconds, sample_rate: of that sound.
    picture: PNG of its spectrogram, time from left to right edge.
    """

    name: str
    title: str
    kind: Literal["input", "predicted", "actual"]
    wav: bytes
    seconds: float
    sample_rate: int
    picture: bytes
    caption: str = ""


def spectrogram_row(
    panels: Sequence[Panel], axes: Axes, *, key: str, together: bool = False
) -> None:
    """Show the player: the input first, then its continuations, which all start where it ends.

    together: the others start with the input, and one of all is heard at a time.
    Raises ValueError unless there is an input and at least one other.
    """
    if len(panels) < 2 or [panel.kind == "input" for panel in panels].index(True) != 0:
        raise ValueError("the input comes first, and something follows it")
    data: dict[str, Any] = {
        "sample_rate": panels[0].sample_rate,
        "scale": {
            "low": axes.low_db,
            "high": axes.high_db,
            "colours": list(axes.colours),
        },
        "together": together,
        "ticks": [asdict(tick) for tick in axes.ticks],
        "panels": [
            {
                "name": panel.name,
                "title": panel.title,
                "kind": panel.kind,
                "seconds": panel.seconds,
                "caption": panel.caption,
                "url": media.url(panel.wav, "audio/wav", f"{key}/{panel.name}/wav"),
                "picture": media.url(panel.picture, "image/png", f"{key}/{panel.name}/png"),
            }
            for panel in panels
        ],
    }
    _mount(data=data, key=key)
