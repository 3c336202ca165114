"""history.csv: one row for each validation of a training run."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path


class History:
    """Writes the file as it goes, and prints each row."""

    def __init__(self, file: Path, columns: Sequence[str]) -> None:
        self.file, self.columns = file, tuple(columns)
        with file.open("w", newline="") as out:
            csv.writer(out).writerow(self.columns)

    def add(self, *values: float) -> None:
        """One row, in the order of the columns; four significant decimals are kept."""
        row = [value if isinstance(value, int) else round(float(value), 4) for value in values]
        with self.file.open("a", newline="") as out:
            csv.writer(out).writerow(row)
        print(dict(zip(self.columns, row, strict=True)), flush=True)
