"""What the published remix networks cost to train, and what they reach.

    python -m benchmarks remix-training-cost --data DIR --json OUT

Gourav, Singh and Kaur (2023) split one network of four LSTMs into four because it took too much
memory. Each of their networks, and one part of the split one, trains here for some steps in a
process of its own, all with the same batch of the same seconds. The rows are the errors of the
whole band on the seconds that validated the trainings, by the weights that ship; the curves come
from the trainings' logs.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from benchmarks.remix_training_curves import NETWORKS, curve_table, loss_table
from benchmarks.results import Results, Row, Table, summarise
from benchmarks.training_cost import peak_mb, state_mb
from core.audio import FloatArray, fit_length
from core.metrics import mse, relative_mse
from core.remixing.stems import MIX, STEMS

BATCHES = (8, 1024)
"""As trained, and so many that the networks' memory stands out from the interpreter's."""
STEPS = {8: 6}
"""Timed steps, after one to warm up."""
EPOCH_S = 384
"""Seconds of sound in an epoch of the trainings."""
PART = "one2four-split, one part"
MEASURED = ("one2one", "one2four-combined", PART)
RENDERED = ("midi_arranged", "midi_multitrack")
STEMS_FOLDER = Path("runs") / "remix_stems"


@dataclass(frozen=True)
class Cost:
    """What one process measured: MB of 10^6 bytes, seconds an epoch of EPOCH_S."""

    backend: str
    parameters: int
    before_mb: float
    peak_mb: float
    epoch_s: float
    epoch_processor_s: float

    @property
    def growth_mb(self) -> float:
        """What building, compiling and training took beyond the interpreter and the data."""
        return self.peak_mb - self.before_mb


def train_briefly(name: str, solo: FloatArray) -> Cost:
    """Take a few steps here on one batch, float32 [seconds, samples]."""
    import keras

    from core.remixing.lstm_remix_model import FRAME_LENGTH, build, part_network
    from training.remix_lstm import LEARNING_RATE, known_mse

    targets = np.repeat(solo[..., None], len(STEMS) if name == "one2four-combined" else 1, axis=2)
    keras.utils.set_random_seed(0)
    keras.ops.convert_to_numpy(keras.ops.tanh(solo[:1]))  # the backend has started after this
    frames = solo.shape[1] // FRAME_LENGTH
    before = peak_mb()
    model = {
        "one2one": lambda: build((MIX,), frames=frames),
        "one2four-combined": lambda: build(STEMS, frames=frames),
        PART: lambda: part_network(STEMS[0], frames),
    }[name]()
    model.compile(optimizer=keras.optimizers.Adam(LEARNING_RATE), loss=known_mse)
    model.train_on_batch(solo, targets)
    marks = [_clocks()]
    for _ in range(STEPS.get(len(solo), 1)):
        model.train_on_batch(solo, targets)
        marks.append(_clocks())
    spent = np.median(np.diff(marks, axis=0), axis=0) * EPOCH_S / len(solo)
    backend = keras.backend.backend()
    return Cost(backend, model.count_params(), before, peak_mb(), *spent.tolist())


def _clocks() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def cost_in_own_process(name: str, file: Path) -> Cost:
    """`train_briefly` on the array in `file` (.npy), in a fresh Python, on JAX if it is there."""
    jax = importlib.util.find_spec("jax") is not None
    done = subprocess.run(  # noqa: S603 - this Python, this module
        [sys.executable, "-m", "benchmarks.remix_training_cost", name, str(file)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | ({"KERAS_BACKEND": "jax"} if jax else {}),
    )
    if done.returncode:
        raise RuntimeError(f"{name} did not train:\n{done.stderr[-2000:]}")
    return Cost(**json.loads(done.stdout.splitlines()[-1]))


def cost_table(costs: dict[int, dict[str, Cost]], load: float) -> Table:
    """Memory and time by batch and network, and the ratio that the paper splits for."""
    ratios = [
        f"at batch {batch} {here[PART].peak_mb / here['one2four-combined'].peak_mb:.2f} of its "
        f"peak and {here[PART].growth_mb / here['one2four-combined'].growth_mb:.2f} of what is "
        "beyond the memory before"
        for batch, here in costs.items()
    ]
    backend = next(iter(costs[BATCHES[-1]].values())).backend
    return Table(
        "What training takes",
        f"Each in a fresh process, Keras on {backend}, seconds of real guitar. One part of "
        f"one2four-split, beside one2four-combined, takes {'; '.join(ratios)}. Memory before is "
        "that of the interpreter, the backend and the batch. An epoch is "
        f"{EPOCH_S} s of sound, from the median step, by the clock and by the processor, which "
        "other load on the machine changes less. one2four-split is four such parts, one after "
        f"another. The machine's load average was {load:.1f} when the measuring began.",
        [
            "batch", "network", "parameters", "weights and Adam, MB", "peak memory, MB",
            "of it before, MB", "beyond, MB", "s per epoch", "processor s per epoch",
        ],
        [
            [
                batch, name, f"{cost.parameters:,}", f"{state_mb(cost.parameters):.1f}",
                f"{cost.peak_mb:,.0f}", f"{cost.before_mb:,.0f}", f"{cost.growth_mb:,.0f}",
                f"{cost.epoch_s:.1f}", f"{cost.epoch_processor_s:.1f}",
            ]
            for batch, here in costs.items()
            for name, cost in here.items()
        ],
    )  # fmt: skip


def figures(made: FloatArray, true: FloatArray) -> dict[str, float]:
    """Errors of one excerpt's seconds, float32 [seconds, samples]."""
    return {"mse": mse(made, true), "relative_mse": relative_mse(made, true)}


