"""Encore on the command line.

    python -m core extrapolate IN -o OUT --seconds 10 --engine loop --seed 0 --ending fade
    python -m core engines

The same file, window, engine, seed and weights give the same sound as on the page. Exit status: 0,
2 with one sentence on stderr when the input or a model cannot be used, 130 when interrupted.
"""

from __future__ import annotations

import argparse
import contextlib
import math
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from core import __version__
from core.audio import Clip, encode_flac, encode_wav, join
from core.decoding import MAX_BYTES, MAX_DECODED_SECONDS, decode, probe
from core.engines import engines, extrapolator
from core.errors import ModelUnavailableError, UserInputError
from core.extrapolation.ending import ENDINGS, end
from core.progress import Progress, ignore

JOBS = ("extrapolate", "remix", "sample", "compose")
ENCODERS: dict[str, Callable[[Clip], bytes]] = {".wav": encode_wav, ".flac": encode_flac}
MAX_SECONDS = 120.0
BAR_WIDTH = 30


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
        prog="python -m core", description="Continue music with the engines of Encore."
    )
    parser.add_argument("--version", action="version", version=f"Encore {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_extrapolate(commands)
    _add_engines(commands)
    return parser


def _add_extrapolate(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("extrapolate", help="make a clip go on")
    names = [info.name for info in engines("extrapolate")]
    parser.add_argument("input", type=Path, metavar="IN", help="a sound file, or a video's sound")
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="OUT", help="a .wav or .flac file"
    )
    parser.add_argument(
        "--seconds", type=_seconds(0.1, MAX_SECONDS), default=10.0, help="to add (%(default)g)"
    )
    parser.add_argument("--engine", choices=names, default=names[0], help="%(default)s by default")
    parser.add_argument("--seed", type=_seed, default=0, help="%(default)s by default")
    parser.add_argument(
        "--ending",
        choices=list(ENDINGS),
        default="none",
        help="a fade, or a last hit that rings out (%(default)s)",
    )
    parser.add_argument(
        "--start",
        type=_seconds(0.0, math.inf),
        default=0.0,
        help="where in IN the clip to continue begins, in seconds (%(default)g)",
    )
    parser.add_argument(
        "--length",
        type=_seconds(1.0, MAX_DECODED_SECONDS),
        help="how long the clip is, in seconds (up to the end of IN)",
    )
    parser.add_argument(
        "--joined", action="store_true", help="write the clip and what follows it, in one file"
    )
    parser.set_defaults(command=_extrapolate)


def _add_engines(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("engines", help="list what can be given as --engine")
    parser.set_defaults(command=_engines)


def _extrapolate(args: argparse.Namespace) -> None:
    encode = _encoder(args.output)
    clip = _read_clip(args.input, args.start, args.length)
    with _progress_bar() as progress:
        made = extrapolator(args.engine).extrapolate(
            clip, args.seconds, seed=args.seed, progress=progress
        )
    made = end(clip, made, args.ending)
    _write(args.output, encode(join(clip, made) if args.joined else made))
    print(f"{args.output}: {made.duration_s:.2f} s by {args.engine}, seed {args.seed}")


def _engines(args: argparse.Namespace) -> None:
    for job in JOBS:
        for info in engines(job):
            kind = "published" if info.published else "ours"
            print(f"{job:<12} {info.name:<16} {kind:<10} {info.title}: {info.summary}")


def _seconds(low: float, high: float) -> Callable[[str], float]:
    def parse(text: str) -> float:
        with contextlib.suppress(ValueError):
            value = float(text)
            if math.isfinite(value) and low <= value <= high:
                return value
        most = f" to {high:g}" if math.isfinite(high) else " or more"
        raise argparse.ArgumentTypeError(f"give {low:g}{most} seconds, not {text!r}")

    return parse


def _seed(text: str) -> int:
    with contextlib.suppress(ValueError):
        value = int(text)
        if 0 <= value < 2**32:
            return value
    raise argparse.ArgumentTypeError(f"give a whole number from 0 to {2**32 - 1}, not {text!r}")


def _encoder(path: Path) -> Callable[[Clip], bytes]:
    """By the suffix; looked at before the work, so that a slip costs nothing."""
    encode = ENCODERS.get(path.suffix.lower())
    if encode is None:
        raise UserInputError(f"Give -o a name that ends in .wav or .flac, not {path.name!r}.")
    if path.is_dir() or not path.parent.is_dir():
        raise UserInputError(f"Nothing can be written to {path}; name a file in a folder there is.")
    return encode


def _read_clip(path: Path, start_s: float, length_s: float | None) -> Clip:
    try:
        with path.open("rb") as file:
            # One byte more than is taken tells decode that there is too much, whatever there is.
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        reason = error.strerror or "it cannot be read"
        raise UserInputError(f"{path} cannot be opened: {reason}.") from error
    if length_s is None:
        rest_s = probe(data).duration_s - start_s
        if rest_s > MAX_DECODED_SECONDS:
            raise UserInputError(
                f"{rest_s:.0f} s of sound are more than the {MAX_DECODED_SECONDS:.0f} s we take; "
                "choose a part with --start and --length."
            )
    return decode(data, start_s=start_s, seconds=length_s)


def _write(path: Path, data: bytes) -> None:
    """The whole file or none of it: under a name of its own first, then renamed."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        partial.write_bytes(data)
        partial.replace(path)
    except OSError as error:
        reason = error.strerror or "the disk refused it"
        raise UserInputError(f"{path} cannot be written: {reason}.") from error
    finally:
        partial.unlink(missing_ok=True)


@contextlib.contextmanager
def _progress_bar() -> Iterator[Progress]:
    """A bar on stderr where that is a terminal; otherwise nothing."""
    if not sys.stderr.isatty():
        yield ignore
        return

    def show(fraction: float) -> None:
        done = round(fraction * BAR_WIDTH)
        bar = "#" * done + "." * (BAR_WIDTH - done)
        print(f"\r[{bar}] {fraction:4.0%}", end="", file=sys.stderr, flush=True)

    try:
        yield show
    finally:
        print(file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
