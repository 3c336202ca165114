"""Whether the figures hold on 5 s of music, speech, a metronome, steady tones, a single click."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks import odd_sounds as odd
from benchmarks import rungs
from benchmarks.extrapolation import SECONDS_IN, SECONDS_OUT, Window, load, usable_engines
from benchmarks.results import Kind, Results, Row, Table, summarise
from core.audio import Clip, loudness_lufs
from core.engines import extrapolator
from core.errors import UserInputError
from core.metrics import beat_times_s, continuation_metrics, seam_discontinuity, seam_of_clip
from core.spectrogram import analysis_samples

SHORT_S = 5.0
SPEECH_S = 12.3
VOICES = ("en-us", "en-us+f3")
"""A man's and a woman's."""
TEMPOS_BPM = (60.0, 90.0, 120.0, 137.0)
TONES = {
    "sine, 220 Hz": (220.0,),
    "sine, 440 Hz": (440.0,),
    "chord, 220 + 277.2 + 329.6 Hz": (220.0, 277.2, 329.6),
}
REPEAT = "repeat last 5 s"
CEILING = "ceiling"


@dataclass(frozen=True)
class Finding:
    """One figure of one continuation, what is asked of it, and whether it gets there.

    digits: how many are printed. None as a limit asks nothing on that side.
    """

    what: str
    figure: float
    low: float | None = None
    high: float | None = None
    digits: int = 2

    @property
    def reached(self) -> bool:
        """Within the limits; a figure that is NaN reaches nothing."""
        above = self.low is None or self.figure >= self.low
        below = self.high is None or self.figure <= self.high
        return bool(np.isfinite(self.figure)) and above and below

    def cells(self) -> list[str]:
        """Figure, asked, reached."""
        limits = [] if self.low is None else [f"≥ {self.low:.{self.digits}f}"]
        limits += [] if self.high is None else [f"≤ {self.high:.{self.digits}f}"]
        return [f"{self.figure:.{self.digits}f}", " and ".join(limits),
                "yes" if self.reached else "no"]  # fmt: skip


def metronome(bpm: float, engine: str) -> list[Finding]:
    """The beat must go on: every click within 20 ms of where it is due."""
    clip, times = odd.metronome(bpm)
    made = extrapolator(engine).extrapolate(clip, SECONDS_OUT, seed=0)
    found = odd.click_times_s(made, odd.CLICK_THRESHOLD * clip.peak())
    errors = odd.click_errors(found, odd.continued_grid(times, clip.duration_s, SECONDS_OUT))
    apart_ms = errors.errors_s * 1000 if len(errors.errors_s) else np.array([np.nan])
    return [
        Finding("click error, median, ms", float(np.median(apart_ms)), high=20.0),
        Finding("click error, largest, ms", float(np.max(apart_ms)), high=20.0),
        Finding("clicks missing", float(errors.missing), high=0.0, digits=0),
        Finding("clicks too many", float(errors.extra), high=0.0, digits=0),
    ]


def tone(partials_hz: tuple[float, ...], engine: str) -> list[Finding]:
    """A steady tone must stay one: limits about where a listener starts to notice.

    5 cents and 1 dB are the usual differences just noticed. At the join no step larger than the
    tone's own by more than a tenth. Modulation is beyond the clip's own by the same measure; 1 dB
    from highest to lowest is a depth of .058.
    """
    clip = odd.steady(partials_hz)
    made = extrapolator(engine).extrapolate(clip, SECONDS_OUT, seed=0)
    depth = odd.modulation_depth(made) - odd.modulation_depth(clip)
    return [
        Finding("level change, dB", odd.level_change_db(clip, made), low=-1.0, high=1.0),
        Finding("frequency error, cents", odd.frequency_error_cents(made, partials_hz), high=5.0),
        Finding(
            "largest step at the join over the tone's own", odd.seam_jump(clip, made), high=1.1
        ),
        Finding("amplitude modulation depth, added", depth, high=0.058, digits=3),
    ]


def one_click(engine: str) -> list[Finding]:
    """Silence with one click 7 s before its end: what follows is no louder and nearly silent.

    That it is finite, Clip itself holds. A tenth of a dB is allowed for resampling.
    """
    clip = odd.with_clicks(np.array([13.0]), 20.0)
    made = extrapolator(engine).extrapolate(clip, SECONDS_OUT, seed=0)
    share = odd.silent_share(made, clip.peak())
    louder = 20 * float(np.log10(max(made.peak(), 1e-9) / clip.peak()))
    return [
        Finding("peak over the click's, dB", louder, high=0.1),
        Finding("silent 50 ms frames, share", share, low=0.9),
    ]


def speech(clip: Clip, engine: str) -> list[Finding]:
    """The join, the loudness and the pauses of speech that goes on.

    Where the clip's own last moments are more abrupt than its beats, no join can be less.
    """
    made = extrapolator(engine).extrapolate(clip, SECONDS_OUT, seed=0)
    before, after = analysis_samples(clip), analysis_samples(made)
    beats_s = beat_times_s(before)
    seam = seam_discontinuity(before, after, beats_s)
    least = seam_of_clip(before, after, beats_s)
    level = float(np.sqrt(np.mean(np.square(clip.samples))))
    longest = odd.longest_gap_s(clip, level) + 0.2
    louder = loudness_lufs(made) - loudness_lufs(clip)
    return [
        Finding("seam", seam, high=max(1.0, least)),
        Finding("loudness over the clip's, dB", louder, low=-1.0, high=1.0),
        Finding("longest gap, s", odd.longest_gap_s(made, level), high=longest),
    ]


def cases() -> dict[str, Callable[[str], list[Finding]]]:
    """Every clip that is made here: its name, and what measures an engine on it."""
    spoken = {f"speech, {voice}": odd.speech(voice) for voice in VOICES}
    found: dict[str, Callable[[str], list[Finding]]] = {
        name: partial(speech, clip.between(0, SPEECH_S)) for name, clip in spoken.items() if clip
    }
    found |= {f"metronome, {bpm:.0f} bpm": partial(metronome, bpm) for bpm in TEMPOS_BPM}
    found |= {name: partial(tone, partials) for name, partials in TONES.items()}
    return found | {"silence with one click": one_click}


def measured(case: Callable[[str], list[Finding]], engine: str) -> list[Finding]:
    """The case's findings; one that says so, and reaches nothing, where the clip is refused."""
    try:
        return case(engine)
    except UserInputError as error:
        return [Finding(f"refused: {error}", float("nan"))]


