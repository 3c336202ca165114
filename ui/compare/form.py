"""The form of the side-by-side section; nothing is written before the button."""

from __future__ import annotations

import streamlit as st

from core.comparing import offers
from core.comparing.models import MODELS
from core.comparing.offers import SUMMARIES, TITLES
from core.comparing.patterns import KINDS
from core.comparing.plan import MAX_SEED, MAX_TEMPERATURE, MIN_TEMPERATURE, OWN, Plan, primer_of
from core.comparing.primers import PRIMERS
from ui import seeds
from ui.compare import tunes
from ui.compare.tunes import Tune
from ui.compose.primers import plain

KIND, NAMES, PRIMER = "compare_kind", "compare_models", "compare_primer"
TEMPERATURE, SEED, UPLOAD = "compare_temperature", "compare_seed", "compare_primer_upload"
NOTHING = ""
WIDGETS = (KIND, NAMES, PRIMER, TEMPERATURE, SEED)


def known() -> dict[str, tuple[str, ...]]:
    """Kind -> the models that are installed for it."""
    return {kind: offers.available(kind) for kind in offers.kinds()}


def fill(plan: Plan) -> None:
    """Set the widgets to what a plan asks for; before they are drawn."""
    st.session_state.update(
        {
            KIND: plan.kind,
            NAMES: list(plan.models),
            PRIMER: plan.primer,
            TEMPERATURE: plan.temperature,
            SEED: plan.seed,
        }
    )


def show() -> tuple[Plan | None, Tune | None]:
    """(the plan that was asked for, in the run of the button; the visitor's own tune, if any).

    Raises UserInputError for a primer of no use.
    """
    state, installed = st.session_state, known()
    if state.get(KIND) not in installed:
        state[KIND] = next(iter(installed))
    kind = st.selectbox(
        "What they write",
        list(installed),
        format_func=lambda name: KINDS[name].title,
        key=KIND,
        persist_state="page",
    )
    there = installed[kind]
    state[NAMES] = [name for name in state.get(NAMES, there[:2]) if name in there] or [*there[:2]]
    chosen = st.pills(
        "Models", there, selection_mode="multi", format_func=TITLES.__getitem__, key=NAMES,
        help="  \n".join(f"**{TITLES[name]}.** {SUMMARIES[name]}" for name in there),
        persist_state="page",
    )  # fmt: skip
    primer, own = _primer(kind)
    state.setdefault(TEMPERATURE, 1.0)
    state.setdefault(SEED, 0)
    with st.form("compare_form", enter_to_submit=False):
        temperature = st.slider(
            "Temperature", MIN_TEMPERATURE, MAX_TEMPERATURE, step=0.05, key=TEMPERATURE,
            help="Low is careful, high is adventurous; 1 is what was learned.",
            persist_state="page",
        )  # fmt: skip
        seed, pressed = seeds.ask(
            SEED,
            MAX_SEED,
            "The same seed and settings give the same notes.",
            "Write",
            ":material/compare_arrows:",
            width="stretch",
        )
    if not pressed:
        return None, own
    if not chosen:
        st.warning("Choose at least one model, then press the button again.")
        return None, own
    if primer == OWN and own is None:
        st.warning("Give the file that the models shall go on from, then press the button again.")
        return None, None
    names = tuple(name for name in MODELS if name in chosen)
    digest = own.sha256 if own else None
    return Plan(kind, names, seed, round(temperature, 3), primer, digest), own


def _primer(kind: str) -> tuple[str, Tune | None]:
    """(the primer's name, the visitor's tune where it is one). Says what is taken of it."""
    titles = {NOTHING: "Nothing"} | PRIMERS | {OWN: tunes.OWN_TITLE}
    st.session_state.setdefault(PRIMER, NOTHING)
    name = st.selectbox(
        "They begin from", list(titles), format_func=titles.__getitem__, key=PRIMER,
        persist_state="page",
    )  # fmt: skip
    own = tunes.upload(UPLOAD) if name == OWN else None
    if name == OWN and own is None:
        return name, None
    digest = own.sha256 if own else None
    taken = primer_of(Plan(kind, primer=name, primer_sha256=digest), own.score if own else None)
    if taken is not None:
        voices = zip(KINDS[kind].voices, taken.tracks, strict=True)
        silent = " and no ".join(voice for voice, track in voices if not track)
        more = f" It has no {silent}, so the first bars have none." if silent else ""
        st.caption(f"Taken: {plain(taken.told())}.{more}")
    return name, own
