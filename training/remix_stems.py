"""Aligned stems for the remixers: multitrack MIDI, rendered part by part, and real recordings.

    python -m training.remix_stems --data DIR --out runs/remix_stems

Of each piece one excerpt is made, from a bar line on, where the solo and two parts of the band
play. Programs, levels and timing are drawn from the seed and the piece's id, whatever SoundFont
then plays them. Each piece is a compressed .npz in OUT/<split>/ whose name holds a hash of all that
it was made from: what is there is not made again. `index.json` beside them lists those of the last
parameters, and `load` reads it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import time
import zlib
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.audio import Clip, FloatArray, fit_length, loudness_lufs
from core.remixing.stems import SOLO, STEMS
from core.soundfont import soundfont_path
from core.synth_notes import NoteArray, as_played, render_notes
from training.dataset import Track
from training.stem_choice import SHARES, wanted
from training.stem_excerpts import Excerpt, excerpt_of
from training.stem_parts import read_song

RATE = 22050
LEVELS_LU: Mapping[str, float] = {
    SOLO: 0.0, "drums": -1.5, "bass": -3.5, "piano": -4.0, "other": -4.5
}  # fmt: skip
"""Loudness of each part beside the solo's, before the draw."""
LEVEL_SPREAD_DB = 3.0
MIX_LUFS, PEAK = -16.0, 10 ** (-1 / 20)
REVERB_SENDS = (15, 70)
_VERSION = 1
_FULL_SCALE = 32767
_WORKERS = 2


@dataclass(frozen=True, eq=False)
class StemPiece:
    """An excerpt of one piece: mono at RATE, all parts on one clock and of one length.

    start_s: where in the piece. solo: float32 [samples]. stems: all of STEMS, those that do not
    play silent; no part nor the sum of all is above PEAK. notes: SOLO and all of STEMS, as played,
    float64 [n, 4] onset and offset in s from the excerpt's start, MIDI pitch, velocity; empty for
    recordings. beats: float64 [n, 2] time in s, place in the bar counted from 0; empty for
    recordings, whose tempo and metre are 0. programs: of the parts that play, GM program or -1 for
    drums, of the busiest line. held_out: the groove is in no training piece.
    """

    id: str
    subset: str
    split: str
    group: str
    genre: str
    tempo_bpm: float
    metre: tuple[int, int]
    start_s: float
    solo: FloatArray
    stems: dict[str, FloatArray]
    notes: dict[str, NoteArray]
    beats: NoteArray
    programs: dict[str, int]
    held_out: bool = False


def build(
    data: Path,
    out: Path,
    *,
    split: str,
    seconds: float = 30.0,
    limit: int | None = None,
    seed: int = 0,
    subsets: tuple[str, ...] = tuple(SHARES),
    soundfont: Path | None = None,
    only: Collection[str] | None = None,
) -> list[Path]:
    """Render what is missing of a split's first `limit` pieces and return the files of all.

    Subsets that the folder lacks are skipped, and so are pieces without a usable excerpt.
    soundfont: None for the house's (`core.soundfont`). only: ids of pieces; None for all.
    """
    font = soundfont or soundfont_path()
    parameters = {
        "version": _VERSION,
        "rate": RATE,
        "seconds": seconds,
        "seed": seed,
        "soundfont": [font.name, font.stat().st_size],
        "levels": [dict(LEVELS_LU), LEVEL_SPREAD_DB, MIX_LUFS, PEAK, REVERB_SENDS],
    }
    folder = out / split
    folder.mkdir(parents=True, exist_ok=True)
    files: list[Path] = []
    for subset, track, marks in wanted(data, split, seed, subsets):
        if limit is not None and len(files) >= limit:
            break
        if only is not None and track.id not in only:
            continue
        midi = hashlib.sha256(track.path.read_bytes()).hexdigest()
        words = json.dumps([parameters, subset, track.id, midi, marks], sort_keys=True)
        key = hashlib.sha256(words.encode()).hexdigest()[:12]
        file = folder / f"{subset}-{track.id.replace('/', '_')}-{key}.npz"
        if not file.exists():
            song = read_song(track, marks)
            rng = np.random.default_rng([seed, zlib.crc32(f"{subset}/{track.id}".encode())])
            found = excerpt_of(song, seconds, rng) if song else None
            if found is None:
                continue
            started = time.monotonic()
            _save(_rendered(subset, track, found, seconds, font, rng), file)
            print(split, len(files), file.name, f"{time.monotonic() - started:.1f} s", flush=True)
        files.append(file)
        _list(folder, parameters, file)
    return files


def load(out: Path, split: str, limit: int | None = None) -> list[StemPiece]:
    """The pieces of a split that `build` made last with one set of parameters, in its order."""
    folder = out / split
    index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    return [_load(folder / name) for name in index["files"][:limit]]


def real_pieces(data: Path, split: str, seconds: float) -> list[StemPiece]:
    """Every whole stretch of the recordings in which guitar and band play; none without them.

    The band is the stem `other`; nothing is known of notes and beats.
    """
    from training.real_stems import recordings

    pieces = []
    for row, start_s, guitar, band in recordings(data, split, seconds, RATE):
        gain = min(1.0, PEAK / max(float(np.abs(x).max()) for x in (guitar, band, guitar + band)))
        silence = np.zeros_like(guitar)
        stems = dict.fromkeys(STEMS, silence) | {"other": band * np.float32(gain)}
        pieces.append(
            StemPiece(
                f"{row['id']}-{start_s:.0f}", "audio_stems_guitar", split, row["id"],
                row["genre"], 0.0, (0, 0), start_s, guitar * np.float32(gain), stems,
                {name: np.zeros((0, 4)) for name in (SOLO, *STEMS)}, np.zeros((0, 2)), {},
            )
        )  # fmt: skip
    return pieces


