"""Training: loss against epoch, and what each model sounded like on the way."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.comparing import epochs
from core.comparing.epochs import MEASURES, Epoch
from core.comparing.offers import TITLES
from core.comparing.patterns import KINDS
from core.comparing.plan import scored
from ui.compare import rolls

KIND, MEASURE = "compare_curves_kind", "compare_curves_measure"
EPOCH, SAMPLE = "compare_epoch", "compare_sample"
SPLITS = {"train": "training", "valid": "validation"}
COLUMNS = 2


def show() -> None:
    """The curves of one kind, and a slider over epochs."""
    kinds = epochs.trained_kinds()
    if not kinds:
        st.info("No training log is here yet.")
        return
    if st.session_state.get(KIND) not in kinds:
        st.session_state[KIND] = kinds[0]
    kind = st.selectbox(
        "Trained on", kinds, format_func=lambda name: KINDS[name].title, key=KIND,
        width=320, persist_state="page",
    )  # fmt: skip
    st.fragment(_curves)(kind)


def _curves(kind: str) -> None:
    kept = epochs.kept(kind)
    epoch = None
    marks = sorted({one.epoch for found in kept.values() for one in found})
    if len(marks) > 1:
        if st.session_state.get(EPOCH) not in marks:
            st.session_state[EPOCH] = marks[-1]
        epoch = st.select_slider(
            "Epoch", marks, key=EPOCH, persist_state="page",
            help="What each model wrote at the end of this epoch, from the same seeds each time.",
        )  # fmt: skip
    logs = epochs.curves(kind)
    if logs:
        _chart(logs, epoch)
    if epoch is None:
        return
    st.session_state.setdefault(SAMPLE, 1)
    sample = st.segmented_control(
        "Pattern", range(1, _count(kept) + 1), required=True, key=SAMPLE, persist_state="page",
    )  # fmt: skip
    names = list(kept)
    for start in range(0, len(names), COLUMNS):
        row = names[start : start + COLUMNS]
        for column, name in zip(st.columns(COLUMNS, gap="medium"), row, strict=False):
            with column:
                _heard(name, kind, epochs.at(kept[name], epoch), sample)


def _count(kept: dict[str, list[Epoch]]) -> int:
    return min(len(one.patterns) for found in kept.values() for one in found)


def _heard(name: str, kind: str, one: Epoch, sample: int) -> None:
    score = scored(one.patterns[sample - 1], KINDS[kind])
    st.markdown(f"**{TITLES[name]}** after epoch {one.epoch}")
    st.caption(
        f"Training {one.train_nats:.3f}, validation {one.valid_nats:.3f} nats a step · "
        f"{score.note_count} notes"
    )
    if score.note_count:
        work = f"{kind}/{name}/{one.epoch}/{sample}"
        rolls.show(score, key=f"compare_epoch_roll_{name}", work=work, title=TITLES[name])
    else:
        st.info("Silence: it had not yet learned to begin a note.")


def _chart(logs: dict[str, list[dict[str, float]]], epoch: int | None) -> None:
    columns = {column for rows in logs.values() for row in rows for column in row}
    measures = [name for name in MEASURES if f"valid_{name}" in columns]
    if len(measures) > 1:
        st.session_state.setdefault(MEASURE, measures[0])
        measure = st.segmented_control(
            "Nats of", measures, required=True, format_func=MEASURES.__getitem__, key=MEASURE,
            persist_state="page",
            help="The LSTM's nats are exact. A VAE's are a bound: what it costs to write the "
            "pattern from its place, and what it costs to say the place.",
        )  # fmt: skip
    else:
        measure = measures[0]
    values = [
        {"epoch": row["epoch"], "nats": row[f"{split}_{measure}"], "model": TITLES[name],
         "of": SPLITS[split]}
        for name, rows in logs.items()
        for row in rows
        for split in SPLITS
        if f"{split}_{measure}" in row
    ]  # fmt: skip
    ends = [
        f"{TITLES[name]} {rows[0][f'valid_{measure}']:.2f} to {rows[-1][f'valid_{measure}']:.2f}"
        for name, rows in logs.items()
    ]
    told = f"Nats of validation patterns from the first to the last epoch: {'; '.join(ends)}."
    st.vega_lite_chart(_spec(values, epoch), width="stretch", alt=told)
    st.caption(
        f"Nats for each sixteenth. {told} The LSTM's are exact; a VAE's are a bound, in which its "
        "training counts the divergence for less, so the two lines do not compare directly."
    )


def _spec(values: list[dict[str, Any]], epoch: int | None) -> dict[str, Any]:
    lines = {
        "data": {"values": values},
        "mark": {"type": "line", "tooltip": True, "strokeWidth": 2},
        "encoding": {
            "x": {"field": "epoch", "type": "quantitative", "title": "Epoch",
                  "axis": {"tickMinStep": 1, "format": "d"}},
            "y": {"field": "nats", "type": "quantitative", "title": "Nats a step",
                  "scale": {"zero": False}},
            "color": {"field": "model", "type": "nominal",
                      "legend": {"title": None, "orient": "top", "columns": 2}},
            "strokeDash": {"field": "of", "type": "nominal", "sort": ["validation", "training"],
                           "legend": {"title": None, "orient": "top", "columns": 1}},
        },
    }  # fmt: skip
    rule = {
        "data": {"values": [] if epoch is None else [{"epoch": epoch}]},
        "mark": {"type": "rule", "strokeWidth": 1.5, "color": "#9A93A3"},
        "encoding": {"x": {"field": "epoch", "type": "quantitative"}},
    }
    return {"height": 280, "layer": [lines, rule]}
