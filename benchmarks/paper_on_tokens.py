"""The network of `notes-lstm` on `composer`'s tokens: trained for one row of `composition`.

    python -m benchmarks.paper_on_tokens --minutes 20

Layers, window (100 tokens, so 20 notes), input (token / vocabulary) and RMSprop are the report's.
Two things differ, both in its favour: it learns from every position of a window and not from the
last alone, a hundred times as much for the same computing; and where the tokens' grammar allows
only values of one field, all others' probability is given to these. Needs runs/composer_corpus.npz
(training.composer_corpus). The weights stay in runs/: they are no model of the app's.
"""

from __future__ import annotations

import argparse
import csv
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
from keras import layers

from benchmarks.token_streams import FIELDS, stream_of
from core.composition.notes_lstm_model import build
from core.composition.tokens import VOCABULARY
from training.composer_corpus import Piece, load
from training.history import History
from training.saving import save_weights

OUT = Path("runs/paper_on_tokens")
WINDOW, BATCH = 100, 32
LOG_EVERY = 25

Array = np.ndarray[Any, Any]


def every_position(model: keras.Model) -> keras.Model:
    """The same layers with weights of their own: [batch, window, 1] -> [batch, window, tokens]."""
    made = [layers.Input((None, 1))]
    for layer in model.layers:
        config = layer.get_config()
        if isinstance(layer, layers.LSTM):
            config["return_sequences"] = True
        made.append(type(layer).from_config(config))
    return keras.Sequential(made)


def batches(pieces: Sequence[Piece], seed: int, batch: int, window: int) -> Any:
    """Endless (inputs [batch, window, 1], targets [batch, window]) from places drawn at random."""
    streams = [stream_of(piece.events, piece.bars) for piece in pieces]
    streams = [stream for stream in streams if len(stream) > window + 1]
    rng = np.random.default_rng(seed)
    lengths = np.array([len(stream) for stream in streams], float)
    while True:
        drawn = rng.choice(len(streams), batch, p=lengths / lengths.sum())
        starts = [int(rng.integers(0, len(streams[i]) - window)) for i in drawn]
        pairs = zip(drawn, starts, strict=True)
        rows = np.stack([streams[i][s : s + window + 1] for i, s in pairs])
        yield (rows[:, :-1, None] / VOCABULARY).astype(np.float32), rows[:, 1:]


def train(
    pieces: Sequence[Piece],
    out: Path,
    *,
    minutes: float,
    steps: int = 10**9,
    window: int = WINDOW,
    batch: int = BATCH,
    units: int = 512,
    hidden: int = 256,
) -> None:
    """Write `out`/last.weights.h5, which `build(VOCABULARY)` loads, and `out`/history.csv."""
    out.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(0)
    wide = every_position(build(VOCABULARY, window, units, hidden))
    # Elsewhere compiling takes longer than it saves.
    fast = keras.backend.backend() == "jax"
    wide.compile("rmsprop", "sparse_categorical_crossentropy", jit_compile=fast)
    history = History(out / "history.csv", ("step", "minutes", "nats_per_token"))
    # Minutes of compute, not of the clock: other work may share the machine.
    began, recent = time.process_time(), []
    for step, (inputs, targets) in enumerate(batches(pieces, 0, batch, window), 1):
        recent.append(float(wide.train_on_batch(inputs, targets)))
        spent = (time.process_time() - began) / 60
        over = spent >= minutes or step >= steps
        if step % LOG_EVERY == 0 or over:
            history.add(step, spent, float(np.mean(recent)))
            recent = []
            plain = build(VOCABULARY, window, units, hidden)
            plain.set_weights(wide.get_weights())
            save_weights(plain, out / "last.weights.h5", half=False)
        if over:
            return


def trained(out: Path | None = None) -> str:
    """How long the network of `out` was trained, for a note; nothing where there is none."""
    path = (out or OUT) / "history.csv"
    rows = list(csv.DictReader(path.open())) if path.exists() else []
    if not rows:
        return ""
    last = rows[-1]
    minutes = float(last["minutes"])
    return f"; it was trained for {last['step']} steps in {minutes:.0f} minutes of compute"


def nats(model: Any, stream: Array, places: Sequence[int], window: int = WINDOW) -> Array:
    """-ln p of the tokens at `places`, each after the `window` tokens before it.

    What is missing before the stream's beginning is its first token. model: float [batch, window,
    1] -> probabilities. The probability of the field that the grammar allows is brought to 1.
    """
    padded = np.concatenate([np.full(window, stream[0]), stream])
    inputs = np.stack([padded[at : at + window] for at in places])[..., None] / VOCABULARY
    said = np.asarray(model(inputs.astype(np.float32)), np.float64)
    true = stream[list(places)]
    own = said[np.arange(len(true)), true]
    allowed = (FIELDS[None, :] == FIELDS[true][:, None]) * said
    return -np.log(np.maximum(own / allowed.sum(axis=1), 1e-12))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, default=Path("runs/composer_corpus.npz"))
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--minutes", type=float, default=20.0)
    args = parser.parse_args()
    train(load(args.corpus, "train"), args.out, minutes=args.minutes)


if __name__ == "__main__":
    main()
