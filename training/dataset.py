"""Reading a data folder laid out as training/README.md says: subsets with an `index.csv` each."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.audio import Clip
from core.decoding import decode


@dataclass(frozen=True)
class Track:
    """A row of a subset's index: where the file is, and what else the row says."""

    id: str
    path: Path
    split: str
    group: str
    row: dict[str, str]

    def clip(self, start_s: float = 0.0, seconds: float | None = None) -> Clip:
        """The decoded part from `start_s`, `seconds` long where the file has that much."""
        return decode(self.path.read_bytes(), start_s=start_s, seconds=seconds)


def tracks(data: Path, subset: str, split: str | None = None) -> list[Track]:
    """The rows of `data/<subset>/index.csv`, of one split or all, in file order.

    Raises FileNotFoundError where the folder lacks that subset.
    """
    with (data / subset / "index.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if split in (None, row["split"])]
    return [
        Track(row["id"], data / row["path"], row["split"], row.get("group", row["id"]), row)
        for row in rows
    ]


def windows(track: Track, seconds: float, hop_s: float) -> Iterator[tuple[float, Clip]]:
    """(start in s, clip) of every whole window of `seconds`, `hop_s` apart, of one track."""
    clip = track.clip()
    start = 0.0
    while start + seconds <= clip.duration_s + 1e-3:
        yield start, clip.between(start, start + seconds)
        start += hop_s
