"""Why this note: the earlier notes that spoke for it or against it."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.comparing import models, offers
from core.comparing.offers import TITLES
from core.comparing.patterns import DRUM_CLASSES, FIRST_PITCH, LOWEST, STEPS_PER_BAR, Kind
from core.comparing.saliency import Event, Reasons, Without, events, reasons
from core.errors import UserInputError
from core.progress import Progress
from ui.compare import sources
from ui.compare.quick import Quick, firm
from ui.compare.sources import Source
from ui.sample.neighbours import pitch_name

SOURCE, MODEL, HOW, NOTE = "compare_why", "compare_why_model", "compare_why_how", "compare_why_note"
CHART = "compare_why_chart"
HOWS: dict[Without, str] = {"rest": "Silence in its place", "hold": "The note before it goes on"}
RUNS: Quick[Reasons] = Quick("compare_reasons", "Taking out one note after the other")
FOR, AGAINST, ASKED, REST = "#2B8C7E", "#D9662B", "#C2458F", "#9A93A3"
WEAK_NATS, TWICE_NATS = 0.02, 0.693
"""Below the first a note has no say. The strongest has full colour if it makes the chosen one twice
as likely, or half as likely."""


def show() -> None:
    """A pattern, one of its notes, and what each note before did for it."""
    kinds = offers.kinds()
    if not kinds:
        st.info("These models are not installed here.")
        return
    st.write(
        "Choose a note: every note before it is taken out in turn, and the model says anew how "
        "likely the chosen one is."
    )
    state = st.session_state
    firm(SOURCE, MODEL, HOW)
    left, right = st.columns(2, gap="large")
    try:
        with left:
            source = sources.pick("Notes of", SOURCE, kinds, "written:midi-lstm")
    except UserInputError as error:
        st.error(str(error), icon=":material/info:")
        return
    if source is None:
        return
    there = offers.available(source.kind.name)
    if state.get(MODEL) not in there:
        state[MODEL] = there[0]
    with right:
        name = st.segmented_control(
            "Asked", there, required=True, format_func=TITLES.__getitem__, key=MODEL,
            persist_state="page",
        )  # fmt: skip
        state.setdefault(HOW, "rest")
        how = st.segmented_control(
            "A note taken out leaves", list(HOWS), required=True, format_func=HOWS.__getitem__,
            key=HOW, persist_state="page",
        )  # fmt: skip
    st.fragment(_asked)(source, name, how)


def _asked(source: Source, name: str, how: Without) -> None:
    found = events(source.pattern, source.kind)
    if len(found) < 2:
        st.info("There are too few notes here; choose another piece.")
        return
    _take_click(len(found))
    state = st.session_state
    firm(NOTE)
    if not 1 <= state.get(NOTE, 0) <= len(found):
        state[NOTE] = max(1, round(0.6 * len(found)))
    number = st.select_slider(
        "Note",
        range(1, len(found) + 1),
        format_func=lambda at: f"{at}: {_named(found[at - 1], source)}",
        key=NOTE,
        persist_state="page",
        help="Or click a note in the picture.",
    )
    target = found[number - 1]

    def work(progress: Progress) -> Reasons:
        model = models.pattern_model(name, source.kind.name)
        return reasons(model, source.pattern, target, how=how, progress=progress)

    told = RUNS.get(f"{name}/{source.key}/{how}/{number}", work)
    if told is not None:
        _told(told, found, source, name)


def _take_click(count: int) -> None:
    """A note clicked in the picture becomes the chosen one, once."""
    state = st.session_state
    chosen = (state.get(CHART) or {}).get("selection", {}).get("note") or []
    clicked = chosen[0].get("number") if chosen else None
    if clicked is not None and clicked != state.get(f"{CHART}_taken") and clicked <= count:
        state[NOTE] = clicked
    state[f"{CHART}_taken"] = clicked


def _told(told: Reasons, found: list[Event], source: Source, name: str) -> None:
    target = told.target
    order = sorted(told.reasons, key=lambda reason: -abs(reason.nats))
    words = (
        f"The {TITLES[name]} gives {_named(target, source)} a probability of "
        f"{told.probability:.1%} among all it might say there."
    )
    if order:
        best = order[0]
        way = "for" if best.nats > 0 else "against"
        words += (
            f" What spoke loudest {way} it is {_named(best.event, source)}, by "
            f"{abs(best.nats):.2f} nats."
        )
    st.markdown(words)
    st.vega_lite_chart(
        _picture(told, found, source),
        width="stretch",
        key=CHART,
        on_select="rerun",
        selection_mode="note",
        alt=words,
    )
    st.caption(
        "Green notes spoke for the chosen one (pink), orange ones against it; grey ones had "
        "no say or come later. 0.7 nats make it twice as likely."
        + (" An autoencoder sees the whole pattern, the chosen note too, before it writes."
           if name in offers.AUTOENCODERS else "")
        + (f" The first {told.left_out} notes were left out." if told.left_out else "")
    )  # fmt: skip
    with st.expander("The figures as a table", icon=":material/table:"):
        st.table(
            {
                "Note": [_named(reason.event, source) for reason in told.reasons],
                "Nats": [f"{reason.nats:+.3f}" for reason in told.reasons],
            },
            hide_index=True,
        )


def _picture(told: Reasons, found: list[Event], source: Source) -> dict[str, Any]:
    """A roll, a row for each pitch or voice, coloured by nats; a note can be clicked."""
    nats = {reason.event: reason.nats for reason in told.reasons}
    most = max([TWICE_NATS, *map(abs, nats.values())])
    values = []
    for number, event in enumerate(found, 1):
        value = nats.get(event)
        values.append(
            {
                "number": number,
                "note": _named(event, source),
                "begins": event.step / STEPS_PER_BAR + 1,
                "ends": event.end / STEPS_PER_BAR + 1,
                "row": _row(event, source),
                "height": _height(event, source),
                "nats": 0.0 if value is None else value,
                "colour": ASKED if event == told.target else _colour(value),
                "strength": 1.0 if event == told.target else _strength(value, most),
            }
        )
    order = sorted({(v["height"], v["row"]) for v in values}, reverse=True)
    return {
        "data": {"values": values},
        "height": {"step": 20},
        "params": [{"name": "note", "select": {"type": "point", "fields": ["number"]}}],
        "mark": {"type": "bar", "height": {"band": 0.85}, "cornerRadius": 3, "cursor": "pointer"},
        "encoding": {
            "x": {
                "field": "begins", "type": "quantitative", "title": "Bar",
                "scale": {"domain": [1, source.kind.bars + 1], "nice": False},
                "axis": {"tickMinStep": 1, "format": "d"},
            },
            "x2": {"field": "ends"},
            "y": {
                "field": "row", "type": "nominal", "title": None, "sort": [row for _, row in order],
            },
            "color": {"field": "colour", "type": "nominal", "scale": None, "legend": None},
            "opacity": {"field": "strength", "type": "quantitative", "scale": None, "legend": None},
            "tooltip": [
                {"field": "note", "title": "Note"},
                {"field": "nats", "title": "Nats", "format": "+.3f"},
            ],
        },
    }  # fmt: skip


def _colour(nats: float | None) -> str:
    if nats is None or abs(nats) < WEAK_NATS:
        return REST
    return FOR if nats > 0 else AGAINST


def _strength(nats: float | None, most: float) -> float:
    if nats is None or abs(nats) < WEAK_NATS:
        return 0.35
    return 0.25 + 0.75 * abs(nats) / most


def _voice(event: Event, kind: Kind) -> str:
    return kind.voices[event.voice]


def _height(event: Event, source: Source) -> int:
    return -1 if _voice(event, source.kind) == "drums" else event.token


def _row(event: Event, source: Source) -> str:
    if _voice(event, source.kind) == "drums":
        return "drums"
    return pitch_name(event.token - FIRST_PITCH + LOWEST + source.semitones)


def _named(event: Event, source: Source) -> str:
    """`E♭4 in bar 1, beat 2.5`; drums with how many are hit."""
    beat = event.step % STEPS_PER_BAR / 4 + 1
    name = _row(event, source)
    if name == "drums":
        hits = sum(event.token >> bit & 1 for bit in range(len(DRUM_CLASSES)))
        name = f"{hits} drum{'s' if hits > 1 else ''}"
    elif len(source.kind.voices) > 1:
        name = f"{_voice(event, source.kind)} {name}"
    return f"{name} in bar {event.step // STEPS_PER_BAR + 1}, beat {beat:g}"
