"""The figures of a run in one table: engines as rows, ours first, and a column for each figure."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from core.metric_names import METRICS, Metric

_ARROWS = {"lower": "↓", "higher": "↑"}
_STYLE = """
<style>
.encore-figures { overflow-x: auto; }
.encore-figures table { border-collapse: collapse; font-size: 14px; width: 100%; }
.encore-figures th, .encore-figures td { padding: 6px 12px; text-align: right;
  font-variant-numeric: tabular-nums; white-space: nowrap;
  border-bottom: 1px solid color-mix(in srgb, currentColor 14%, transparent); }
.encore-figures thead th { vertical-align: bottom; font-size: 12px; font-weight: 400;
  line-height: 1.25; white-space: normal; min-width: 76px; }
.encore-figures thead th:first-child { text-align: left; }
.encore-figures thead small { opacity: .72; font-size: 12px; white-space: nowrap; }
.encore-figures tr > :first-child { position: sticky; left: 0; padding-left: 0;
  background: var(--figures-ground, Canvas); }
.encore-figures tbody th { text-align: left; font-weight: 600; white-space: normal;
  min-width: 104px; }
.encore-figures .words { text-align: left; white-space: normal; min-width: 120px; }
.encore-figures td.best, .encore-figures tr.best > * { font-weight: 700; }
.encore-figures tr.rung > * { font-weight: 400; }
.encore-figures tr.rung > * > span { opacity: .72; }
</style>
"""


@dataclass(frozen=True)
class Line:
    """One engine's figures: names of core.metric_names -> values. published: it is not ours."""

    title: str
    published: bool
    metrics: Mapping[str, float]


def show(lines: Sequence[Line], of: str = "") -> None:
    """The table; it scrolls by itself where the page is narrow.

    of: whose figures they are, where a page has several such tables.
    """
    names = [name for name in METRICS if any(name in line.metrics for line in lines)]
    if not names:
        return
    st.markdown("**Figures**")
    st.html(_STYLE + table(lines, names, _page_colour(), of))
    if len(lines) > 1:
        st.caption("Best in bold. ↓ lower is better, ↑ higher is better.")


def explain(measured: Iterable[Mapping[str, float]]) -> None:
    """A sentence for each figure that any of these has."""
    found = {name for metrics in measured for name in metrics}
    hints = {"lower": " (lower is better)", "higher": " (higher is better)"}
    st.markdown(
        "\n".join(
            f"- **{metric.title}**{hints.get(metric.better, '')}: {metric.explain}"
            for name, metric in METRICS.items()
            if name in found
        )
    )


def table(
    lines: Sequence[Line], names: Sequence[str], background: str = "Canvas", of: str = ""
) -> str:
    """The table as HTML: our engines in the order given, then the published ones.

    background: the page's colour, which the engines' names keep while figures pass under them.
    of: as for `show`.
    """
    ordered = sorted(lines, key=lambda line: line.published)
    head = "".join(f'<th scope="col">{_column(METRICS[name])}</th>' for name in names)
    rows = []
    for line in ordered:
        cells = [f'<th scope="row">{html.escape(line.title)}</th>']
        for name in names:
            best = ' class="best"' if line in _best(ordered, name) else ""
            cells.append(f"<td{best}>{printed(line.metrics.get(name), METRICS[name])}</td>")
        rows.append(f"<tr>{''.join(cells)}</tr>")
    label = f"Figures of {of}" if of else "Figures"
    return framed(f'<th scope="col">Engine</th>{head}', rows, label, background)


def framed(head: str, rows: Sequence[str], label: str, background: str = "Canvas") -> str:
    """A table that scrolls by itself, by keys too, under its name. head, rows: HTML of cells."""
    return (
        f'<div class="encore-figures" tabindex="0" role="region" aria-label="{html.escape(label)}" '
        f'style="--figures-ground: {html.escape(background)}"><table>'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def show_framed(head: str, rows: Sequence[str], label: str) -> None:
    """`framed` on the page."""
    st.html(_STYLE + framed(head, rows, label, _page_colour()))


def printed(value: float | None, metric: Metric) -> str:
    """A figure with its digits, its unit being in the head of the table."""
    if value is None:
        return "–"
    return f"{value:z.{metric.digits}f}" if math.isfinite(value) else "not defined"


def _page_colour() -> str:
    """The background of the visitor's theme, from .streamlit/config.toml."""
    kind = st.context.theme.type or "light"
    return str(st.get_option(f"theme.{kind}.backgroundColor") or "Canvas")


def _column(metric: Metric) -> str:
    notes = " ".join(part for part in (metric.unit, _ARROWS.get(metric.better, "")) if part)
    return html.escape(metric.title) + (f"<br><small>{html.escape(notes)}</small>" if notes else "")


def _best(lines: Sequence[Line], name: str) -> list[Line]:
    """Those whose figure is printed as the best one is; none where there is nothing to compare."""
    metric = METRICS[name]
    found = [line.metrics.get(name, math.nan) for line in lines]
    values = [value for value in found if math.isfinite(value)]
    if len(values) < 2 or metric.better not in _ARROWS:
        return []
    best = printed(min(values) if metric.better == "lower" else max(values), metric)
    return [line for line in lines if printed(line.metrics.get(name), metric) == best]
