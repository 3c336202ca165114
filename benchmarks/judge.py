"""The judge: a network that learns to tell an engine's continuations from the true ones.

    python -m benchmarks judge --data DIR --engines a,b --json benchmarks/results/judge.json
    python -m benchmarks.judge --data DIR --engines loop --designs spectrogram,similarity,both
    python -m benchmarks.judge --data DIR --designs both --training 100 --epochs 6 --json FILE
    python -m benchmarks.judge --data DIR --engines structure --designs both --json FILE --keep

A classifier two-sample test (Lopez-Paz and Oquab, "Revisiting classifier two-sample tests", 2017),
for each engine a network (judge_model.py) and trees on plain figures (judge_figures.py). They hear
the clip's last 5 s and the 10 s after them; they learn from the training split, the epoch is chosen
on the validation split, and their accuracy is measured on the test split, as many true
continuations as generated ones, so that guessing gives 0.5. Of the designs the one that detects
best on the validation split counts. Judges are part of the measurement: they are trained anew for
every engine and not shipped. The rungs show what a judge can hear at all.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np

from benchmarks.extrapolation import load, usable_engines
from benchmarks.judge_figures import FIGURES, FiguresJudge
from benchmarks.judge_material import FRAMES, RUNGS, SHIFTS, Material, material
from benchmarks.judge_model import DESIGNS, build
from benchmarks.results import Results, Row, Table, summarise
from core.audio import FloatArray
from core.engines import engines
from core.spectrogram import DISPLAY

DESIGN = ("both", FIGURES)
PAIRS = 16
EPOCHS = 12
PATIENCE = 4
LEARNING_RATE = 1e-3
WEIGHT_DECAY = 1e-2
GAIN_DB = 4.0
BAND_SHIFT = 2
COMMIT = "commit"


@dataclass(frozen=True)
class Verdict:
    """A trained judge's outcome.

    valid_accuracy: at the chosen epoch, which is 0 of a judge without epochs. right_true,
    right_made: bool [pairs] of the test split, whether the true and the generated sound of each
    pair was told rightly.
    """

    design: str
    valid_accuracy: float
    epoch: int
    seconds: float
    right_true: FloatArray
    right_made: FloatArray

    @property
    def accuracies(self) -> FloatArray:
        """Of each test pair: 0, 0.5 or 1."""
        return (self.right_true.astype(np.float32) + self.right_made) / 2


def augmented(
    found: Material, rows: FloatArray, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """(float32 [2 * pairs, FRAMES, n_mels], labels [2 * pairs, 1]), true ones first.

    Each pair gets one gain, one shift in time and one in mel bands, the same for both its sounds.
    """
    out = np.empty((2, len(rows), FRAMES, DISPLAY.n_mels), np.float32)
    for place, row in enumerate(rows):
        start = int(rng.integers(0, SHIFTS + 1))
        bands = np.arange(DISPLAY.n_mels) + int(rng.integers(-BAND_SHIFT, BAND_SHIFT + 1))
        bands = np.clip(bands, 0, DISPLAY.n_mels - 1)
        gain_db = np.float32(GAIN_DB * rng.standard_normal())
        for side, sounds in enumerate((found.true, found.made)):
            heard = sounds[row, start : start + FRAMES].astype(np.float32)[:, bands]
            out[side, place] = np.maximum(heard + gain_db, DISPLAY.floor_db)
    labels = np.repeat([1.0, 0.0], len(rows)).astype(np.float32)[:, None]
    return out.reshape(-1, *out.shape[2:]), labels


def logits(judge: keras.Model, sounds: FloatArray) -> FloatArray:
    """float32 [sounds] of float16 [sounds, STORED_FRAMES, n_mels]; over 0 means "true"."""
    middle = sounds[:, SHIFTS // 2 : SHIFTS // 2 + FRAMES].astype(np.float32)
    return np.concatenate([
        judge.predict_on_batch(middle[i : i + 2 * PAIRS])[:, 0]
        for i in range(0, len(middle), 2 * PAIRS)
    ])  # fmt: skip


def train(
    design: str, training: Material, validation: Material, *, epochs: int = EPOCHS, seed: int = 0
) -> tuple[keras.Model, float, int]:
    """(judge, its accuracy on `validation`, epoch): that of the epoch with the highest accuracy.

    Among equally accurate epochs the one with the lowest loss. Ends after `PATIENCE` epochs
    without a better one.
    """
    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    judge = build(design)
    steps = -(-len(training.tracks) // PAIRS)
    rate = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, steps * epochs, alpha=0.05)
    judge.compile(
        optimizer=keras.optimizers.AdamW(rate, weight_decay=WEIGHT_DECAY),
        loss=keras.losses.BinaryCrossentropy(from_logits=True),
    )
    best, kept, chosen = (-1.0, 0.0), judge.get_weights(), 0
    for epoch in range(1, epochs + 1):
        for rows in np.array_split(rng.permutation(len(training.tracks)), steps):
            judge.train_on_batch(*augmented(training, rows, rng))
        true, made = logits(judge, validation.true), logits(judge, validation.made)
        accuracy = float(np.mean(true > 0) + np.mean(made <= 0)) / 2
        loss = float(np.mean(np.logaddexp(0, -true)) + np.mean(np.logaddexp(0, made))) / 2
        print(f"  {design} {epoch}: valid {accuracy:.3f}, loss {loss:.3f}", flush=True)
        if (accuracy, -loss) > best:
            best, kept, chosen = (accuracy, -loss), judge.get_weights(), epoch
        if epoch - chosen >= PATIENCE:
            break
    judge.set_weights(kept)
    return judge, best[0], chosen


def verdict(design: str, sets: Sequence[Material], *, epochs: int = EPOCHS) -> Verdict:
    """Train on the first set, choose on the second, measure on the third."""
    training, validation, measured = sets
    start = time.perf_counter()
    if design == FIGURES:
        figures = FiguresJudge(training)
        true, made = figures.says_true(validation.true), figures.says_true(validation.made)
        accuracy, epoch = float(np.mean(true) + np.mean(~made)) / 2, 0
        seconds = time.perf_counter() - start
        right_true, right_made = figures.says_true(measured.true), ~figures.says_true(measured.made)
    else:
        judge, accuracy, epoch = train(design, training, validation, epochs=epochs)
        seconds = time.perf_counter() - start
        right_true = logits(judge, measured.true) > 0
        right_made = logits(judge, measured.made) <= 0
    return Verdict(design, accuracy, epoch, seconds, right_true, right_made)


def run(
    data: Path,
    *,
    wanted: Sequence[str] | None = None,
    limit: int | None = None,
    split: str = "test",
    designs: Sequence[str] = DESIGN,
    training: int | None = None,
    epochs: int = EPOCHS,
) -> Results:
    """A judge for every rung and engine asked for; the rungs where nothing is asked for too.

    training: tracks of the training split that judges learn from, where not all.
    """
    found = load(data, split, limit)
    names = [name for name in RUNGS if wanted is None or name in wanted or "rungs" in wanted]
    asked = [name for name in wanted if name not in (*RUNGS, "rungs")] if wanted else None
    if asked is None or asked:
        names += usable_engines(asked, found[0].clip)
    rows: list[Row] = []
    lines = []
    commit = Results("judge", "", 0, []).commit
    for name in names:
        print(name, flush=True)
        parts = {"train": training or limit, "valid": limit, split: limit}
        sets = [material(data, name, part, tracks) for part, tracks in parts.items()]
        verdicts = [verdict(design, sets, epochs=epochs) for design in designs]
        counted = max(verdicts, key=lambda each: each.valid_accuracy)
        items = [{"detection_accuracy": float(value)} for value in counted.accuracies]
        rows.append(summarise(name, "rung" if name in RUNGS else "engine", items, sets[2].tracks))
        pairs = len(sets[0].tracks)
        lines += [[*_line(name, each, pairs, each is counted), commit] for each in verdicts]
    described = f"audio/{split}, {len({window.track for window in found})} tracks"
    return Results("judge", described, len(found), rows, [_table(lines, training, epochs)])


def _line(name: str, each: Verdict, pairs: int, counts: bool) -> list[str]:
    figures = [each.valid_accuracy, each.accuracies.mean()]
    figures += [each.right_true.mean(), each.right_made.mean()]
    return [
        name, each.design, "yes" if counts else "", str(pairs), str(each.epoch or ""),
        *(f"{figure:.3f}" for figure in figures), f"{each.seconds:.0f}",
    ]  # fmt: skip


def _table(lines: list[list[str]], training: int | None, epochs: int) -> Table:
    fewer = f" Trained on {training} of the training tracks, to save time." if training else ""
    return Table(
        "Every judge that was trained",
        "Of several designs the one with the highest accuracy on the validation split counts. "
        f"At most {epochs} epochs.{fewer}",
        ["continuations by", "design", "counts", "training pairs", "epoch", "accuracy, validation",
         "accuracy, measured", "true ones known", "generated ones known", "training, s", COMMIT],
        lines,
    )  # fmt: skip


def kept(now: Results, before: Mapping[str, Any]) -> Results:
    """`now`, and what an earlier file says of engines that were not measured again.

    Raises ValueError where that file's judges heard other tracks.
    """
    if (now.job, now.data) != (before["job"], before["data"]):
        raise ValueError("The file to keep rows of is of other tracks; measure all engines anew.")
    (table,), (old,) = now.tables, before["tables"]
    fresh = {row.name: row for row in now.rows}
    rows = [fresh.get(row["name"]) or Row(**row) for row in before["rows"]]
    rows += [row for row in now.rows if row.name not in {row["name"] for row in before["rows"]}]
    own = [] if COMMIT in old["columns"] else [before["commit"]]
    lines = {row.name: [line for line in table.rows if line[0] == row.name] for row in now.rows}
    for row in before["rows"]:
        if row["name"] not in fresh:
            lines[row["name"]] = [[*line, *own] for line in old["rows"] if line[0] == row["name"]]
    ordered = [line for row in rows for line in lines[row.name]]
    return replace(now, rows=rows, tables=[replace(table, rows=ordered)])


def main() -> None:
    """Compare designs, or learn from fewer tracks or epochs to save time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    names = [*RUNGS, *(info.name for info in engines("extrapolate"))]
    parser.add_argument("--engines", type=lambda text: text.split(","), help=", ".join(names))
    parser.add_argument("--designs", type=lambda text: text.split(","), default=[*DESIGNS, FIGURES])
    parser.add_argument("--limit", type=int, help="tracks per split, for a quick look")
    parser.add_argument("--training", type=int, help="tracks of the training split, all by default")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--json", type=Path, help="where the results go")
    parser.add_argument("--keep", action="store_true", help="what --json has of other engines")
    args = parser.parse_args()
    results = run(
        args.data, wanted=args.engines, limit=args.limit, designs=args.designs,
        training=args.training, epochs=args.epochs,
    )  # fmt: skip
    if args.json and args.keep:
        results = kept(results, json.loads(args.json.read_text(encoding="utf-8")))
    print(results.text())
    if args.json:
        results.write(args.json)


if __name__ == "__main__":
    main()
