"""Train a tiny LSTM and a tiny VAE side by side: `core.comparing.tiny` starts this as a process.

    python -m core.comparing.tiny_model OUT SEED SECONDS

It tells how far it is as a line of JSON, a `tiny.Point`, every second or so, and ends within
SECONDS of its first step, and LIMIT_S of its start, with the weights of both in the folder OUT.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

BEGAN = time.monotonic()

import keras  # noqa: E402 - the clock runs while it is imported
import numpy as np  # noqa: E402

from core.comparing import midi_lstm_model, midi_vae_model  # noqa: E402
from core.comparing.patterns import KINDS, Pattern  # noqa: E402
from core.comparing.tiny import CORPUS, KIND, LIMIT_S  # noqa: E402
from core.comparing.trainee_model import Trainee, inputs, weighted, weights  # noqa: E402

SLICE_S = 1.2
"""How long one model trains before it is the other's turn."""
BATCH, SHOWN = 64, 256
"""Patterns of a step, and those of each set that the nats are taken of."""
RATE = 4e-3
DIVERGENCE = 0.2
"""The weight of the VAE's divergence, as in the training of the large one."""
SAVING_S = 10.0
NICENESS = 5
"""Behind the pages of other visitors."""


class Tiny:
    """A tiny model in training, of some 58,000 numbers whichever it is.

    tokens, held_out: [patterns, steps, 1].
    """

    def __init__(self, name: str, seed: int, tokens: Pattern, held_out: Pattern) -> None:
        keras.utils.set_random_seed(seed)
        kind = KINDS[KIND]
        self.name, self.tokens, self.seconds, self.step = name, tokens, 0.0, 0
        self.network = (
            midi_lstm_model.build(sizes=kind.sizes, units=96, embedding=24, width=48, dropout=0.0)
            if name == "midi-lstm"
            else midi_vae_model.build(
                sizes=kind.sizes, bars=kind.bars, units=50, reader=16, conductor=20, latent=16,
                embedding=16, width=40, dropout=0.0, direct=True,
            )
        )  # fmt: skip
        self.trainee = Trainee(self.network)
        self.trainee.compile(keras.optimizers.Adam(RATE, global_clipnorm=1.0), loss=weighted)
        self.rng = np.random.default_rng([seed, 1])
        still = np.random.default_rng([seed, 2])
        self.shown = [inputs(self.network, rows[:SHOWN], still) for rows in (tokens, held_out)]

    def train(self, seconds: float) -> None:
        """Take steps for so long, one at least."""
        began = time.monotonic()
        while True:
            rows = self.tokens[self.rng.integers(0, len(self.tokens), BATCH)]
            batch = inputs(self.network, rows, self.rng)
            self.trainee.train_on_batch(batch, weights(BATCH, DIVERGENCE))
            self.step += 1
            if time.monotonic() - began >= seconds:
                break
        self.seconds += time.monotonic() - began

    def point(self) -> dict[str, Any]:
        """How far it is, as `tiny.Point` has it."""
        train, held_out = (self._nats(batch) for batch in self.shown)
        return {
            "model": self.name,
            "seconds": round(self.seconds, 2),
            "patterns": self.step * BATCH,
            "train_nats": train,
            "held_out_nats": held_out,
        }

    def _nats(self, batch: list[Any]) -> float:
        """Of a step: reconstruction and divergence together."""
        terms = np.asarray(self.trainee.predict_on_batch(batch))
        return round(float(terms[:, :2].sum(axis=1).mean()) / KINDS[KIND].steps, 4)


def corpus() -> tuple[Pattern, Pattern]:
    """Patterns to train on and held out, [patterns, steps, 1]."""
    with np.load(CORPUS) as file:
        train, held_out = (file[name].astype(np.int64)[..., None] for name in ("train", "held_out"))
    return train, held_out


def main(out: Path, seed: int, seconds: float) -> None:
    """Train both in turns until the time is up."""
    pair = [Tiny(name, seed, *corpus()) for name in ("midi-lstm", "midi-vae")]
    for one in pair:  # the first step builds the graph, and its time does not count
        one.train(0.0)
        one.seconds = 0.0
        _tell(one)
    end = min(time.monotonic() + seconds, BEGAN + LIMIT_S - SAVING_S)
    while time.monotonic() < end:
        for one in pair:
            one.train(max(min(SLICE_S, end - time.monotonic()), 0.0))
            _tell(one)
    for one in pair:
        one.network.save_weights(out / f"{one.name}.weights.h5")


def _tell(one: Tiny) -> None:
    sys.stdout.write(json.dumps(one.point()) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    os.nice(NICENESS)
    main(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
