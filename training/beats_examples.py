"""Solos as they are heard, with their beats: drawn from the pieces of training.beats_songs.

    python -m training.beats_examples --songs runs/beat_songs --out runs/beats --count 9000

A stretch of a tune, of chords or of both is played faster or slower, at a pace that is steady,
wanders or slows down, by a hand that is not quite even, and is heard with mistakes as
core.transcription makes them. Nothing is rendered.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.hearing.beat_frames import FRAME_S, PARTS, features, frames_of
from core.hearing.beats_network import METRE_NAMES, METRES, SHOWN, TEMPI, tempo_s
from core.hearing.heard import HeardNote
from training.beats_songs import CHORDS, SOLO, Played, load

Array = np.ndarray[Any, Any]

SHARES = {
    "midi_arranged": 0.52, "midi_multitrack": 0.16, "midi_pop909": 0.16, "midi_lieder": 0.16
}  # fmt: skip
KINDS = {"solo": 0.42, "chords": 0.4, "both": 0.08, "other": 0.1}
STEPS = 256
"""Of 80 ms: 20.5 s."""
SECONDS = (8.0, STEPS * PARTS * FRAME_S)
FASTER = 0.14
"""By how much a tempo is changed at most, as a logarithm: an octave must not look like another."""
JITTER_S = 0.011
EARLY_S = 0.05
SURE_FRAMES = 1
"""Frames on either side of a beat that are half a beat."""
TEMPO_SPREAD = 0.6
"""Standard deviation of the tempo that is taught, in steps of a sixteenth of an octave."""
LATE_BEAT_S = 1.4
TAUGHT = PARTS * 2 + 1
_LEAST_NOTES = 10


@dataclass(frozen=True, eq=False)
class Drawn:
    """A solo as heard. beats: [n, 2], time in s and place in the bar, over what is played."""

    notes: list[HeardNote]
    seconds: float
    beats: Array
    metre: tuple[int, int]


def draw(song: Played, rng: np.random.Generator, plain: bool = False) -> Drawn | None:
    """A stretch of a piece, or None where too little is played; plain: as it stands."""
    notes = _lines(song, rng)
    if notes is None or len(song.beats) < 8:
        return None
    seconds = float(rng.uniform(*SECONDS)) if not plain else SECONDS[1] - 0.5
    first = song.beats[rng.integers(len(song.beats)), 0]
    if plain or rng.random() < 0.4:
        lines = song.beats[song.beats[:, 1] == 0, 0]
        first = lines[rng.integers(len(lines))]
        if rng.random() < 0.3:
            first = first + 0.5 * float(np.median(np.diff(song.beats[:, 0])))
    else:
        first = first + rng.uniform(0, 1)
    faster = 1.0 if plain else float(np.exp(rng.uniform(-FASTER, FASTER)))
    low = int(np.searchsorted(song.beats[:, 0], first - 3.0))
    high = int(np.searchsorted(song.beats[:, 0], first + seconds * faster * 1.3 + 3.0)) + 1
    beats, metres = song.beats[low:high].astype(float), song.metres[low:high]
    if len(beats) < 8 or (metres != metres[0]).any() or tuple(metres[0]) not in METRE_NAMES:
        return None
    times = _paced(beats[:, 0], 1 / faster, rng) if not plain else beats[:, 0].copy()
    begin = float(np.interp(first, beats[:, 0], times)) - (0 if plain else _lead_in_s(rng))
    times -= begin
    inside = (notes[:, 0] >= max(first - EARLY_S, beats[0, 0])) & (notes[:, 0] < beats[-1, 0])
    notes = notes[inside]
    spans = np.interp(notes[:, :2], beats[:, 0], times)
    kept = spans[:, 0] < seconds - 0.05
    if kept.sum() < _LEAST_NOTES:
        return None
    played = np.column_stack([spans[kept], notes[kept, 2:]])
    played[:, 1] = np.clip(played[:, 1], played[:, 0] + 0.04, seconds)
    heard = _heard(played, rng)
    within = (times >= -0.01) & (times < seconds)
    if within.sum() < 5 or not heard:
        return None
    return Drawn(
        heard,
        seconds,
        np.column_stack([times, beats[:, 1]])[within],
        (int(metres[0][0]), int(metres[0][1])),
    )


def _lines(song: Played, rng: np.random.Generator) -> Array | None:
    """Notes [n, 4] of what is played: a tune, chords, both, or another part."""
    kind = rng.choice(list(KINDS), p=list(KINDS.values()))
    solos = [notes for k, notes in song.lines if k == SOLO]
    chords = [notes for k, notes in song.lines if k == CHORDS]
    others = [notes for k, notes in song.lines if k not in (SOLO, CHORDS)]
    some = {"solo": solos, "chords": chords, "other": others, "both": solos}[kind]
    if not some:
        some = solos or chords
    if not some:
        return None
    notes = some[int(rng.integers(len(some)))]
    if kind == "both" and chords:
        notes = np.concatenate([notes, chords[int(rng.integers(len(chords)))]])
    return notes.astype(np.float64)


def _lead_in_s(rng: np.random.Generator) -> float:
    return float(rng.uniform(0, 1.0) if rng.random() < 0.5 else rng.uniform(0, 0.1))


def _paced(beats_s: Array, slower: float, rng: np.random.Generator) -> Array:
    """New times of the beats: steady, wandering or slowing down."""
    kind = rng.random()
    wander = np.zeros(len(beats_s) - 1)
    if kind > 0.5:
        wander = np.cumsum(rng.normal(0, 0.006 if kind < 0.8 else 0.018, len(wander)))
    if kind > 0.9:
        wander += np.linspace(0, rng.uniform(-0.15, 0.3), len(wander))
    steps = np.diff(beats_s) * slower * np.exp(np.clip(wander, -0.35, 0.35))
    return np.concatenate([[0.0], np.cumsum(steps)]) + beats_s[0]


def _heard(notes: Array, rng: np.random.Generator) -> list[HeardNote]:
    """Notes [n, 4] as a transcription of a performance has them."""
    count = len(notes)
    onset = notes[:, 0] + rng.normal(0, JITTER_S * rng.uniform(0.2, 1.3), count)
    length = (notes[:, 1] - notes[:, 0]) * rng.uniform(0.6, 1.05)
    length = np.maximum(length * np.exp(rng.normal(0, 0.15, count)), 0.04)
    kept = rng.random(count) > rng.uniform(0, 0.15)
    extra = rng.random(count) < rng.uniform(0, 0.08)
    move = int(rng.integers(-5, 6))
    flat = rng.random() < 0.25
    scale, own = rng.uniform(0.5, 1.2), rng.normal(0, 6, count)
    loud = 80.0 + own if flat else 80 + (notes[:, 3] - 80) * scale + own
    out = []
    for at in range(count):
        start, long, pitch = max(float(onset[at]), 0.0), float(length[at]), int(notes[at, 2]) + move
        strength = int(np.clip(loud[at], 20, 120))
        if kept[at]:
            out.append(HeardNote(start, int(np.clip(pitch, 0, 127)), start + long, strength))
        if extra[at]:
            late = start + float(rng.choice([0.0, rng.uniform(0, long)]))
            ghost = int(np.clip(pitch + rng.choice([0, 12, 19, -12]), 0, 127))
            out.append(HeardNote(late, ghost, late + 0.5 * long, max(strength - 20, 20)))
    return sorted(out)


def shown_of(notes: Sequence[HeardNote], seconds: float, steps: int = STEPS) -> Array:
    """What the network is shown, float32 [steps, SHOWN]; zeros after the end."""
    out = np.zeros((steps, SHOWN), np.float32)
    rows = features(notes, seconds).reshape(-1, SHOWN - 1)[:steps]
    out[: len(rows), :-1], out[: len(rows), -1] = rows, 1.0
    return out


def taught_of(drawn: Drawn, steps: int = STEPS) -> tuple[Array, Array]:
    """Targets of frames, float32 [steps, TAUGHT], and of the whole, [TEMPI + METRES].

    The last of a step's is 1 where beats are known; those of the whole are shares.
    """
    frames = np.zeros((steps * PARTS, 2), np.float32)
    for column, times in enumerate((drawn.beats[:, 0], drawn.beats[drawn.beats[:, 1] == 0, 0])):
        at = np.floor(times / FRAME_S).astype(int)
        for by in range(-SURE_FRAMES, SURE_FRAMES + 1):
            here = at + by
            here = here[(here >= 0) & (here < len(frames))]
            frames[here, column] = np.maximum(frames[here, column], 1.0 if by == 0 else 0.5)
    out = np.zeros((steps, TAUGHT), np.float32)
    out[:, :-1] = frames.reshape(steps, PARTS * 2)
    period = float(np.median(np.diff(drawn.beats[:, 0])))
    away = np.log2(tempo_s() / period) * 16 / TEMPO_SPREAD
    shares = np.exp(-0.5 * away**2) + 1e-9
    whole = np.append(shares / shares.sum(), np.eye(METRES)[METRE_NAMES.index(drawn.metre)])
    low, high = drawn.beats[0, 0] - 0.1, min(drawn.beats[-1, 0] + 0.1, drawn.seconds)
    known = slice(max(int(low / FRAME_S / PARTS), 0), int(high / FRAME_S / PARTS) + 1)
    out[known, -1] = 1.0
    out[frames_of(drawn.seconds) // PARTS :, -1] = 0.0
    return out, whole.astype(np.float32)


def stream(
    songs: Sequence[Played], rng: np.random.Generator, plain: bool = False
) -> Iterator[Drawn]:
    """Solos without end, each subset as often as SHARES has it."""
    groups = {name: [s for s in songs if s.subset == name] for name in SHARES}
    names = [name for name in SHARES if groups[name]]
    shares = np.array([SHARES[name] for name in names])
    while True:
        group = groups[names[rng.choice(len(names), p=shares / shares.sum())]]
        drawn = draw(group[int(rng.integers(len(group)))], rng, plain)
        if drawn is not None and np.median(np.diff(drawn.beats[:, 0])) < LATE_BEAT_S:
            yield drawn


def write(solos: Iterator[Drawn], count: int, folder: Path, name: str) -> None:
    """`count` solos as NAME-shown.npy, NAME-frames.npy and NAME-whole.npy, in half precision."""
    sizes = {"shown": (STEPS, SHOWN), "frames": (STEPS, TAUGHT), "whole": (TEMPI + METRES,)}
    out = {
        kind: np.lib.format.open_memmap(
            folder / f"{name}-{kind}.npy", "w+", np.float16, (count, *size)
        )
        for kind, size in sizes.items()
    }
    for at in range(count):
        solo = next(solos)
        out["shown"][at] = shown_of(solo.notes, solo.seconds)
        out["frames"][at], out["whole"][at] = taught_of(solo)
    for array in out.values():
        array.flush()


def main() -> None:
    """Parse, then draw for both splits."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--songs", type=Path, default=Path("runs/beat_songs"))
    parser.add_argument("--out", type=Path, default=Path("runs/beats"))
    parser.add_argument("--count", type=int, default=9000)
    parser.add_argument("--held", type=int, default=256)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    for number, (split, count) in enumerate((("valid", args.held), ("train", args.count))):
        rng = np.random.default_rng([args.seed, number])
        write(stream(load(args.songs / f"{split}.npz"), rng), count, args.out, split)
        print(split, count, "solos", flush=True)


if __name__ == "__main__":
    main()
