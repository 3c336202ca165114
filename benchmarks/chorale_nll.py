"""How much Bach's chorales surprise `chorale`'s network: a table of `composition`.

    python -m benchmarks.chorale_nll --data DIR

The standard split on a grid of sixteenths, every voice in every frame a token, padding left out,
no chords or keys told. Per onset: the same nats, shared among the notes that begin (a held note
costs little but not nothing; all of it is counted).
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.results import Table
from core.composition.chorale_frames import PITCHES, VOICES
from core.composition.chorale_likelihood import nats
from core.errors import ModelUnavailableError
from core.loaders import load_model
from training.chorale import chorales

Array = np.ndarray[Any, Any]

SPLITS = ("valid", "test")
RUNG = "hold and bigram"
COLUMNS = (
    "model", "split", "per voice-token", "95 %", "per frame", "per onset",
    "soprano", "alto", "tenor", "bass",
)  # fmt: skip
DRAWS = 2000
LONGEST_HOLD = 32


class HoldAndBigram:
    """The rung: each voice by itself, holding or moving on.

    Holding: counted by voice, place in the quarter and how long the note is held. The new pitch:
    counted by voice and old pitch, smoothed with the intervals that the voice moves by.
    """

    def __init__(self, pieces: Sequence[Array]) -> None:
        self.holds = np.ones((VOICES, 4, LONGEST_HOLD, 2))
        self.steps = np.full((VOICES, 2 * PITCHES), 0.01)
        self.moves = np.zeros((VOICES, PITCHES, PITCHES))
        self.first = np.full((VOICES, PITCHES), 0.1)
        for piece in pieces:
            ages = held_for(piece)
            for voice in range(VOICES):
                line, moved = piece[:, voice], ages[1:, voice] == 0
                self.first[voice, line[0]] += 1
                place = np.arange(1, len(line)) % 4
                np.add.at(self.holds[voice], (place, ages[:-1, voice], (~moved).astype(int)), 1)
                np.add.at(self.moves[voice], (line[:-1][moved], line[1:][moved]), 1)
                np.add.at(self.steps[voice], (line[1:] - line[:-1] + PITCHES)[moved], 1)

    def nats(self, pieces: Sequence[Array]) -> list[Array]:
        """Of every note of every piece, [frames, 4] each."""
        hold = self.holds / self.holds.sum(axis=-1, keepdims=True)
        pitch = self.moves + 0.0
        for voice in range(VOICES):
            for old in range(PITCHES):
                smooth = self.steps[voice, np.arange(PITCHES) - old + PITCHES].copy()
                smooth[old] = 0.0
                pitch[voice, old] += 10 * smooth / smooth.sum()
        pitch /= pitch.sum(axis=-1, keepdims=True)
        out = []
        for piece in pieces:
            ages, place = held_for(piece), np.arange(1, len(piece)) % 4
            p = np.zeros(piece.shape)
            for voice in range(VOICES):
                line, moved = piece[:, voice], ages[1:, voice] == 0
                p[0, voice] = self.first[voice, line[0]] / self.first[voice].sum()
                stays = hold[voice, place, ages[:-1, voice], 1]
                new = pitch[voice, line[:-1], line[1:]]
                p[1:, voice] = np.where(moved, (1 - stays) * new, stays)
            out.append(-np.log(p))
        return out


def held_for(piece: Array) -> Array:
    """[frames, 4]: sixteenths since each note began, at most LONGEST_HOLD - 1."""
    ages = np.zeros(piece.shape, np.int64)
    for t in range(1, len(piece)):
        ages[t] = np.where(piece[t] == piece[t - 1], ages[t - 1] + 1, 0)
    return np.minimum(ages, LONGEST_HOLD - 1)


def line(name: str, split: str, pieces: Sequence[Array], found: Sequence[Array]) -> list[str]:
    """One row of the table, of the nats of all notes of all pieces."""
    sums = np.array([f.sum() for f in found])
    tokens = np.array([f.size for f in found])
    drawn = np.random.default_rng(0).integers(0, len(sums), (DRAWS, len(sums)))
    means = sums[drawn].sum(axis=1) / tokens[drawn].sum(axis=1)
    onsets = sum(int((held_for(piece) == 0).sum()) for piece in pieces)
    voices = np.concatenate(found).mean(axis=0)
    low, high = np.percentile(means, [2.5, 97.5])
    return [
        name, split, f"{sums.sum() / tokens.sum():.4f}", f"[{low:.3f}, {high:.3f}]",
        f"{sums.sum() * VOICES / tokens.sum():.3f}", f"{sums.sum() / onsets:.3f}",
        *(f"{v:.3f}" for v in voices),
    ]  # fmt: skip


def compiled(model: Any) -> Callable[[Array], Array]:
    """The network as a function of a batch; uncompiled, its scan over frames takes minutes."""
    import tensorflow as tf

    step = tf.function(lambda batch: model(batch, training=False), reduce_retracing=True)
    return lambda batch: np.asarray(step(batch))


def table(
    data: Path,
    splits: Sequence[str] = SPLITS,
    network: Callable[[Array], Array] | None = None,
    limit: int | None = None,
) -> Table | None:
    """The table; None without the data. network: in place of the installed one."""
    if not (data / "jsb_chorales").exists():
        return None
    rung = HoldAndBigram(chorales(data, "train"))
    if network is None:
        try:
            model = load_model("chorale").model
            network = compiled(model)
        except ModelUnavailableError as error:
            print(f"chorale: {error}", flush=True)
    rows = []
    for split in splits:
        pieces = chorales(data, split)[:limit]
        if network is not None:
            rows.append(line("chorale", split, pieces, nats(network, pieces)))
        rows.append(line(RUNG, split, pieces, rung.nats(pieces)))
    note = (
        "Nats of Bach's chorales in the standard split on a grid of sixteenths. "
        "A token is one voice in one sixteenth, held or not; padding is left out and no chords are "
        "told. The model was chosen on the validation split."
    )
    return Table("How much Bach's chorales surprise", note, COLUMNS, rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--limit", type=int)
    args = parser.parse_args()
    found = table(args.data, limit=args.limit)
    if found is None:
        raise SystemExit("no jsb_chorales there")
    for row in (found.columns, *found.rows):
        print(" | ".join(row))


if __name__ == "__main__":
    main()