def _rendered(
    subset: str,
    track: Track,
    found: Excerpt,
    seconds: float,
    soundfont: Path,
    rng: np.random.Generator,
) -> StemPiece:
    length = round(seconds * RATE)
    sends = {name: int(rng.integers(*REVERB_SENDS)) for name in (SOLO, *STEMS)}
    gains_db = {n: LEVELS_LU[n] + rng.uniform(-1, 1) * LEVEL_SPREAD_DB for n in (SOLO, *STEMS)}

    def sound(name: str) -> FloatArray:
        total = np.zeros((1, length), np.float32)
        for line in found.lines[name]:
            clip = render_notes(
                line.notes, line.program, seconds, reverb_send=sends[name], soundfont=soundfont
            )
            total += fit_length(clip.with_channels(1).resampled(RATE).samples, length)
        if np.abs(total).max() < 1e-5:
            return np.zeros(length, np.float32)
        gain_db = MIX_LUFS + gains_db[name] - loudness_lufs(Clip(total, RATE))
        return np.asarray(total[0] * np.float32(10 ** (gain_db / 20)))

    with ThreadPoolExecutor(_WORKERS) as pool:
        sounds = dict(zip((SOLO, *STEMS), pool.map(sound, (SOLO, *STEMS)), strict=True))
    total = np.sum(list(sounds.values()), axis=0, dtype=np.float32)
    gain = 10 ** ((MIX_LUFS - loudness_lufs(Clip(total[None], RATE))) / 20)
    loudest = max(float(np.abs(part).max()) for part in (*sounds.values(), total))
    # Rounding to 16 bits may add half a step to each part.
    gain = min(gain, (PEAK - 6 / _FULL_SCALE) / loudest)
    sounds = {name: part * np.float32(gain) for name, part in sounds.items()}
    busiest = {
        name: max(lines, key=lambda line: len(line.notes)).program
        for name, lines in found.lines.items()
        if lines
    }
    notes = {
        name: as_played(np.concatenate([np.zeros((0, 4)), *(line.notes for line in lines)]))
        for name, lines in found.lines.items()
    }
    genre = {"midi_pop909": "pop", "midi_lieder": "lieder"}.get(subset) or track.row["genre"]
    return StemPiece(
        track.id, subset, track.split, track.group, genre, found.tempo_bpm, found.metre,
        found.start_s, sounds[SOLO], {name: sounds[name] for name in STEMS}, notes, found.beats,
        busiest, track.row.get("heldout_groove") == "1",
    )  # fmt: skip


def _list(folder: Path, parameters: dict[str, Any], file: Path) -> None:
    """Add a file to the folder's index; one of other parameters begins it anew."""
    path, words = folder / "index.json", json.loads(json.dumps(parameters))
    index = {"parameters": words, "files": []}
    if path.exists():
        old = json.loads(path.read_text(encoding="utf-8"))
        index = old if old["parameters"] == words else index
    if file.name not in index["files"]:
        index["files"].append(file.name)
        fresh = path.with_suffix(".tmp")
        fresh.write_text(json.dumps(index, indent=1), encoding="utf-8")
        fresh.replace(path)


_FIELDS = ("id", "subset", "split", "group", "genre", "tempo_bpm", "metre", "start_s", "programs")


def _save(piece: StemPiece, file: Path) -> None:
    head = {name: getattr(piece, name) for name in (*_FIELDS, "held_out")}
    sounds = {SOLO: piece.solo, **piece.stems}
    arrays: dict[str, Any] = {
        f"sound_{name}": np.round(part * _FULL_SCALE).astype(np.int16)
        for name, part in sounds.items()
    }
    arrays |= {f"notes_{name}": notes for name, notes in piece.notes.items()}
    fresh = file.with_suffix(".tmp")
    with fresh.open("wb") as stream:
        np.savez_compressed(stream, head=json.dumps(head), beats=piece.beats, **arrays)
    fresh.replace(file)


def _load(file: Path) -> StemPiece:
    with np.load(file) as stored:
        head = json.loads(str(stored["head"]))
        head["metre"] = tuple(head["metre"])
        sounds = {
            name: stored[f"sound_{name}"].astype(np.float32) / np.float32(_FULL_SCALE)
            for name in (SOLO, *STEMS)
        }
        notes = {name: stored[f"notes_{name}"] for name in (SOLO, *STEMS)}
        return StemPiece(
            **head, solo=sounds.pop(SOLO), stems=sounds, notes=notes, beats=stored["beats"]
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("runs/remix_stems"))
    parser.add_argument("--splits", nargs="+", default=["train", "valid", "test"])
    parser.add_argument("--subsets", nargs="+", default=list(SHARES), choices=list(SHARES))
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--limit", type=int, help="pieces of each split")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--soundfont", type=Path, help="in place of the app's")
    args = parser.parse_args()
    for split in args.splits:
        made = build(
            args.data,
            args.out,
            split=split,
            seconds=args.seconds,
            limit=args.limit,
            seed=args.seed,
            subsets=tuple(args.subsets),
            soundfont=args.soundfont,
        )
        print(split, len(made), "pieces", flush=True)


if __name__ == "__main__":
    main()
