"""`python -m core sample`: a sound from a sampler's plane, or what it makes of a note."""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from core.audio import Clip, encode_flac, encode_wav
from core.cli import common
from core.decoding import MAX_BYTES, decode, is_silent
from core.engines import Sampler, engines, sampler
from core.errors import UserInputError
from core.limits import MAX_FILE_BYTES
from core.sampling.plan import (
    JOB,
    MAX_HELD_S,
    MIN_HELD_S,
    OWN,
    RELEASE_S,
    Place,
    Plan,
    make,
    of_recipe,
    places_named,
)
from core.sampling.sound import Touch
from core.sampling.tunes import TUNES
from core.score import Score

ENCODERS: dict[str, Callable[[Clip], bytes]] = {".wav": encode_wav, ".flac": encode_flac}
NOTE_S = 6.0
"""Of a longer sound file so much is listened to."""


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("sample", help="make a sound, or play one that is given")
    names = [info.name for info in engines(JOB)]
    parser.add_argument(
        "input", type=Path, nargs="?", metavar="IN", help="a sound file with one note, to imitate"
    )
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="OUT", help="a .wav or .flac file"
    )
    parser.add_argument("--engine", choices=names, help=f"{names[0] if names else 'none is'} here")
    parser.add_argument(
        "--place",
        type=_places,
        metavar="X,Y",
        help="where on the plane, instead of IN (--place=-1,0 before a minus); 'X,Y;X,Y' walks",
    )
    parser.add_argument("--pitch", type=common.number(0, 127), help="MIDI number, 60 is middle C")
    parser.add_argument("--velocity", type=common.number(0, 1), help="how hard, 0 to 1")
    parser.add_argument(
        "--held",
        type=common.number(MIN_HELD_S, MAX_HELD_S, "seconds"),
        help="until the key is let go",
    )
    parser.add_argument(
        "--melody", help=f"{', '.join(TUNES)}, or a MIDI or MusicXML file, to play with the sound"
    )
    parser.add_argument("--seed", type=common.seed, default=0, help="%(default)s by default")
    parser.add_argument("--recipe", type=Path, help="a recipe.json to follow")
    parser.set_defaults(command=run)


def run(args: argparse.Namespace) -> None:
    """Write the sound that the arguments ask for. Raises what `core.sampling.plan.make` does."""
    encode = common.by_suffix(args.output, ENCODERS)
    names = [info.name for info in engines(JOB)]
    if not names:
        raise UserInputError("No sampler is installed here.")
    own, digest = _melody(args.melody)
    if args.recipe is not None:
        plan = _recipe(args.recipe, digest)
        engine = sampler(plan.engine)
    else:
        name = args.engine or names[0]
        engine = sampler(name)
        plan = _plan(args, name, engine, digest)
    with common.progress_bar() as progress:
        clip = make(plan, own, engine=engine, progress=progress)
    common.write(args.output, encode(clip))
    where = "; ".join(f"{x:g}, {y:g}" for x, y in plan.places)
    print(f"{args.output}: {clip.duration_s:.2f} s by {plan.engine} at {where}")


def _plan(args: argparse.Namespace, name: str, engine: Sampler, digest: str | None) -> Plan:
    if (args.input is None) == (args.place is None):
        raise UserInputError("Give either a sound file with one note, or a --place on the plane.")
    plan, pitch, held_s = Plan(name, seed=args.seed), args.pitch, args.held
    if args.input is not None:
        data = common.read(args.input, MAX_BYTES)
        clip = _note(data)
        latent = engine.encode(clip)
        plan = plan.on(engine.locate(latent), latent, hashlib.sha256(data).hexdigest())
        pitch = latent.pitch if pitch is None else pitch
    else:
        plan = plan.at(*args.place)
    if args.melody is not None:
        if len(plan.places) > 1:
            raise UserInputError("A tune is played with one sound; give one --place.")
        plan = replace(plan, melody=args.melody if digest is None else OWN)
        plan = replace(plan, input_sha256=digest or plan.input_sha256)
    if not engine.plays_pitches and args.pitch is not None:
        raise UserInputError(f"{name} has no pitch control; leave --pitch away.")
    plain = Touch()
    low, high = engine.pitches
    if args.pitch is not None and not low <= args.pitch <= high:
        raise UserInputError(f"{name} plays pitches from {low} to {high}; choose one of these.")
    if not engine.plays_pitches or pitch is None:
        pitch = plain.pitch
    return plan.touched(
        Touch(
            min(max(pitch, low), high) if engine.plays_pitches else pitch,
            plain.velocity if args.velocity is None else args.velocity,
            plain.held_s if held_s is None else held_s,
            plain.seconds if held_s is None else held_s + RELEASE_S,
        )
    )


def _note(data: bytes) -> Clip:
    clip = decode(data, seconds=NOTE_S)
    if is_silent(clip):
        raise UserInputError("This file is silent; give one with a note in it.")
    return clip.with_channels(1)


def _melody(text: str | None) -> tuple[Score | None, str | None]:
    """(notes, sha256) of a melody's file; (None, None) for a tune that is built in, or none."""
    if text is None or text in TUNES:
        return None, None
    from core.score_files import read_score

    path = Path(text)
    data = common.read(path, MAX_FILE_BYTES)
    return read_score(data, path.name), hashlib.sha256(data).hexdigest()


def _recipe(path: Path, digest: str | None) -> Plan:
    plan = of_recipe(common.recipe(path, JOB, "a sampled sound"))
    if plan.melody == OWN and plan.input_sha256 != digest:
        raise UserInputError(
            "The recipe plays a tune from a file: give as --melody the one whose sha256 begins "
            f"with {str(plan.input_sha256)[:12]}."
        )
    return plan


def _places(text: str) -> tuple[Place, ...]:
    found = places_named(text)
    if found is None:
        raise argparse.ArgumentTypeError(f"give a place such as 0.5,-1, not {text!r}")
    return found
