"""Verdict: which model does what better, as the benchmark measured it, and how that was done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core.comparing.offers import TITLES
from core.metric_names import METRICS
from ui import scores, tables

JOB, GROUP = "comparison", "compare_verdict_group"
FIRST = "verdict"
"""Tables with this word in their title are shown at once, the others when they are opened."""


def results() -> dict[str, Any] | None:
    """The benchmark's results file; None until it has been run."""
    return next((found for found in scores.files() if found["job"] == JOB), None)


def show() -> None:
    """Verdict tables, every figure, everything else that was tried, and how it was measured."""
    found = results()
    if found is None:
        st.info("This comparison has not been measured yet.")
        return
    every = found.get("tables", [])
    first = [table for table in every if FIRST in table["title"].lower()]
    for table in first:
        st.header(table["title"], anchor=False)
        st.write(table["note"])
        tables.show(table["columns"], table["rows"], table["title"])
    if found["rows"]:
        st.header("Every figure", anchor=False)
        if choices := scores.groups(found):
            group = st.selectbox("Of", choices, key=GROUP, width=320, persist_state="page")
            _figures(scores.of_group(found, group))
        else:
            _figures(found)
    for table in every:
        if table not in first:
            with st.expander(table["title"], icon=":material/table:"):
                st.write(table["note"])
                tables.show(table["columns"], table["rows"], table["title"])
    for chart in found.get("charts", []):
        with st.expander(chart["title"], icon=":material/show_chart:"):
            st.write(chart["note"])
            st.vega_lite_chart(scores.plot(chart), width="stretch", alt=chart["title"])
    st.header("How this was measured", anchor=False)
    _measured(found)


def _figures(found: Mapping[str, Any]) -> None:
    """A row for each measure, a column for each model and rung."""
    names = scores.metric_names(found)
    columns = [""] + [_title(row["name"]) for row in found["rows"]]
    lines = [
        [scores.metric_title(name), *(scores.printed(row, name) for row in found["rows"])]
        for name in names
    ]
    tables.show(columns, lines, "Every figure")
    st.caption("Mean with its 95 % bootstrap interval. ↓ lower is better, ↑ higher is better.")


def _title(name: str) -> str:
    """`midi-vae-melody-2` as people call it; a rung's name as it is."""
    for model in sorted(TITLES, key=len, reverse=True):
        if name == model or name.startswith(f"{model}-"):
            kind = name.removeprefix(model).lstrip("-")
            return f"{TITLES[model]} ({kind})" if kind else TITLES[model]
    return name


def _measured(found: Mapping[str, Any]) -> None:
    st.write(
        f"On {found['items']} items of {found['data']}, by `python -m benchmarks {JOB}` at commit "
        f"{str(found['commit'])[:12]} on {found['date']} ({found['machine']}). Nothing is typed in "
        "by hand: the curves come from the logs that training wrote, the patterns at each epoch "
        "from training itself, and these figures from the benchmark's file."
    )
    st.markdown(
        "\n".join(
            f"- **{METRICS[name].title}**: {METRICS[name].explain}"
            for name in scores.metric_names(found)
            if name in METRICS
        )
    )