def band_rows(data: Path, stems: Path, limit: int | None) -> list[Row]:
    """Errors of the whole band on the seconds that validated the trainings, excerpt by excerpt."""
    from core.loaders import load_model
    from training import remix_stems
    from training.remix_lstm import PIECES, VALID_SECONDS, draw_seconds

    count = limit or PIECES["valid"]
    remix_stems.build(data, stems, split="valid", limit=count, subsets=RENDERED)
    pieces = remix_stems.load(stems, "valid", count)
    drawn = draw_seconds(pieces, (MIX,), VALID_SECONDS)
    chosen = [np.flatnonzero(drawn.piece == number) for number in np.unique(drawn.piece)]
    groups = [pieces[number].group for number in np.unique(drawn.piece)]
    true = [drawn.targets[seconds, :, 0] for seconds in chosen]
    silent = [figures(np.zeros_like(band), band) for band in true]
    rows = [summarise("silence", "rung", silent, groups)]
    for name in NETWORKS:
        network = load_model(name)
        at_once = network.spec.input_shape[0]
        items = []
        for seconds, band in zip(chosen, true, strict=True):
            given = fit_length(drawn.solo[seconds].T, at_once).T
            items.append(figures(network(given)[: len(band)].sum(axis=-1), band))
        rows.append(summarise(name, "engine", items, groups))
    return rows


def run(
    data: Path,
    *,
    wanted: Sequence[str] | None = None,
    limit: int | None = None,
    split: str = "valid",
) -> Results:
    """The whole benchmark. It measures on what validated the trainings; `split` says nothing.

    limit: excerpts that the rows are of, and seconds in the large batch.
    """
    from training.remix_lstm import EXCERPT_S, draw_seconds
    from training.remix_stems import real_pieces

    load = os.getloadavg()[0]
    costs: dict[int, dict[str, Cost]] = {}
    real = real_pieces(data, "train", EXCERPT_S)
    with tempfile.TemporaryDirectory() as folder:
        for batch in BATCHES:
            file = Path(folder) / "solo.npy"
            count = min(batch, limit or batch)
            solo = draw_seconds(real, (MIX,), count).solo
            # The recordings are shorter than the large batch: what memory it takes is the same.
            np.save(file, np.resize(solo, (count, solo.shape[1])))
            costs[batch] = {name: cost_in_own_process(name, file) for name in wanted or MEASURED}
            print(batch, costs[batch], flush=True)
    rows = band_rows(data, STEMS_FOLDER, limit)
    described = "midi_arranged and midi_multitrack, valid, rendered; memory: audio_stems_guitar"
    tables = [cost_table(costs, load), loss_table(), curve_table()]
    return Results("remix-training-cost", described, limit or 16, rows, tables)


def main() -> None:
    """For `cost_in_own_process`: one model, one array, one line of JSON."""
    parser = argparse.ArgumentParser(description="Train one model briefly and print what it took.")
    parser.add_argument("name", choices=MEASURED)
    parser.add_argument("solo", type=Path, help=".npy, float32 [seconds, samples]")
    args = parser.parse_args()
    print(json.dumps(asdict(train_briefly(args.name, np.load(args.solo)))))


if __name__ == "__main__":
    main()
