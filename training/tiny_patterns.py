"""The small corpus that visitors train tiny models on: two-bar melodies of folk tunes.

    python -m training.tiny_patterns --patterns runs/midi_patterns.npz

Windows of midi_nottingham's training split, as `training.midi_patterns` has cut them and moved them
to one key. Those held out are of other tunes than those to train on.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from core.comparing.tiny import CORPUS
from training.midi_patterns import Patterns, load

TRAIN, HELD_OUT = 4000, 512
HELD_OUT_SHARE = 0.12
"""Of the tunes."""
SUBSET = "midi_nottingham"


def chosen(patterns: Patterns, seed: int = 0) -> dict[str, np.ndarray]:
    """Two sets, `train` and `held_out`: uint8 [windows, 32], drawn without order."""
    rng = np.random.default_rng(seed)
    own = patterns.subsets == SUBSET
    tunes = rng.permutation(np.unique(patterns.pieces[own]))
    away = np.isin(patterns.pieces, tunes[: round(HELD_OUT_SHARE * len(tunes))])
    found = {}
    for name, mask, most in (("train", own & ~away, TRAIN), ("held_out", own & away, HELD_OUT)):
        rows = rng.permutation(np.flatnonzero(mask))[:most]
        found[name] = patterns.tokens[rows, :, 0].astype(np.uint8)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patterns", type=Path, default=Path("runs/midi_patterns.npz"))
    args = parser.parse_args()
    found = chosen(load(args.patterns, "melody-2", "train"))
    np.savez_compressed(CORPUS, **found)
    print({name: len(rows) for name, rows in found.items()}, CORPUS.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
