"""Several engines on the same solo: what the page, the gallery and the command line all call."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.audio import LOUDNESS_FLOOR_LUFS, Clip, fit_length, loudness_lufs
from core.engines import Arranger, remixer
from core.hearing.heard import Heard
from core.progress import Progress, ignore, part
from core.remixing.arrangement import Arrangement
from core.remixing.band_controls import BandControls
from core.remixing.desk import MAX_GAIN_DB, Desk, mixed
from core.remixing.stems import MIX, SOLO, STEMS, Stems

MIX_LUFS = -14.0
"""Integrated loudness of solo and band together, as streaming services play music."""


@dataclass(frozen=True)
class Remix:
    """What one engine made: the stems without the solo, figures, and its seconds of compute.

    metrics: names of core.metric_names; those that need the true band are absent without one.
    arrangement: the notes, of an engine that plays from notes.
    """

    engine: str
    stems: Stems
    metrics: Mapping[str, float]
    compute_seconds: float
    arrangement: Arrangement | None = None


def run(
    solo: Clip,
    actual: Stems | None,
    *,
    engines: Sequence[str],
    seed: int,
    band: BandControls = BandControls(),  # noqa: B008 - it is frozen
    heard: Heard | None = None,
    progress: Progress = ignore,
) -> list[Remix]:
    """Add a band to `solo` with each engine, in the order given.

    actual: the band that truly played along, where it is known: STEMS, or MIX alone.
    band: what is asked of an engine that can be told how to play. heard: what the solo's notes
    say, where it was given as notes.
    Raises UserInputError or ModelUnavailableError as the engines do.
    """
    made = []
    for index, name in enumerate(engines):
        watch = part(progress, index / len(engines), (index + 1) / len(engines))
        watch(0.0)
        start = time.perf_counter()
        stems, arrangement = played_by(
            name, solo, seed=seed, band=band, heard=heard, progress=part(watch, 0.0, 0.9)
        )
        spent = time.perf_counter() - start
        figures = measured(solo, stems, actual) | {"compute_ratio": spent / solo.duration_s}
        made.append(Remix(name, stems, figures, spent, arrangement))
    progress(1.0)
    return made


def played_by(
    name: str,
    solo: Clip,
    *,
    seed: int,
    band: BandControls,
    heard: Heard | None = None,
    progress: Progress = ignore,
) -> tuple[Stems, Arrangement | None]:
    """One engine's stems, and its notes where it plays from notes. Raises as the engine does."""
    engine = remixer(name)
    if isinstance(engine, Arranger):
        return engine.remix_along(solo, seed=seed, controls=band, heard=heard, progress=progress)
    return engine.remix(solo, seed=seed, progress=progress), None


def level_desk(solo: Clip, stems: Stems) -> Desk:
    """The desk on which solo and band together are at MIX_LUFS, as far as its master goes."""
    loudness = loudness_lufs(mixed(with_solo(solo, stems), Desk()))
    if loudness <= LOUDNESS_FLOOR_LUFS:
        return Desk()
    return Desk(master_db=float(np.clip(MIX_LUFS - loudness, -MAX_GAIN_DB, MAX_GAIN_DB)))


def measured(solo: Clip, stems: Stems, actual: Stems | None) -> dict[str, float]:
    """Figures of a band: beside the true one where that is known, else only beside the solo.

    The solo's beats are those that librosa's tracker hears in it.
    """
    from core import remix_metrics
    from core.metrics import beat_times_s
    from core.spectrogram import analysis_samples

    alone = analysis_samples(solo)
    length = len(alone)

    def samples(band: Stems) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float32]]]:
        found = {name: analysis_samples(clip) for name, clip in band.parts.items()}
        return {name: fit_length(part[None], length)[0] for name, part in found.items()}

    made = samples(stems)
    whole = remix_metrics.band(made)
    out = {
        "onset_f": remix_metrics.onset_f(
            remix_metrics.onset_times_s(whole), np.asarray(beat_times_s(alone))
        )
    }
    if actual is None:
        return out
    true = samples(actual)
    out |= remix_metrics.mix_metrics(alone, whole, remix_metrics.band(true))
    if set(STEMS) <= set(made) & set(true):
        out |= remix_metrics.stem_metrics(alone, made, true)
    return out


def together(stems: Stems) -> Clip:
    """All parts added up."""
    total = np.sum([clip.samples for clip in stems.parts.values()], axis=0)
    return Clip(np.asarray(total, np.float32), stems.sample_rate)


def with_solo(solo: Clip, stems: Stems) -> Stems:
    """The mixer's channels: the solo at the band's rate, channels and length, then its parts."""
    first = solo.resampled(stems.sample_rate).with_channels(stems[stems.names[0]].channels)
    fitted = Clip(fit_length(first.samples, stems.length), stems.sample_rate)
    return Stems({SOLO: fitted, **stems.parts})


def are_apart(stems: Stems) -> bool:
    """Whether its parts can be told from each other, or there is only the whole band."""
    return MIX not in stems.parts
