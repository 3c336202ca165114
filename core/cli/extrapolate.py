"""`python -m core extrapolate`: make a clip go on."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from pathlib import Path

from core.audio import Clip, encode_flac, encode_wav, join
from core.cli import common
from core.decoding import MAX_BYTES, MAX_DECODED_SECONDS, decode, probe
from core.engines import engines, extrapolator
from core.errors import UserInputError
from core.extrapolation.ending import ENDINGS, end

ENCODERS: dict[str, Callable[[Clip], bytes]] = {".wav": encode_wav, ".flac": encode_flac}
MAX_SECONDS = 120.0


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("extrapolate", help="make a clip go on")
    names = [info.name for info in engines("extrapolate")]
    parser.add_argument("input", type=Path, metavar="IN", help="a sound file, or a video's sound")
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="OUT", help="a .wav or .flac file"
    )
    parser.add_argument(
        "--seconds",
        type=common.number(0.1, MAX_SECONDS, "seconds"),
        default=10.0,
        help="to add (%(default)g)",
    )
    parser.add_argument("--engine", choices=names, default=names[0], help="%(default)s by default")
    parser.add_argument("--seed", type=common.seed, default=0, help="%(default)s by default")
    parser.add_argument(
        "--ending",
        choices=list(ENDINGS),
        default="none",
        help="a fade, or a last hit that rings out (%(default)s)",
    )
    parser.add_argument(
        "--start",
        type=common.number(0.0, math.inf, "seconds"),
        default=0.0,
        help="where in IN the clip to continue begins, in seconds (%(default)g)",
    )
    parser.add_argument(
        "--length",
        type=common.number(1.0, MAX_DECODED_SECONDS, "seconds"),
        help="how long the clip is, in seconds (up to the end of IN)",
    )
    parser.add_argument(
        "--joined", action="store_true", help="write the clip and what follows it, in one file"
    )
    parser.set_defaults(command=_extrapolate)


def _extrapolate(args: argparse.Namespace) -> None:
    encode = common.by_suffix(args.output, ENCODERS)
    clip = _read_clip(args.input, args.start, args.length)
    with common.progress_bar() as progress:
        made = extrapolator(args.engine).extrapolate(
            clip, args.seconds, seed=args.seed, progress=progress
        )
    made = end(clip, made, args.ending)
    common.write(args.output, encode(join(clip, made) if args.joined else made))
    print(f"{args.output}: {made.duration_s:.2f} s by {args.engine}, seed {args.seed}")


def _read_clip(path: Path, start_s: float, length_s: float | None) -> Clip:
    data = common.read(path, MAX_BYTES)
    if length_s is None:
        rest_s = probe(data).duration_s - start_s
        if rest_s > MAX_DECODED_SECONDS:
            raise UserInputError(
                f"{rest_s:.0f} s of sound are more than the {MAX_DECODED_SECONDS:.0f} s we take; "
                "choose a part with --start and --length."
            )
    return decode(data, start_s=start_s, seconds=length_s)
