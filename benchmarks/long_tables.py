"""What `python -m benchmarks long` collects of each engine, and the tables it prints of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from benchmarks.long_figures import (
    CHUNK_S,
    Heard,
    against_actual,
    average,
    behaviour,
    hear,
)
from benchmarks.results import Kind, Table
from core.audio import Clip

LENGTHS_S = (60.0, 120.0)
SHORT_S = 10.0
ASKED_DRIFT_DB = 1.0
SAME_TEMPO = 0.04
"""Inter-beat intervals within 4 % count as one tempo (MIREX tempo estimation allows as much)."""
ACTUAL = "the true music"


@dataclass
class Tally:
    """What was measured of one engine or rung at one length, an entry per track."""

    name: str
    kind: Kind
    seconds: float
    tracks: list[str] = field(default_factory=list)
    chunks: list[list[dict[str, float]]] = field(default_factory=list)
    behaviour: list[dict[str, Any]] = field(default_factory=list)

    def add(self, track: str, clip: Clip, made: Clip, true: Heard, gain: float) -> None:
        """Measure one continuation. true: the clip and what truly follows, scaled by `gain`."""
        self.tracks.append(track)
        heard = true if self.name == ACTUAL else hear(clip, made, gain)
        if self.name != ACTUAL:
            self.chunks.append(against_actual(heard, true))
        self.behaviour.append(behaviour(clip, made, heard))

    def figures(self) -> list[dict[str, float]]:
        """Per track: the behaviour, and the mean over the chunks that have an actual."""
        items = []
        for index, own in enumerate(self.behaviour):
            item = {name: value for name, value in own.items() if not isinstance(value, list)}
            if self.chunks:
                chunks = self.chunks[index]
                item |= {name: average(chunks, name) for name in (chunks[0] if chunks else ())}
            items.append(item)
        return items

    def mean(self, name: str) -> float:
        """Mean over the tracks of one behaviour."""
        return average(self.behaviour, name)


def all_tables(
    tallies: Sequence[Tally], spent: Mapping[str, Mapping[float, Sequence[float]]]
) -> list[Table]:
    """Every table, in the order of the file."""
    made = (chunk_table, level_table, drift_table, repetition_table, sound_table)
    return [*(table(tallies) for table in made), compute_table(spent)]


def chunk_table(tallies: Sequence[Tally]) -> Table:
    """Each chunk against the actual."""
    names = ("log_mel_distance_db", "onset_correlation", "chroma_correlation", "beat_f")
    lines = []
    for tally in tallies:
        for index in range(max((len(chunks) for chunks in tally.chunks), default=0)):
            items = [chunks[index] for chunks in tally.chunks if len(chunks) > index]
            stretch = f"{index * CHUNK_S:.0f}–{(index + 1) * CHUNK_S:.0f} s"
            figures = [f"{average(items, name):.2f}" for name in names]
            lines.append([tally.name, _length(tally), stretch, str(len(items)), *figures])
    return Table(
        "Against the true music, 10 s by 10 s",
        "For as long as the track goes on. Means over the tracks.",
        ["what", "made", "stretch", "tracks", "log-mel distance, dB", "onset correlation",
         "chroma correlation", "beat F"],
        lines,
    )  # fmt: skip


def level_table(tallies: Sequence[Tally]) -> Table:
    """Loudness of every chunk, of the longest continuations and the true music."""
    shown = [t for t in tallies if t.seconds == max(LENGTHS_S) or t.name == ACTUAL]
    count = round(max(LENGTHS_S) / CHUNK_S)
    lines = []
    for tally in shown:
        cells = []
        for index in range(count):
            levels = [b["levels_db"] for b in tally.behaviour]
            here = np.array([values[index] for values in levels if len(values) > index])
            cells.append(f"{here.mean():+.1f} ({np.abs(here).mean():.1f})" if len(here) else "")
        lines.append([tally.name, *cells])
    return Table(
        "Loudness of each 10 s next to the clip's",
        "LUFS (BS.1770-4) minus that of the 20 s clip, dB: mean over the tracks (mean absolute).",
        ["what", *(f"{(i + 1) * CHUNK_S:.0f} s" for i in range(count))],
        lines,
    )


def drift_table(tallies: Sequence[Tally]) -> Table:
    """Drift across tracks, asked to stay under 1 dB."""
    lines = []
    for tally in tallies:
        drifts = [b["loudness_drift_db"] for b in tally.behaviour]
        middle, high = np.percentile(drifts, [50, 95])
        ends = float(np.median([b["first_to_last_db"] for b in tally.behaviour]))
        lines.append([tally.name, _length(tally), str(len(drifts)), f"{middle:.2f}",
                      yes(middle <= ASKED_DRIFT_DB), f"{high:.2f}",
                      yes(high <= ASKED_DRIFT_DB), f"{ends:.2f}"])  # fmt: skip
    return Table(
        "Loudness drift",
        "Rise or fall of the straight line through the loudness of the 10 s chunks, from the first "
        f"to the last, dB; asked: {ASKED_DRIFT_DB:.0f} dB at most. Music itself rises and falls: "
        "see the true music's row.",
        ["what", "made", "tracks", "median", "median reached", "95th percentile",
         "95th percentile reached", "first and last chunk apart, median"],
        lines,
    )  # fmt: skip


def repetition_table(tallies: Sequence[Tally]) -> Table:
    """Near-copies, next to the clip's own."""
    lines = []
    for tally in tallies:
        kept = [b["plays_kept"] for b in tally.behaviour]
        later = [b["later_kept"] for b in tally.behaviour if np.isfinite(b["later_kept"])]
        lines.append([tally.name, _length(tally),
                      f"{tally.mean('repeated_share'):.0%}",
                      f"{tally.mean('clip_repeated_share'):.0%}",
                      f"{tally.mean('plays'):.2f}", f"{tally.mean('clip_plays'):.2f}",
                      f"{round(sum(kept))} of {len(kept)}", yes(all(kept)),
                      f"{tally.mean('later_share'):.0%}", f"{round(sum(later))} of {len(later)}",
                      f"{tally.mean('whole_share'):.0%}", f"{tally.mean('whole_plays'):.1f}",
                      f"{tally.mean('source_variety'):.0%}"])  # fmt: skip
    return Table(
        "Repetition",
        "In stretches of 20 s, as long as the clip: the share of sound that near-copies, for two "
        "bars or longer, something earlier in the stretch, and how many times in a row a piece of "
        "a bar or longer is played at most. Asked: in no stretch more times in a row than in the "
        "clip. The first stretch begins 10 s before the join, so that music which goes on as it "
        "has just gone counts; \"from the join on\" leaves it out. Then the same of the whole "
        "continuation as one stretch, which grows with its length, and the share of the clip's "
        "seconds heard again. A near-copy differs by less than 3 dB (core/repetition.py).",
        ["what", "made", "repeated", "repeated in the clip", "most in a row",
         "most in a row in the clip", "tracks within the clip's", "reached",
         "repeated, from the join on", "tracks within, from the join on",
         "repeated, whole", "in a row, whole", "clip's seconds heard"],
        lines,
    )  # fmt: skip


