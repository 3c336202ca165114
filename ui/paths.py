"""Where a copied continuation comes from: its picture on the page, and its path as a table."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from core.audio import Clip
from core.extrapolation.path import Segment, Stretch, stretches
from core.path_picture import labelled_figure, path_figure, path_words
from ui import media

INTRODUCTION = (
    "Each moment of your clip has a colour; each second of the continuation has the colour of the "
    "moment that it plays."
)
TICK_STEPS_S = (1, 2, 5, 10, 20, 30)
MAX_TICKS = 6
EARLY_SHARE = 0.38
"""Ticks before this leave the axis's name its room on a phone."""
_STYLE = """
<style>
.encore-path { margin: 0; font-size: 12px; }
.encore-path img { display: block; width: 100%; height: clamp(220px, 27vw, 330px);
  border-radius: 8px; object-fit: fill;
  box-shadow: 0 0 0 1px color-mix(in srgb, currentColor 16%, transparent); }
.encore-path p { margin: 0 0 4px; font-size: 14px; }
.encore-path .axis { position: relative; height: 20px; line-height: 20px; opacity: .72; }
.encore-path .axis span { position: absolute; white-space: nowrap; transform: translateX(-50%);
  font-variant-numeric: tabular-nums; }
.encore-path .axis span:first-child { transform: none; }
.encore-path .axis span.last { transform: translateX(-100%); }
@media (max-width: 640px) { .encore-path .axis span.early { display: none; } }
</style>
"""


@dataclass(frozen=True)
class Path:
    """The path of one continuation as pages keep it.

    segments: as rendered, in samples of the clip. picture: PNG. words: the picture told.
    """

    segments: tuple[Segment, ...]
    stretches: tuple[Stretch, ...]
    picture: bytes
    words: str
    clip_s: float
    made_s: float

    def csv(self) -> bytes:
        """A row for each stretch, in seconds: where it is played, where it is from, how long."""
        rows = [f"{one.at_s:.4f},{one.source_s:.4f},{one.seconds:.4f}" for one in self.stretches]
        return "\n".join(["continuation_s,clip_s,seconds", *rows, ""]).encode()


def of(
    segments: Sequence[Segment], clip: Clip, made: Clip, picture: bytes | None = None
) -> Path | None:
    """The path from `clip` to `made`, drawn unless there is a picture; None for an empty path."""
    if not segments:
        return None
    return Path(
        tuple(segments),
        tuple(stretches(segments, clip, made)),
        path_figure(segments, clip, made) if picture is None else picture,
        path_words(segments, clip, made),
        clip.duration_s,
        made.duration_s,
    )


def show(paths: Mapping[str, Path], *, key: str) -> None:
    """The pictures of all paths there are, each under the title of what was made; or nothing."""
    if not paths:
        return
    st.markdown("**Where it comes from**")
    st.caption(INTRODUCTION)
    for title, path in paths.items():
        place = f"{key}/{title}"
        st.html(_STYLE + _figure(title, path, media.url(path.picture, "image/png", place)))


def print_figure(path: Path, clip: Clip, made: Clip, title: str) -> bytes:
    """PNG with labelled axes, for the download."""
    return labelled_figure(path.segments, clip, made, title)


def _figure(title: str, path: Path, address: str) -> str:
    count = len(path.stretches)
    told = f"{count} stretch{'es' if count != 1 else ''} of the clip"
    return (
        f'<figure class="encore-path"><p><b>{html.escape(title)}</b> plays {told}</p>'
        f"{_axis(path.clip_s, 'Your clip')}"
        f'<img src="{html.escape(address)}" alt="{html.escape(path.words)}">'
        f"{_axis(path.made_s, 'Continuation')}</figure>"
    )


def _axis(seconds: float, name: str) -> str:
    step = next((s for s in TICK_STEPS_S if seconds / s < MAX_TICKS), 60)
    ticks = [f"<span>{name}, 0 s</span>"]
    for time_s in range(step, int(seconds) + 1, step):
        share = time_s / seconds
        kind = "last" if share > 0.96 else "early" if share < EARLY_SHARE else ""
        ticks.append(f'<span class="{kind}" style="left:{share:.2%}">{time_s} s</span>')
    return f'<div class="axis" aria-hidden="true">{"".join(ticks)}</div>'
