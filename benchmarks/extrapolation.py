"""20 s in, 10 s out, against what truly follows: engines and rungs on every test track."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks import rungs
from benchmarks.frechet import TRUE, Embeddings
from benchmarks.results import Results, Row, Table, summarise
from core.audio import Clip
from core.engines import engines, extrapolator
from core.errors import ModelUnavailableError
from core.metrics import continuation_metrics, mse
from core.spectrogram import analysis_samples
from training.dataset import tracks, windows

SECONDS_IN, SECONDS_OUT = 20.0, 10.0
HOP_S = 10.0
PAPER_TRAINING_MSE = 0.286
"""The paper's one figure, section III F: mean squared error on its training data."""


@dataclass(frozen=True)
class Window:
    """20 s and the 10 s that follow them, of one track."""

    track: str
    group: str
    clip: Clip
    actual: Clip


def load(data: Path, split: str, limit: int | None, hop_s: float = HOP_S) -> list[Window]:
    """The split's windows; silent ones are left out, since nothing can be compared there."""
    found = []
    for track in tracks(data, "audio", split)[:limit]:
        for _, clip in windows(track, SECONDS_IN + SECONDS_OUT, hop_s):
            before = clip.between(0, SECONDS_IN)
            after = clip.between(SECONDS_IN, SECONDS_IN + SECONDS_OUT)
            if before.peak() > 1e-3 and after.peak() > 1e-3:
                found.append(Window(track.id, track.group, before, after))
    return found


def attempts(
    index: int, found: Sequence[Window], names: Sequence[str]
) -> Iterator[tuple[str, str, Clip, float | None]]:
    """(name, kind, sound, seconds of compute) of every rung and engine on window `index`."""
    window = found[index]
    others = [w for w in found if w.track != window.track]
    yield "silence", "rung", rungs.silence(window.clip, SECONDS_OUT), None
    yield "noise", "rung", rungs.noise(window.clip, SECONDS_OUT, seed=index), None
    if others:
        yield "another track", "rung", others[index * 7 % len(others)].actual, None
    yield "repeat last 10 s", "rung", rungs.repeat_last(window.clip, SECONDS_OUT), None
    for name in names:
        start = time.perf_counter()
        made = extrapolator(name).extrapolate(window.clip, SECONDS_OUT, seed=0)
        yield name, "engine", made, time.perf_counter() - start
    yield "ceiling", "rung", rungs.ceiling(window.clip, window.actual), None


def usable_engines(wanted: Sequence[str] | None, clip: Clip) -> list[str]:
    """The engines asked for, or all, that can run here.

    Each is run once, so that neither loading a model nor compiling is in any figure. One whose
    weights are missing is left out, and its figures with it.
    """
    usable = []
    for name in wanted or [info.name for info in engines("extrapolate")]:
        try:
            extrapolator(name).extrapolate(clip, SECONDS_OUT, seed=0)
        except ModelUnavailableError as error:
            print(f"{name}: {error}", flush=True)
            continue
        usable.append(name)
    return usable


def paper_table(data: Path, limit: int | None) -> Table:
    """The paper's own figure beside what its network reaches here, split by split, and silence."""
    lines: list[list[str]] = [["as published", "training", "not given", f"{PAPER_TRAINING_MSE}"]]
    for split in ("train", "valid", "test"):
        errors: dict[str, list[float]] = {"paper-encdec": [], "silence": []}
        found = load(data, split, limit, hop_s=1000.0)
        for window in found:
            true = analysis_samples(window.actual)
            made = extrapolator("paper-encdec").extrapolate(window.clip, SECONDS_OUT, seed=0)
            errors["paper-encdec"].append(mse(analysis_samples(made), true))
            errors["silence"].append(mse(np.zeros_like(true), true))
        for name, values in errors.items():
            lines.append([name, split, str(len(values)), f"{np.mean(values):.5f}"])
    return Table(
        "The paper's own measure: mean squared error of the samples",
        "First 30 s of each track, as trained. A silent file scores the music's power; the paper's "
        "figure, on data and levels of its own that it does not give, is above that.",
        ["what", "split", "tracks", "MSE"],
        lines,
    )


def run(
    data: Path,
    *,
    wanted: Sequence[str] | None = None,
    limit: int | None = None,
    split: str = "test",
) -> Results:
    """The whole benchmark; prints a line for each window as it goes."""
    found = load(data, split, limit)
    names = usable_engines(wanted, found[0].clip)
    figures: dict[tuple[str, str], list[dict[str, float]]] = {}
    groups: dict[tuple[str, str], list[str]] = {}
    heard = Embeddings()
    for index, window in enumerate(found):
        heard.add(TRUE, window.track, window.clip, window.actual, window.actual)
        for name, kind, made, spent in attempts(index, found, names):
            item = continuation_metrics(window.clip, made, window.actual)
            heard.add(name, window.track, window.clip, made, window.actual)
            if spent is not None:
                item["compute_ratio"] = spent / SECONDS_OUT
            figures.setdefault((name, kind), []).append(item)
            groups.setdefault((name, kind), []).append(window.track)
        print(f"{index + 1}/{len(found)} {window.track}", flush=True)
    rows: list[Row] = []
    for (name, kind), items in figures.items():
        row = summarise(name, kind, items, groups[name, kind])  # type: ignore[arg-type]
        distance = heard.interval(name)
        if distance:
            row = replace(row, metrics={**row.metrics, "frechet_distance": distance})
        rows.append(row)
    tables = [paper_table(data, limit)] if "paper-encdec" in names else []
    described = f"audio/{split}, {len({w.track for w in found})} tracks, {HOP_S:.0f} s apart"
    return Results("extrapolation", described, len(found), rows, tables)
