"""Encore on the command line.

    python -m core extrapolate IN -o OUT --seconds 10 --engine loop --seed 0 --ending fade
    python -m core compose [PRIMER] -o OUT --bars 16 --engine composer --genre jazz --seed 0
    python -m core remix IN -o OUT --engine one2four-split --seed 0 --desk recipe.json
    python -m core sample [IN] -o OUT --engine timbre-vae --place 0.5,-1 --pitch 60
    python -m core compare [PRIMER] -o OUT --model midi-vae --kind melody-2 --seed 0
    python -m core find IN --json
    python -m core votes votes.sqlite
    python -m core engines

The same file, settings, engine, seed and weights give the same result as on the page. Exit status:
0, 2 with one sentence on stderr when the input or a model cannot be used, 130 when interrupted.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from core import __version__
from core.cli import compare, compose, extrapolate, find, remix, sample, votes
from core.engines import engines
from core.errors import ModelUnavailableError, UserInputError

JOBS = ("extrapolate", "remix", "sample", "compose")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit status. Usage errors raise SystemExit(2), as argparse does."""
    args = _parser().parse_args(argv)
    try:
        args.command(args)
    except (UserInputError, ModelUnavailableError) as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m core",
        description="Continue, remix, compose and sample music with the engines of Encore.",
    )
    parser.add_argument("--version", action="version", version=f"Encore {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    extrapolate.add(commands)
    remix.add(commands)
    compose.add(commands)
    sample.add(commands)
    find.add(commands)
    compare.add(commands)
    votes.add(commands)
    _add_engines(commands)
    return parser


def _add_engines(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("engines", help="list what can be given as --engine")
    parser.set_defaults(command=_engines)


def _engines(args: argparse.Namespace) -> None:
    for job in JOBS:
        for info in engines(job):
            kind = "published" if info.published else "ours"
            print(f"{job:<12} {info.name:<16} {kind:<10} {info.title}: {info.summary}")


if __name__ == "__main__":
    sys.exit(main())
