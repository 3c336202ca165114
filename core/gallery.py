"""Finished examples on disk: loaded in milliseconds, without a model."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import soundfile as sf

from core.audio import Clip, from_pcm16
from core.recipe import Recipe

GALLERY = Path(__file__).resolve().parent.parent / "gallery"


@dataclass(frozen=True)
class GalleryContinuation:
    """One engine's finished output: its file in the item's folder, and what was measured on it."""

    engine: str
    file: str
    metrics: Mapping[str, float]
    compute_seconds: float


@dataclass(frozen=True)
class GalleryItem:
    """A finished example. `source.flac` in `folder` is the excerpt that a visitor would upload."""

    job: str
    slug: str
    title: str
    artist: str
    genre: str
    licence: str
    source: str
    folder: Path
    recipe: Recipe
    continuations: tuple[GalleryContinuation, ...]

    def source_bytes(self) -> bytes:
        return (self.folder / "source.flac").read_bytes()

    def clip(self, engine: str) -> Clip:
        """What `engine` made, to the sample: `encode_wav` gives the bytes its run gave.

        Raises KeyError when the item has nothing by that engine.
        """
        for made in self.continuations:
            if made.engine == engine:
                return read_flac((self.folder / made.file).read_bytes())
        raise KeyError(f"{self.slug} holds nothing by {engine}")


def read_flac(data: bytes) -> Clip:
    """The clip that `encode_flac` wrote, exact to 16 bits."""
    pcm, rate = sf.read(io.BytesIO(data), dtype="int16", always_2d=True)
    return from_pcm16(pcm, rate)


def items(job: str) -> list[GalleryItem]:
    """The job's finished examples, in the order of their `rank`."""
    found = []
    for path in (GALLERY / job).glob("*/item.json"):
        fields = json.loads(path.read_text(encoding="utf-8"))
        found.append((fields.pop("rank"), _item(path.parent, job, fields)))
    return [item for _, item in sorted(found, key=lambda pair: (pair[0], pair[1].slug))]


def item(job: str, slug: str) -> GalleryItem:
    """One example by its slug. Raises KeyError for a name that is not in the gallery."""
    for found in items(job):
        if found.slug == slug:
            return found
    raise KeyError(f"no example {slug!r} for {job}")


def _item(folder: Path, job: str, fields: dict[str, object]) -> GalleryItem:
    texts = {name: str(fields[name]) for name in ("title", "artist", "genre", "licence", "source")}
    recipe = Recipe.from_json(json.dumps(fields["recipe"]))
    made = tuple(GalleryContinuation(**entry) for entry in fields["continuations"])  # type: ignore[attr-defined]
    return GalleryItem(
        job=job, slug=folder.name, folder=folder, recipe=recipe, continuations=made, **texts
    )
