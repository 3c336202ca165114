"""What training costs by the encoder-decoder and by LSTMs, and what it gives: a paper's claim.

    python -m benchmarks training-cost --data DIR --json benchmarks/results/training-cost.json

Kumar et al. (2023) say that LSTMs exhaust memory and time where their encoder-decoder does not.
Each model trains here in a process of its own, as its `training` module trains it: 120 files of
30 s, batch 20. The rows are the validation tracks' errors by the weights that ship.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.results import Results, Row, Table, summarise
from core.metrics import mse

Array = np.ndarray[Any, Any]
TRAINED = ("paper-encdec", "lstm-seq2seq")
EQUAL = "lstm-seq2seq, 266 units"
"""As many parameters as paper-encdec, so that kind and size are not confused. Not trained."""
WIDE = "LSTMs, 22050 units"
"""A state as wide as a second, "a single vector of shape (1, 22050)". Computed alone."""
LOGS = Path(__file__).resolve().parent.parent / "training" / "logs"
WARM_UP, TIMED = 1, 2
SECONDS_IN = 20
MB = 1e6


@dataclass(frozen=True)
class Cost:
    """What one process measured; sizes in MB of 10^6 bytes.

    epoch_s is by the clock; epoch_processor_s adds up all cores, and other load changes it little.
    """

    parameters: int
    before_mb: float
    peak_mb: float
    epoch_s: float
    epoch_processor_s: float


def lstm_parameters(inputs: int, units: int) -> int:
    """Of one LSTM layer: four gates, each with an input kernel, a recurrent kernel and a bias."""
    return 4 * units * (inputs + units + 1)


def state_mb(parameters: int) -> float:
    """Weights and Adam's two moments in float32, without gradients and activations."""
    return 3 * 4 * parameters / MB


def build(name: str, samples: int, seconds_out: int) -> Any:
    """The Keras model that `name` says, with fresh weights."""
    from core.extrapolation import lstm_seq2seq_model, paper_encdec_model

    sizes = {"samples": samples, "seconds_in": SECONDS_IN, "seconds_out": seconds_out}
    if name == "paper-encdec":
        return paper_encdec_model.build(**sizes)
    if name == EQUAL:
        return lstm_seq2seq_model.build(**sizes, width=266, units=266)
    return lstm_seq2seq_model.build(**sizes)


def train_briefly(name: str, train_set: Array) -> Cost:
    """Train for a warm-up epoch and the timed ones, here, and say what it took.

    train_set: float32 [tracks, seconds, samples], of which the first 20 s are given.
    """
    import keras

    from training.paper_encdec import BATCH, LEARNING_RATE

    before = peak_mb()
    keras.utils.set_random_seed(0)
    model = build(name, train_set.shape[2], train_set.shape[1] - SECONDS_IN)
    model.compile(optimizer=keras.optimizers.Adam(LEARNING_RATE), loss="mean_squared_error")
    marks: list[tuple[float, float]] = []
    clock = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: marks.append(_clocks()),
        on_epoch_end=lambda epoch, logs: marks.append(_clocks()),
    )
    model.fit(
        train_set[:, :SECONDS_IN],
        train_set[:, SECONDS_IN:],
        batch_size=BATCH,
        epochs=WARM_UP + TIMED,
        callbacks=[clock],
        verbose=0,
    )
    spent = np.subtract(marks[1::2], marks[::2])[WARM_UP:]
    return Cost(model.count_params(), before, peak_mb(), *np.median(spent, axis=0).tolist())


