"""Train `embedding` to tell which of the training tracks a second of sound is from.

    python -m training.embedding --data DIR --corpus runs/corpus --out runs/embedding

What a network must hear to tell tracks apart (instruments, mix, key, density) is what a set of
continuations should share with the set of true ones, so its bottleneck is the space of our Fréchet
distance; as x-vectors do for speakers (Snyder et al., "X-vectors", 2018). Classes are the tracks of
the audio training split and, where `training.corpus` has stored them, rendered MIDI files. Patches
are one second of log-mel anywhere in the track but its last `HELD_OUT_S`, with a random gain.
Adam 1e-3 on a cosine, batches of 128.

Writes last.weights.h5 (the embedding alone, half precision), history.csv and headline.json: in the
validation split, which the network never heard, how often the half of a track is nearest to its
own other half.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import time
from collections.abc import Sequence
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np

from core.audio import FloatArray
from core.extrapolation.features import features
from core.judging.embedding import PATCH_FRAMES, patches
from core.judging.embedding_model import build
from core.spectrogram import DISPLAY
from training.corpus import pieces
from training.dataset import tracks
from training.saving import save_weights

BATCH = 128
STEPS = 2400
LEARNING_RATE = 1e-3
GAIN_DB = 6.0
DROPOUT = 0.2
HELD_OUT_S = 5.0
SUBSETS = ("audio", "midi_multitrack", "midi_arranged")
REPORT_EVERY = 100


def load(data: Path, corpus: Path, split: str, limit: int | None = None) -> list[FloatArray]:
    """float16 [n_mels, frames] of each track, dB; audio alone where there is no stored corpus."""
    if (corpus / "index.csv").exists():
        stored = pieces(corpus, split, SUBSETS if split == "train" else SUBSETS[:1])
        found = [piece.load()[0] for piece in stored[:limit]]
    else:
        found = [features(track.clip()).log_mel for track in tracks(data, "audio", split)[:limit]]
    shortest = 2 * HELD_OUT_S * DISPLAY.frame_rate_hz
    return [log_mel.astype(np.float16) for log_mel in found if log_mel.shape[1] >= shortest]


def draw(
    sources: Sequence[FloatArray], rng: np.random.Generator, count: int, *, held_out: bool = False
) -> tuple[FloatArray, FloatArray]:
    """(patches float32 [count, PATCH_FRAMES, n_mels] dB, classes int [count]).

    held_out: from the tracks' last seconds, as they are; else from the rest, with a random gain.
    """
    classes = rng.integers(0, len(sources), count)
    edge = round(HELD_OUT_S * DISPLAY.frame_rate_hz)
    out = np.empty((count, PATCH_FRAMES, DISPLAY.n_mels), np.float32)
    for row, index in enumerate(classes):
        frames = sources[index].shape[1]
        low, high = (frames - edge, frames) if held_out else (0, frames - edge)
        start = int(rng.integers(low, high - PATCH_FRAMES + 1))
        out[row] = sources[index][:, start : start + PATCH_FRAMES].T
    if not held_out:
        out += GAIN_DB * rng.standard_normal((count, 1, 1)).astype(np.float32)
    return np.maximum(out, np.float32(DISPLAY.floor_db)), classes


def with_head(embedding: keras.Model, classes: int) -> keras.Model:
    """The embedding with the classifier that trains it; the head is thrown away afterwards."""
    point = keras.layers.Dropout(DROPOUT)(embedding.output)
    return keras.Model(embedding.input, keras.layers.Dense(classes)(point))


def retrieval(points: Sequence[FloatArray]) -> float:
    """How often a track's first half is nearest to its own second half, by their mean vectors.

    points: [seconds, dimensions] of each track. Chance is one over the number of tracks.
    """
    first = np.stack([p[: len(p) // 2].mean(axis=0) for p in points])
    second = np.stack([p[len(p) // 2 :].mean(axis=0) for p in points])
    distances = np.linalg.norm(first[:, None] - second[None], axis=2)
    return float(np.mean(distances.argmin(axis=1) == np.arange(len(points))))


def train(
    sources: Sequence[FloatArray], out: Path, *, steps: int = STEPS, seed: int = 0
) -> keras.Model:
    """Fit on the tracks' spectrograms, [n_mels, frames] each. Returns the embedding network."""
    out.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    embedding = build()
    model = with_head(embedding, len(sources))
    rate = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, steps)
    model.compile(
        optimizer=keras.optimizers.Adam(rate),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    held = draw(sources, np.random.default_rng(1), 8 * BATCH, held_out=True)
    start, losses = time.monotonic(), []
    with (out / "history.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["step", "train_loss", "held_out_accuracy", "elapsed_s"])
        for step in range(1, steps + 1):
            losses.append(float(model.train_on_batch(*draw(sources, rng, BATCH))))
            if step % REPORT_EVERY == 0 or step == steps:
                logits = np.concatenate(
                    [np.asarray(model(held[0][i : i + BATCH])) for i in range(0, 8 * BATCH, BATCH)]
                )
                right = float(np.mean(logits.argmax(axis=1) == held[1]))
                rows.writerow([step, np.mean(losses), right, round(time.monotonic() - start, 1)])
                file.flush()
                print(step, round(float(np.mean(losses)), 3), round(right, 3), flush=True)
                losses.clear()
    save_weights(embedding, out / "last.weights.h5", half=True)
    return embedding


def write_headline(embedding: keras.Model, unheard: Sequence[FloatArray], out: Path) -> None:
    """headline.json for training.register: retrieval in tracks that the network never heard."""
    cut = [patches(log_mel.astype(np.float32)) for log_mel in unheard]
    headline = {
        "metric": "validation_retrieval",
        "value": round(retrieval([np.asarray(embedding(found)) for found in cut]), 4),
        "baseline": "mean log-mel spectrum",
        "baseline_value": round(retrieval([found.mean(axis=1) for found in cut]), 4),
    }
    (out / "headline.json").write_text(json.dumps(headline) + "\n", encoding="utf-8")
    print(headline, flush=True)


def main() -> None:
    """Parse, load, train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--corpus", type=Path, default=Path("runs/corpus"))
    parser.add_argument("--out", type=Path, default=Path("runs/embedding"))
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--limit", type=int, help="tracks per split, for a quick try")
    args = parser.parse_args()
    sources = load(args.data, args.corpus, "train", args.limit)
    print(f"{len(sources)} tracks, {sum(s.shape[1] for s in sources)} frames", flush=True)
    embedding = train(sources, args.out, steps=args.steps)
    write_headline(embedding, load(args.data, args.corpus, "valid", args.limit), args.out)


if __name__ == "__main__":
    main()
