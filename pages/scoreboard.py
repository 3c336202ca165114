"""Scoreboard: the results files of the last full benchmark runs, as they were written."""

import html
from typing import Any

import streamlit as st

from core.metrics import METRICS
from ui import figures, scores, tables
from ui.listen import tables as listening


def table(results: dict[str, Any], metric: str, names: list[str]) -> None:
    """Rows from best to worst; the best engine bold, rungs grey."""
    order = scores.ranked(results, metric)
    best = next((row["name"] for row in order if row["kind"] == "engine"), None)
    lines = []
    for row in order:
        kind = "best" if row["name"] == best else row["kind"]
        cells = "".join(f"<td><span>{scores.printed(row, name)}</span></td>" for name in names)
        title = html.escape(scores.title(results["job"], row["name"]))
        lines.append(f'<tr class="{kind}"><th scope="row"><span>{title}</span></th>{cells}</tr>')
    titles = ["Engine or rung", *map(scores.metric_title, names)]
    head = "".join(f'<th scope="col">{html.escape(text)}</th>' for text in titles)
    figures.show_framed(head, lines, f"Figures of {results['job']}")


def ranking(results: dict[str, Any]) -> None:
    """Engines and rungs by a metric of the visitor's choice."""
    job = results["job"]
    if choices := scores.groups(results):
        key = f"scoreboard_group_{job}"
        group = st.selectbox("What is compared", choices, key=key, width=320)
        results = scores.of_group(results, group)
    names = scores.metric_names(results)
    metric = st.selectbox(
        "Sort and plot by",
        names,
        format_func=scores.metric_title,
        key=f"scoreboard_metric_{job}",
        width=320,
    )
    if metric in METRICS:
        st.write(METRICS[metric].explain)
    told = f"{scores.metric_title(metric)} of each row of the table below, best first."
    st.vega_lite_chart(scores.chart(results, metric), width="stretch", alt=told)
    table(results, metric, names)
    st.caption(
        "Mean with its 95 % bootstrap interval. ↓ lower is better, ↑ higher is better. The best "
        "engine is bold; grey rows are reference rungs and no engines."
    )
    with st.expander("What each figure means", icon=":material/straighten:"):
        st.markdown(
            "\n".join(
                f"- **{METRICS[name].title}**: {METRICS[name].explain}"
                for name in names
                if name in METRICS
            )
        )


def show(results: dict[str, Any]) -> None:
    """One results file."""
    job = results["job"]
    st.header(scores.named(job), anchor=job)
    st.caption(
        f"{results['items']} items of {results['data']} · {results['date']} · "
        f"commit {str(results['commit'])[:10]} · {results['machine']}"
    )
    if results["rows"]:
        ranking(results)
    for extra in results.get("tables", []):
        st.subheader(extra["title"], anchor=False)
        st.write(extra["note"])
        label = f"{scores.named(job)}: {extra['title']}"
        tables.show(extra["columns"], extra["rows"], label)
    for chart in results.get("charts", []):
        st.subheader(chart["title"], anchor=False)
        st.write(chart["note"])
        st.vega_lite_chart(scores.plot(chart), width="stretch", alt=chart["title"])
    if results["rows"]:
        st.download_button(
            "Download as CSV",
            scores.as_csv(results),
            f"encore-{job}.csv",
            "text/csv",
            key=f"scoreboard_csv_{job}",
            on_click="ignore",
            icon=":material/download:",
        )


st.title("Scoreboard", anchor=False)
st.write("What the benchmarks measured, written by the runs themselves.")
found = scores.files()
if not found:
    st.info(
        "No benchmark has been run yet; `make benchmark DATA=...` writes its results here.",
        icon=":material/leaderboard:",
    )
elif len(found) > 1:
    jobs = [entry["job"] for entry in found]
    st.markdown(" · ".join(f"[{scores.named(job)}](#{job})" for job in jobs))
for entry in found:
    show(entry)
listening.section()
