"""The patterns that `comparison` measures on, of the file that the networks learn from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.composition_pieces import corpus
from core.comparing.patterns import KINDS, Kind
from training import midi_patterns
from training.midi_patterns import Patterns

PATTERNS = Path("runs/midi_patterns.npz")
"""Written by training.midi_patterns, or here where it is not there."""
SAMPLES = {2: 256, 16: 128}
"""Patterns of a set, by bars: of a model's samples, and of test patterns that they are held to."""


@dataclass(frozen=True)
class Material:
    """One kind's patterns.

    training, valid: all there are. test: those measured one by one. reference: a set of them that
    sets of samples are compared with.
    """

    kind: Kind
    training: Patterns
    valid: Patterns
    test: Patterns
    reference: Patterns


def build(data: Path) -> None:
    """Cut the corpus into patterns, where that was not done before."""
    if not PATTERNS.exists():
        print(f"cutting the pieces into {PATTERNS}", flush=True)
        pieces = corpus(data)
        midi_patterns.save(
            {name: midi_patterns.made(pieces, kind) for name, kind in KINDS.items()}, PATTERNS
        )


def drawn(patterns: Patterns, most: int) -> Patterns:
    """Up to `most` patterns, all as likely, as the networks meet them in training."""
    order = np.random.default_rng(0).permutation(len(patterns))
    return taken(patterns, np.sort(order[:most]))


def taken(patterns: Patterns, places: np.ndarray) -> Patterns:
    """Those at `places`, in that order."""
    return Patterns(
        patterns.tokens[places],
        patterns.pieces[places],
        patterns.subsets[places],
        patterns.genres[places],
    )


def material(kind: Kind, split: str, most: int) -> Material:
    """most: patterns of the split that are measured one by one."""
    training, valid, test = (
        midi_patterns.load(PATTERNS, kind.name, name) for name in ("train", "valid", split)
    )
    return Material(kind, training, valid, drawn(test, most), drawn(test, SAMPLES[kind.bars]))
