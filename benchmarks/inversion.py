"""From magnitudes back to sound: what each way reaches, and what it costs.

    python -m benchmarks inversion --data DIR --json benchmarks/results/inversion.json

Sounds of the test split become magnitudes, lose their phases, and are inverted by every method of
core/inversion.py. `--limit` counts notes and tracks alike; `--engines` has no meaning here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.extrapolation import load
from benchmarks.results import Results, Table, summarise
from core.audio import Clip, FloatArray
from core.errors import ModelUnavailableError
from core.extrapolation.painting import Painted, spectrum
from core.extrapolation.self_similarity import IntArray
from core.extrapolation.spectral import ITERATIONS, Spectral
from core.inversion import METHODS, consistent, invert, phase_gradient_heap
from core.metrics import log_mel_distance_db, spectral_convergence_db
from core.spectrogram import (
    DISPLAY,
    ComplexArray,
    SpectrogramParams,
    log_mel_db,
    mel_filters,
    mel_power,
    stft,
    to_db,
)
from training.dataset import Track, tracks

PARAMS = SpectrogramParams(n_fft=1024, hop_length=256)
NOTES_OF_AN_INSTRUMENT = 6
MUSIC_START_S, MUSIC_S, MUSIC_TRACKS = 15.0, 5.0, 12
PAINTED_TRACKS = 8
NAMES = {
    "griffin-lim-32": "Griffin-Lim, 32 iterations",
    "griffin-lim-100": "Griffin-Lim, 100 iterations",
    "fast-griffin-lim-32": "fast Griffin-Lim, 32 iterations",
    "fast-griffin-lim-100": "fast Griffin-Lim, 100 iterations",
    "pghi": "phase-gradient heap integration",
    "pghi-fast-griffin-lim-32": "phase-gradient heap integration, fast Griffin-Lim, 32 iterations",
}
Figures = dict[str, list[dict[str, float]]]


@dataclass(frozen=True)
class Sound:
    """One sound to invert, mono, at PARAMS' rate. group: what is drawn together."""

    group: str
    clip: Clip


def notes(data: Path, split: str, limit: int | None) -> list[Sound]:
    """Some notes of each instrument, evenly over its rows, which go by pitch and velocity."""
    by_instrument: dict[str, list[Track]] = {}
    for track in tracks(data, "notes", split):
        by_instrument.setdefault(track.row["instrument"], []).append(track)
    found = []
    for name, rows in by_instrument.items():
        count = min(NOTES_OF_AN_INSTRUMENT, len(rows))
        picked = np.linspace(0, len(rows) - 1, count).round().astype(int)
        found += [Sound(name, rows[at].clip().resampled(PARAMS.sample_rate)) for at in picked]
    return found[:limit]


def music(data: Path, split: str, limit: int | None) -> list[Sound]:
    """MUSIC_S of each of some tracks, evenly over the index."""
    rows = tracks(data, "audio", split)
    count = min(limit or MUSIC_TRACKS, MUSIC_TRACKS, len(rows))
    found = []
    for track in (rows[at] for at in np.linspace(0, len(rows) - 1, count).round().astype(int)):
        clip = track.clip(MUSIC_START_S, MUSIC_S).with_channels(1).resampled(PARAMS.sample_rate)
        if clip.peak() > 1e-3:
            found.append(Sound(track.group, clip))
    return found


def timed(work: Callable[[], FloatArray]) -> tuple[FloatArray, float]:
    """What `work` gives, and the processor seconds that it took on all cores."""
    start = time.process_time()
    made = work()
    return made, time.process_time() - start


def measured(sounds: Sequence[Sound]) -> Figures:
    """Method -> the figures of each sound."""
    figures: Figures = {method: [] for method in METHODS}
    for index, sound in enumerate(sounds):
        true = sound.clip.samples[0]
        magnitude = np.abs(stft(true, PARAMS))
        picture = log_mel_db(sound.clip)
        for method in METHODS:
            if index == 0:
                invert(magnitude, PARAMS, method=method)  # compiled now, if it is yet to be
            work = partial(invert, magnitude, PARAMS, method=method, length=len(true))
            made, spent_s = timed(work)
            heard = log_mel_db(Clip(made[None], PARAMS.sample_rate))
            figures[method].append(
                {
                    "spectral_convergence_db": spectral_convergence_db(made, magnitude, PARAMS),
                    "log_mel_distance_db": log_mel_distance_db(heard, picture),
                    "compute_ratio": spent_s / sound.clip.duration_s,
                }
            )
    return figures


