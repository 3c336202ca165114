"""`python -m core find`: what in the training data is closest to a file."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.cli import common
from core.decoding import MAX_BYTES, decode
from core.midi_events import is_midi
from core.musicxml import is_musicxml
from core.retrieval import COUNT, nearest, nearest_recordings, nearest_to_clip
from core.retrieving import words
from core.retrieving.matches import Match
from core.retrieving.recordings import RecordingMatch
from core.score_files import read_score

HEARD_S = 40.0
"""Of a longer sound file so much is listened to."""
NOTE_SUFFIXES = (".mid", ".midi", ".xml", ".musicxml", ".mxl")


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("find", help="list what in the training data is closest")
    parser.add_argument(
        "input",
        type=Path,
        metavar="IN",
        help="a MIDI, MusicXML or sound file, in any key and tempo",
    )
    parser.add_argument("--count", type=int, default=COUNT, choices=range(1, 41), metavar="1-40",
                        help="how many (%(default)s)")  # fmt: skip
    parser.add_argument(
        "--recordings", action="store_true", help="of a sound file the recordings most like it"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(command=run)


def run(args: argparse.Namespace) -> None:
    """Print what is found. Raises what `core.retrieval` does."""
    data = common.read(args.input, MAX_BYTES)
    if is_midi(data[:12]) or is_musicxml(data) or args.input.suffix.lower() in NOTE_SUFFIXES:
        matches = nearest(read_score(data, args.input.name), args.count)
    else:
        clip = decode(data, seconds=HEARD_S)
        if args.recordings:
            _print_recordings(nearest_recordings(clip, args.count), args.json)
            return
        with common.progress_bar() as progress:
            matches = nearest_to_clip(clip, args.count, progress=progress)
    if args.json:
        print(json.dumps([fields(match) for match in matches], ensure_ascii=False, indent=1))
        return
    for number, match in enumerate(matches, 1):
        piece = match.piece
        print(f"{number:2}. {match.score:.2f} {piece.title} · {piece.credit} · {piece.licence}")
        place = words.bars(match.found.first_bar, match.found.end_bar)
        print(f"    {words.copied(match)}; {place}, {words.moved(match)}")
    if not matches:
        print("Nothing in the training data has a passage like it.")


def fields(match: Match) -> dict[str, Any]:
    """What JSON has of a match: all but the notes."""
    kept = {
        name: getattr(match, name)
        for name in (
            "score", "transposition", "tempo_ratio",
            "copied_share", "copied_notes", "copied_pitches", "copied_bars",
        )
    }  # fmt: skip
    return {
        "piece": asdict(match.piece),
        **kept,
        "query_bars": [match.query.first_bar, match.query.end_bar],
        "piece_bars": [match.found.first_bar, match.found.end_bar],
    }


def _print_recordings(found: list[RecordingMatch], as_json: bool) -> None:
    if as_json:
        print(json.dumps([asdict(match) for match in found], ensure_ascii=False, indent=1))
        return
    for number, match in enumerate(found, 1):
        about = match.recording
        print(f"{number:2}. {match.score:.2f} {about.title} · {about.credit} · {about.licence}")
        print(f"    {words.of_recording(match)}")
