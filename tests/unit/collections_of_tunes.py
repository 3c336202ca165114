"""A small collection made on the spot: tunes by rule, each unlike the others."""

from dataclasses import replace

import numpy as np

from core.retrieving.index import Index, Piece
from core.retrieving.lines import lines_of_score
from core.score import Note, Score, Track

STEPS = (0, 2, 4, 5, 7, 9, 11)
LENGTHS = (6, 12, 12, 12, 18, 24, 24, 36)


def tune(seed, bars=16):
    """A melody that walks the major scale in drawn rhythms."""
    rng = np.random.default_rng([seed, 41])
    notes, at, degree = [], 0, 14
    while at < bars * 96:
        degree = int(np.clip(degree + rng.integers(-3, 4), 7, 21))
        length = int(rng.choice(LENGTHS))
        notes.append(
            Note(at, 48 + 12 * (degree // 7) + STEPS[degree % 7], min(length, bars * 96 - at))
        )
        at += length
    return Score((Track("Tune", 73, tuple(notes)),), bars, 100.0)


def band(seed, bars=16):
    """The tune with a bass and drums."""
    bass = tuple(Note(24 * at, 36 + (at * seed) % 7, 20) for at in range(4 * bars))
    drums = tuple(Note(12 * at, 42, 3) for at in range(8 * bars))
    score = tune(seed, bars)
    tracks = (*score.tracks, Track("Bass", 33, bass), Track("Drums", 0, drums, is_drum=True))
    return replace(score, tracks=tracks)


def piece(seed):
    return Piece("made", f"tune-{seed}", f"Tune *{seed}*", "Nobody", "CC0-1.0")


def collection(count=40):
    """The index of that many tunes, every third with a band."""
    scores = [tune(n) if n % 3 else band(n) for n in range(count)]
    found = [lines_of_score(score) for score in scores]
    return Index.of(
        (
            replace(piece(n), bar_ticks=lines.bar_ticks, seconds_per_tick=lines.seconds_per_tick),
            lines,
        )
        for n, lines in enumerate(found)
    )
