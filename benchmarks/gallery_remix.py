"""The gallery's remixes, from gallery/remix.toml: `python -m benchmarks.gallery_remix --data DIR`.

Without --data they are built from the solos and true stems already in gallery/, which is all that
is needed when an engine or its weights have changed. An engine whose weights are not here is left
out.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import tomllib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from core.audio import Clip, encode_flac
from core.composition.stems import encode_mp3
from core.engines import engines, remixer
from core.errors import ModelUnavailableError, UserInputError
from core.gallery import GALLERY, GalleryBand, read_flac, remixes
from core.pictures import draw, save
from core.remixing.arrangement_files import FILE, to_json
from core.remixing.band_controls import BandControls
from core.remixing.desk import Desk
from core.remixing.files import solo_of
from core.remixing.pictures import name as picture_name
from core.remixing.pictures import sounds
from core.remixing.plan import ACTUAL, JOB, Plan
from core.remixing.run import Remix, level_desk, run
from core.remixing.stems import MIX, STEMS, Stems
from training.remix_stems import RATE, StemPiece, load, real_pieces
from training.remix_stems import build as render

LIST = "remix.toml"
WORDS = ("title", "artist", "genre", "licence", "source")
BIT_RATES = {1: 64_000, 2: 96_000}
"""By channels."""
EXCERPT_S = 30.0
MAX_TOGETHER_BYTES = 8_000_000
Files = dict[str, tuple[str, bytes]]
"""Stem -> name and content of its file."""


def excerpt(piece: StemPiece, start_s: float, seconds: float) -> tuple[Clip, Stems]:
    """(solo, true band) of a part of a piece. A recording's band is one stem, MIX."""

    def cut(samples: Any) -> Clip:
        return Clip(samples[None], RATE).between(start_s, start_s + seconds)

    if piece.tempo_bpm == 0:
        return cut(piece.solo), Stems({MIX: cut(piece.stems["other"])})
    return cut(piece.solo), Stems({name: cut(piece.stems[name]) for name in STEMS})


def build(
    entry: dict[str, Any], rank: int, source: bytes, actual: Stems, kept: Files | None = None
) -> None:
    """Write one remix's folder: source.flac, stems, pictures, item.json.

    source: the solo's file. kept: the files of `actual`, where there are some already: coding an
    MP3 anew would make it worse. Raises ModelUnavailableError where no engine has its weights.
    """
    seconds = read_flac(source).duration_s
    solo = solo_of(source, 0.0, seconds)
    controls = BandControls(style=entry.get("style", ""))
    made = _made(solo, actual, controls)
    pictures = draw(sounds(solo, {one.engine: one.stems for one in made} | {ACTUAL: actual}))
    folder = GALLERY / JOB / entry["slug"]
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    (folder / "source.flac").write_bytes(source)
    save(pictures, folder)
    bands = [
        GalleryBand(
            one.engine,
            _write(folder, coded(one.engine, one.stems)),
            one.metrics,
            one.compute_seconds,
        )
        for one in made
    ]
    for one in made:
        if one.arrangement is not None:
            path = folder / FILE.format(one.engine)
            path.write_text(to_json(one.arrangement), encoding="utf-8")
    plan = Plan(
        tuple(one.engine for one in made),
        seconds=seconds,
        example=entry["slug"],
        input_sha256=hashlib.sha256(source).hexdigest(),
        desk=level_desk(solo, made[0].stems) if made[0].arrangement else Desk(),
        band=controls,
    )
    fields = {key: entry[key] for key in WORDS}
    fields |= {
        "rank": rank,
        "recipe": json.loads(plan.recipe().to_json()),
        "bands": [band.to_fields() for band in bands],
        "actual": _write(folder, kept or coded(ACTUAL, actual)),
    }
    text = json.dumps(fields, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    (folder / "item.json").write_text(text, encoding="utf-8")


def _made(solo: Clip, actual: Stems, controls: BandControls) -> list[Remix]:
    made = []
    for info in engines(JOB):
        try:
            with suppress(UserInputError):  # a second may be too short to hear anything in
                remixer(info.name).remix(solo.between(0.0, 1.0), seed=0)  # loads and compiles it
            made += run(solo, actual, engines=[info.name], seed=0, band=controls)
        except (ModelUnavailableError, UserInputError) as error:
            print(f"{info.name} is left out: {error}", flush=True)
    if not made:
        raise ModelUnavailableError("No remixer is ready here.")
    return made


def coded(band: str, stems: Stems) -> Files:
    """The files of a band's stems: FLAC where that is no larger than MP3."""
    files = {}
    for stem, clip in stems.parts.items():
        channels: Literal[1, 2] = 1 if clip.channels == 1 else 2
        exact = encode_flac(clip.with_channels(channels))
        small = encode_mp3(clip, (BIT_RATES[channels],), channels=channels)
        suffix, data = (".flac", exact) if len(exact) <= len(small) else (".mp3", small)
        files[stem] = (picture_name(band, stem) + suffix, data)
    return files


def _write(folder: Path, files: Files) -> dict[str, str]:
    for name, data in files.values():
        (folder / name).write_bytes(data)
    return {stem: name for stem, (name, _) in files.items()}


def material(
    entry: dict[str, Any], data: Path | None, rendered: Path
) -> tuple[bytes, Stems, Files | None]:
    """(solo's file, true band, its files): from the data, or as the gallery has them."""
    if data is None:
        found = next(item for item in remixes() if item.slug == entry["slug"])
        kept = {k: (name, (found.folder / name).read_bytes()) for k, name in found.actual.items()}
        return found.source_bytes(), found.stems(found.actual), kept
    for piece in _pieces(entry, data, rendered):
        if (piece.subset, piece.id) == (entry["subset"], entry["piece"]):
            solo, actual = excerpt(piece, entry["start_s"], entry["seconds"])
            return encode_flac(solo), actual, None
    raise KeyError(f"{entry['subset']} has no test piece {entry['piece']!r}")


def _pieces(entry: dict[str, Any], data: Path, rendered: Path) -> list[StemPiece]:
    if entry["subset"] == "audio_stems_guitar":
        return real_pieces(data, "test", EXCERPT_S)
    render(data, rendered, split="test", subsets=(entry["subset"],), only=(entry["piece"],))
    return load(rendered, "test")


def build_all(
    entries: Sequence[dict[str, Any]], slugs: Sequence[str], data: Path | None, rendered: Path
) -> None:
    """Every remix of the list, or those named. Raises ValueError where they take too much room."""
    for rank, entry in enumerate(entries):
        if not slugs or entry["slug"] in slugs:
            build(entry, rank, *material(entry, data, rendered))
            print(entry["slug"], flush=True)
    size = sum(path.stat().st_size for path in (GALLERY / JOB).rglob("*") if path.is_file())
    print(f"{size} bytes")
    if size > MAX_TOGETHER_BYTES:
        raise ValueError(f"the remixes take {size} bytes, over {MAX_TOGETHER_BYTES}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="a folder as training/README.md")
    parser.add_argument("--rendered", type=Path, default=Path("runs/remix_gallery"))
    parser.add_argument("slugs", nargs="*")
    args = parser.parse_args()
    entries = tomllib.loads((GALLERY / LIST).read_text(encoding="utf-8"))["remix"]
    build_all(entries, args.slugs, args.data, args.rendered)


if __name__ == "__main__":
    main()
