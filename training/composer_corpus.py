"""Read the MIDI subsets into the events that `composer` learns from.

    python -m training.composer_corpus --data DIR --out FILE

Every piece is cut where its metre changes, kept where the metre is one of four, moved to C major or
A minor, and written with genre, tempo, mode and split into one .npz.
"""

from __future__ import annotations

import argparse
import csv
import dataclasses
import json
import warnings
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pretty_midi

from core.composition.instruments import instrument_of
from core.composition.stream import GENRES
from core.composition.tokens import (
    DRUM_PITCH,
    METRES,
    STEPS_PER_QUARTER,
    Events,
    bar_steps,
    duration_bin,
    ordered,
    velocity_bin,
)
from core.score import Key, Track

MIN_BARS, MIN_NOTES, MAX_NOTES_PER_BAR = 4, 24, 160
JIGS_KEPT = 3
"""One in so many of the 6/8 arrangements, which are a third of their subset in three styles."""
SOURCES = {"freedoom": "game", "openmsx": "jazz", "planetblupi": "electronic", "simutrans": None}
WORDS = {
    "latin": "tango cha-cha rumba bolero samba salsa bossa son beguine merengue calypso mambo",
    "country": "country western bluegrass zydeco",
    "blues": "blues shuffle rock'n'roll twist",
    "jazz": "jazz swing bebop dixieland charleston foxtrot jive fusion band broadway",
    "soul": "r'n'b funk disco soul ska",
    "electronic": "trance",
    "pop": "pop ballad soft",
    "rock": "rock",
    "folk band": "folk polka march waltz",
}

# Krumhansl and Kessler (1982), from C.
PROFILES = {
    "major": [6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88],
    "minor": [6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17],
}


@dataclasses.dataclass(frozen=True)
class Piece:
    """One piece in events, moved by `shift` semitones to C major or A minor."""

    subset: str
    id: str
    split: str
    genre: str | None
    metre: tuple[int, int]
    tempo_bpm: float
    mode: str
    shift: int
    bars: int
    events: Events

    @property
    def key(self) -> Key:
        """The one that it was moved to."""
        return Key(0 if self.mode == "major" else 9, self.mode)


def genre_of(subset: str, row: dict[str, str]) -> str | None:
    """One of GENRES, None where the data do not say."""
    if subset == "midi_multitrack":
        return SOURCES.get(row["source"])
    if subset == "midi_arranged":
        for genre, words in WORDS.items():
            if any(word in row["genre"].split() or word in row["genre"] for word in words.split()):
                return genre
        return None
    return {"midi_pop909": "pop", "midi_nottingham": "folk", "midi_lieder": "lieder"}[subset]


def key_of(events: Events) -> tuple[int, str]:
    """(tonic, mode) whose profile correlates best with how long each pitch class sounds."""
    pitched = events[events[:, 3] < DRUM_PITCH]
    weights = np.bincount(pitched[:, 3] % 12, 1.0 + pitched[:, 4], minlength=12)
    best = (-2.0, 0, "major")
    for mode, profile in PROFILES.items():
        for tonic in range(12):
            score = np.corrcoef(np.roll(profile, tonic), weights)[0, 1] if weights.any() else 0.0
            best = max(best, (float(np.nan_to_num(score)), tonic, mode))
    return best[1], best[2]


def to_common_key(events: Events) -> tuple[Events, str, int]:
    """Events in C major or A minor by at most six semitones, the mode, and the semitones."""
    tonic, mode = key_of(events)
    shift = -((tonic - (0 if mode == "major" else 9) + 6) % 12 - 6)
    moved = events.copy()
    pitched = moved[:, 3] < DRUM_PITCH
    moved[pitched, 3] = np.clip(moved[pitched, 3] + shift, 0, 127)
    return ordered(moved), mode, shift


