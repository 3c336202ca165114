"""The gallery's sampled sounds, from gallery/sample.toml: `python -m benchmarks.gallery_sample`."""

from __future__ import annotations

import argparse
import io
import json
import os
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
from PIL import Image

from benchmarks.sampling_pitch import cents_off
from core.audio import Clip, encode_flac, loudness_lufs
from core.composition.stems import encode_mp3
from core.engines import Sampler, engines, info, sampler
from core.gallery import GALLERY
from core.pictures import draw
from core.sampling.plan import JOB, Plan, make
from core.sampling.sound import Point, Touch
from core.sampling.tunes import TUNES

LIST = "sample.toml"
LICENCE = "CC0-1.0"
NEAR_SEMITONES = 7
MAX_BYTES = 230_000
SHAPE = 3.5
"""Width by height of a picture, at least."""
BIT_RATE = 64_000
"""Of a tune, which is too long for FLAC."""


def place(engine: Sampler, between: Sequence[str], pitch: float) -> tuple[float, float]:
    """Halfway between the mean places of the instruments' notes near the pitch.

    For no instruments at all, where the map's sounds have their middle.
    """
    points = engine.points()
    if not between:
        middle = _mean(points)
        return float(middle[0]), float(middle[1])
    means = []
    for name in between:
        own = [point for point in points if point.name == name]
        if not own:
            raise KeyError(f"the map has no {name!r}")
        means.append(_mean([p for p in own if abs(p.pitch - pitch) <= NEAR_SEMITONES] or own))
    x, y = np.mean(means, axis=0)
    return float(x), float(y)


def planned(entry: dict[str, Any], engine: Sampler) -> Plan:
    """What the list's entry asks for: a note, a tune, or a walk between places."""
    name, pitch = entry["engine"], entry["pitch"]
    stops = entry.get("walk") or [entry["between"]]
    plan = Plan(name).at(*(place(engine, stop, pitch) for stop in stops))
    if engine.plays_pitches:
        plan = plan.touched(Touch(pitch))
    return replace(plan, melody=entry.get("melody", ""))


def measured(clip: Clip, plan: Plan, engine: Sampler) -> dict[str, float]:
    """Length, loudness, peak, and how far a steady pitch is off, by the worse of two estimators."""
    found = {
        "seconds": clip.duration_s,
        "loudness_lufs": loudness_lufs(clip),
        "peak_dbfs": 20.0 * float(np.log10(max(clip.peak(), 1e-6))),
    }
    if engine.plays_pitches and not plan.melody:
        found["cents_off"] = max(cents_off(clip, plan.touch.pitch))
    return {name: round(value, 2) for name, value in found.items() if np.isfinite(value)}


def wide(png: bytes) -> bytes:
    """A short sound's picture drawn out to the shape that cards have room for."""
    picture = Image.open(io.BytesIO(png))
    width = max(picture.width, round(SHAPE * picture.height))
    out = io.BytesIO()
    picture.resize((width, picture.height), Image.Resampling.NEAREST).save(
        out, "PNG", optimize=True
    )
    return out.getvalue()


def build(entry: dict[str, Any], rank: int) -> None:
    """Make one sound and write its folder. Raises ValueError for one that takes too much room."""
    name = entry["engine"]
    engine = sampler(name)
    plan = planned(entry, engine)
    clip = make(plan, engine=engine)
    sound = encode_mp3(clip, (BIT_RATE,)) if plan.melody else encode_flac(clip)
    if len(sound) > MAX_BYTES:
        raise ValueError(f"{entry['slug']} takes {len(sound)} bytes, over {MAX_BYTES}")
    folder = GALLERY / JOB / entry["slug"]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ("sound.mp3" if plan.melody else "sound.flac")).write_bytes(sound)
    (folder / "input.png").write_bytes(wide(draw({"input": clip}).files["input"]))
    title = info(JOB, name).title
    fields = {
        "title": entry["title"],
        "artist": title if info(JOB, name).published else f"Encore's {title}",
        "genre": "tune" if plan.melody else "walk" if len(plan.places) > 1 else "note",
        "licence": LICENCE,
        "source": f"sampled by {title}" + (f", {TUNES[plan.melody]}" if plan.melody else ""),
        "rank": rank,
        "recipe": json.loads(plan.recipe().to_json()),
        "facts": measured(clip, plan, engine),
    }
    text = json.dumps(fields, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    (folder / "item.json").write_text(text, encoding="utf-8")


def main() -> None:
    """Build every sound of the list whose engine is here, or those named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("slugs", nargs="*")
    wanted = parser.parse_args().slugs
    entries = tomllib.loads((GALLERY / LIST).read_text(encoding="utf-8"))["sound"]
    here = [entry.name for entry in engines(JOB)]
    for rank, entry in enumerate(entries):
        if entry["engine"] in here and (not wanted or entry["slug"] in wanted):
            build(entry, rank)
            print(entry["slug"], flush=True)


def _mean(points: Sequence[Point]) -> Any:
    return np.mean([(point.x, point.y) for point in points], axis=0)


if __name__ == "__main__":
    main()
