"""Train `lstm-seq2seq`, the comparator of `paper-encdec`, as that paper trained its own network.

    python -m training.lstm_seq2seq --data DIR --out runs/lstm_seq2seq

Data, loss, batch, epochs and the files written are those of `training.paper_encdec`. Adam's rate is
0.003 and not the paper's 0.01, at which training diverged between the 45th and the 50th epoch
(training/logs/lstm-seq2seq-adam-0.01.csv; `--learning-rate 0.01` repeats it).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np

from core.extrapolation.lstm_seq2seq_model import build
from training.paper_encdec import arguments, fit, load_sets, write_headline

LEARNING_RATE = 0.003


def train(
    train_set: np.ndarray[Any, Any],
    validation_set: np.ndarray[Any, Any],
    out: Path,
    *,
    seconds_in: int = 20,
    width: int = 128,
    units: int = 128,
    epochs: int = 200,
    learning_rate: float = LEARNING_RATE,
    seed: int = 0,
) -> keras.Model:
    """Fit on float32 [tracks, seconds, samples], of which `seconds_in` are given.

    Writes into `out` and returns the last epoch's model.
    """
    keras.utils.set_random_seed(seed)
    model = build(
        samples=train_set.shape[-1],
        seconds_in=seconds_in,
        seconds_out=train_set.shape[1] - seconds_in,
        width=width,
        units=units,
    )
    fit(model, train_set, validation_set, out, epochs=epochs, learning_rate=learning_rate)
    return model


def main() -> None:
    """Parse, load, train."""
    parser = arguments(__doc__, Path("runs/lstm_seq2seq"))
    parser.add_argument("--learning-rate", type=float, default=LEARNING_RATE)
    args = parser.parse_args()
    sets = load_sets(args.data, args.limit)
    train(*sets, args.out, epochs=args.epochs, learning_rate=args.learning_rate)
    write_headline(args.out, sets[1])


if __name__ == "__main__":
    main()
