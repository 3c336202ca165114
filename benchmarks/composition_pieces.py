"""What `composition` measures: excerpts of test pieces, rungs, and the engines' own pieces."""

from __future__ import annotations

import dataclasses
import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.results import Kind
from core.composition.controls import Controls
from core.composition.offers import offer
from core.composition.tokens import decode
from core.engines import composer
from core.errors import ModelUnavailableError
from core.score import TICKS_PER_QUARTER, Note, Score, Track
from training.composer_corpus import Piece, jobs, load, pieces_of, save

CORPUS = Path("runs/composer_corpus.npz")
"""The events of all pieces, written by training.composer_corpus, or here where it is not there."""
BARS = 16
PIECES = 100
TRUE, TRAINING, RANDOM = "test pieces", "training pieces", "random notes"
CHORALES = "jsb_chorales"
VOICES = ("Soprano", "Alto", "Tenor", "Bass")


@dataclass(frozen=True)
class Excerpt:
    """The first bars of a piece, and what an engine is told of it."""

    piece: Piece
    score: Score


@dataclass
class Made:
    """One row's pieces. seconds: of computing, for each; empty for what was not computed."""

    name: str
    kind: Kind
    scores: list[Score]
    seconds: list[float] = field(default_factory=list)


def corpus(data: Path) -> list[Piece]:
    """Every piece there is, read once and kept in CORPUS."""
    if not CORPUS.exists():
        print(f"reading the MIDI files into {CORPUS}, some minutes", flush=True)
        save([piece for job in jobs(data) for piece in pieces_of(*job)], CORPUS)
    return load(CORPUS)


def score_of(piece: Piece, bars: int) -> Score:
    """The first `bars` bars of a piece."""
    metre = piece.metre
    frame = Score((), bars, piece.tempo_bpm, *metre)
    return decode(piece.events[piece.events[:, 0] < bars], frame)


def excerpts(found: Sequence[Piece], split: str, most: int) -> list[Excerpt]:
    """The first bars of up to `most` pieces of a split, of all kinds of music alike.

    Pieces that are shorter, or of no known genre, are left out. Of the rest the subsets take turns,
    so that short folk tunes, of which there are many, do not outweigh the others.
    """
    usable = [p for p in found if p.split == split and p.bars >= BARS and p.genre is not None]
    rng = np.random.default_rng(0)
    queues = []
    for subset in sorted({p.subset for p in usable}):
        mine = [p for p in usable if p.subset == subset]
        queues.append([mine[i] for i in rng.permutation(len(mine))])
    turns = [queue[i] for i in range(max(map(len, queues), default=0))
             for queue in queues if i < len(queue)]  # fmt: skip
    return [Excerpt(piece, score_of(piece, BARS)) for piece in turns[:most]]


def beside(references: Sequence[Excerpt], found: Sequence[Piece]) -> list[Score]:
    """As many training pieces, of the same subsets and genres where there are such."""
    rng = np.random.default_rng(1)
    usable = [p for p in found if p.split == "train" and p.bars >= BARS]
    scores = []
    for reference in references:
        piece = reference.piece
        alike = [p for p in usable if (p.subset, p.genre) == (piece.subset, piece.genre)]
        alike = alike or [p for p in usable if p.subset == piece.subset]
        if alike:
            scores.append(score_of(alike[int(rng.integers(len(alike)))], BARS))
    return scores


def random_notes(reference: Excerpt, seed: int) -> Score:
    """As many notes on the same instruments, with pitches and sixteenths of no plan."""
    rng = np.random.default_rng(seed)
    score = reference.score
    tracks = []
    for track in score.tracks:
        count = len(track.notes)
        pitches = [note.pitch for note in track.notes]
        drawn = rng.integers(min(pitches), max(pitches) + 1, count)
        starts = rng.integers(0, score.ticks // 6, count) * 6
        lengths = rng.permutation([note.duration for note in track.notes])
        notes = {
            (int(s), int(p)): Note(int(s), int(p), min(int(d), score.ticks - int(s)))
            for s, p, d in zip(starts, drawn, lengths, strict=True)
        }
        tracks.append(dataclasses.replace(track, notes=tuple(notes.values())))
    return dataclasses.replace(score, tracks=tuple(tracks))


def asked_for(engine: str, reference: Excerpt, seed: int, temperature: float | None) -> Controls:
    """The genre, metre and tempo of a test piece, as far as the engine takes them.

    Its density is not told, but drawn: each fifth of them is equally common by definition.
    """
    piece, has = reference.piece, offer(engine)
    density = float(np.random.default_rng([seed, 7]).random())
    controls = Controls(
        genre=piece.genre, metre=piece.metre, tempo_bpm=piece.tempo_bpm, density=density,
        temperature=has.temperature if temperature is None else temperature,
    )  # fmt: skip
    return has.kept(controls)


def compose(
    label: str, engine: str, references: Sequence[Excerpt], temperature: float | None = None
) -> Made | None:
    """A piece of the engine for each reference; None where its weights are missing.

    One more is made before them, so that neither loading nor compiling is timed.
    """
    made = Made(label, "engine", [])
    for number, reference in enumerate([references[0], *references]):
        seed = max(number - 1, 0)
        controls = asked_for(engine, reference, seed, temperature)
        began = time.perf_counter()
        try:
            piece = composer(engine).compose(None, BARS, seed=seed, controls=controls)
        except ModelUnavailableError as error:
            print(f"{label}: {error}", flush=True)
            return None
        if number:
            made.scores.append(piece.score)
            made.seconds.append(time.perf_counter() - began)
    print(f"{label}: {len(made.scores)} pieces in {sum(made.seconds):.0f} s", flush=True)
    return made


def piano_part(score: Score) -> Score:
    """The piece without all but its piano."""
    tracks = tuple(t for t in score.tracks if not t.is_drum and t.program < 8)
    return dataclasses.replace(score, tracks=tracks)


def chorales(data: Path, split: str, most: int) -> list[Score]:
    """The first 16 bars, or all, of Bach's chorales on the sixteenth grid; none without the data.

    Equal neighbours are one held note, since the data do not tell held and repeated ones apart.
    """
    path = data / CHORALES / "Jsb16thSeparated.npz"
    if not path.exists():
        return []
    # The file is the data folder's own; an array of pieces of unequal length is a pickle.
    with np.load(path, allow_pickle=True, encoding="latin1") as grids:
        return [chorale(np.nan_to_num(grid, nan=-1.0)) for grid in grids[split][:most]]


def chorale(grid: Sequence[Sequence[int]]) -> Score:
    """[sixteenths, 4] MIDI pitches, -1 for rests, as a score in 4/4."""
    sixteenth = TICKS_PER_QUARTER // 4
    frames = np.asarray(grid, np.int64)[: 16 * BARS]
    tracks = []
    for voice, name in enumerate(VOICES):
        line = frames[:, voice]
        edges = [0, *(np.flatnonzero(np.diff(line)) + 1).tolist(), len(line)]
        notes = tuple(
            Note(first * sixteenth, int(line[first]), (end - first) * sixteenth)
            for first, end in itertools.pairwise(edges)
            if line[first] >= 0
        )
        tracks.append(Track(name, 52, notes))
    return Score(tuple(tracks), -(-len(frames) // 16))