def made_here_table(names: Sequence[str]) -> Table:
    """Every finding, a line each."""
    lines = []
    for what, case in cases().items():
        for name in names:
            lines += [[what, name, one.what, *one.cells()] for one in measured(case, name)]
        print(what, flush=True)
    return Table(
        "Speech, metronomes, steady tones, one click",
        "10 s after each clip. Speech is read by espeak-ng, where that is installed. Metronomes "
        "end four tenths of a beat after a click and are counted on from there. A gap of speech "
        "is 40 dB under its level; asked are the clip's longest and 0.2 s.",
        ["clip", "engine", "what", "figure", "asked", "reached"],
        lines,
    )


def short_rows(found: Sequence[Window], names: Sequence[str]) -> list[Row]:
    """Every window of the extrapolation benchmark, continued from its last 5 s alone."""
    kinds: dict[str, Kind] = {REPEAT: "rung", CEILING: "rung"}
    figures: dict[str, list[dict[str, float]]] = {}
    for index, window in enumerate(found):
        clip = window.clip.between(SECONDS_IN - SHORT_S, SECONDS_IN)
        made = {
            REPEAT: Clip(np.tile(clip.samples, (1, 2)), clip.sample_rate),
            CEILING: rungs.ceiling(clip, window.actual),
        }
        for name in names:
            kinds[name] = "engine"
            made[name] = extrapolator(name).extrapolate(clip, SECONDS_OUT, seed=0)
        for name, one in made.items():
            figures.setdefault(name, []).append(continuation_metrics(clip, one, window.actual))
        print(f"5 s clips: {index + 1}/{len(found)}", flush=True)
    groups = [window.track for window in found]
    return [summarise(name, kinds[name], items, groups) for name, items in figures.items()]


def short_table(rows: Sequence[Row]) -> Table:
    """What the issue asks of 20 s clips, asked of 5 s: better than every rung that learns nothing.

    `loop` counts as such a rung where it is among the engines.
    """
    mean = {row.name: {m: f["mean"] for m, f in row.metrics.items()} for row in rows}
    simple = [mean[name] for name in (REPEAT, "loop") if name in mean]
    best = min(figures["log_mel_distance_db"] for figures in simple)
    ceiling = mean[CEILING]["log_mel_distance_db"]
    lines = []
    for row in rows:
        if row.kind == "engine" and row.name != "loop":
            lines += [
                ["5 s of music", row.name, one.what, *one.cells()]
                for one in short_findings(mean[row.name], mean.get("loop"), best, ceiling)
            ]
    return Table(
        "Music, from 5 s",
        "Log-mel distance: 10 % under the best of the rungs that learn nothing (loop and repeating "
        "the 5 s), and 35 % of the gap from that to the ceiling; the rest no worse than loop.",
        ["clip", "engine", "what", "figure", "asked", "reached"],
        lines,
    )


def short_findings(
    own: Mapping[str, float], loop: Mapping[str, float] | None, best: float, ceiling: float
) -> list[Finding]:
    """One engine's means against the limits."""
    distance = own["log_mel_distance_db"]
    found = [
        Finding("log-mel distance, dB", distance, high=0.9 * best),
        Finding("gap to the ceiling closed, share", (best - distance) / (best - ceiling), low=0.35),
        Finding("seam", own["seam_discontinuity"], high=1.0),
    ]
    names = ("onset_correlation", "chroma_correlation", "beat_f")
    return found + [Finding(name, own[name], low=loop[name]) for name in names if loop]


def run(
    data: Path | None,
    *,
    wanted: Sequence[str] | None = None,
    limit: int | None = None,
    split: str = "test",
) -> Results:
    """The whole benchmark. Without `data` only what is made here; the rows are of 5 s clips."""
    names = usable_engines(wanted, odd.steady((220.0,), 20.0))
    windows = load(data, split, limit) if data is not None else []
    rows = short_rows(windows, names) if windows else []
    compared = [row for row in rows if row.kind == "engine" and row.name != "loop"]
    tables = [short_table(rows)] if compared else []
    tables.append(made_here_table(names))
    described = f"last 5 s of {len(windows)} windows of audio/{split}, and " if rows else ""
    items = len(windows) + len({line[0] for line in tables[-1].rows})
    return Results("odd-clips", f"{described}sounds made here", items, rows, tables)