def _raw(midi: pretty_midi.PrettyMIDI, beats: np.ndarray[Any, Any] | None, scale: float) -> Any:
    """[notes, 5]: step, instrument, pitch, length in steps, velocity; steps not yet in bars."""

    def steps(times: Any) -> Any:
        if beats is not None:
            position = np.interp(times, beats, np.arange(len(beats)))
            late = times > beats[-1]
            position[late] = len(beats) - 1 + (times[late] - beats[-1]) / np.diff(beats)[-1]
            return position * STEPS_PER_QUARTER
        ticks = np.array([midi.time_to_tick(t) for t in times], float)
        return ticks * STEPS_PER_QUARTER / midi.resolution * scale

    rows = []
    for part in midi.instruments:
        instrument = instrument_of(Track(part.name, part.program, (), part.is_drum))
        if instrument is None or not part.notes:
            continue
        starts = steps(np.array([n.start for n in part.notes]))
        ends = steps(np.array([n.end for n in part.notes]))
        for note, start, end in zip(part.notes, starts, ends, strict=True):
            rows.append((round(start), instrument, note.pitch, max(end - start, 1), note.velocity))
    return np.array(rows, float).reshape(-1, 5)


def _phase(raw: Any, bar: int, beat: int) -> int:
    """Steps by which the bar lines are late, for pieces that open with an upbeat.

    Where long notes begin most; 0 unless another place is clearly better.
    """
    weight = np.log1p(raw[:, 3])
    scores = [weight[(raw[:, 0] % bar) == shift].sum() for shift in range(0, bar, beat)]
    best = int(np.argmax(scores))
    return best * beat if scores[best] > 1.15 * scores[0] else 0


def pieces_of(data: Path, subset: str, row: dict[str, str], notes: Any) -> list[Piece]:
    """The pieces in one file of the index; none where it cannot be used."""
    warnings.simplefilter("ignore")
    try:
        midi = pretty_midi.PrettyMIDI(str(data / row["path"]))
    except (OSError, ValueError, EOFError, KeyError, IndexError):
        return []
    scale, beats, changes = 1.0, None, []
    tempo = float(midi.get_tempo_changes()[1][0]) if len(midi.get_tempo_changes()[1]) else 120.0
    if subset == "midi_pop909":
        marks = notes[row["id"]]["beats"]
        down = [i for i, mark in enumerate(marks) if mark[2]]
        gaps = np.bincount(np.diff(down)) if len(down) > 4 else np.zeros(1)
        if gaps.sum() == 0 or gaps.argmax() not in (3, 4) or gaps.max() < 0.85 * gaps.sum():
            return []
        times = np.array([mark[0] for mark in marks], float)[down[0] :]
        if len(times) < 16 or (np.diff(times) <= 0).any():
            return []
        beats, tempo = times, 60.0 / float(np.median(np.diff(times)))
        changes = [(0, (int(gaps.argmax()), 4))]
    else:
        for change in midi.time_signature_changes:
            at = midi.time_to_tick(change.time) * STEPS_PER_QUARTER / midi.resolution
            changes.append((round(at), (change.numerator, change.denominator)))
        if not changes or changes[0][0] > 0:
            changes.insert(0, (0, (4, 4)))
        if subset == "midi_arranged" and changes[0][1] == (6, 4):
            scale, tempo, changes = 0.5, tempo / 2, [(0, (6, 8))]
    if subset == "midi_nottingham" and midi.instruments:
        midi.instruments[0].name = "melody"  # the second track is chords; neither has a name
    raw = _raw(midi, beats, scale)
    if len(raw) == 0:
        return []
    if subset == "midi_pop909":
        raw = raw[raw[:, 0] >= 0]
    found = []
    last = int(raw[:, 0].max()) + 1
    for index, (start, metre) in enumerate(changes):
        end = changes[index + 1][0] if index + 1 < len(changes) else last
        metre = {(2, 2): (4, 4), (12, 8): (6, 8), (4, 2): (4, 4), (3, 8): (3, 4)}.get(metre, metre)
        if metre not in METRES or metre == (3, 8):
            continue
        part = raw[(raw[:, 0] >= start) & (raw[:, 0] < end)].copy()
        bar = bar_steps(metre)
        part[:, 0] -= start
        if subset in ("midi_lieder", "midi_nottingham") and len(part):
            shift = _phase(part, bar, 18 if metre[1] == 8 else 12)
            part[:, 0] += (bar - shift) % bar
        found += _piece(subset, row, part, metre, tempo, f"{row['id']}-{index}")
    return found


