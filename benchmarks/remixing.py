"""A solo in, a band out, against what truly accompanied it: engines and rungs on test pieces.

    python -m benchmarks remixing --data DIR --json benchmarks/results/remixing.json

Pieces are rendered multitrack MIDI (training/remix_stems.py). Every row plays along with excerpts
of all three splits: its figures are of the test split, its judge learns from the training split and
is chosen on the validation split (benchmarks/remix_judge.py), its loss is shown for all three. A
cell is empty where a figure has no meaning: stems of a band that comes as one, chord tones of
silence, computing time of a rung. An engine that refuses a solo is measured as silent there.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from benchmarks import remix_judge, remix_notes
from benchmarks.remix_patterns import PATTERN, fixed_pattern
from benchmarks.remix_real import real_table
from benchmarks.remix_rungs import RUNGS, SILENCE, TRUTH_MIXED, Rung, silence
from benchmarks.results import Kind, Results, Row, Table, summarise
from core.audio import Clip, FloatArray, fit_length
from core.engines import engines, remixer
from core.errors import ModelUnavailableError, UserInputError
from core.metrics import mse
from core.remix_metrics import RATE, Stemwise, audible, band, band_metrics, piece_gain
from core.remixing.plan import BAND
from core.remixing.stems import MIX, STEMS, TITLES
from core.spectrogram import analysis_samples
from training import remix_stems
from training.remix_stems import StemPiece

SECONDS = 15.0
"""Of each excerpt."""
EXCERPTS = 1
"""Of each rendered piece, following on each other; 30 s hold two."""
PIECES = {"train": 60, "valid": 16, "test": 36}
SUBSETS = ("midi_arranged", "midi_multitrack")
"""Those whose pieces have a band; the others have a piano alone."""
STORE = Path("runs/remix_stems")
WORKERS = 2
WHOLE = "Whole band"


@dataclass(frozen=True)
class Stage:
    """The pieces of a split, and what judges are told of them: solos and true bands."""

    pieces: Sequence[StemPiece]
    gains: Sequence[float]
    solo: FloatArray
    true: FloatArray

    @classmethod
    def of(cls, pieces: Sequence[StemPiece]) -> Stage:
        gains = [piece_gain(piece.solo, band(piece.stems)) for piece in pieces]
        solos, bands = [piece.solo for piece in pieces], [band(piece.stems) for piece in pieces]
        return cls(pieces, gains, pictures(solos, gains), pictures(bands, gains))


@dataclass
class Tally:
    """What one engine or rung played.

    figures: of each test piece. losses: split -> of each piece, stem -> mean squared error. heard:
    split -> what the judge is told of its bands.
    """

    name: str
    kind: Kind
    figures: list[dict[str, float]] = field(default_factory=list)
    losses: dict[str, list[dict[str, float]]] = field(default_factory=dict)
    heard: dict[str, FloatArray] = field(default_factory=dict)


def pictures(sounds: Sequence[FloatArray], gains: Sequence[float]) -> FloatArray:
    """float16 [sounds, frames, n_mels] of equally long sounds."""
    return np.stack([remix_judge.picture(*each) for each in zip(sounds, gains, strict=True)])


def load(data: Path, split: str, limit: int) -> list[StemPiece]:
    """Excerpts of the split's first pieces, which are rendered into STORE where it lacks the split.

    Those in which solo or band is silent are left out, for nothing can be compared there.
    """
    if not (STORE / split / "index.json").is_file():
        remix_stems.build(data, STORE, split=split, limit=limit, subsets=SUBSETS)
    found = []
    for piece in remix_stems.load(STORE, split, limit):
        for number in range(min(EXCERPTS, int(len(piece.solo) / RATE / SECONDS))):
            cut = excerpt(piece, number * SECONDS, SECONDS)
            if audible(cut.solo) and audible(band(cut.stems)):
                found.append(cut)
    return found


def excerpt(piece: StemPiece, start_s: float, seconds: float) -> StemPiece:
    """The part of a piece from `start_s` on: its sound, the beats in it, the notes that sound."""
    first, end_s = round(start_s * RATE), start_s + seconds
    last = first + round(seconds * RATE)
    beats = piece.beats[(piece.beats[:, 0] >= start_s) & (piece.beats[:, 0] < end_s)]
    notes = {
        name: rows[(rows[:, 1] > start_s) & (rows[:, 0] < end_s)] - [start_s, start_s, 0.0, 0.0]
        for name, rows in piece.notes.items()
    }
    return replace(
        piece,
        start_s=piece.start_s + start_s,
        solo=piece.solo[first:last],
        stems={name: samples[first:last] for name, samples in piece.stems.items()},
        notes=notes,
        beats=beats - [start_s, 0.0],
    )


def maker(name: str) -> Rung:
    """What plays along with a piece, from its index and all pieces: a rung or an engine."""
    if name in RUNGS:
        return RUNGS[name]
    if name == PATTERN:
        return fixed_pattern
    engine = remixer(name)

    def make(index: int, pieces: Sequence[StemPiece]) -> Stemwise:
        solo = pieces[index].solo
        try:
            stems = engine.remix(Clip(solo[None], RATE), seed=index)
        except UserInputError as error:
            print(f"{name} refuses {pieces[index].id}: {error}", flush=True)
            return silence(index, pieces)
        return {
            part: fit_length(analysis_samples(clip)[None], len(solo))[0]
            for part, clip in stems.parts.items()
        }

    return make


def usable_engines(wanted: Sequence[str] | None, pieces: Sequence[StemPiece]) -> list[str]:
    """The engines asked for, or all, that can run here.

    Each is run once, so that neither loading a model nor compiling is in any figure. One whose
    weights are missing is left out, and its figures with it. The band brings its own rung along.
    """
    usable = []
    for name in wanted or [info.name for info in engines("remix")]:
        try:
            maker(name)(0, pieces)
        except ModelUnavailableError as error:
            print(f"{name}: {error}", flush=True)
            continue
        usable.append(name)
    return [PATTERN, *usable] if BAND in usable else usable


def losses(made: Stemwise, true: Stemwise) -> dict[str, float]:
    """Mean squared error of each stem that there is, and of their sum."""
    out = {name: mse(made[name], true[name]) for name in STEMS if name in made}
    return out | {MIX: mse(band(made), band(true))}


def measure(name: str, kind: Kind, stages: Mapping[str, Stage], split: str) -> Tally:
    """Let a rung or an engine play along with every piece; figures are of the pieces of `split`."""
    make, tally = maker(name), Tally(name, kind)

    def figures(made: Stemwise, piece: StemPiece) -> dict[str, float]:
        return band_metrics(piece.solo, made, piece.stems, piece.notes, piece.beats)

    for part, stage in stages.items():
        played, spent_s = [], []
        for index in range(len(stage.pieces)):
            start = time.perf_counter()
            played.append(make(index, stage.pieces))
            spent_s.append(time.perf_counter() - start)
        tally.losses[part] = [
            losses(made, piece.stems) for made, piece in zip(played, stage.pieces, strict=True)
        ]
        tally.heard[part] = pictures([band(made) for made in played], stage.gains)
        if part == split:
            with ThreadPoolExecutor(WORKERS) as pool:
                tally.figures = list(pool.map(figures, played, stage.pieces))
            if kind == "engine":
                for each, seconds in zip(tally.figures, spent_s, strict=True):
                    each["compute_ratio"] = seconds / SECONDS
        print(f"{name}: {len(played)} excerpts of {part}", flush=True)
    return tally


def judged(tally: Tally, stages: Mapping[str, Stage], split: str) -> None:
    """Adds detection_accuracy to the figures of each piece."""
    sets = [
        remix_judge.Pairs(stages[part].solo, stages[part].true, tally.heard[part])
        for part in ("train", "valid", split)
    ]
    detections = remix_judge.detected(*sets)
    for figures, value in zip(tally.figures, detections, strict=True):
        figures["detection_accuracy"] = float(value)
    print(f"{tally.name}: detected {np.mean(detections):.3f}", flush=True)


def loss_table(tallies: Sequence[Tally], split: str) -> Table:
    """The networks' loss of each stem and of the mix, beside silence's, in every split."""
    parts = list(tallies[0].losses)
    still = next(tally for tally in tallies if tally.name == SILENCE)
    lines = []
    for stem in (*STEMS, MIX):
        for tally in (still, *(each for each in tallies if each.kind == "engine")):
            if stem in tally.losses[split][0]:
                means = [np.mean([item[stem] for item in tally.losses[part]]) for part in parts]
                silent = np.mean([item[stem] for item in still.losses[split]])
                share = f"{means[-1] / silent:.3f}" if silent > 0 else ""
                title = WHOLE if stem == MIX else TITLES[stem]
                lines.append([title, tally.name, *(f"{m:.6f}" for m in means), share])
    return Table(
        "Loss of each stem",
        "Mean squared error of the samples, what the published networks are trained on, beside "
        f"silence's. An engine without stems has that of the {WHOLE.lower()} alone; of the others "
        "that is of the sum of their stems.",
        ["stem", "what", *parts, f"{split}, share of silence's"],
        lines,
    )


def run(
    data: Path,
    *,
    wanted: Sequence[str] | None = None,
    limit: int | None = None,
    split: str = "test",
) -> Results:
    """The whole benchmark. limit: pieces of each split, where there are to be fewer than PIECES."""
    stages = {
        part: Stage.of(load(data, part, min(limit or PIECES[part], PIECES[part])))
        for part in dict.fromkeys(("train", "valid", split))
    }
    pieces = stages[split].pieces
    names = usable_engines(wanted, pieces)
    groups = [piece.group for piece in pieces]
    tallies: list[Tally] = []
    rows: list[Row] = []
    for name in (*RUNGS, *names):
        kind: Kind = "rung" if name in (*RUNGS, PATTERN) else "engine"
        tally = measure(name, kind, stages, split)
        judged(tally, stages, split)
        tallies.append(tally)
        rows.append(summarise(name, kind, tally.figures, groups))
    tables = [loss_table(tallies, split)]
    makers = {name: maker(name) for name in (*RUNGS, *names) if name != TRUTH_MIXED}
    tables += [found] if (found := real_table(data, split, makers, limit)) else []
    tables.append(remix_notes.table(pieces, [tally.name for tally in tallies]))
    described = (
        f"rendered stems/{split}, excerpts of {SECONDS:.0f} s of {len(set(groups))} groups of "
        f"pieces; judges learned from {len(stages['train'].pieces)} training excerpts"
    )
    return Results("remixing", described, len(pieces), rows, tables)
