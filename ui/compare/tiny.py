"""Train a tiny one now: two tiny models learn in the visitor's sight, and then write."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.comparing import models, offers, tiny
from core.comparing.offers import TITLES
from core.comparing.patterns import KINDS
from core.comparing.plan import MAX_SEED, scored
from core.comparing.tiny import CREDIT, KIND, TRAINED_S, Point, Training
from core.errors import UserInputError
from ui import seeds
from ui.compare import rolls

TRAINING, PROBLEM = "compare_tiny", "compare_tiny_problem"
SEED, WRITE_SEED = "compare_tiny_seed", "compare_tiny_write_seed"
GREY = "#9A93A3"
LOOK_S, WAIT_S = 1.0, 2.0
"""How often a training, and a busy host, are looked at."""


def show() -> None:
    """The button, the curves while it trains, and what the tiny models write."""
    st.write(
        "Two tiny networks, an LSTM and a VAE of some 58,000 numbers each, learn in turns "
        f"for a minute at most, on {CREDIT}. One training goes at a time on this machine."
    )
    training: Training | None = st.session_state.get(TRAINING)
    going = training is not None and training.state == "training"
    busy = not going and tiny.busy_s() is not None
    every = LOOK_S if going else WAIT_S if busy else None
    st.fragment(_panel, run_every=every)(going, busy)


def _panel(going: bool, busy: bool) -> None:
    training: Training | None = st.session_state.get(TRAINING)
    if training is not None and going:
        if training.state != "training":
            st.rerun()
        training.look()
        latest = {point.model: point.seconds for point in training.points()}
        share = min(sum(latest.values()) / TRAINED_S, 1.0)
        text = "Learning" if latest else "Starting TensorFlow in a process of its own"
        with st.container(border=True):
            st.progress(share, text=f"{text}: {training.elapsed_s:.0f} s")
            if st.button("Cancel", key="compare_tiny_cancel", icon=":material/close:"):
                training.cancel()
    else:
        _begin(training, busy)
    if training is not None:
        _curve(training.points())
        if training.models:
            _written(training)


def _begin(training: Training | None, busy: bool) -> None:
    wait_s = tiny.busy_s()
    if busy and wait_s is None:
        st.rerun()
    if wait_s is not None:
        st.info(
            f"Someone is training just now; you can begin in {wait_s:.0f} s at the latest.",
            icon=":material/hourglass_top:",
        )
    if training is not None and training.state == "stopped":
        early = "" if training.points() else " It had not begun to learn; this machine is busy."
        st.caption(f"Stopped after {training.elapsed_s:.0f} s.{early}")
    elif training is not None and training.state == "failed":
        st.error("The training broke off; please start it again.", icon=":material/info:")
    if problem := st.session_state.pop(PROBLEM, None):
        st.error(problem, icon=":material/info:")
    st.session_state.setdefault(SEED, 0)
    with st.form("compare_tiny_form", enter_to_submit=False):
        seed, pressed = seeds.ask(
            SEED,
            MAX_SEED,
            "What the networks begin with, and in which order they see the tunes.",
            "Train" if training is None else "Train again",
            ":material/model_training:",
        )
    if pressed:
        try:
            st.session_state[TRAINING] = tiny.start(seed)
        except UserInputError as error:
            st.session_state[PROBLEM] = str(error)
        st.rerun()


def _curve(points: list[Point]) -> None:
    if not points:
        return
    values = [
        {"seconds": p.seconds, "nats": nats, "model": f"Tiny {TITLES[p.model]}", "of": of}
        for p in points
        for of, nats in (("training", p.train_nats), ("held out", p.held_out_nats))
    ]
    last = {point.model: point for point in points}
    told = "; ".join(
        f"tiny {TITLES[name]} {point.held_out_nats:.2f} nats a step on tunes it has not seen, "
        f"{point.train_nats:.2f} on its own, after {point.patterns:,} patterns"
        for name, point in last.items()
    )
    st.vega_lite_chart(_spec(values), width="stretch", alt=f"Learning curves: {told}.")
    st.caption(f"{told[:1].upper()}{told[1:]}. The VAE's nats are a bound and include its place.")


def _spec(values: list[dict[str, Any]]) -> dict[str, Any]:
    legend = {"title": None, "orient": "top"}
    grey = {"symbolType": "stroke", "symbolFillColor": GREY, "symbolStrokeColor": GREY}
    return {
        "data": {"values": values},
        "height": 260,
        "mark": {"type": "line", "point": {"size": 24}, "tooltip": True},
        "encoding": {
            "x": {"field": "seconds", "type": "quantitative", "title": "Seconds of its training",
                  "axis": {"tickMinStep": 1, "format": "d"}},
            "y": {"field": "nats", "type": "quantitative", "title": "Nats a step",
                  "scale": {"zero": False}},
            "color": {"field": "model", "type": "nominal", "legend": legend},
            "strokeDash": {"field": "of", "type": "nominal", "sort": ["held out", "training"],
                           "legend": legend | grey},
        },
    }  # fmt: skip


def _written(training: Training) -> None:
    """What the tiny models write, beside the trained ones where they are installed."""
    st.header("What they write", anchor=False)
    st.session_state.setdefault(WRITE_SEED, 0)
    with st.form("compare_tiny_write", enter_to_submit=False):
        seed, _ = seeds.ask(
            WRITE_SEED, MAX_SEED, "Every model begins from the same seed.", "Write",
            ":material/compare_arrows:",
        )  # fmt: skip
    there = offers.available(KIND)
    for name, small in training.models.items():
        left, right = st.columns(2, gap="medium")
        with left:
            _one(f"Tiny {TITLES[name]}", small, seed, f"compare_tiny_roll_{name}")
        if name in there:
            with right:
                real = models.pattern_model(name, KIND)
                _one(f"{TITLES[name]}, fully trained", real, seed, f"compare_real_roll_{name}")


def _one(title: str, model: models.PatternModel, seed: int, key: str) -> None:
    score = scored(model.sample(1, seed=seed)[0], KINDS[KIND])
    st.markdown(f"**{title}**")
    if score.note_count:
        rolls.show(score, key=key, work=str(seed), title=title)
    else:
        st.info("Silence, this time; try another seed.")