def sound_table(tallies: Sequence[Tally]) -> Table:
    """Flux and beat."""
    lines = []
    for tally in tallies:
        ratios = np.array([b["beat_ratio"] for b in tally.behaviour])
        ratios = ratios[np.isfinite(ratios)]
        same = int(np.sum(np.abs(ratios - 1) <= SAME_TEMPO))
        lines.append([tally.name, _length(tally), f"{tally.mean('flux_ratio'):.2f}",
                      f"{np.median(ratios):.3f}" if len(ratios) else "",
                      f"{same} of {len(ratios)}", f"{tally.mean('beat_spread'):.3f}",
                      f"{tally.mean('clip_beat_spread'):.3f}"])  # fmt: skip
    return Table(
        "Joins and beat",
        "99th percentile of spectral flux over the clip's: rough joins inside would raise it. "
        "Median inter-beat interval over the clip's, each tracked by itself: median, and on how "
        "many tracks the two are within 4 %. Spread: interquartile range of the intervals over "
        "their median.",
        ["what", "made", "flux", "beat interval", "same tempo", "spread", "clip's spread"],
        lines,
    )


def compute_table(spent: Mapping[str, Mapping[float, Sequence[float]]]) -> Table:
    """Whether the cost grows linearly or less."""
    lines = []
    for name, by_length in spent.items():
        means = {s: float(np.mean(costs)) for s, costs in by_length.items()}
        longest = max(means)
        growth = means[longest] / means[SHORT_S] / (longest / SHORT_S)
        cells = [f"{mean:.2f}" for mean in means.values()]
        lines.append([name, *cells, f"{growth:.2f}", "1", yes(growth <= 1.0)])
    return Table(
        "Seconds of compute",
        "Mean over the tracks, after one warm-up run. Growth: that of the longest over that of "
        "10 s, over the ratio of their durations; 1 is linear.",
        ["engine", *(f"{s:.0f} s" for s in (SHORT_S, *LENGTHS_S)), "growth", "asked", "reached"],
        lines,
    )


def yes(reached: bool) -> str:
    """As a table says it."""
    return "yes" if reached else "no"


def _length(tally: Tally) -> str:
    return f"{tally.seconds:.0f} s"
