"""`python -m core compose`: write a piece, from nothing or on from a primer."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

from core.audio import encode_flac, encode_wav
from core.cli import common
from core.composition.controls import Controls
from core.composition.offers import (
    DEFAULT_BARS,
    MAX_BARS,
    MAX_TEMPERATURE,
    MAX_TEMPO_BPM,
    MIN_BARS,
    MIN_TEMPO_BPM,
    offer,
)
from core.composition.plan import JOB, Plan, from_fields, key_named, make, metre_named, of_recipe
from core.engines import engines
from core.errors import UserInputError
from core.score import Key, Score

Writer = Callable[[Score], bytes]


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("compose", help="write a piece of music")
    names = [info.name for info in engines(JOB)]
    parser.add_argument(
        "primer", type=Path, nargs="?", metavar="PRIMER", help="a MIDI or MusicXML file to continue"
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="OUT",
        help="a .mid, .musicxml, .wav, .flac or .csv file",
    )
    parser.add_argument("--engine", choices=names, help=f"{names[0] if names else 'none is'} here")
    parser.add_argument(
        "--bars",
        type=_bars,
        default=DEFAULT_BARS,
        help="to add (%(default)s); 0 gives PRIMER more voices",
    )
    parser.add_argument("--seed", type=common.seed, default=0, help="%(default)s by default")
    parser.add_argument("--recipe", type=Path, help="a recipe.json to follow, redraws and all")
    style = parser.add_argument_group("style", "what is not given is the engine's own choice")
    style.add_argument("--genre")
    style.add_argument(
        "--tempo", dest="tempo_bpm", type=common.number(MIN_TEMPO_BPM, MAX_TEMPO_BPM, "BPM")
    )
    style.add_argument("--key", type=_key, help="such as 'C minor' or 'E- major'")
    style.add_argument("--metre", type=_metre, help="such as 3/4")
    style.add_argument("--density", type=common.number(0, 1), help="from 0 (few notes) to 1")
    style.add_argument("--instruments", type=_names, help="names, with commas between")
    style.add_argument(
        "--temperature",
        type=common.number(0, MAX_TEMPERATURE),
        help="of drawing; 0 takes the likeliest each time",
    )
    style.add_argument("--top-p", type=common.number(0, 1))
    style.add_argument("--repetition", type=common.number(-1, 1), help="-1 avoids, 1 seeks it")
    parser.set_defaults(command=run)


def run(args: argparse.Namespace) -> None:
    """Write the piece that the arguments ask for. Raises what `core.composition.plan.make` does."""
    write = common.by_suffix(args.output, WRITERS)
    data, digest = common.primer(args.primer)
    plan = _plan(args, digest)
    common.same_primer(plan.primer_sha256, digest, "continues")
    with common.progress_bar() as progress:
        made = make(plan, _primer(args.primer, data), progress=progress)
    common.write(args.output, write(made.score))
    print(
        f"{args.output}: {made.score.bars} bars, {made.score.note_count} notes "
        f"by {plan.engine}, seed {plan.seed}"
    )


def _plan(args: argparse.Namespace, primer_sha256: str | None) -> Plan:
    if args.recipe is not None:
        return of_recipe(common.recipe(args.recipe, JOB, "a composed piece"))
    names = [info.name for info in engines(JOB)]
    if not names:
        raise UserInputError("No composer is installed here.")
    engine = args.engine or names[0]
    has = offer(engine)
    if args.genre is not None and args.genre not in has.genres:
        known = ", ".join(has.genres)
        raise UserInputError(
            f"{engine} knows these genres: {known}." if known else f"{engine} has no genres."
        )
    if args.bars == 0 and (primer_sha256 is None or not has.harmonise):
        raise UserInputError(
            f"{engine} adds no voices to a primer; choose chorale for that."
            if primer_sha256
            else "Give a primer to add voices to, or ask for bars."
        )
    default = from_fields({"engine": engine})[0].controls
    asked = {
        name: value
        for name in (field.name for field in fields(Controls))
        if (value := getattr(args, name)) is not None
    }
    controls = has.kept(Controls(**{"temperature": default.temperature} | asked))
    for name, value in asked.items():
        if getattr(controls, name) != value:
            option = name.removesuffix("_bpm").replace("_", "-")
            raise UserInputError(f"{engine} does not take this --{option}; leave it away.")
    return Plan(engine, args.bars, args.seed, controls, primer_sha256)


def _primer(path: Path | None, data: bytes | None) -> Score | None:
    if path is None or data is None:
        return None
    from core.score_files import read_score

    return read_score(data, path.name)


def _midi(score: Score) -> bytes:
    from core.midi_files import write_midi

    return write_midi(score)


def _musicxml(score: Score) -> bytes:
    from core.musicxml_writer import write_musicxml

    return write_musicxml(score)


def _wav(score: Score) -> bytes:
    from core.synth import render

    return encode_wav(render(score))


def _flac(score: Score) -> bytes:
    from core.synth import render

    return encode_flac(render(score))


def _csv(score: Score) -> bytes:
    from core.score_files import note_csv

    return note_csv(score)


WRITERS: dict[str, Writer] = {
    ".mid": _midi, ".midi": _midi, ".musicxml": _musicxml, ".xml": _musicxml, ".csv": _csv,
    ".flac": _flac, ".wav": _wav,
}  # fmt: skip


def _bars(text: str) -> int:
    if text.isdecimal() and (MIN_BARS <= int(text) <= MAX_BARS or int(text) == 0):
        return int(text)
    raise argparse.ArgumentTypeError(f"give {MIN_BARS} to {MAX_BARS} bars, or 0, not {text!r}")


def _key(text: str) -> Key:
    key = key_named(text)
    if key is None:
        raise argparse.ArgumentTypeError(
            f"give a key such as 'C minor' or 'E- major', not {text!r}"
        )
    return key


def _metre(text: str) -> tuple[int, int]:
    metre = metre_named(text)
    if metre is None:
        raise argparse.ArgumentTypeError(f"give a metre such as 3/4, not {text!r}")
    return metre


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())
