"""Remixing recorded songs: a guitar in, against the band that it was recorded with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import librosa
import numpy as np

from benchmarks.remix_rungs import Rung
from benchmarks.results import Table
from core.audio import FloatArray
from core.metric_names import METRICS
from core.metrics import chroma_correlation, onset_correlation
from core.remix_metrics import RATE, audible, band, mix_metrics
from training.remix_stems import StemPiece, real_pieces

SECONDS = 15.0
PER_SONG = 6
"""Excerpts of a song, spread over it."""
NAMES = (
    "log_mel_distance_db", "onset_correlation", "chroma_correlation", "loudness_difference_db",
    "relative_mse", "mix_mse",
)  # fmt: skip


def excerpts(data: Path, split: str, per_song: int) -> list[StemPiece]:
    """At most `per_song` of each song in which guitar and band both play; none without the data."""
    songs: dict[str, list[StemPiece]] = {}
    for piece in real_pieces(data, split, SECONDS):
        songs.setdefault(piece.group, []).append(piece)
    out = []
    for pieces in songs.values():
        kept = np.linspace(0, len(pieces) - 1, min(per_song, len(pieces))).round().astype(int)
        out += [pieces[index] for index in kept]
    return out


def figures(solo: FloatArray, made: FloatArray, true: FloatArray) -> dict[str, float]:
    """Of a whole band against the recorded one."""
    sounds = (made, true)
    # librosa scales a frame without sound by nothing; silence is told apart before.
    heard = audible(made)
    onsets = [librosa.onset.onset_strength(y=samples, sr=RATE) for samples in sounds]
    chromas = [librosa.feature.chroma_stft(y=samples, sr=RATE, tuning=0.0) for samples in sounds]
    return mix_metrics(solo, made, true) | {
        "onset_correlation": onset_correlation(*onsets) if heard else 0.0,
        "chroma_correlation": chroma_correlation(*chromas) if heard else 0.0,
    }


def real_table(
    data: Path, split: str, makers: Mapping[str, Rung], limit: int | None = None
) -> Table | None:
    """Mean figures of every row on the split's recorded songs; None where there are none."""
    pieces = excerpts(data, split, min(limit or PER_SONG, PER_SONG))
    if not pieces:
        return None
    lines = []
    for name, make in makers.items():
        items = [
            figures(piece.solo, band(make(index, pieces)), band(piece.stems))
            for index, piece in enumerate(pieces)
        ]
        means = {metric: float(np.mean([item[metric] for item in items])) for metric in NAMES}
        lines.append([name, *(f"{means[metric]:z.{METRICS[metric].digits}f}" for metric in NAMES)])
        print(f"{name}: {len(pieces)} excerpts of recordings", flush=True)
    songs = len({piece.group for piece in pieces})
    return Table(
        "Recorded songs",
        f"{len(pieces)} excerpts of {SECONDS:.0f} s of {songs} songs: the guitar in, the whole "
        "recorded band to compare with. So few songs tell no small differences apart.",
        ["what", *(_title(name) for name in NAMES)],
        lines,
    )


def _title(name: str) -> str:
    metric = METRICS[name]
    return f"{metric.title}, {metric.unit}" if metric.unit else metric.title
