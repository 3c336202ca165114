"""In between: from one melody to another through an autoencoder's space."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any, cast

import streamlit as st

from core.comparing import models, offers
from core.comparing.interpolation import Way, between, joined
from core.comparing.models import Autoencoder
from core.comparing.offers import AUTOENCODERS, TITLES
from core.comparing.plan import scored
from core.comparing.primers import PRIMERS
from core.errors import UserInputError
from core.progress import Progress
from ui import links, media
from ui.compare import rolls, sources
from ui.compare.quick import Quick, firm
from ui.compare.sources import Source
from ui.compose.thumbnail import thumbnail

KIND = "melody-2"
FIRST, LAST, MODEL = "compare_first", "compare_last", "compare_space"
STOPS, STOP = "compare_stops", "compare_stop"
MIN_STOPS, MAX_STOPS, DEFAULT_STOPS = 5, 17, 9
RUNS: Quick[Way] = Quick("compare_way", "Finding the way")
_STYLE = """
<style>
.encore-way { display: flex; gap: 10px; overflow-x: auto; padding: 2px 2px 10px; }
.encore-way > div { flex: 1 0 92px; max-width: 132px; padding: 6px; border-radius: 8px;
  font-size: 12px;
  box-shadow: inset 0 0 0 1px color-mix(in srgb, currentColor 20%, transparent); }
