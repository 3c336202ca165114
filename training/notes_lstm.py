"""Train `notes-lstm` as its report says: the `train` function that its appendix lacks.

    python -m training.notes_lstm --data DIR --out runs/notes_lstm --minutes 40

music21 reads each MIDI file; a note becomes its pitch's name, a chord its normal order; the pieces
stand one after another; every window of 100 gives the word after it. Categorical cross-entropy,
RMSprop, batches of 128, 20 epochs, all as published.

The corpus is the piano part of the six songs of Schubert's "Winterreise" in the training split of
midi_lieder (OpenScore, CC0), about 1,200 windows. It is that small because a window costs 3.2
GFLOP of training, so that 20 epochs of it are what one processor core does in 40 minutes; with
`--minutes` training ends there, whatever the epoch. Validation: 128 windows of the validation
split's piano parts, words that the vocabulary lacks read as the nearest ones, and left out where
they are to be predicted.

Writes notes.json (the words, as the report's file `notes`; made anew where it is missing),
vocabulary.json, weights after each epoch, `history.csv` and `headline.json`.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np

from core.composition.note_names import nearest
from core.composition.notes_lstm_model import build
from training.history import History
from training.saving import save_weights

SUBSET, SONG_SET, PART = "midi_lieder", "Winterreise, D.911", "piano"
WINDOW, BATCH, EPOCHS = 100, 128, 20
VALIDATION_WINDOWS = 128

Array = np.ndarray[Any, Any]


def words_of_file(path: Path) -> list[str]:
    """The words of a MIDI file's piano part, in order, as the report's code takes them."""
    from music21 import chord, converter

    words = []
    for part in converter.parse(path).parts:
        if (part.partName or "").lower() != PART:
            continue
        for element in part.flatten().notes:
            if isinstance(element, chord.Chord):
                words.append(".".join(str(number) for number in element.normalOrder))
            else:
                words.append(str(element.pitch))
    return words


def read_words(data: Path) -> dict[str, list[list[str]]]:
    """Split -> the words of each of its pieces; of the training split the song cycle alone."""
    from training.dataset import tracks  # decodes sound too, which training does without

    found = {}
    for split in ("train", "valid"):
        rows = tracks(data, SUBSET, split)
        if split == "train":
            rows = [row for row in rows if row.row["song_set"] == SONG_SET]
        found[split] = [words_of_file(row.path) for row in rows]
    return found


def windows(tokens: Sequence[int], window: int, n_vocab: int) -> tuple[Array, Array]:
    """(inputs float32 [windows, window, 1], token / n_vocab; targets [windows, n_vocab])."""
    array = np.asarray(tokens)
    views = np.lib.stride_tricks.sliding_window_view(array[:-1], window)
    inputs = (views[..., None] / n_vocab).astype(np.float32)
    return inputs, np.eye(n_vocab, dtype=np.float32)[array[window:]]


def validation_windows(
    pieces: Sequence[Sequence[str]], vocabulary: Sequence[str], window: int, most: int
) -> tuple[Array, Array]:
    """Like `windows`, of `most` places drawn over all the pieces."""
    known = {word: index for index, word in enumerate(vocabulary)}
    near = {word: nearest(word, vocabulary) for piece in pieces for word in piece}
    places = [
        (number, at)
        for number, piece in enumerate(pieces)
        for at in range(len(piece) - window)
        if piece[at + window] in known
    ]
    picked = np.random.default_rng(0).permutation(len(places))[:most]
    inputs, targets = [], []
    for number, at in (places[i] for i in picked):
        piece = pieces[number]
        inputs.append([near[word] for word in piece[at : at + window]])
        targets.append(known[piece[at + window]])
    n_vocab = len(vocabulary)
    array = np.array(inputs, np.float32)[..., None] / n_vocab
    return array, np.eye(n_vocab, dtype=np.float32)[targets]


class EpochLog(keras.callbacks.Callback):  # type: ignore[misc]
    """history.csv, weights and headline.json of each epoch, and the end of the time there is.

    guess: validation accuracy of always the commonest word.
    """

    def __init__(self, out: Path, minutes: float, guess: float) -> None:
        super().__init__()
        self.out, self.guess = out, guess
        self.began, self.end = time.monotonic(), time.monotonic() + 60 * minutes
        self.history = History(
            out / "history.csv",
            ("epoch", "loss", "accuracy", "validation_loss", "validation_accuracy", "minutes"),
        )

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        logs = logs or {}
        spent = time.monotonic() - self.began
        values = [logs[n] for n in ("loss", "accuracy", "val_loss", "val_accuracy")]
        self.history.add(epoch + 1, *values, spent / 60)
        save_weights(self.model, self.out / "last.weights.h5", half=True)
        write_headline(self.out, logs["val_accuracy"], self.guess)
        # Not an epoch that would end after the time.
        if time.monotonic() + spent / (epoch + 1) > self.end:
            self.model.stop_training = True


def write_headline(out: Path, accuracy: float, guess: float) -> None:
    """`out`/headline.json, which `training.register` takes into the manifest."""
    found = {
        "metric": "validation_accuracy",
        "value": round(float(accuracy), 4),
        "baseline": "always the commonest word",
        "baseline_value": round(float(guess), 4),
    }
    (out / "headline.json").write_text(json.dumps(found) + "\n", encoding="utf-8")


def train(
    train_pieces: Sequence[Sequence[str]],
    valid_pieces: Sequence[Sequence[str]],
    out: Path,
    *,
    window: int = WINDOW,
    units: int = 512,
    hidden: int = 256,
    epochs: int = EPOCHS,
    minutes: float = 1e6,
    seed: int = 0,
) -> keras.Model:
    """Fit on the pieces' words; writes into `out` what the module says but notes.json."""
    out.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(seed)
    words = [word for piece in train_pieces for word in piece]
    vocabulary = sorted(set(words))
    corpus = [vocabulary.index(word) for word in words]
    held = {"words": vocabulary, "corpus": corpus}
    (out / "vocabulary.json").write_text(json.dumps(held) + "\n", encoding="utf-8")
    inputs, targets = windows(corpus, window, len(vocabulary))
    validation = validation_windows(valid_pieces, vocabulary, window, VALIDATION_WINDOWS)
    print(f"{len(vocabulary)} words, {len(inputs)} windows", flush=True)
    model = build(len(vocabulary), window, units, hidden)
    model.compile(
        loss="categorical_crossentropy",
        optimizer="rmsprop",
        metrics=["accuracy"],
        jit_compile=keras.backend.backend() == "jax",  # elsewhere it takes longer than it saves
    )
    guess = float(validation[1][:, targets.sum(axis=0).argmax()].mean())
    model.fit(
        inputs,
        targets,
        batch_size=BATCH,
        epochs=epochs,
        validation_data=validation,
        callbacks=[EpochLog(out, minutes, guess)],
        verbose=0,
    )
    return model


def main() -> None:
    """Parse, read or make notes.json, train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="needed where OUT has no notes.json")
    parser.add_argument("--out", type=Path, default=Path("runs/notes_lstm"))
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--minutes", type=float, default=1e6)
    parser.add_argument("--read-only", action="store_true", help="write notes.json and stop")
    args = parser.parse_args()
    notes = args.out / "notes.json"
    if not notes.exists():
        if args.data is None:
            parser.error(f"{notes} is not there: give --data")
        args.out.mkdir(parents=True, exist_ok=True)
        notes.write_text(json.dumps(read_words(args.data)) + "\n", encoding="utf-8")
    found = json.loads(notes.read_text(encoding="utf-8"))
    if not args.read_only:
        train(found["train"], found["valid"], args.out, epochs=args.epochs, minutes=args.minutes)


if __name__ == "__main__":
    main()