def _piece(
    subset: str, row: dict[str, str], raw: Any, metre: tuple[int, int], tempo: float, name: str
) -> list[Piece]:
    if len(raw) < MIN_NOTES:
        return []
    bar = bar_steps(metre)
    first = int(raw[:, 0].min()) // bar  # leading rests say nothing
    steps = raw[:, 0].astype(int) - first * bar
    bars = int(steps.max()) // bar + 1
    drum = raw[:, 1] == 2
    if bars < MIN_BARS or len(raw) / bars > MAX_NOTES_PER_BAR:
        return []
    events = np.stack(
        [
            steps // bar, steps % bar, raw[:, 1], raw[:, 2] + DRUM_PITCH * drum,
            np.where(drum, 0, duration_bin(np.round(raw[:, 3]))), velocity_bin(raw[:, 4]),
        ], axis=1,
    )  # fmt: skip
    moved, mode, shift = to_common_key(ordered(events))
    return [
        Piece(
            subset,
            name,
            row["split"],
            genre_of(subset, row),
            metre,
            tempo,
            mode,
            shift,
            bars,
            moved,
        )
    ]


SUBSETS = ("midi_multitrack", "midi_arranged", "midi_pop909", "midi_nottingham", "midi_lieder")


def _work(job: tuple[Path, str, dict[str, str], Any]) -> list[Piece]:
    return pieces_of(*job)


def jobs(data: Path, limit: int | None = None) -> Iterator[tuple[Path, str, dict[str, str], Any]]:
    """What there is to read, the 6/8 arrangements thinned out."""
    for subset in SUBSETS:
        if not (data / subset / "index.csv").exists():
            continue
        notes: Any = {}
        if subset == "midi_pop909":
            notes = json.loads((data / subset / "annotations.json").read_text(encoding="utf-8"))
        with (data / subset / "index.csv").open(encoding="utf-8") as file:
            rows = list(csv.DictReader(file))[:limit]
        jigs = 0
        for row in rows:
            if subset == "midi_arranged" and row["genre"].startswith("6/8"):
                jigs += 1
                if jigs % JIGS_KEPT:
                    continue
            yield data, subset, row, {row["id"]: notes.get(row["id"])} if notes else {}


def save(found: list[Piece], path: Path) -> None:
    """All pieces in one file: `load` reads it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    heads = [
        {k: v for k, v in dataclasses.asdict(piece).items() if k != "events"} for piece in found
    ]
    lengths = np.array([len(piece.events) for piece in found])
    events = np.concatenate([piece.events for piece in found]).astype(np.int16)
    np.savez_compressed(path, heads=json.dumps(heads), lengths=lengths, events=events)


def load(path: Path, split: str | None = None) -> list[Piece]:
    """The pieces of a split, or all."""
    with np.load(path) as file:
        heads, lengths = json.loads(str(file["heads"])), file["lengths"]
        events = file["events"].astype(np.int64)
    ends = np.cumsum(lengths)
    found = []
    for head, length, end in zip(heads, lengths, ends, strict=True):
        if split is None or head["split"] == split:
            head["metre"] = tuple(head["metre"])
            found.append(Piece(**head, events=events[end - length : end]))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--limit", type=int, help="files of each subset, for a quick try")
    parser.add_argument("--processes", type=int, default=2)
    args = parser.parse_args()
    with ProcessPoolExecutor(args.processes) as pool:
        found = [
            p for made in pool.map(_work, jobs(args.data, args.limit), chunksize=16) for p in made
        ]
    save(found, args.out)
    for subset in SUBSETS:
        mine = [p for p in found if p.subset == subset]
        print(subset, len(mine), "pieces", sum(len(p.events) for p in mine), "notes")
    print({genre: sum(p.genre == genre for p in found) for genre in (*GENRES, None)})


if __name__ == "__main__":
    main()
