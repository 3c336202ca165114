"""Solos as they are heard, with the beats that are found in them: what the bars network learns.

    python -m training.beats_songs --data DIR --out runs/beat_songs
    python -m training.bars_examples --songs runs/beat_songs --out runs/bars

The solos are those of training.beats_examples. Their beats are found as in the app, right or wrong,
and a beat begins a bar if one truly begins there.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.hearing import bar_features
from core.hearing.bars import on_notes
from core.hearing.bars_network import COUNTS
from core.hearing.beat_frames import features
from core.hearing.beats_network import network
from core.hearing.onsets import moments
from core.hearing.pulse import beats_of
from training.beats_examples import Drawn, stream
from training.beats_songs import load

Array = np.ndarray[Any, Any]

NEAR_S = 0.09
"""A beat that is so near a true one is meant for it."""
LEAST_BEATS, LEAST_RIGHT = 4, 0.8
"""Of a solo: beats, and how many of them are true ones, for its bars to be taught."""


@dataclass(frozen=True, eq=False)
class Example:
    """shown: [beats, bar_features.SHOWN]. begins: [beats], 1, 0, or -1 where it is not known.

    count: index in COUNTS, or -1 where a bar has another number of these beats.
    """

    shown: Array
    begins: Array
    count: int


def example(drawn: Drawn) -> Example | None:
    """What is heard of a solo, and what is true of it; None where no beats are heard."""
    times_s = moments(drawn.notes)[:, 0]
    frames = features(drawn.notes, drawn.seconds)
    said = network()(frames)
    beats_s = beats_of(said, float(times_s[0]), float(times_s[-1]))
    true_s = drawn.beats[:, 0]
    bars_s = true_s[drawn.beats[:, 1] == 0]
    if len(beats_s) < LEAST_BEATS or len(bars_s) < 2:
        return None
    beats_s = on_notes(beats_s, times_s)
    shown = bar_features.features(drawn.notes, beats_s, said, frames)
    known = (beats_s > true_s[0] - NEAR_S) & (beats_s < true_s[-1] + NEAR_S)
    if not known.any() or _near(beats_s, true_s)[known].mean() < LEAST_RIGHT:
        known[:] = False
    begins = np.where(known, _near(beats_s, bars_s), -1)
    inside = np.searchsorted(beats_s, bars_s - NEAR_S)
    beats_a_bar = float(np.median(np.diff(inside)))
    count = COUNTS.index(int(beats_a_bar)) if beats_a_bar in COUNTS else -1
    return Example(shown, begins.astype(np.int8), count)


def _near(times_s: Array, others_s: Array) -> Array:
    """Bool [times]: whether each is near one of the others."""
    return np.asarray(np.abs(times_s[:, None] - others_s).min(axis=1) < NEAR_S)


def save(found: Iterator[Example], file: Path, report_every: int = 1000) -> int:
    """All examples in one file, in half precision, and how many there are: `read` reads it."""
    kept = []
    for made in found:
        kept.append(made)
        if len(kept) % report_every == 0:
            print(len(kept), "solos", flush=True)
    np.savez(
        file,
        shown=np.concatenate([one.shown for one in kept]).astype(np.float16),
        begins=np.concatenate([one.begins for one in kept]),
        lengths=np.array([len(one.begins) for one in kept]),
        counts=np.array([one.count for one in kept]),
    )
    return len(kept)


def read(file: Path) -> list[Example]:
    """As `save` had them, in half precision."""
    with np.load(file) as stored:
        ends = np.cumsum(stored["lengths"])[:-1]
        parts = [np.split(stored[name], ends) for name in ("shown", "begins")]
        return [
            Example(shown, begins, int(count))
            for shown, begins, count in zip(*parts, stored["counts"], strict=True)
        ]


def examples(songs: Path, count: int, seed: int) -> Iterator[Example]:
    """`count` examples of the pieces in a file of training.beats_songs."""
    drawn = stream(load(songs), np.random.default_rng(seed))
    while count:
        made = example(next(drawn))
        if made is not None:
            count -= 1
            yield made


def main() -> None:
    """Parse, then draw for both splits."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--songs", type=Path, default=Path("runs/beat_songs"))
    parser.add_argument("--out", type=Path, default=Path("runs/bars"))
    parser.add_argument("--count", type=int, default=40000)
    parser.add_argument("--held", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    for split, count in (("valid", args.held), ("train", args.count)):
        seed = args.seed + (split == "train")
        found = examples(args.songs / f"{split}.npz", count, seed)
        print(split, save(found, args.out / f"{split}.npz"), "solos", flush=True)


if __name__ == "__main__":
    main()
