"""20 s in, 60 and 120 s out: 10 s by 10 s, and whether it drifts, loops or loses the beat."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from benchmarks import long_tables
from benchmarks.extrapolation import usable_engines
from benchmarks.long_figures import CHUNK_S, common_gain, hear
from benchmarks.long_tables import ACTUAL, LENGTHS_S, SHORT_S, Tally
from benchmarks.results import Kind, Results, Row, summarise
from core.audio import Clip
from core.engines import extrapolator
from training.dataset import tracks

SECONDS_IN = 20.0
CLIP_AGAIN = "the clip over again"


def load(data: Path, split: str, limit: int | None) -> Iterator[tuple[str, Clip, Clip]]:
    """(track, 20 s, what follows) of every track that has a chunk's worth of both."""
    for track in tracks(data, "audio", split)[:limit]:
        whole = track.clip()
        clip = whole.between(0, SECONDS_IN)
        actual = whole.between(SECONDS_IN, whole.duration_s)
        if actual.duration_s >= CHUNK_S and clip.peak() > 1e-3 and actual.peak() > 1e-3:
            yield track.id, clip, actual


def over_again(clip: Clip, seconds: float) -> Clip:
    """The clip from its beginning, as often as it takes: all of it is heard, and heard again."""
    length = round(seconds * clip.sample_rate)
    times = -(-length // clip.length)
    return Clip(np.tile(clip.samples, (1, times))[:, :length], clip.sample_rate)


def timed(name: str, clip: Clip, seconds: float) -> tuple[Clip, float]:
    """What an engine makes, and the seconds of compute it took."""
    start = time.perf_counter()
    made = extrapolator(name).extrapolate(clip, seconds, seed=0)
    return made, time.perf_counter() - start


def measure(
    found: Sequence[tuple[str, Clip, Clip]], names: Sequence[str]
) -> tuple[list[Tally], dict[str, dict[float, list[float]]]]:
    """(tallies, seconds of compute by engine and length) over all tracks."""
    kinds: dict[str, Kind] = {CLIP_AGAIN: "rung"}
    for name in names:
        kinds[name] = "engine"
    tallies = {(n, s): Tally(n, kind, s) for n, kind in kinds.items() for s in LENGTHS_S}
    true = Tally(ACTUAL, "rung", max(actual.duration_s for _, _, actual in found))
    spent: dict[str, dict[float, list[float]]] = {
        name: {s: [] for s in (SHORT_S, *LENGTHS_S)} for name in names
    }
    for index, (track, clip, actual) in enumerate(found):
        gain = common_gain(clip, actual)
        heard = hear(clip, actual, gain)
        true.add(track, clip, actual, heard, gain)
        for name in names:
            spent[name][SHORT_S].append(timed(name, clip, SHORT_S)[1])
        for (name, seconds), tally in tallies.items():
            if tally.kind == "rung":
                made = over_again(clip, seconds)
            else:
                made, cost = timed(name, clip, seconds)
                spent[name][seconds].append(cost)
            tally.add(track, clip, made, heard, gain)
        print(f"{index + 1}/{len(found)} {track}", flush=True)
    return [true, *tallies.values()], spent


def run(
    data: Path,
    *,
    wanted: Sequence[str] | None = None,
    limit: int | None = None,
    split: str = "test",
) -> Results:
    """The whole benchmark; prints a line for each track. Rows are of the longest continuations."""
    found = list(load(data, split, limit))
    names = usable_engines(wanted, found[0][1])
    tallies, spent = measure(found, names)
    longest = max(LENGTHS_S)
    rows: list[Row] = []
    for tally in tallies:
        if tally.seconds != longest and tally.name != ACTUAL:
            continue
        items = tally.figures()
        for index, item in enumerate(items):
            if tally.kind == "engine":
                item["compute_ratio"] = spent[tally.name][longest][index] / longest
        rows.append(summarise(tally.name, tally.kind, items, tally.tracks))
    tables = long_tables.all_tables(tallies, spent)
    lengths = " and ".join(f"{s:.0f}" for s in LENGTHS_S)
    described = f"audio/{split}, {len(found)} tracks, 20 s in, {lengths} s out"
    return Results("long", described, len(found), rows, tables)
