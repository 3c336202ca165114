"""Renew what a file of `comparison` says of training, which comes from training/logs/ alone.

    python -m benchmarks.comparison_logs --json benchmarks/results/comparison.json

Measuring takes an hour, the logs of a few more runs a second. What was measured stays as it is,
with its commit and date; each table that is renewed says so in its note.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks import comparison_training as training
from benchmarks.results import Chart, Results, Table


def renewed(found: dict[str, Any]) -> dict[str, Any]:
    """The results with the tables and charts of the logs as they are now, behind the others."""
    fresh = [training.curves(), training.studies()]
    tables: list[Table] = [table for some, _ in fresh for table in some]
    charts: list[Chart] = [chart for _, some in fresh for chart in some]
    stamp = Results("comparison", "", 0, [])
    if stamp.commit == found["commit"]:
        said = ""
    else:
        said = f" Made from the logs anew on {stamp.date}, commit {stamp.commit}."
    names = {one.title for one in tables}
    rows = [asdict(table) | {"note": table.note + said} for table in tables]
    return found | {
        "tables": [one for one in found["tables"] if one["title"] not in names] + rows,
        "charts": [asdict(chart) for chart in charts],
    }


def main() -> None:
    """Renew the file in its place."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, required=True)
    path: Path = parser.parse_args().json
    found = renewed(json.loads(path.read_text(encoding="utf-8")))
    path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