.encore-way > .here { box-shadow: inset 0 0 0 2px currentColor; font-weight: 700; }
.encore-way img { display: block; width: 100%; height: 54px; }
</style>
"""


def fill(query: Mapping[str, str]) -> None:
    """Set the widgets to what a link asks for; what is not understood is left as it is."""
    state = st.session_state
    for name, key in (("from", FIRST), ("to", LAST)):
        if query.get(name) in PRIMERS:
            state[key] = query[name]
    stops = query.get("stops", "")
    if stops.isdecimal() and MIN_STOPS <= int(stops) <= MAX_STOPS:
        state[STOPS] = int(stops)
    if query.get("space") in AUTOENCODERS:
        state[MODEL] = query["space"]


def show() -> None:
    """Two melodies, the way between them, and how smooth it is."""
    there = [name for name in AUTOENCODERS if name in offers.available(KIND)]
    if not there:
        st.info("No autoencoder is installed here.")
        return
    st.write(
        "Both melodies are placed in the autoencoder's space; what lies on the arc between the "
        "two places is written out, stop by stop. The first two bars in 4/4 are taken."
    )
    state = st.session_state
    firm(FIRST, LAST, MODEL, STOPS)
    left, right = st.columns(2, gap="large")
    try:
        with left:
            first = sources.pick("From", FIRST, (KIND,), "ode-to-joy")
        with right:
            last = sources.pick("To", LAST, (KIND,), "frere-jacques")
    except UserInputError as error:
        st.error(str(error), icon=":material/info:")
        return
    if state.get(MODEL) not in there:
        state[MODEL] = there[0]
    with left:
        name = st.segmented_control(
            "Space of", there, required=True, format_func=TITLES.__getitem__, key=MODEL,
            persist_state="page",
        )  # fmt: skip
    with right:
        state.setdefault(STOPS, DEFAULT_STOPS)
        stops = st.slider("Stops", MIN_STOPS, MAX_STOPS, key=STOPS, persist_state="page")
    if first is None or last is None:
        return

    def work(progress: Progress) -> Way:
        model = cast(Autoencoder, models.pattern_model(name, KIND))
        return between(model, first.pattern, last.pattern, stops, progress=progress)

    way = RUNS.get(f"{name}/{first.key}/{last.key}/{stops}", work)
    if way is not None:
        st.fragment(_way)(way, first, last, name)


def _way(way: Way, first: Source, last: Source, name: str) -> None:
    stops = len(way.patterns)
    kind, state = first.kind, st.session_state
    if state.get(STOP, 1) > stops:
        state[STOP] = stops
    state.setdefault(STOP, (stops + 1) // 2)
    stop = st.slider("Where on the way", 1, stops, key=STOP, persist_state="page")
    st.html(_STYLE + _strip(way, first, stop))
    here = scored(way.patterns[stop - 1], kind)
    place = f"{RUNS.asked}/{state[RUNS.asked]}"
    one, whole = st.columns([2, 3], gap="large")
    with one:
        st.markdown(f"**Stop {stop} of {stops}**")
        rolls.show(
            here, key="compare_stop_roll", work=f"{place}/{stop}", title=f"Stop {stop} of {stops}"
        )
        with st.container(horizontal=True):
            rolls.downloads(here, f"Stop {stop} of {stops}", key="compare_stop_download")
    with whole:
        st.markdown("**All of them in a row**")
        row = joined(way.patterns, kind)
        rolls.show(row, key="compare_way_roll", work=place, title="All of them in a row")
        with st.container(horizontal=True):
            rolls.downloads(row, f"From {first.title} to {last.title}", key="compare_way_download")
            ends = {"from": state[FIRST], "to": state[LAST]}
            if set(ends.values()) <= set(PRIMERS):  # a link cannot carry what a visitor gave
                query = {"section": "between"} | ends | {"stops": str(stops), "space": name}
                links.popover(query, "Whoever opens this link gets the same way.", "Share")
    st.markdown("**How smooth it is**")
    steps = way.steps()
    told = (
        f"On average {steps.mean():.0%} of the tokens change from stop to stop, at most "
        f"{steps.max():.0%}."
    )
    st.vega_lite_chart(_chart(way), width="stretch", alt=told)
    kept = way.kept()
    st.caption(
        f"{told} The {TITLES[name]} gives back {kept[0]:.0%} of the first melody's tokens and "
        f"{kept[1]:.0%} of the last's. Both stand in the models' key, C major or A minor."
    )


def _strip(way: Way, source: Source, stop: int) -> str:
    """The stops as small pictures in a row, which scrolls by itself."""
    items = []
    for at, pattern in enumerate(way.patterns, 1):
        score = scored(pattern, source.kind)
        mark = ' class="here" aria-current="step"' if at == stop else ""
        picture = media.url(thumbnail(score).encode(), "image/svg+xml", f"compare/way/{at}")
        told = f"Stop {at}: {score.note_count} notes"
        items.append(
            f'<div role="listitem"{mark}><img src="{html.escape(picture)}" alt="{told}">{at}</div>'
        )
    head = '<div class="encore-way" role="list" tabindex="0" aria-label="Stops on the way">'
    return f"{head}{''.join(items)}</div>"


def _chart(way: Way) -> dict[str, Any]:
    """Bars for what changes at each step, lines for how far each stop is from the two ends."""
    steps = [
        {"stop": at + 0.5, "share": float(share), "what": "Each step"}
        for at, share in enumerate(way.steps(), 1)
    ]
    lines = [
        {"stop": at, "share": float(share), "what": f"From the {end}"}
        for end, shares in zip(("first", "last"), way.from_ends(), strict=True)
        for at, share in enumerate(shares, 1)
    ]
    x = {
        "field": "stop", "type": "quantitative", "title": "Stop",
        "axis": {"tickMinStep": 1, "format": "d"},
        "scale": {"domain": [0.6, len(way.patterns) + 0.4], "nice": False},
    }  # fmt: skip
    y = {
        "field": "share",
        "type": "quantitative",
        "title": "Share of tokens",
        "axis": {"format": "%"},
    }
    colour = {"field": "what", "type": "nominal", "legend": {"title": None, "orient": "top"}}
    both = {"x": x, "y": y, "color": colour}
    return {
        "height": 220,
        "layer": [
            {
                "data": {"values": steps},
                "mark": {"type": "bar", "width": 14, "opacity": 0.75, "tooltip": True},
                "encoding": both,
            },
            {
                "data": {"values": lines},
                "mark": {"type": "line", "point": True, "tooltip": True},
                "encoding": both,
            },
        ],
    }
