"""One recorded note of every training instrument: `python -m benchmarks.gallery_notes --data DIR`.

The Sample page plays them beside its own sounds. They come from the training split, from sources
that may be passed on with their credit alone; gallery/notes/credits.toml names each.
"""

from __future__ import annotations

import argparse
import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

import av
import numpy as np

from core.audio import Clip
from core.decoding import decode
from core.gallery import GALLERY

FOLDER = GALLERY / "notes"
SOURCES = {
    "fluidr3": "FluidR3 GM by Frank Wen",
    "discord-sfz-gm-bank": "Discord SFZ GM Bank",
}
"""Whose notes are taken, the preferred source of an instrument first, and how it is credited."""
LICENCES = ("MIT", "CC0", "Creative Commons CC0")
SECONDS, FADE_S = 2.6, 0.3
BIT_RATE = 32_000
MAX_BYTES = 12_000
MAX_TOGETHER_BYTES = 600_000

Row = dict[str, str]


def chosen(rows: Iterable[Row]) -> list[Row]:
    """Of each training instrument the note in the middle of its pitches, in order of name.

    Of a pitch's notes the loudest is taken.
    """
    by_instrument: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        free = row["licence"].split(",")[0].strip() in LICENCES
        if row["split"] == "train" and row["source"] in SOURCES and free:
            by_instrument[row["instrument"]].append(row)
    order = list(SOURCES)
    found = []
    for _, notes in sorted(by_instrument.items()):
        best = min(order.index(note["source"]) for note in notes)
        notes = [note for note in notes if note["source"] == order[best]]
        pitches = sorted({int(note["pitch"]) for note in notes})
        middle = pitches[len(pitches) // 2]
        same = [note for note in notes if int(note["pitch"]) == middle]
        found.append(max(same, key=lambda note: float(note["velocity"] or 0)))
    return found


def mp3(clip: Clip) -> bytes:
    """The first SECONDS of the clip, faded out, as a mono MP3. Browsers of every kind play it."""
    clip = clip.with_channels(1).between(0.0, SECONDS)
    mono = clip.samples.copy()
    fade = min(round(FADE_S * clip.sample_rate), clip.length)
    mono[:, clip.length - fade :] *= np.linspace(1.0, 0.0, fade, dtype=np.float32)
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp3") as out:
        stream = out.add_stream("libmp3lame", rate=clip.sample_rate)
        stream.bit_rate = BIT_RATE
        stream.layout = "mono"
        stream.format = "fltp"
        frame = av.AudioFrame.from_ndarray(mono, format="fltp", layout="mono")
        frame.sample_rate, frame.pts = clip.sample_rate, 0
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return buffer.getvalue()


def credits_text(notes: Sequence[tuple[str, Row]]) -> str:
    """credits.toml: for each file its instrument, family, pitch, source, credit and licence."""
    lines = [
        "# Recorded notes for the Sample page, made by `python -m benchmarks.gallery_notes`.",
    ]
    for file, row in notes:
        maker = row["licence"].partition(",")[2].strip()
        credit = SOURCES[row["source"]] + (f", {maker}" if maker else "")
        licence = row["licence"].split(",")[0].strip().replace("Creative Commons CC0", "CC0")
        lines += [
            "",
            "[[note]]",
            f'file = "{file}"',
            f'instrument = "{row["instrument"]}"',
            f'family = "{row["family"]}"',
            f"pitch = {row['pitch']}",
            f'source = "{row["source"]}"',
            f'credit = "{credit}"',
            f'licence = "{licence.replace("CC0", "CC0-1.0")}"',
        ]
    return "\n".join(lines) + "\n"


def build(data: Path, folder: Path = FOLDER) -> int:
    """Write the notes and their credits; the bytes they take together.

    Raises ValueError where a note, or all of them, would be too large.
    """
    with (data / "notes" / "index.csv").open(encoding="utf-8", newline="") as file:
        rows = chosen(csv.DictReader(file))
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.mp3"):
        old.unlink()
    made: list[tuple[str, Row]] = []
    total = 0
    for row in rows:
        sound = mp3(decode((data / row["path"]).read_bytes()))
        if len(sound) > MAX_BYTES:
            raise ValueError(f"{row['id']} takes {len(sound)} bytes, over {MAX_BYTES}")
        name = re.sub(r"[^a-z0-9]+", "-", row["instrument"].lower()).strip("-") + ".mp3"
        (folder / name).write_bytes(sound)
        made.append((name, row))
        total += len(sound)
    if total > MAX_TOGETHER_BYTES:
        raise ValueError(f"the notes take {total} bytes, over {MAX_TOGETHER_BYTES}")
    (folder / "credits.toml").write_text(credits_text(made), encoding="utf-8")
    return total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="a folder as training/README.md")
    print(f"{build(parser.parse_args().data)} bytes")


if __name__ == "__main__":
    main()