def _clocks() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def peak_mb() -> float:
    """This process's peak resident memory.

    From /proc where there is one: what getrusage says of a child begins at its parent's size.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(x for x in status.read_text().splitlines() if x.startswith("VmHWM"))
        return int(line.split()[1]) * 1024 / MB
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / MB


def cost_in_own_process(name: str, file: Path) -> Cost:
    """`train_briefly` on the array in `file` (.npy), in a fresh Python."""
    done = subprocess.run(  # noqa: S603 - this Python, this module
        [sys.executable, "-m", "benchmarks.training_cost", name, str(file)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{name} did not train:\n{done.stderr[-2000:]}")
    return Cost(**json.loads(done.stdout.splitlines()[-1]))


def final_errors(name: str) -> tuple[str, str, str]:
    """(epochs, training MSE, validation MSE) of the whole training, from its log."""
    path = LOGS / f"{name}.csv"
    if not path.exists():
        return "–", "–", "–"
    with path.open(newline="") as file:
        last = list(csv.DictReader(file))[-1]
    return last["epoch"], f"{float(last['train_mse']):.5f}", f"{float(last['validation_mse']):.5f}"


def measured_line(name: str, cost: Cost) -> list[str]:
    return [
        name,
        f"{cost.parameters:,}",
        f"{state_mb(cost.parameters):,.0f}",
        f"{cost.peak_mb:,.0f}",
        f"{cost.before_mb:,.0f}",
        f"{cost.epoch_s:.2f}",
        f"{cost.epoch_processor_s:.2f}",
        *final_errors(name),
    ]


def wide_line(samples: int) -> list[str]:
    """The LSTMs that are too wide to run: an encoder and a decoder whose states are seconds."""
    parameters = 2 * lstm_parameters(samples, samples)
    machine_mb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / MB
    why = f"not run: the machine has {machine_mb:,.0f} MB" if (
        state_mb(parameters) > machine_mb
    ) else "not run"  # fmt: skip
    return [WIDE, f"{parameters:,}", f"{state_mb(parameters):,.0f}", why, *["–"] * 6]


def silence_line(train_set: Array, validation_set: Array) -> list[str]:
    errors = [float(np.mean(s[:, SECONDS_IN:] ** 2)) for s in (train_set, validation_set)]
    return ["silence", "0", "0", *["–"] * 5, *[f"{error:.5f}" for error in errors]]


def table(costs: dict[str, Cost], train_set: Array, validation_set: Array, load: float) -> Table:
    """The claim's own figures, model by model."""
    return Table(
        "The paper's claim that LSTMs need more memory and time for this job, put to the test",
        f"Each model in a fresh process, {len(train_set)} files, batch 20; seconds per epoch are "
        f"the median of {TIMED} after {WARM_UP} to warm up, without validation, by the clock and "
        "added up over the cores, which other load on the machine changes less. Weights and Adam's "
        "state are computed, in float32; the peak is measured, and what stood before the model was "
        "built (TensorFlow, the data) is beside it. The two errors come from the logs of whole "
        "trainings. 266 units have the encoder-decoder's number of parameters. The machine's load "
        f"average was {load:.1f} when the measuring began.",
        [
            "model", "parameters", "weights and Adam, MB", "peak memory, MB", "of it before, MB",
            "s per epoch", "processor s per epoch", "epochs trained", "training MSE",
            "validation MSE",
        ],
        [
            *[measured_line(name, cost) for name, cost in costs.items()],
            wide_line(train_set.shape[2]),
            silence_line(train_set, validation_set),
        ],
    )  # fmt: skip


def validation_rows(validation_set: Array, names: Sequence[str], groups: list[str]) -> list[Row]:
    """The error of each track by the shipped weights, and by silence."""
    from core.loaders import load_model

    truth = validation_set[:, SECONDS_IN:]
    silent = [{"mse": mse(np.zeros_like(true), true)} for true in truth]
    rows = [summarise("silence", "rung", silent, groups)]
    for name in names:
        network = load_model(name)
        items = [
            {"mse": mse(network(track[None, :SECONDS_IN])[0], true)}
            for track, true in zip(validation_set, truth, strict=True)
        ]
        rows.append(summarise(name, "engine", items, groups))
    return rows


def run(
    data: Path,
    *,
    wanted: Sequence[str] | None = None,
    limit: int | None = None,
    split: str = "valid",
) -> Results:
    """The whole benchmark. It trains and validates as the trainings do, so `split` says nothing."""
    from training.paper_encdec import load_sets

    load = os.getloadavg()[0]
    train_set, validation_set = load_sets(data, limit)
    costs = {}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "train.npy"
        np.save(file, train_set)
        for name in wanted or (*TRAINED, EQUAL):
            costs[name] = cost_in_own_process(name, file)
            print(name, costs[name], flush=True)
    groups = [str(i) for i in range(len(validation_set))]
    rows = validation_rows(validation_set, [n for n in costs if n in TRAINED], groups)
    described = f"audio/train, {len(train_set)} tracks, and audio/valid, first 30 s of each"
    tables = [table(costs, train_set, validation_set, load)]
    return Results("training-cost", described, len(validation_set), rows, tables)


def main() -> None:
    """For `cost_in_own_process`: one model, one array, one line of JSON."""
    parser = argparse.ArgumentParser(description="Train one model briefly and print what it took.")
    parser.add_argument("name", choices=[*TRAINED, EQUAL])
    parser.add_argument("train_set", type=Path, help=".npy, float32 [tracks, seconds, samples]")
    args = parser.parse_args()
    print(json.dumps(asdict(train_briefly(args.name, np.load(args.train_set)))))


if __name__ == "__main__":
    main()
