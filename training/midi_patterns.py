"""Cut the corpus into the patterns that `midi-lstm` and `midi-vae` learn from.

    python -m training.midi_patterns --corpus runs/composer_corpus.npz --out runs/midi_patterns.npz

`training.composer_corpus` has read the MIDI subsets, kept to each piece's split, found the bar
lines and moved every piece to C major or A minor; both models see that key alone. Pieces in 4/4 are
cut at every bar. As MusicVAE does, a pattern is left out where a voice rests for over a bar, where
there are few notes, and where the same pattern was met before: of the same tokens in two splits the
first of training, validation and test keeps it, so that nothing tested was seen.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core.comparing.patterns import (
    FIRST_PITCH,
    KINDS,
    NO_EVENT,
    NOTE_OFF,
    STEPS_PER_BAR,
    TICKS_PER_STEP,
    Kind,
    drum_tokens,
    line_tokens,
)
from core.composition.instruments import DRUMS, INSTRUMENTS, LEAD
from core.composition.tokens import DRUM_PITCH, DURATIONS
from core.composition.tokens import TICKS_PER_STEP as TICKS_PER_CORPUS_STEP
from core.score import Note
from training.composer_corpus import Piece
from training.composer_corpus import load as load_corpus
from training.tunes import with_tune

SPLITS = ("train", "valid", "test")
SUBSETS = {
    "melody": ("midi_nottingham", "midi_lieder", "midi_multitrack", "midi_pop909"),
    "trio": ("midi_multitrack", "midi_arranged"),
}
"""The tunes of midi_arranged are those of midi_nottingham: as melodies they would count twice."""
BASSES = tuple(n for n, entry in enumerate(INSTRUMENTS) if entry.name.endswith(" bass"))
LEAST_NOTES_PER_BAR = 1.5
MOST_CHORDS = 0.3
"""Share of a tune's beginnings that may be of several notes at once; of more it is no tune."""

Tokens = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Patterns:
    """tokens: int64 [patterns, steps, voices]. pieces, subsets, genres: of each, [patterns]."""

    tokens: Tokens
    pieces: npt.NDArray[np.str_]
    subsets: npt.NDArray[np.str_]
    genres: npt.NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.tokens)


def voices_of(piece: Piece, names: Sequence[str]) -> Tokens | None:
    """[steps, voices] of a whole piece in 4/4; None where it lacks a voice or has no tune."""
    if piece.metre != (4, 4):
        return None
    tuned = with_tune(piece)
    if tuned is None:
        return None
    steps = (piece.bars + 1) * STEPS_PER_BAR
    found = []
    for name in names:
        instruments = {"melody": (LEAD,), "bass": BASSES, "drums": (DRUMS,)}[name]
        events = tuned.events[np.isin(tuned.events[:, 2], instruments)]
        if len(events) == 0:
            return None
        notes = [_note(row) for row in events.tolist()]
        if name == "melody" and _chords(notes) > MOST_CHORDS:
            return None
        found.append(drum_tokens(notes, steps) if name == "drums" else line_tokens(notes, steps))
    return np.stack(found, axis=1)


def _note(row: Sequence[int]) -> Note:
    bar, step, instrument, pitch, length, _ = row
    start = bar * STEPS_PER_BAR * TICKS_PER_STEP + step * TICKS_PER_CORPUS_STEP
    if instrument == DRUMS:
        return Note(start, pitch - DRUM_PITCH, TICKS_PER_STEP, 90)
    return Note(start, pitch, int(DURATIONS[length]) * TICKS_PER_CORPUS_STEP, 90)


def _chords(notes: Sequence[Note]) -> float:
    starts = np.unique([note.start for note in notes], return_counts=True)[1]
    return float(np.mean(starts > 1))


