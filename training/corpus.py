"""Features of every track of a data folder, rendered MIDI included, for models to learn from.

    python -m training.corpus --data DIR --out runs/corpus

Writes one `.npz` per track with core.extrapolation.features at 43 Hz (log_mel float16 [80, frames],
chroma float16 [12, frames], onset float32 [frames]) and `index.csv` (id, subset, split, file,
frames). Audio is taken whole. MIDI files of the training split are rendered with `fluidsynth` (a
program, and a SoundFont: --soundfont), at most --midi-seconds of each: hours of extra training
sound with the same instruments as much of the games' music. Resumes where it stopped.
"""

from __future__ import annotations

import argparse
import csv
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from shutil import which

import numpy as np
import soundfile

from core.audio import Clip, FloatArray
from core.extrapolation.features import Features, features
from training.dataset import Track, tracks

RENDER_RATE = 22050
ARRANGED_PIECES = 150
ARRANGED_JIGS = 15


@dataclass(frozen=True)
class Piece:
    """One stored track: see the module's docstring for the arrays in `file`."""

    id: str
    subset: str
    split: str
    file: Path

    def load(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """log_mel [80, frames] dB, chroma [12, frames], onset [frames], all float32."""
        with np.load(self.file) as stored:
            return (
                stored["log_mel"].astype(np.float32),
                stored["chroma"].astype(np.float32),
                stored["onset"].astype(np.float32),
            )


def render_midi(path: Path, soundfont: Path, seconds: float) -> Clip:
    """The first `seconds` of a MIDI file through fluidsynth, mono 22050 Hz."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.wav"
        program = which("fluidsynth") or "fluidsynth"
        options = ["-ni", "-g", "0.4", "-r", str(RENDER_RATE), "-F", str(out)]
        command = [program, *options, str(soundfont), str(path)]
        subprocess.run(command, check=True, capture_output=True, timeout=300)  # noqa: S603
        sound, rate = soundfile.read(out, frames=round(seconds * RENDER_RATE), dtype="float32")
    mono = sound.mean(axis=1)
    loud = np.flatnonzero(np.abs(mono) > 1e-3)
    return Clip(mono[None, loud[0] : loud[-1]] if len(loud) else mono[None], rate)


def store(found: Features, file: Path) -> None:
    """Write one track's features."""
    file.parent.mkdir(parents=True, exist_ok=True)
    np.savez(
        file,
        log_mel=found.log_mel.astype(np.float16),
        chroma=found.chroma.astype(np.float16),
        onset=found.onset.astype(np.float32),
    )


def chosen(data: Path) -> Iterator[tuple[str, Track]]:
    """(subset, track) of all that is wanted, in an order that mixes sources."""
    for track in tracks(data, "audio"):
        yield "audio", track
    rows = tracks(data, "midi_multitrack", "train")
    np.random.default_rng(0).shuffle(rows)  # type: ignore[arg-type]
    for track in rows:
        yield "midi_multitrack", track
    rows = tracks(data, "midi_arranged", "train")
    np.random.default_rng(0).shuffle(rows)  # type: ignore[arg-type]
    jigs = [t for t in rows if t.row["meter"] == "6/8"][:ARRANGED_JIGS]
    others = [t for t in rows if t.row["meter"] != "6/8"][: ARRANGED_PIECES - ARRANGED_JIGS]
    for track in jigs + others:
        yield "midi_arranged", track


def pieces(corpus: Path, split: str, subsets: tuple[str, ...] = ("audio",)) -> list[Piece]:
    """What `corpus/index.csv` lists of one split."""
    with (corpus / "index.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return [
        Piece(row["id"], row["subset"], row["split"], corpus / row["file"])
        for row in rows
        if row["split"] == split and row["subset"] in subsets
    ]


def main() -> None:
    """Parse, render, extract."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("runs/corpus"))
    parser.add_argument("--midi-seconds", type=float, default=120.0)
    parser.add_argument(
        "--soundfont", type=Path, default=Path("/usr/share/sounds/sf3/FluidR3Mono_GM.sf3")
    )
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    index = args.out / "index.csv"
    fresh = not index.exists()
    with index.open("a", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        if fresh:
            rows.writerow(["id", "subset", "split", "file", "frames"])
        for subset, track in chosen(args.data):
            name = Path(subset) / (track.id.replace("/", "_") + ".npz")
            if (args.out / name).exists():
                continue
            try:
                if subset == "audio":
                    clip = track.clip()
                else:
                    seconds = args.midi_seconds * (1.0 if subset == "midi_multitrack" else 0.5)
                    clip = render_midi(track.path, args.soundfont, seconds)
            except (subprocess.SubprocessError, OSError) as trouble:
                print("left out", track.id, trouble, flush=True)
                continue
            found = features(clip)
            store(found, args.out / name)
            rows.writerow([track.id, subset, track.split, name, found.frames])
            file.flush()
            print(subset, track.id, round(clip.duration_s, 1), flush=True)


if __name__ == "__main__":
    main()
