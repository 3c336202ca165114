"""What the training pieces of each genre are like, for what a visitor of `composer` leaves open.

python -m training.composer_styles --corpus FILE --out core/composition/composer_styles.json
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from core.composition.stream import GENRES
from training.composer_corpus import MIN_NOTES, Piece, load

SETS = 12
"""Instrumentations kept of each genre, the most frequent ones."""


def write_styles(found: list[Piece], path: Path) -> None:
    """Those of the training split, a genre a line."""
    made = styles([p for p in found if p.split == "train"])
    lines = [f"{json.dumps(genre)}: {json.dumps(style)}" for genre, style in made.items()]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def styles(found: list[Piece]) -> dict[str, Any]:
    """What core.composition.composer.styles reads: genre -> what its pieces are like; "" is all."""
    out = {}
    for genre in (*GENRES, None):
        mine = [p for p in found if genre is None or p.genre == genre]
        if not mine:
            continue
        rates = [len(p.events) / p.bars for p in mine]
        tempos = np.quantile([p.tempo_bpm for p in mine], (0.25, 0.5, 0.75))
        sets = Counter(
            tuple(int(i) for i in np.flatnonzero(np.bincount(p.events[:, 2]) >= MIN_NOTES))
            for p in mine
        )
        metres = Counter(p.metre for p in mine)
        out[genre or ""] = {
            "density": [round(float(x), 2) for x in np.quantile(rates, (0.2, 0.4, 0.6, 0.8))],
            "tempo": [round(float(x), 1) for x in tempos],
            "minor": round(float(np.mean([p.mode == "minor" for p in mine])), 3),
            "sets": [[list(s), n] for s, n in sets.most_common(SETS) if s],
            "metres": [[list(m), n] for m, n in metres.most_common()],
        }
    out[""]["ranges"] = ranges(found)
    return out


def ranges(found: list[Piece]) -> dict[str, list[int]]:
    """Instrument -> lowest and highest pitch of all but one in 500 of its notes at each end."""
    notes = np.concatenate([p.events[:, 2:4] for p in found])
    return {
        str(i): [int(x) for x in np.quantile(notes[notes[:, 0] == i, 1], (0.002, 0.998))]
        for i in np.unique(notes[:, 0])
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    write_styles(load(args.corpus), args.out)


if __name__ == "__main__":
    main()
