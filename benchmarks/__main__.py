"""Run a benchmark: python -m benchmarks extrapolation --data DIR --json OUT."""

from __future__ import annotations

import argparse
import importlib
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

JOBS = (
    "extrapolation", "judge", "training-cost", "long", "odd-clips", "composition", "inversion",
    "sampling", "remixing", "mixer", "hearing", "arranging", "remix-training-cost",
    "hostile", "fuzz", "comparison", "retrieval", "load", "soak", "first-paint",
    "accessibility",
)  # fmt: skip
WITHOUT_DATA = (
    "odd-clips", "mixer", "hostile", "fuzz", "load", "soak", "first-paint", "accessibility",
)  # fmt: skip
"""Jobs that make what they measure; with --data they measure more."""


def main() -> None:
    """Parse, run, print the table, write the file."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("job", choices=JOBS)
    parser.add_argument("--data", type=Path, help="a folder as training/README.md")
    parser.add_argument("--engines", type=lambda text: text.split(","), help="all by default")
    parser.add_argument("--limit", type=int, help="tracks, for a quick look")
    parser.add_argument("--split", default="test", choices=["train", "valid", "test"])
    parser.add_argument("--json", type=Path, help="where the results go")
    args = parser.parse_args()
    if args.data is None and args.job not in WITHOUT_DATA:
        parser.error(f"{args.job} needs --data DIR")
    job = importlib.import_module(f"benchmarks.{args.job.replace('-', '_')}")
    results = job.run(args.data, wanted=args.engines, limit=args.limit, split=args.split)
    print(results.text())
    if args.json:
        results.write(args.json)


if __name__ == "__main__":
    main()
