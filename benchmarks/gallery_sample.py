"""The gallery's sampled sounds, from gallery/sample.toml: `python -m benchmarks.gallery_sample`."""

from __future__ import annotations

import argparse
import json
import os
import tomllib
from collections.abc import Sequence
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np

from core.audio import encode_flac
from core.engines import Sampler, engines, info, sampler
from core.gallery import GALLERY
from core.sampling.plan import JOB, Plan, make
from core.sampling.sound import Point, Touch

LIST = "sample.toml"
LICENCE = "CC0-1.0"
NEAR_SEMITONES = 7


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


def build(entry: dict[str, Any], rank: int) -> None:
    """Make one sound and write its folder."""
    name = entry["engine"]
    engine = sampler(name)
    plan = Plan(name).at(place(engine, entry["between"], entry["pitch"]))
    if engine.plays_pitches:
        plan = plan.touched(Touch(entry["pitch"]))
    folder = GALLERY / JOB / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sound.flac").write_bytes(encode_flac(make(plan, engine=engine)))
    title = info(JOB, name).title
    where = " and ".join(entry["between"])
    fields = {
        "title": f"Between {where}" if where else "The middle of the plane",
        "artist": title if info(JOB, name).published else f"Encore's {title}",
        "genre": "note",
        "licence": LICENCE,
        "source": f"sampled by {title}",
        "rank": rank,
        "recipe": json.loads(plan.recipe().to_json()),
    }
    text = json.dumps(fields, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    (folder / "item.json").write_text(text, encoding="utf-8")


def main() -> None:
    """Build every sound of the list whose engine is here, or those of the engines named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("engines", nargs="*")
    wanted = parser.parse_args().engines
    entries = tomllib.loads((GALLERY / LIST).read_text(encoding="utf-8"))["sound"]
    here = [entry.name for entry in engines(JOB)]
    for rank, entry in enumerate(entries):
        if entry["engine"] in (wanted or here):
            build(entry, rank)
            print(entry["engine"], flush=True)


def _mean(points: Sequence[Point]) -> Any:
    return np.mean([(point.x, point.y) for point in points], axis=0)


if __name__ == "__main__":
    main()
