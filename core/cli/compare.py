"""`python -m core compare`: write a pattern by one of the compared models."""

from __future__ import annotations

import argparse
from pathlib import Path

from core.cli import common
from core.cli.compose import WRITERS
from core.comparing import offers
from core.comparing.models import MODELS
from core.comparing.offers import JOB
from core.comparing.patterns import KINDS
from core.comparing.plan import MAX_TEMPERATURE, MIN_TEMPERATURE, OWN, Plan, make, of_recipe
from core.comparing.primers import PRIMERS
from core.errors import UserInputError
from core.score import Score


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("compare", help="write a pattern by an LSTM or a VAE")
    parser.add_argument(
        "primer",
        type=Path,
        nargs="?",
        metavar="PRIMER",
        help="a MIDI or MusicXML file in 4/4 to begin from",
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="OUT",
        help="a .mid, .musicxml, .wav, .flac or .csv file",
    )
    parser.add_argument("--model", choices=MODELS, help=f"{MODELS[0]} by default")
    parser.add_argument("--kind", choices=KINDS, default="melody-2", help="%(default)s by default")
    parser.add_argument("--seed", type=common.seed, default=0, help="%(default)s by default")
    parser.add_argument(
        "--temperature",
        type=common.number(MIN_TEMPERATURE, MAX_TEMPERATURE),
        default=1.0,
        help="low is careful, high is adventurous",
    )
    parser.add_argument("--tune", choices=PRIMERS, help="a tune of ours to begin from")
    parser.add_argument("--recipe", type=Path, help="a recipe.json to follow")
    parser.set_defaults(command=run)


def run(args: argparse.Namespace) -> None:
    """Write the pattern that the arguments ask for. Raises what `core.comparing.plan.make` does."""
    write = common.by_suffix(args.output, WRITERS)
    data, digest = common.primer(args.primer)
    plan = _plan(args, digest)
    common.same_primer(plan.primer_sha256, digest, "begins with")
    with common.progress_bar() as progress:
        (side,) = make(plan, _score(args.primer, data), progress=progress)
    common.write(args.output, write(side.score))
    print(
        f"{args.output}: {side.score.bars} bars, {side.score.note_count} notes "
        f"by {side.model}, seed {plan.seed}"
    )


def _plan(args: argparse.Namespace, digest: str | None) -> Plan:
    """Of one model: what is written is one file."""
    if args.recipe is not None:
        plan = of_recipe(common.recipe(args.recipe, JOB, "a comparison"))
        model = args.model or plan.models[0]
        return Plan(
            plan.kind, (model,), plan.seed, plan.temperature, plan.primer, plan.primer_sha256
        )
    if args.tune and digest:
        raise UserInputError("Give a file or a --tune to begin from, and not both.")
    model = args.model or MODELS[0]
    there = offers.available(args.kind)
    if model not in there:
        known = ", ".join(there) or "none"
        raise UserInputError(f"{model} is not installed for {args.kind}; there are: {known}.")
    primer = OWN if digest else args.tune or ""
    return Plan(args.kind, (model,), args.seed, args.temperature, primer, digest)


def _score(path: Path | None, data: bytes | None) -> Score | None:
    if path is None or data is None:
        return None
    from core.score_files import read_score

    return read_score(data, path.name)
