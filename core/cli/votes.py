"""`python -m core votes`: what the listening test's votes come to."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from core.listening.material import title
from core.listening.results import Results, Row, results
from core.listening.store import read


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("votes", help="print the results of the listening test")
    parser.add_argument(
        "votes", type=Path, metavar="PATH", help="votes.sqlite, a .jsonl file or a folder of those"
    )
    parser.set_defaults(command=run)


def run(args: argparse.Namespace) -> None:
    """Print a table for each job. Raises UserInputError for a file without votes."""
    votes = read(args.votes)
    found = results(votes)
    print(f"{len(votes)} votes, {sum(one.votes for one in found)} of which count")
    for one in found:
        print(f"\n{one.job}: {one.votes} votes")
        for line in _lines(one):
            print(line)
        if one.words:
            print(one.words)


def _lines(one: Results) -> list[str]:
    zero = "the truth" if one.anchored else "the mean"
    return [
        *_table(f"Elo, {zero} at 1500", one.job, one.ratings, 1.0, 0),
        *_table("taken for true, %", one.job, one.taken_for_true, 100.0, 0),
    ]


def _table(head: str, job: str, rows: Sequence[Row], scale: float, digits: int) -> list[str]:
    if not rows:
        return []
    lines = [f"{'':<36}{head:>24}{'95 % interval':>18}{'votes':>8}"]
    for row in rows:
        value, low, high = (
            f"{scale * part:.{digits}f}"
            for part in (row.figure.value, row.figure.low, row.figure.high)
        )
        interval = f"[{low}, {high}]"
        lines.append(f"{title(job, row.maker):<36}{value:>24}{interval:>18}{row.votes:>8}")
    return lines