def windows(tokens: Tokens, kind: Kind) -> Tokens:
    """[windows, steps, voices]: a piece cut at every bar, those that say enough."""
    found = []
    for start in range(0, len(tokens) - kind.steps + 1, STEPS_PER_BAR):
        window = tokens[start : start + kind.steps].copy()
        for number, voice in enumerate(kind.voices):
            if voice != "drums":  # what began before the window is not of it
                begins = np.flatnonzero(window[:, number] >= FIRST_PITCH)
                early = window[: begins[0] if len(begins) else kind.steps, number]
                early[early == NOTE_OFF] = NO_EVENT
        if all(_says_enough(window[:, n], voice) for n, voice in enumerate(kind.voices)):
            found.append(window)
    return np.array(found, np.int64).reshape(-1, kind.steps, len(kind.voices))


def _says_enough(line: Tokens, voice: str) -> bool:
    if voice == "drums":
        sounding = line > 0
        begins = int(sounding.sum())
    else:
        at = np.maximum.accumulate(np.where(line != NO_EVENT, np.arange(len(line)), -1))
        sounding = (at >= 0) & (line[at] >= FIRST_PITCH)
        begins = int((line >= FIRST_PITCH).sum())
    if begins < LEAST_NOTES_PER_BAR * len(line) / STEPS_PER_BAR:
        return False
    edges = np.flatnonzero(np.concatenate([[True], sounding, [True]]))
    return int(np.diff(edges).max()) - 1 <= STEPS_PER_BAR


def made(corpus: Sequence[Piece], kind: Kind) -> dict[str, Patterns]:
    """Split -> its patterns, none of them twice in all splits together."""
    subsets = SUBSETS[kind.name.partition("-")[0]]
    met: set[bytes] = set()
    found = {}
    for split in SPLITS:
        kept: list[Tokens] = []
        labels: list[tuple[str, str, str]] = []
        pieces = [piece for piece in corpus if piece.split == split and piece.subset in subsets]
        for piece in sorted(pieces, key=lambda piece: (subsets.index(piece.subset), piece.id)):
            tokens = voices_of(piece, kind.voices)
            for window in () if tokens is None else windows(tokens, kind):
                key = window.tobytes()
                if key not in met:
                    met.add(key)
                    kept.append(window)
                    labels.append((piece.id, piece.subset, piece.genre or "other"))
        names = np.array(labels, np.str_).reshape(-1, 3)
        stacked = np.array(kept, np.int64).reshape(-1, kind.steps, len(kind.voices))
        found[split] = Patterns(stacked, names[:, 0], names[:, 1], names[:, 2])
    return found


def save(found: dict[str, dict[str, Patterns]], path: Path) -> None:
    """Kind -> split -> patterns into one file, which `load` reads."""
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, Any] = {}
    for kind, splits in found.items():
        for split, patterns in splits.items():
            arrays[f"{kind}/{split}/tokens"] = patterns.tokens.astype(np.int16)
            labels = np.stack([patterns.pieces, patterns.subsets, patterns.genres], axis=1)
            unique, index = np.unique(labels, axis=0, return_inverse=True)
            arrays[f"{kind}/{split}/labels"] = json.dumps(unique.tolist())
            arrays[f"{kind}/{split}/label"] = index.reshape(-1).astype(np.int32)
    np.savez_compressed(path, **arrays)


def load(path: Path, kind: str, split: str) -> Patterns:
    """The patterns of one kind and split."""
    with np.load(path) as file:
        tokens = file[f"{kind}/{split}/tokens"].astype(np.int64)
        names = np.array(json.loads(str(file[f"{kind}/{split}/labels"])), np.str_).reshape(-1, 3)
        labels = names[file[f"{kind}/{split}/label"]]
    return Patterns(tokens, labels[:, 0], labels[:, 1], labels[:, 2])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, default=Path("runs/composer_corpus.npz"))
    parser.add_argument("--out", type=Path, default=Path("runs/midi_patterns.npz"))
    args = parser.parse_args()
    corpus = load_corpus(args.corpus)
    found = {}
    for name, kind in KINDS.items():
        found[name] = made(corpus, kind)
        for split, patterns in found[name].items():
            genres = dict(zip(*np.unique(patterns.genres, return_counts=True), strict=True))
            counts = {str(genre): int(count) for genre, count in genres.items()}
            print(name, split, len(patterns), len(np.unique(patterns.pieces)), counts, flush=True)
    save(found, args.out)


if __name__ == "__main__":
    main()
