"""Read the multitrack MIDI subsets into lines and beats, which training.beats_examples plays.

    python -m training.beats_songs --data DIR --out runs/beat_songs

Nothing is rendered. Of each piece: its solo, its piano and guitars, its other pitched parts, where
the beats are and in which metre; all of a split in one .npz.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.synth_notes import DRUMS, as_played
from training.dataset import tracks
from training.stem_parts import SUBSETS, Song, read_song

Array = np.ndarray[Any, Any]

SOLO, CHORDS, OTHER = range(3)
GUITARS = range(24, 32)
JIGS_KEPT = 3
"""One in so many of the 6/8 arrangements, which are over a third of their subset."""
_LEAST_NOTES = 24


@dataclass(frozen=True, eq=False)
class Played:
    """A piece. lines: kind and notes [n, 4] in s. beats: [n, 2], time and place in the bar.

    metres: [n, 2], of the bar that each beat is in.
    """

    subset: str
    lines: list[tuple[int, Array]]
    beats: Array
    metres: Array


def of_song(subset: str, song: Song) -> Played:
    """A song's pitched lines; bass alone is no solo and is left out."""
    lines = [(SOLO, song.solo.notes)]
    pianos = song.stems.get("piano", [])
    if pianos:
        lines.append((CHORDS, np.concatenate([line.notes for line in pianos])))
    lines += [
        (CHORDS if line.program in GUITARS else OTHER, line.notes)
        for line in song.stems.get("other", [])
        if line.program != DRUMS
    ]
    kept = [(kind, as_played(notes)) for kind, notes in lines if len(notes) >= _LEAST_NOTES]
    return Played(subset, kept, song.beats, np.array(song.metres))


def songs_of(data: Path, split: str, limit: int | None = None) -> list[Played]:
    """All pieces of a split that can be used; limit: of each subset."""
    found = []
    for subset in (name for name in SUBSETS if (data / name).is_dir()):
        marks: dict[str, Any] = {}
        if subset == "midi_pop909":
            marks = json.loads((data / subset / "annotations.json").read_text(encoding="utf-8"))
        rows = tracks(data, subset, split)
        jigs = [row for row in rows if row.row.get("meter") == "6/8" and subset == "midi_arranged"]
        left_out = {row.id for at, row in enumerate(jigs) if at % JIGS_KEPT}
        for row in [row for row in rows if row.id not in left_out][:limit]:
            song = read_song(row, marks.get(row.id))
            if song is not None:
                found.append(of_song(subset, song))
    return found


def save(found: Sequence[Played], file: Path) -> None:
    """All pieces in one file: `load` reads it."""
    heads = [
        {"subset": p.subset, "beats": len(p.beats), "lines": [(k, len(n)) for k, n in p.lines]}
        for p in found
    ]
    np.savez_compressed(
        file, heads=json.dumps(heads),
        notes=np.concatenate([n for p in found for _, n in p.lines]).astype(np.float32),
        beats=np.concatenate([p.beats for p in found]).astype(np.float32),
        metres=np.concatenate([p.metres for p in found]).astype(np.int16),
    )  # fmt: skip


def load(file: Path) -> list[Played]:
    """As `save` had them, in single precision."""
    with np.load(file) as stored:
        heads = json.loads(str(stored["heads"]))
        notes, beats, metres = stored["notes"], stored["beats"], stored["metres"]
    found, note, beat = [], 0, 0
    for head in heads:
        lines = []
        for kind, count in head["lines"]:
            lines.append((kind, notes[note : note + count]))
            note += count
        end = beat + head["beats"]
        found.append(Played(head["subset"], lines, beats[beat:end], metres[beat:end]))
        beat = end
    return found


def main() -> None:
    """Parse, then read both splits."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("runs/beat_songs"))
    parser.add_argument("--limit", type=int, help="pieces of each subset, for a quick try")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    for split in ("valid", "train"):
        found = songs_of(args.data, split, args.limit)
        save(found, args.out / f"{split}.npz")
        print(split, len(found), "pieces", sum(len(p.beats) for p in found), "beats", flush=True)


if __name__ == "__main__":
    main()