class Listening(Spectral):
    """`spectral`, which keeps the spectra that it paints."""

    def __init__(self) -> None:
        self.spectra: list[ComplexArray] = []

    def _sound(self, samples: FloatArray, picture: Painted, sources: IntArray) -> FloatArray:
        own = stft(samples)
        candidates = np.stack([own[:, row] for row in sources])
        self.spectra.append(spectrum(picture, candidates, mel_filters()))
        return super()._sound(samples, picture, sources)


def painted_table(data: Path, split: str, limit: int | None) -> Table | None:
    """The one caller that has phases already: its own against those found from magnitudes."""
    engine = Listening()
    windows = load(data, split, min(limit or PAINTED_TRACKS, PAINTED_TRACKS), hop_s=1000.0)
    try:
        for window in windows:
            engine.extrapolate(window.clip.with_channels(1), 10.0, seed=0)
    except ModelUnavailableError as error:
        print(f"spectral: {error}", flush=True)
        return None
    lines = []
    for iterations in (ITERATIONS, 32):
        for start in ("the sources' phases", "phase-gradient heap integration"):
            found = np.array([_painted(s, start, iterations) for s in engine.spectra])
            lines.append(
                [start, str(iterations), *(f"{v:.{d}f}" for v, d in zip(
                    found.mean(axis=0), (1, 2, 2), strict=True))]
            )  # fmt: skip
    return Table(
        "Where phases are known already",
        f"Spectra that `spectral` paints behind the first 20 s of {len(windows)} {split} tracks, "
        "each bin with the phase of the past moment that is loudest there; fast Griffin-Lim from "
        "those phases, or from phases that follow from the magnitudes.",
        ["begins with", "iterations", "spectral convergence, dB", "log-mel distance, dB",
         "s per s"],
        lines,
    )  # fmt: skip


def _painted(painted: ComplexArray, start: str, iterations: int) -> tuple[float, float, float]:
    magnitude = np.abs(painted)

    def work() -> FloatArray:
        begin = painted if start.startswith("the") else phase_gradient_heap(magnitude)
        return consistent(begin, iterations=iterations)

    made, spent_s = timed(work)
    heard = to_db(mel_power(np.abs(stft(made))))
    distance = log_mel_distance_db(heard, to_db(mel_power(magnitude)))
    ratio = spent_s / (len(made) / DISPLAY.sample_rate)
    return spectral_convergence_db(made, magnitude), distance, ratio


def music_table(sounds: Sequence[Sound], split: str) -> Table:
    """The same methods on music."""
    lines = []
    for method, items in measured(sounds).items():
        means = {name: np.mean([item[name] for item in items]) for name in items[0]}
        lines.append(
            [
                NAMES[method],
                f"{means['spectral_convergence_db']:.1f}",
                f"{means['log_mel_distance_db']:.2f}",
                f"{means['compute_ratio']:.2f}",
            ]
        )
    return Table(
        "On music",
        f"{MUSIC_S:.0f} s of each of {len(sounds)} {split} tracks, otherwise as above.",
        ["method", "spectral convergence, dB", "log-mel distance, dB", "s per s"],
        lines,
    )  # fmt: skip


def run(
    data: Path,
    *,
    wanted: Sequence[str] | None = None,
    limit: int | None = None,
    split: str = "test",
) -> Results:
    """The whole benchmark."""
    sounds = notes(data, split, limit)
    groups = [sound.group for sound in sounds]
    figures = measured(sounds)
    rows = [summarise(NAMES[m], "engine", items, groups) for m, items in figures.items()]
    tables = [music_table(music(data, split, limit), split), painted_table(data, split, limit)]
    described = (
        f"notes/{split}, {len(set(groups))} instruments, at {PARAMS.sample_rate} Hz, Hann window "
        f"of {PARAMS.n_fft}, hop {PARAMS.hop_length}; processor seconds"
    )
    return Results("inversion", described, len(sounds), rows, [t for t in tables if t])
