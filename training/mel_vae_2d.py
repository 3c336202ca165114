"""Train `mel-vae-2d` as its paper says, on single notes or on three seconds of piano music.

    python -m training.mel_vae_2d --kind notes --data DIR --out runs/mel_vae_2d
    python -m training.mel_vae_2d --kind piano --data DIR --out runs/mel_vae_2d_piano

notes: the subset of that name, 3 s each. piano: windows of the PIANO tracks of midi_pop909 and of
the piano parts of midi_lieder, some of each piece, rendered by core/synth.py with the best
SoundFont there is. The loss is the mean squared error of the log-mel spectrogram, in units of
20 dB, and --kl-weight times the divergence of the posterior from a standard normal in nats. Adam
2e-3 on a cosine, which ends with the epochs or with the minutes, batches of 32.

Writes sounds.npz (the spectrograms; made where it is missing), last.weights.h5 (half precision),
history.csv, headline.json and points.json: the training sounds on the plane, which goes to
core/sampling/<id>_points.json with underscores in place of hyphens.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
from keras import ops

from core.sampling.mel_vae_2d_model import DB_PER_UNIT, build
from training.history import History
from training.saving import save_weights

BATCH = 32
LEARNING_RATE = 2e-3
KL_WEIGHT = 1e-3
PIANO_TRACKS = {"midi_pop909": "PIANO", "midi_lieder": "piano"}
PIECES = {"train": 60, "valid": 10}
"""Of each of the two subsets."""
STRETCH_S, SKIPPED_S, HOP_S = 30.0, 2.0, 1.5
"""How much of a piece is rendered, how much of that is left out first, and between windows."""

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Sounds:
    """log_mel: float16 [sounds, frames, n_mels] dB. The others say of each sound what it is."""

    log_mel: Array
    names: list[str]
    families: list[str]
    pitches: list[int]


def notes(data: Path, split: str) -> Iterator[tuple[Array, str, str, int]]:
    """(log-mel, instrument, family, pitch) of each note of a split."""
    from core.sampling.mel_vae_2d import spectrogram, window_of_note
    from training.dataset import tracks

    for track in tracks(data, "notes", split):
        row = track.row
        picture = spectrogram(window_of_note(track.clip()))
        yield picture, row["instrument"], row["family"], int(row["pitch"])


def piano(data: Path, split: str) -> Iterator[tuple[Array, str, str, int]]:
    """(log-mel, piece, "piano", median pitch) of windows of the split's pieces."""
    from core.audio import Clip
    from core.midi_files import read_midi
    from core.sampling.mel_vae_2d import SECONDS, spectrogram, window_of_music
    from core.synth import render_stems
    from training.dataset import tracks

    for subset, wanted in PIANO_TRACKS.items():
        rows = tracks(data, subset, split)
        picked = np.random.default_rng(0).permutation(len(rows))[: PIECES[split]]
        for track in (rows[at] for at in sorted(picked)):
            score = read_midi(track.path.read_bytes())
            bar_s = score.bar_ticks * score.seconds_per_tick
            bars = math.ceil(STRETCH_S / bar_s)
            start = max(min(score.bars // 4, score.bars - bars), 0)
            part = score.between(start, min(start + bars, score.bars))
            parts = tuple(replace(t, program=0) for t in part.tracks if t.name == wanted)
            if not any(t.notes for t in parts):
                continue
            part = replace(part, tracks=parts)
            stems = render_stems(part)
            clip = Clip(np.sum([s.samples for s in stems], axis=0), stems[0].sample_rate)
            for low in np.arange(SKIPPED_S, part.duration_s - SECONDS, HOP_S):
                heard = [
                    n.pitch for _, n in part.notes()
                    if low <= n.start * part.seconds_per_tick < low + SECONDS
                ]  # fmt: skip
                cut = clip.between(low, low + SECONDS)
                if heard and cut.peak() > 1e-2:
                    picture = spectrogram(window_of_music(cut))
                    yield picture, piece_name(track.row), "piano", round(float(np.median(heard)))


def piece_name(row: dict[str, str]) -> str:
    """What the map calls a piece."""
    composer = row.get("composer", "").split(",")[0]
    return ": ".join(part for part in (composer, row.get("title", "") or row["id"]) if part)


def gathered(found: Iterator[tuple[Array, str, str, int]]) -> Sounds:
    """All of them, in half precision."""
    pictures, names, families, pitches = zip(*found, strict=True)
    return Sounds(np.stack(pictures).astype(np.float16), [*names], [*families], [*pitches])


def load(kind: str, data: Path | None, out: Path) -> tuple[Sounds, Sounds]:
    """The training and the validation sounds, from `out`/sounds.npz where it is there."""
    file = out / "sounds.npz"
    if not file.exists():
        if data is None:
            raise SystemExit(f"{file} is not there: give --data")
        read = {"notes": notes, "piano": piano}[kind]
        stored: dict[str, Any] = {}
        for split in ("train", "valid"):
            sounds = gathered(read(data, split))
            print(split, len(sounds.names), "sounds", flush=True)
            stored |= {f"{split}_{name}": value for name, value in vars(sounds).items()}
        np.savez(file, **stored)
    with np.load(file) as stored:
        train, valid = (
            Sounds(
                stored[f"{split}_log_mel"],
                *(stored[f"{split}_{n}"].tolist() for n in ("names", "families", "pitches")),
            )
            for split in ("train", "valid")
        )
    return train, valid


class Draw(keras.layers.Layer):  # type: ignore[misc]
    """A point drawn from the posterior; adds the divergence to the loss.

    [batch, 2 * latent] means and log variances -> [batch, latent].
    """

    def __init__(self, kl_weight: float, seed: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.kl_weight = kl_weight
        self.random = keras.random.SeedGenerator(seed)

    def call(self, posterior: Any) -> Any:
        mean, log_variance = ops.split(posterior, 2, axis=1)
        log_variance = ops.clip(log_variance, -12.0, 4.0)
        self.add_loss(self.kl_weight * ops.mean(divergence(mean, log_variance)))
        noise = keras.random.normal(ops.shape(mean), seed=self.random)
        return mean + ops.exp(0.5 * log_variance) * noise


def divergence(mean: Any, log_variance: Any) -> Any:
    """Kullback and Leibler's, of N(mean, variance) from N(0, 1), nats, [batch].

    Kingma and Welling, "Auto-encoding variational Bayes", 2014, appendix B.
    """
    each = ops.exp(log_variance) + ops.square(mean) - 1.0 - log_variance
    return 0.5 * ops.sum(each, axis=1)


def squared_error(true: Any, made: Any) -> Any:
    """Mean over the spectrogram, units of 20 dB."""
    return ops.mean(ops.square((true - made) / DB_PER_UNIT), axis=(1, 2))


def measured(model: keras.Model, sounds: Sounds) -> tuple[float, float]:
    """(mean absolute error of the decoded means in dB, divergence in nats)."""
    errors, nats = [], []
    for at in range(0, len(sounds.names), 64):
        true = sounds.log_mel[at : at + 64].astype(np.float32)
        posterior = model.encoder(true, training=False)
        mean, log_variance = ops.split(posterior, 2, axis=1)
        made = ops.convert_to_numpy(model.decoder(mean, training=False))
        errors.append(np.abs(made - true).mean(axis=(1, 2)))
        nats.append(ops.convert_to_numpy(divergence(mean, log_variance)))
    return float(np.concatenate(errors).mean()), float(np.concatenate(nats).mean())


def train(
    sounds: Sounds,
    valid: Sounds,
    out: Path,
    *,
    epochs: int,
    minutes: float = 1e6,
    kl_weight: float = KL_WEIGHT,
    seed: int = 0,
    config: dict[str, Any] | None = None,
) -> keras.Model:
    """Fit, and write into `out` what the module says but sounds.npz."""
    out.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(seed)
    model = build(**(config or {}))
    picture = keras.Input(sounds.log_mel.shape[1:])
    drawn = Draw(kl_weight, seed)(model.encoder(picture))
    trainee = keras.Model(picture, model.decoder(drawn))
    steps = max(len(sounds.names) // BATCH, 1)
    trainee.compile(
        optimizer=keras.optimizers.Adam(LEARNING_RATE),
        loss=squared_error,
        jit_compile=keras.backend.backend() == "jax",
    )
    columns = ("epoch", "loss", "validation_db", "validation_nats", "processor_minutes")
    history, rng = History(out / "history.csv", columns), np.random.default_rng(seed)
    began, worked, error_db, done = time.monotonic(), time.process_time(), math.nan, 0.0
    for epoch in range(1, epochs + 1):
        order, losses = rng.permutation(len(sounds.names)), []
        for step in range(steps):
            passed = (time.monotonic() - began) / (60 * minutes)
            done = min(max(done, (epoch - 1 + step / steps) / epochs, passed), 1.0)
            rate = LEARNING_RATE * (0.5 + 0.5 * math.cos(math.pi * done))
            trainee.optimizer.learning_rate.assign(rate)
            batch = sounds.log_mel[order[step * BATCH : (step + 1) * BATCH]].astype(np.float32)
            losses.append(float(trainee.train_on_batch(batch, batch)))
            if done >= 1.0:
                break
        error_db, nats = measured(model, valid)
        spent = (time.process_time() - worked) / 60
        history.add(epoch, np.mean(losses), error_db, nats, spent)
        if done >= 1.0:
            break
    save_weights(model, out / "last.weights.h5", half=True)
    write_points(model, sounds, out / "points.json")
    write_headline(sounds, valid, error_db, out / "headline.json")
    return model


def write_points(model: keras.Model, sounds: Sounds, file: Path) -> None:
    """The means of the sounds' posteriors, to a thousandth, beside what each sound is."""
    means = np.concatenate(
        [
            ops.convert_to_numpy(
                model.encoder(sounds.log_mel[at : at + 64].astype(np.float32), training=False)
            )[:, :2]
            for at in range(0, len(sounds.names), 64)
        ]
    )
    described = [*zip(sounds.names, sounds.families, strict=True)]
    kinds = sorted(set(described))
    number = {kind: index for index, kind in enumerate(kinds)}
    points = [
        [round(float(x), 3), round(float(y), 3), number[kind], pitch]
        for (x, y), kind, pitch in zip(means, described, sounds.pitches, strict=True)
    ]
    held = {"sounds": kinds, "points": points}
    text = json.dumps(held, ensure_ascii=False, separators=(",", ":"))
    file.write_text(text.replace("],", "],\n") + "\n", encoding="utf-8")


def write_headline(sounds: Sounds, valid: Sounds, error_db: float, file: Path) -> None:
    """For training.register: the error on validation sounds beside that of one fixed picture."""
    usual = sounds.log_mel.astype(np.float32).mean(axis=0)
    found = {
        "metric": "validation_log_mel_distance_db",
        "value": round(error_db, 3),
        "baseline": "mean training spectrogram",
        "baseline_value": round(float(np.abs(valid.log_mel - usual).mean()), 3),
    }
    file.write_text(json.dumps(found) + "\n", encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse, load, train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kind", choices=["notes", "piano"], required=True)
    parser.add_argument("--data", type=Path, help="needed where OUT has no sounds.npz")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--minutes", type=float, default=1e6)
    parser.add_argument("--kl-weight", type=float, default=KL_WEIGHT)
    parser.add_argument("--read-only", action="store_true", help="write sounds.npz and stop")
    args = parser.parse_args(arguments)
    args.out.mkdir(parents=True, exist_ok=True)
    sounds, valid = load(args.kind, args.data, args.out)
    if not args.read_only:
        train(
            sounds, valid, args.out,
            epochs=args.epochs, minutes=args.minutes, kl_weight=args.kl_weight,
        )  # fmt: skip


if __name__ == "__main__":
    main()
