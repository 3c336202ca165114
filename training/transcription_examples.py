"""Pictures and notes to train the notes network on: solos and accompaniments, played and spoiled.

    python -m training.transcription_examples --data DIR --out runs/transcription

Lines of the MIDI subsets, in other keys and tempos, on drawn programs through one of --soundfonts,
then as a room and a phone's microphone might leave them. What is there already is not made again;
--stems adds the solos, pianos and guitars that training.remix_stems rendered.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pretty_midi
from scipy import signal

from core.audio import FloatArray
from core.hearing.constant_q import SAMPLE_RATE, constant_q, levels
from core.remixing.stems import SOLO
from core.synth_notes import NoteArray, as_played, render_notes
from training.dataset import Track, tracks
from training.remix_stems import load
from training.transcription_windows import STEP

SECONDS = 15.0
SINGLE_PROGRAMS = (
    0, 1, 4, 9, 11, 12, 16, 19, 21, 22, 24, 25, 26, 27, 28, 29, 40, 41, 42, 48, 52, 53, 54, 56, 57,
    60, 61, 64, 65, 66, 67, 68, 71, 72, 73, 74, 75, 78, 79, 80, 81, 82, 85, 104, 105,
)  # fmt: skip
CHORD_PROGRAMS = (0, 0, 1, 2, 3, 4, 5, 6, 7, 16, 19, 21, 24, 24, 25, 25, 26, 27, 28, 46)
SUBSETS = ("midi_arranged", "midi_pop909", "midi_lieder", "midi_multitrack")
_LEADS, _CHORDS = ("solo", "melody", "voice"), ("piano", "guitar", "organ")


def lines(track: Track) -> tuple[list[NoteArray], list[NoteArray]]:
    """(melodies, chordal parts) of a file, as played."""
    warnings.simplefilter("ignore")
    try:
        midi = pretty_midi.PrettyMIDI(str(track.path))
    except (OSError, ValueError, EOFError, KeyError, IndexError):
        return [], []
    melodies, chordal = [], []
    for part in midi.instruments:
        notes = np.array([(n.start, n.end, n.pitch, n.velocity) for n in part.notes], np.float64)
        if part.is_drum or len(notes) < 24:
            continue
        notes = as_played(notes)
        alone = np.mean(notes[1:, 0] >= notes[:-1, 1] - 0.05)
        name = part.name.strip().lower()
        if name in _LEADS or alone > 0.9:
            melodies.append(notes)
        elif name in _CHORDS or part.program < 32:
            chordal.append(notes)
    return melodies, chordal


def excerpt(notes: NoteArray, rng: np.random.Generator) -> NoteArray | None:
    """SECONDS of a line from a drawn note on, transposed, faster or slower; None if too empty."""
    stretch = rng.uniform(0.75, 1.25)
    start = notes[rng.integers(len(notes)), 0] * stretch - rng.uniform(0.0, 0.5)
    out = notes * [stretch, stretch, 1, 1] - [start, start, 0, 0]
    out = out[(out[:, 0] >= 0) & (out[:, 0] < SECONDS - 0.1)]
    if len(out) < 8:
        return None
    out[:, 1] = np.minimum(out[:, 1], SECONDS)
    out[:, 2] += int(rng.integers(-6, 7))
    out[:, 2] += 12 * np.round((rng.uniform(52, 76) - np.median(out[:, 2])) / 12 * 0.5)
    out = out[(out[:, 2] >= 33) & (out[:, 2] <= 100)]
    out[:, 3] = np.clip(out[:, 3] * rng.uniform(0.6, 1.2) + rng.normal(0, 8, len(out)), 25, 127)
    out[:, :2] += rng.normal(0, 0.006, len(out))[:, None]
    out[:, 0] = np.maximum(out[:, 0], 0.0)
    return as_played(out) if len(out) >= 8 else None


def spoiled(samples: FloatArray, rng: np.random.Generator, single: bool) -> FloatArray:
    """A room, a microphone, noise and intonation: what stands between a player and an upload.

    Pitch moves by up to 25 cents, for the rest is measured before the network is asked, and with
    vibrato in some single lines; none of it moves a note in time by more than a few ms.
    """
    out = samples.astype(np.float64)
    times = np.arange(len(out), dtype=np.float64)
    if single and rng.random() < 0.3:
        rate, cents = rng.uniform(4.5, 6.5), rng.uniform(10, 45)
        swing = cents / 1731.0 / (2 * np.pi * rate) * SAMPLE_RATE
        times = times + swing * np.sin(2 * np.pi * rate / SAMPLE_RATE * times)
        out = np.interp(times, np.arange(len(out)), out)
    if rng.random() < 0.5:
        decay_s, wet = rng.uniform(0.15, 1.0), rng.uniform(0.03, 0.25)
        tail = np.arange(int(SAMPLE_RATE * decay_s)) / SAMPLE_RATE
        room = rng.standard_normal(len(tail)) * 10 ** (-3 * tail / decay_s)
        room /= np.sqrt((room**2).sum())
        out = out + wet * 2 * signal.fftconvolve(out, room)[: len(out)]
    if rng.random() < 0.4:
        band = (rng.uniform(80, 350), rng.uniform(3000, 9000))
        out = signal.sosfilt(signal.butter(2, band, "bandpass", fs=SAMPLE_RATE, output="sos"), out)
    if rng.random() < 0.2:
        drive = rng.uniform(1, 4) / (np.abs(out).max() + 1e-9)
        out = np.tanh(out * drive) / drive
    if rng.random() < 0.6:
        noise = rng.standard_normal(len(out))
        if rng.random() < 0.5:
            noise = signal.lfilter([1.0], [1.0, -0.95], noise)
        level = np.sqrt((out**2).mean() / (noise**2).mean()) * 10 ** (-rng.uniform(15, 50) / 20)
        out = out + level * noise
    return out.astype(np.float32)


def example(
    samples: FloatArray, notes: NoteArray, rng: np.random.Generator, single: bool
) -> dict[str, Any]:
    """What is stored: levels as bytes [frames, BINS], notes [n, 4], where the pitch lies, cents."""
    cents = float(rng.uniform(-25, 25)) if rng.random() < 0.6 else 0.0
    # Bins tuned lower hear the sound as sharp as a resampled one, and time stays as it is.
    picture = levels(constant_q(spoiled(samples, rng, single), -round(cents)))
    return {
        "levels": np.round(picture * STEP).astype(np.uint8),
        "notes": notes,
        "cents": np.float64(round(cents)),
        "single": np.bool_(single),
    }


def rendered(
    data: Path, split: str, fonts: list[Path], rng: np.random.Generator
) -> Iterator[dict[str, Any]]:
    """Examples without end, every other one of chords."""
    found = [tracks(data, subset, split) for subset in SUBSETS]
    rows, counts = [track for some in found for track in some], [len(some) for some in found]
    # As many of each subset.
    weights = np.repeat(1 / np.array(counts), counts) / len(counts)
    while True:
        kinds = lines(rows[int(rng.choice(len(rows), p=weights))])
        for single, kind in ((True, kinds[0]), (False, kinds[1])):
            if not kind:
                continue
            part = excerpt(kind[int(rng.integers(len(kind)))], rng)
            if part is None:
                continue
            program = int(rng.choice(SINGLE_PROGRAMS if single else CHORD_PROGRAMS))
            font = fonts[int(rng.integers(len(fonts)))]
            clip = render_notes(part, program, SECONDS, soundfont=font,
                                reverb_send=int(rng.integers(0, 70)))  # fmt: skip
            sound = clip.with_channels(1).resampled(SAMPLE_RATE).samples[0]
            yield example(sound, part, rng, single)


def from_stems(stems: Path, split: str, rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    """The solos, pianos and guitars of a split that is rendered already."""
    for piece in load(stems, split):
        parts = [(SOLO, piece.solo), *((n, piece.stems[n]) for n in ("piano", "other"))]
        for name, sound in parts:
            notes, program = piece.notes[name], piece.programs.get(name, -1)
            lines_of_other = name == "other" and not 24 <= program < 32
            if len(notes) >= 8 and not lines_of_other and np.abs(sound).max() > 1e-3:
                alone = np.mean(notes[1:, 0] >= notes[:-1, 1] - 0.05)
                yield example(sound, notes, rng, bool(alone > 0.9))


def main() -> None:
    """Parse, then make what is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("runs/transcription"))
    parser.add_argument("--split", default="train", choices=["train", "valid"])
    parser.add_argument("--soundfonts", type=Path, nargs="+", required=True)
    parser.add_argument("--stems", type=Path, help="what training.remix_stems wrote")
    parser.add_argument("--examples", type=int, default=400, help="rendered ones")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    folder = args.out / args.split
    folder.mkdir(parents=True, exist_ok=True)

    def keep(kind: str, number: int, made: dict[str, Any]) -> None:
        partial = folder / "partial.npz"
        np.savez_compressed(partial, **made)
        partial.replace(folder / f"{kind}-{number:04d}.npz")

    if args.stems:
        done = len(list(folder.glob("stems-*.npz")))
        rng = np.random.default_rng([args.seed, 1])
        for number, made in enumerate(from_stems(args.stems, args.split, rng)):
            if number >= done:
                keep("stems", number, made)
    done = len(list(folder.glob("notes-*.npz")))
    rng = np.random.default_rng([args.seed, 2, done])
    for number, made in enumerate(rendered(args.data, args.split, args.soundfonts, rng), done):
        if number >= args.examples:
            break
        keep("notes", number, made)
        print(number, len(made["notes"]), flush=True)


if __name__ == "__main__":
    main()
