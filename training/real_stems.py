"""Recordings of a guitar and its band, apart: the subset audio_stems_guitar."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from core.audio import FloatArray
from core.decoding import decode

QUIET_DBFS = -45.0
"""A stretch in which guitar or band is below this has one of them missing."""


def recordings(
    data: Path, split: str, seconds: float, sample_rate: int
) -> Iterator[tuple[dict[str, str], float, FloatArray, FloatArray]]:
    """(row, start in s, guitar, band) of every whole stretch in which both play.

    guitar, band: float32 [samples], mono at `sample_rate`. Nothing where the folder lacks the
    subset.
    """
    index = data / "audio_stems_guitar" / "index.csv"
    if not index.is_file():
        return
    with index.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == split]
    length = round(seconds * sample_rate)
    for row in rows:
        guitar, band = (
            decode((data / row[name]).read_bytes()).with_channels(1).resampled(sample_rate).mono()
            for name in ("guitar", "band")
        )
        for at in range(0, min(len(guitar), len(band)) - length + 1, length):
            parts = guitar[at : at + length], band[at : at + length]
            if all(_level_dbfs(part) >= QUIET_DBFS for part in parts):
                yield row, at / sample_rate, *parts


def _level_dbfs(samples: FloatArray) -> float:
    return 10 * float(np.log10(np.square(samples, dtype=np.float64).mean() + 1e-12))
