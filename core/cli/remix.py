"""`python -m core remix`: add a band to a solo, and mix it."""

from __future__ import annotations

import argparse
import hashlib
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from core.audio import encode_flac, encode_wav
from core.cli import common
from core.decoding import MAX_BYTES
from core.downloads import bundle
from core.engines import engines
from core.errors import UserInputError
from core.remixing.arrangement import Arrangement
from core.remixing.band_controls import FITTING, STYLES, BandControls
from core.remixing.desk import Desk
from core.remixing.files import as_kept, mix, stem_files
from core.remixing.plan import DEFAULT_SECONDS, JOB, MAX_SECONDS, MIN_SECONDS, Plan, of_recipe
from core.remixing.run import level_desk, played_by, with_solo
from core.remixing.solos import read_solo
from core.remixing.stems import Stems

Writer = Callable[[Stems, Plan, Arrangement | None], bytes]
WRITERS: dict[str, Writer] = {
    ".wav": lambda channels, plan, made: encode_wav(mix(channels, plan.desk)),
    ".flac": lambda channels, plan, made: encode_flac(mix(channels, plan.desk)),
    ".zip": lambda channels, plan, made: bundle(
        stem_files(channels, plan.desk, plan.recipe(), None, made)
    ),
}


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("remix", help="add a band to a solo")
    names = [info.name for info in engines(JOB)]
    parser.add_argument(
        "input",
        type=Path,
        metavar="IN",
        help="a file of sound or of notes (MIDI, MusicXML), one instrument",
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="OUT",
        help="a .wav or .flac file with the mix, or a .zip with every stem as well",
    )
    parser.add_argument("--engine", choices=names, help=f"{names[0] if names else 'none is'} here")
    parser.add_argument("--seed", type=common.seed, default=0, help="%(default)s by default")
    parser.add_argument(
        "--start",
        type=common.number(0.0, math.inf, "seconds"),
        default=0.0,
        help="where in IN the solo begins, in seconds (%(default)g)",
    )
    parser.add_argument(
        "--seconds",
        type=common.number(MIN_SECONDS, MAX_SECONDS, "seconds"),
        default=DEFAULT_SECONDS,
        help="how long it is at most (%(default)g)",
    )
    styles = [name for name in STYLES if name]
    parser.add_argument(
        "--style",
        choices=styles,
        default=FITTING,
        help="how the band plays; by default what fits the tune",
    )
    parser.add_argument(
        "--density",
        type=common.number(0.0, 1.0),
        default=BandControls().density,
        help="of the band's notes, 0 to 1 (%(default)g)",
    )
    parser.add_argument(
        "--chords",
        default="",
        metavar="CHART",
        help="the tune's chords, like 'C | F G7 | Am', again and again; by default what is heard",
    )
    parser.add_argument(
        "--desk", type=Path, metavar="RECIPE", help="a recipe.json, whose faders are taken"
    )
    parser.set_defaults(command=run)


def run(args: argparse.Namespace) -> None:
    """Write what the arguments ask for. Raises what `Remixer.remix` does."""
    write = common.by_suffix(args.output, WRITERS)
    names = [info.name for info in engines(JOB)]
    if not names:
        raise UserInputError("No remixer is installed here.")
    data = common.read(args.input, MAX_BYTES)
    plan = Plan(
        (args.engine or names[0],),
        args.start,
        args.seconds,
        args.seed,
        input_sha256=hashlib.sha256(data).hexdigest(),
        band=BandControls(args.style, args.density, chords=args.chords),
    )
    given = read_solo(data, plan.start_s, plan.seconds, args.input.name)
    solo = given.clip
    with common.progress_bar() as progress:
        stems, made = played_by(
            plan.engines[0],
            solo,
            seed=plan.seed,
            band=plan.band,
            heard=given.heard,
            progress=progress,
        )
    desk = Desk() if made is None else level_desk(solo, stems)
    plan = replace(plan, desk=desk if args.desk is None else _desk(args.desk))
    channels = as_kept(with_solo(solo, stems))
    common.write(args.output, write(channels, plan, made))
    print(
        f"{args.output}: {channels.duration_s:.2f} s, {', '.join(channels.names)} by "
        f"{plan.engines[0]}, seed {plan.seed}"
    )


def _desk(path: Path) -> Desk:
    return of_recipe(common.recipe(path, JOB, "a remix")).desk
