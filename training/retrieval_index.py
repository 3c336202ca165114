"""The collection that `core.retrieval` searches: lines of the training pieces, and recordings.

    python -m training.retrieval_index --data DIR --out weights/retrieval.npz

Of each MIDI piece and chorale of the training split the upper edges of its main tracks, with title,
credit and licence; of each recording its chroma and its sound in numbers. A subset that the folder
lacks is left out, and so is whatever lies in unclear_licence/. The sha256 that it prints belongs in
core/retrieving/shipped.py.
"""

from __future__ import annotations

import argparse
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import UserInputError
from core.registry import file_sha256
from core.retrieving.index import Index, Piece
from core.retrieving.lines import Lines, lines_of_score
from core.retrieving.recordings import Recording, Recordings, described
from core.retrieving.shipped import dumps
from core.score import TICKS_PER_QUARTER, Note, Score, Track
from core.score_files import read_score
from training.dataset import tracks

SUBSETS = ("midi_nottingham", "midi_arranged", "midi_lieder", "midi_pop909", "midi_multitrack")
AUDIO = "audio"
CHORALES = "jsb_chorales"
CHORALES_FILE = "Jsb16thSeparated.npz"
VOICES = ("Soprano", "Alto", "Tenor", "Bass")


@dataclass(frozen=True)
class Read:
    """A piece that was read. split: train, valid or test."""

    piece: Piece
    split: str
    score: Score
    lines: Lines


def read(data: Path, splits: Sequence[str], limit: int | None = None) -> Iterator[Read]:
    """The pieces of those splits; what cannot be read is named and left out.

    limit: rows of each subset, for a quick try.
    """
    for subset in SUBSETS:
        if not (data / subset / "index.csv").exists():
            continue
        rows = [track for track in tracks(data, subset) if track.split in splits]
        for track in rows[:limit]:
            try:
                score = read_score(track.path.read_bytes(), track.path.name)
                lines = lines_of_score(score)
            except (UserInputError, OSError) as trouble:
                print("left out:", subset, track.id, trouble, flush=True)
                continue
            yield Read(about(subset, track.row, lines, track.group), track.split, score, lines)
    yield from chorales(data, splits, limit)


def chorales(data: Path, splits: Sequence[str], limit: int | None = None) -> Iterator[Read]:
    """Bach's chorales, whose file has no index; equal neighbours are one held note."""
    path = data / CHORALES / CHORALES_FILE
    if not path.exists():
        return
    # The file is the data folder's own; an array of pieces of unequal length is a pickle.
    with np.load(path, allow_pickle=True, encoding="latin1") as grids:
        for split in splits:
            for number, grid in enumerate(grids[split][:limit]):
                score = chorale(np.nan_to_num(grid, nan=-1.0).astype(np.int64))
                lines = lines_of_score(score)
                row = {"id": f"{split}-{number + 1}", "licence": "public domain"}
                yield Read(about(CHORALES, row, lines, row["id"]), split, score, lines)


def chorale(grid: Any) -> Score:
    """[sixteenths, 4] MIDI pitches, -1 for rests, as a score in 4/4."""
    sixteenth = TICKS_PER_QUARTER // 4
    voices = []
    for voice, name in enumerate(VOICES):
        line = grid[:, voice]
        edges = [0, *(np.flatnonzero(np.diff(line)) + 1).tolist(), len(line)]
        notes = tuple(
            Note(first * sixteenth, int(line[first]), (end - first) * sixteenth)
            for first, end in itertools.pairwise(edges)
            if line[first] >= 0
        )
        voices.append(Track(name, 52, notes))
    return Score(tuple(voices), -(-len(grid) // 16), 80.0)


def about(subset: str, row: dict[str, str], lines: Lines, group: str) -> Piece:
    """What a match shows of a piece. Arrangements share the group of their tunes."""
    title, credit = _named(subset, row)
    shared = "folk" if subset in ("midi_nottingham", "midi_arranged") else subset
    return Piece(
        subset, row["id"], title, credit, row["licence"], lines.bar_ticks, lines.seconds_per_tick,
        f"{shared}/{group}",
    )  # fmt: skip


def _named(subset: str, row: dict[str, str]) -> tuple[str, str]:
    """(title, credit) of a row."""
    if subset == CHORALES:
        return f"Chorale {row['id'].replace('-', ' ')}", "Johann Sebastian Bach"
    if subset in ("midi_nottingham", "midi_arranged"):
        name = re.sub(r"(\d+)$", r" \1", row["id"]).replace("_", " ").strip().capitalize()
        if subset == "midi_nottingham":
            return f"{name} (folk tune)", "Nottingham Music Database"
        style = f"{row['genre']} for {row['solo']} and band"
        return f"{name}, {style}", "Nottingham Music Database; MMA's grooves"
    if subset == "midi_lieder":
        of = f" ({row['song_set']})" if row.get("song_set", "").strip() else ""
        return f"{row['title']}{of}", f"{row['composer']}; OpenScore Lieder"
    if subset == "midi_pop909":
        return row["title"], f"{row['artist']}; POP909"
    source = {"freedoom": "Freedoom", "openmsx": "OpenMSX", "simutrans": "Simutrans"}.get(
        row["source"], "Planet Blupi"
    )
    return row["title"] or row["id"], f"{row['artist']}; {source}" if row["artist"] else source


def index_of(found: Sequence[Read]) -> Index:
    """The index of pieces that were read."""
    return Index.of((one.piece, one.lines) for one in found)


def recordings(data: Path, limit: int | None = None) -> Recordings:
    """The training recordings of `audio`; none where the folder lacks it."""
    if not (data / AUDIO / "index.csv").exists():
        return Recordings.of([])
    found = []
    for track in tracks(data, AUDIO, "train")[:limit]:
        row = track.row
        credit = "; ".join(text for text in (row.get("artist"), row.get("package")) if text)
        about_it = Recording(
            track.id, (row.get("title") or track.id).replace("_", " "), credit, row["licence"],
            row.get("genre") or "", float(row.get("start_s") or 0.0), float(row["duration_s"]),
        )  # fmt: skip
        found.append((about_it, described(track.clip())))
    return Recordings.of(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--limit", type=int, help="rows of each subset, for a quick try")
    args = parser.parse_args()
    index = index_of(list(read(args.data, ("train",), args.limit)))
    heard = recordings(args.data, args.limit)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_bytes(dumps(index, heard))
    print(f"{len(index.pieces)} pieces, {index.note_count} notes, {len(heard.about)} recordings")
    print(f"{args.out.stat().st_size} bytes, sha256 {file_sha256(args.out)}")


if __name__ == "__main__":
    main()
