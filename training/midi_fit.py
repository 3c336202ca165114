"""How `midi-lstm` and `midi-vae` are fitted, alike: `fit` is what training and the studies call."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from core.comparing import midi_lstm_model, midi_vae_model
from core.comparing.network import read
from core.comparing.patterns import KINDS, Pattern
from core.comparing.trainee_model import TERMS, Trainee, inputs, weighted, weights
from core.progress import Progress, ignore
from training.averaging import Average
from training.history import History
from training.midi_state import best_weights, restore, started, store
from training.saving import save_weights

COLUMNS = (
    "epoch", "minutes", "patterns", "train_nats", "valid_nats",
    "train_reconstruction", "valid_reconstruction", "train_divergence", "valid_divergence",
    "judging", "loss",
)  # fmt: skip
"""Of a row of the history. All nats are for each step of a pattern, all its voices together.

train_nats, valid_nats: reconstruction and divergence; of the LSTM, which has no divergence, the
exact nats. Those of training are taken as it goes on, with steps hidden and units dropped.
judging: the adversary's cross-entropy for a pair of places; 1.386 where it cannot tell them apart.
loss: that of validation, by the weights of the end of training; the least is kept as the best.
"""
SAMPLES = 3


@dataclasses.dataclass(frozen=True)
class Config:
    """One training. All but kind and model have defaults that suit melody-2.

    kind, model: names in core.comparing.patterns.KINDS and core.comparing.models.MODELS.
    network: what the builder takes besides sizes and bars. minutes, steps: what is reached first
    ends it, and the rate falls on the way there. hidden: share of steps hidden from the next one.
    divergence: weight of what of it is above free_nats (of a whole pattern), and rises to it over
    the share `rising` of training. adversarial: weight of fooling the adversary; 0 for none.
    averaging: decay of the mean of weights that is validated and kept. epoch_patterns: training
    patterns for each row of the history; 0 for all there are.
    """

    kind: str = "melody-2"
    model: str = "midi-lstm"
    network: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    minutes: float = 8.0
    steps: int = 10**9
    batch: int = 32
    peak: float = 3e-3
    weight_decay: float = 0.01
    hidden: float = 0.0
    divergence: float = 0.2
    free_nats: float = 0.0
    rising: float = 0.2
    adversarial: float = 0.0
    averaging: float = 0.998
    epoch_patterns: int = 0
    valid_patterns: int = 1024
    seed: int = 0


def build(config: Config) -> keras.Model:
    """The network of a configuration, fresh."""
    kind = KINDS[config.kind]
    if config.model == "midi-lstm":
        return midi_lstm_model.build(sizes=kind.sizes, **config.network)
    return midi_vae_model.build(sizes=kind.sizes, bars=kind.bars, **config.network)


def fit(
    config: Config,
    train: Pattern,
    valid: Pattern,
    out: Path | None = None,
    *,
    start: Path | None = None,
    make: Callable[[Config], keras.Model] = build,
    progress: Progress = ignore,
) -> list[dict[str, float]]:
    """Fit on patterns [patterns, steps, voices]; the rows of the history, COLUMNS each.

    With `out` it writes there: history.csv, best.weights.h5 (float16, the mean of weights of the
    epoch with the least validation loss), headline.json, samples.json (what patterns of fixed seeds
    were like at each epoch) and the state, from which a training that was ended goes on.
    start: a .weights.h5 to begin with; arrays of other shapes stay fresh. make: the network, for
    studies of others than `build` makes.
    """
    keras.utils.set_random_seed(config.seed)
    network = make(config)
    trainee = Trainee(network, config.free_nats, config.adversarial > 0.0)
    trainee.compile(
        optimizer=keras.optimizers.AdamW(
            config.peak, beta_2=0.99, weight_decay=config.weight_decay, global_clipnorm=1.0
        ),
        loss=weighted,
        metrics=[_term(number) for number in range(len(TERMS))],
        jit_compile=keras.backend.backend() == "jax",
    )
    if start is not None:
        started(network, start)
    average = Average(network, config.averaging)
    rows, step, spent = restore(out, trainee, average) if out else ([], 0, 0.0)
    history = History(out / "history.csv", COLUMNS) if out else None
    for row in rows if history else ():
        history.add(*row.values())
    held = _held(config, network, valid)
    epoch = max((config.epoch_patterns or len(train)) // config.batch, 1)
    began = time.monotonic() - spent
    last = _done(config, step, spent) >= 1.0
    seen: list[dict[str, float]] = []
    for tokens in _batches(config, train, step):
        if last:
            break
        done = _done(config, step, time.monotonic() - began)
        step += 1
        if step % 10 == 1:
            rise = min(1.0, step / 100)
            rate = rise * (0.01 + 0.99 * 0.5 * (1.0 + np.cos(np.pi * done)))
            trainee.optimizer.learning_rate.assign(config.peak * rate)
        weight = config.divergence * min(1.0, done / max(config.rising, 1e-9))
        trainee.reset_metrics()
        said = trainee.train_on_batch(
            inputs(network, tokens, np.random.default_rng([config.seed, 1, step]), config.hidden),
            weights(len(tokens), weight, config.adversarial),
            return_dict=True,
        )
        seen.append({name: float(said[name]) for name in TERMS})
        average.update(step)
        done = _done(config, step, time.monotonic() - began)
        progress(min(done, 1.0))
        last = done >= 1.0
        if step % epoch == 0 or last:
            spent = time.monotonic() - began
            with average.applied():
                row = _row(config, trainee, seen, held, len(rows) + 1, spent, step)
                rows.append(row)
                if out:
                    _keep(config, network, rows, out)
            seen = []
            if history and out:
                history.add(*row.values())
                store(out, trainee, average, rows, step, spent)
    return rows


def _term(number: int) -> Any:
    def term(_: Any, said: Any) -> Any:
        return said[:, number]

    term.__name__ = TERMS[number]
    return term


def _done(config: Config, step: int, spent_s: float) -> float:
    return max(step / config.steps, spent_s / (60.0 * config.minutes))


def _batches(config: Config, train: Pattern, step: int) -> Iterator[Pattern]:
    """Passes over the patterns in an order of the seed's, from a step on."""
    per_pass = max(len(train) // config.batch, 1)
    while True:
        number, at = divmod(step, per_pass)
        order = np.random.default_rng([config.seed, 0, number]).permutation(len(train))
        for place in range(at, per_pass):
            yield train[order[place * config.batch : (place + 1) * config.batch]]
            step += 1


def _held(config: Config, network: keras.Model, valid: Pattern) -> list[list[Any]]:
    """Batches of validation patterns, spread over all, with the same noise each time."""
    count = min(config.valid_patterns, len(valid))
    picked = valid[np.linspace(0, len(valid) - 1, count).round().astype(int)]
    rng = np.random.default_rng([config.seed, 2])
    size = min(config.batch, count)
    return [inputs(network, picked[i : i + size], rng) for i in range(0, count - size + 1, size)]


def _row(
    config: Config, trainee: Trainee, seen: list[dict[str, float]], held: list[list[Any]],
    epoch: int, spent_s: float, step: int,
) -> dict[str, float]:  # fmt: skip
    """A row of the history, with the weights that the trainee has now."""
    steps = KINDS[config.kind].steps
    terms = np.concatenate([np.asarray(trainee.predict_on_batch(batch)) for batch in held])
    loss = weights(len(terms), config.divergence, config.adversarial) * terms
    valid = dict(zip(TERMS, terms.mean(axis=0) / steps, strict=True))
    train = {name: float(np.mean([row[name] for row in seen])) / steps for name in TERMS}
    values = (
        epoch, spent_s / 60, step * config.batch,
        train["reconstruction"] + train["divergence"],
        valid["reconstruction"] + valid["divergence"],
        train["reconstruction"], valid["reconstruction"],
        train["divergence"], valid["divergence"],
        float(terms[:, TERMS.index("judging")].mean()),
        float(loss[:, :3].sum(axis=1).mean()) / steps,
    )  # fmt: skip
    return {name: value if isinstance(value, int) else float(value)
            for name, value in zip(COLUMNS, values, strict=True)}  # fmt: skip


def _keep(config: Config, network: keras.Model, rows: list[dict[str, float]], out: Path) -> None:
    """Weights if they are the best so far, and what patterns are like now."""
    path = out / "now.weights.h5"
    save_weights(network, path, half=True)
    file = out / "samples.json"
    drawn = read(path, config.model, config.kind).sample(SAMPLES, seed=config.seed)
    before = json.loads(file.read_text()) if file.exists() and len(rows) > 1 else []
    file.write_text(json.dumps([*before[: len(rows) - 1], drawn.tolist()]) + "\n")
    if min(rows, key=lambda row: row["loss"]) is rows[-1]:
        best_weights(path, out, rows[-1])
