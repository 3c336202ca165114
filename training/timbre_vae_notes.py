"""Analyse single notes for `timbre-vae`: those of the data folder, and more from SoundFonts.

    python -m training.timbre_vae_notes --data DIR --soundfonts A.sf2 B.sf2 --out runs/notes.npz

Needs `fluidsynth` for the SoundFonts (Debian packages fluidsynth, fluid-soundfont-gm and
timgm6mb-soundfont). Their General MIDI programs are rendered dry at 32 kHz, at random
velocities, but for the programs whose instruments are validation's or the test's. Writes one row a
note: see `Rows`.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import mido
import numpy as np
import soundfile as sf

from core.general_midi import PROGRAM_NAMES
from core.sampling.harmonics import HELD_S
from core.sampling.harmonics_analysis import Analysis, analyse
from core.sampling.timbre_notes import ASKED_VELOCITY, LEVELS, flat_levels, traits_of
from training.dataset import tracks

Array = np.ndarray[Any, Any]

RATE = 32000
NOTE_S, SPACE_S = 3.0, 1.0
VALIDATION_PROGRAMS = (34, 60, 72, 25, 7, 1, 8, 17, 68, 42)
TEST_PROGRAMS = (35, 57, 74, 26, 5, 12, 20, 45, 53)
UNUSED = (*range(96, 104), *range(112, 114), *range(115, 128))
"""Synth effects, percussion and sounds of no pitch."""
RANGES = (
    (24, 105), (55, 100), (36, 96), (40, 84), (28, 64), (40, 94), (38, 88), (42, 84),
    (44, 86), (55, 98), (40, 92), (40, 88), (40, 88), (45, 84), (50, 86), (48, 84),
)  # fmt: skip
"""Lowest and highest pitch of each family of eight programs."""
FAMILIES = (
    "keyboard", "mallet", "organ", "guitar", "bass", "string", "string", "brass",
    "reed", "flute", "synth_lead", "synth_pad", "synth_pad", "ethnic", "mallet", "mallet",
)  # fmt: skip
ENSEMBLE_FAMILIES = {50: "synth_pad", 51: "synth_pad", 52: "vocal", 54: "vocal", 47: "mallet"}


@dataclass
class Rows:
    """What is written: arrays with a row for each note.

    levels: float16 [notes, KNOTS, LEVELS], dB. cents: float16 [notes, KNOTS]. traits: float32
    [notes, TRAITS]. known: bool [notes, LEVELS]. pitch, velocity, released, loudness_db. split,
    instrument, family, source: text.
    """

    columns: dict[str, list[Any]] = field(default_factory=dict)

    def add(self, found: Analysis, **about: Any) -> None:
        known = np.concatenate(
            [found.known_partials, np.ones(LEVELS - len(found.known_partials)
             - len(found.known_noise), bool), found.known_noise]
        )  # fmt: skip
        row = {
            "levels": flat_levels(found.note).astype(np.float16),
            "cents": found.note.cents.astype(np.float16),
            "traits": traits_of(found.note).astype(np.float32),
            "known": known,
            "released": found.released,
            "loudness_db": found.loudness_db,
            **about,
        }
        for name, value in row.items():
            self.columns.setdefault(name, []).append(value)

    def save(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(path, **{k: np.asarray(v) for k, v in self.columns.items()})


def add_stored(rows: Rows, data: Path, split: str) -> None:
    """The notes of data/notes in one split; of training's, those not rendered here at 32 kHz."""
    for track in tracks(data, "notes", split):
        if split == "train" and track.row["source"] == "fluidr3":
            continue
        samples, rate = sf.read(track.path, dtype="float32", always_2d=True)
        row = track.row
        rows.add(
            analyse(samples.mean(axis=1), rate, hertz(float(row["pitch"])), held_s=HELD_S),
            pitch=float(row["pitch"]), split=split,
            velocity=float(row["velocity"]) / 127.0 if row["velocity"] else ASKED_VELOCITY,
            instrument=row["instrument"], family=row["family"], source=row["source"],
        )  # fmt: skip


def add_rendered(rows: Rows, soundfont: Path, step: int, seed: int) -> None:
    """Notes of every allowed program of a SoundFont, `step` semitones apart, random velocities."""
    rng = np.random.default_rng(seed)
    for program in range(128):
        if program in (*VALIDATION_PROGRAMS, *TEST_PROGRAMS, *UNUSED):
            continue
        low, high = RANGES[program // 8]
        pitches = np.arange(low + int(rng.integers(step)), high + 1, step)
        velocities = rng.integers(30, 127, len(pitches))
        sound = rendered(soundfont, program, pitches, velocities)
        for samples, pitch, velocity in zip(sound, pitches, velocities, strict=True):
            if np.abs(samples).max(initial=0.0) < 1e-4:
                continue
            rows.add(
                analyse(samples, RATE, hertz(float(pitch)), held_s=HELD_S),
                pitch=float(pitch), velocity=float(velocity) / 127.0, split="train",
                instrument=PROGRAM_NAMES[program].lower(),
                family=ENSEMBLE_FAMILIES.get(program, FAMILIES[program // 8]),
                source=soundfont.stem,
            )  # fmt: skip


def hertz(pitch: float) -> float:
    return float(440.0 * 2.0 ** ((pitch - 69.0) / 12.0))


def rendered(
    soundfont: Path, program: int, pitches: Array, velocities: Array
) -> Iterator[Array]:  # fmt: skip
    """Each note alone, float32 [NOTE_S * RATE], without reverberation or chorus."""
    midi = mido.MidiFile(ticks_per_beat=1000)
    line = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=1_000_000)])
    line.append(mido.Message("program_change", program=program))
    rest = round(1000 * (NOTE_S + SPACE_S - HELD_S))
    for index, (pitch, velocity) in enumerate(zip(pitches, velocities, strict=True)):
        line.append(mido.Message("note_on", note=int(pitch), velocity=int(velocity),
                                 time=rest if index else 0))  # fmt: skip
        line.append(mido.Message("note_off", note=int(pitch), time=round(1000 * HELD_S)))
    line.append(mido.MetaMessage("end_of_track", time=rest))
    midi.tracks.append(line)
    with tempfile.TemporaryDirectory() as folder:
        score, wav = Path(folder) / "notes.mid", Path(folder) / "notes.wav"
        midi.save(score)
        subprocess.run(  # noqa: S603 - the paths are our own caller's
            ["fluidsynth", "-niq", "-R", "0", "-C", "0", "-g", "0.5", "-r", str(RATE), "-O",  # noqa: S607
             "float", "-T", "wav", "-F", str(wav), str(soundfont), str(score)],
            check=True, capture_output=True,
        )  # fmt: skip
        samples, rate = sf.read(wav, dtype="float32", always_2d=True)
    assert rate == RATE
    mono = samples.mean(axis=1)
    for index in range(len(pitches)):
        start = round(index * (NOTE_S + SPACE_S) * RATE)
        yield np.pad(mono, (0, round(NOTE_S * RATE)))[start : start + round(NOTE_S * RATE)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--soundfonts", type=Path, nargs="*", default=[])
    parser.add_argument("--step", type=int, default=3, help="semitones between rendered notes")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    rows = Rows()
    for split in ("valid", "train"):
        add_stored(rows, args.data, split)
        rows.save(args.out)
        print(split, len(rows.columns["pitch"]), flush=True)
    for index, soundfont in enumerate(args.soundfonts):
        add_rendered(rows, soundfont, args.step + 2 * index, args.seed + index)
        rows.save(args.out)
        print(soundfont.name, len(rows.columns["pitch"]), flush=True)


if __name__ == "__main__":
    main()
