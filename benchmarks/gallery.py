"""Build the finished examples: `python -m benchmarks.gallery --data DIR`.

Without --data it builds from the excerpts already in gallery/, which is all that is needed when an
engine or its weights have changed. gallery/examples.toml lists the examples, with credit and
licence. Composed pieces (`--job compose`) come from the recipes in gallery/compose.toml.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import tomllib
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np

from benchmarks.gallery_compose import build_all
from core.audio import Clip, encode_flac
from core.engines import engines, weights_sha256
from core.extrapolation.run import run
from core.gallery import GALLERY, GalleryContinuation, read_flac
from core.path_picture import path_figure
from core.pictures import draw, save
from core.recipe import Recipe
from training.dataset import tracks

SECONDS_IN, SECONDS_OUT = 20.0, 10.0


def excerpt(data: Path, entry: dict[str, Any]) -> bytes:
    """The entry's 30 s from the data folder, as FLAC."""
    for track in tracks(data, "audio"):
        if track.id == entry["track"]:
            clip = track.clip(entry["start_s"], SECONDS_IN + SECONDS_OUT)
            return encode_flac(clip.scaled(min(1.0, 0.99 / max(clip.peak(), 1e-6))))
    raise KeyError(f"the data folder has no track {entry['track']!r}")


def build(entry: dict[str, Any], rank: int, data: Path | None) -> None:
    """Write one example's folder: source.flac, sounds, pictures, item.json."""
    folder = GALLERY / "extrapolate" / entry["slug"]
    folder.mkdir(parents=True, exist_ok=True)
    source = folder / "source.flac"
    if data is not None:
        source.write_bytes(excerpt(data, entry))
    whole = read_flac(source.read_bytes())
    end_s = SECONDS_IN + SECONDS_OUT
    clip, actual = whole.between(0, SECONDS_IN), whole.between(SECONDS_IN, end_s)
    names = [info.name for info in engines("extrapolate")]
    made = run(clip, actual, engines=names, seconds=SECONDS_OUT, seed=0)
    for one in made:
        (folder / f"{one.engine}.flac").write_bytes(encode_flac(one.clip))
    finished = [
        GalleryContinuation(
            one.engine, f"{one.engine}.flac", one.metrics, one.compute_seconds, one.path
        )
        for one in made
    ]
    for kept, one in zip(finished, made, strict=True):
        if one.path:
            picture = path_figure(one.path, clip, one.clip)
            (folder / kept.path_file()).write_bytes(picture)
    save(draw({"input": clip, "actual": actual} | {m.engine: m.clip for m in made}), folder)
    weights = {i.name: weights_sha256("extrapolate", i.name) for i in engines("extrapolate")}
    recipe = Recipe(
        job="extrapolate",
        engines=weights,
        seed=0,
        parameters={"start_s": 0.0, "seconds": SECONDS_OUT},
        input_sha256=hashlib.sha256(source.read_bytes()).hexdigest(),
        example=entry["slug"],
    )
    fields = {key: entry[key] for key in ("title", "artist", "genre", "licence", "source")}
    fields |= {
        "rank": rank,
        "recipe": json.loads(recipe.to_json()),
        "continuations": [kept.to_fields() for kept in finished],
    }
    text = json.dumps(fields, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    (folder / "item.json").write_text(text, encoding="utf-8")


def warm_up() -> None:
    """Run every engine once, so that compiling and loading are in no example's figures."""
    tone = Clip(0.1 * np.sin(np.arange(20 * 22050) * 0.05)[None], 22050)
    run(tone, tone, engines=[e.name for e in engines("extrapolate")], seconds=10.0, seed=0)


def main() -> None:
    """Build every example of the job's list, or those named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--job", choices=("extrapolate", "compose"), default="extrapolate")
    parser.add_argument("slugs", nargs="*")
    args = parser.parse_args()
    if args.job == "compose":
        build_all(args.slugs)
        return
    entries = tomllib.loads((GALLERY / "examples.toml").read_text(encoding="utf-8"))["example"]
    warm_up()
    for rank, entry in enumerate(entries):
        if not args.slugs or entry["slug"] in args.slugs:
            build(entry, rank, args.data)
            print(entry["slug"], flush=True)


if __name__ == "__main__":
    main()
