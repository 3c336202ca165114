"""Finished examples on disk: loaded in milliseconds, without a model."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import soundfile as sf

from core.audio import Clip, fit_length, from_pcm16
from core.composition.sound import Sound
from core.extrapolation.path import Segment
from core.gallery_files import Entry, entries
from core.recipe import Recipe
from core.remixing.stems import Stems

if TYPE_CHECKING:
    from core.remixing.arrangement import Arrangement

GALLERY = Path(__file__).resolve().parent.parent / "gallery"


@dataclass(frozen=True)
class GalleryContinuation:
    """One engine's finished output: its file in the item's folder, and what was measured on it.

    path: which stretches of the input it plays, where the engine copies and the item says so.
    """

    engine: str
    file: str
    metrics: Mapping[str, float]
    compute_seconds: float
    path: tuple[Segment, ...] = ()

    def to_fields(self) -> dict[str, Any]:
        """What item.json holds of it; NaN, which JSON has not, is left out."""
        fields = asdict(self)
        fields["metrics"] = {k: v for k, v in self.metrics.items() if math.isfinite(v)}
        fields["path"] = [[segment.source, segment.length] for segment in self.path]
        return fields

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> GalleryContinuation:
        """The inverse of `to_fields`. Items from before there were paths have none."""
        path = tuple(Segment(source, length) for source, length in fields.get("path", ()))
        return cls(**{**fields, "path": path})

    def path_file(self) -> str:
        """The name of the path's picture in the item's folder."""
        return f"{self.engine}-path.png"


@dataclass(frozen=True)
class GalleryEntry:
    """What every finished example has: its words, its folder and the recipe that replays it."""

    job: str
    slug: str
    title: str
    artist: str
    genre: str
    licence: str
    source: str
    folder: Path
    recipe: Recipe


@dataclass(frozen=True)
class GallerySource(GalleryEntry):
    """An example that starts from a sound: `source.flac` is what a visitor would upload."""

    def source_bytes(self) -> bytes:
        return (self.folder / "source.flac").read_bytes()


@dataclass(frozen=True)
class GalleryItem(GallerySource):
    """A finished continuation."""

    continuations: tuple[GalleryContinuation, ...]

    def clip(self, engine: str) -> Clip:
        """What `engine` made, to the sample: `encode_wav` gives the bytes its run gave.

        Raises KeyError when the item has nothing by that engine.
        """
        for made in self.continuations:
            if made.engine == engine:
                return read_flac((self.folder / made.file).read_bytes())
        raise KeyError(f"{self.slug} holds nothing by {engine}")


@dataclass(frozen=True)
class GalleryPiece(GalleryEntry):
    """A finished composition: `piece.json` (exact, with choices), `score.mid`, an MP3 a track.

    given_bars: how many at its start are a primer's. stems: names of the MP3 files, None for a
    track without notes. gain, pans, seconds, sample_rate: as core.composition.stems.Sound has them.
    """

    given_bars: int
    stems: tuple[str | None, ...]
    gain: float
    pans: tuple[float, ...]
    seconds: float
    sample_rate: int

    def sound(self) -> Sound:
        """What the piece sounds like, from the files."""
        files = tuple(
            None if name is None else (self.folder / name).read_bytes() for name in self.stems
        )
        return Sound(files, self.gain, self.pans, self.seconds, self.sample_rate)


@dataclass(frozen=True)
class GalleryBand:
    """One engine's finished stems: stem -> file in the item's folder, and what was measured."""

    engine: str
    files: Mapping[str, str]
    metrics: Mapping[str, float]
    compute_seconds: float

    def to_fields(self) -> dict[str, Any]:
        """What item.json holds of it; NaN, which JSON has not, is left out."""
        return asdict(self) | {
            "metrics": {k: v for k, v in self.metrics.items() if math.isfinite(v)}
        }


@dataclass(frozen=True)
class GalleryRemix(GallerySource):
    """A finished remix of a solo, which `source.flac` holds whole.

    actual: the files of the band that truly played, by stem; empty where that is not known.
    """

    bands: tuple[GalleryBand, ...]
    actual: Mapping[str, str]

    def arrangement(self, engine: str) -> Arrangement | None:
        """The notes that an engine's band plays, where it plays from notes."""
        from core.remixing.arrangement_files import FILE, from_json

        path = self.folder / FILE.format(engine)
        return from_json(path.read_text(encoding="utf-8")) if path.is_file() else None

    def stems(self, files: Mapping[str, str]) -> Stems:
        """The sound of these files. FLAC is to the sample what the run gave, MP3 near to it."""
        from core.decoding import decode

        solo = read_flac(self.source_bytes())
        found = {}
        for stem, file in files.items():
            data = (self.folder / file).read_bytes()
            clip = read_flac(data) if file.endswith(".flac") else decode(data)
            # An MP3 ends with its last frame, a little after the sound.
            length = round(solo.duration_s * clip.sample_rate)
            found[stem] = Clip(fit_length(clip.samples, length), clip.sample_rate)
        return Stems(found)


@dataclass(frozen=True)
class GallerySound(GalleryEntry):
    """A finished sampled sound: `sound.flac`, or `sound.mp3` for a tune, which is long.

    facts: what was measured on it, by name.
    """

    facts: Mapping[str, float]

    @property
    def tune(self) -> bytes | None:
        """The MP3, where it is one; it is near to what the run gave, and not the same."""
        path = self.folder / "sound.mp3"
        return path.read_bytes() if path.exists() else None

    @property
    def is_note(self) -> bool:
        """Whether it is one note at one place: neither a tune nor a walk over several places."""
        return "melody" not in self.recipe.parameters and ";" not in self.recipe.parameters["at"]

    def clip(self) -> Clip:
        """A note or walk, to the sample: `encode_wav` gives the bytes its run gave."""
        return read_flac((self.folder / "sound.flac").read_bytes())


@dataclass(frozen=True)
class GallerySide:
    """What one compared model wrote. pattern: [steps][voices], tokens of core.comparing.patterns.

    semitones: as core.comparing.plan.Side has them. The rest as in GalleryPiece.
    """

    model: str
    pattern: Sequence[Sequence[int]]
    semitones: int
    stems: Sequence[str | None]
    gain: float
    pans: Sequence[float]
    seconds: float
    sample_rate: int


@dataclass(frozen=True)
class GalleryComparison(GalleryEntry):
    """A finished comparison: the same seed and primer for every side."""

    sides: tuple[GallerySide, ...]

    def sound(self, side: GallerySide) -> Sound:
        """What one side sounds like, from the files."""
        files = tuple(
            None if name is None else (self.folder / name).read_bytes() for name in side.stems
        )
        return Sound(files, side.gain, tuple(side.pans), side.seconds, side.sample_rate)


def read_flac(data: bytes) -> Clip:
    """The clip that `encode_flac` wrote, exact to 16 bits."""
    pcm, rate = sf.read(io.BytesIO(data), dtype="int16", always_2d=True)
    return from_pcm16(pcm, rate)


def items(job: str) -> list[GalleryItem]:
    """The job's finished continuations, in the order of their `rank`."""
    return [
        GalleryItem(
            **common,
            continuations=tuple(map(GalleryContinuation.from_fields, own["continuations"])),
        )
        for common, own in _entries(job)
    ]


def pieces() -> list[GalleryPiece]:
    """The finished compositions, in the order of their `rank`."""
    return [
        GalleryPiece(
            **common,
            given_bars=own["given_bars"],
            stems=tuple(own["stems"]),
            gain=own["gain"],
            pans=tuple(own["pans"]),
            seconds=own["seconds"],
            sample_rate=own["sample_rate"],
        )
        for common, own in _entries("compose")
    ]


def sounds() -> list[GallerySound]:
    """The finished sampled sounds, in the order of their `rank`."""
    return [
        GallerySound(**common, facts=own.get("facts", {})) for common, own in _entries("sample")
    ]


def comparisons() -> list[GalleryComparison]:
    """The finished comparisons, in the order of their `rank`."""
    return [
        GalleryComparison(**common, sides=tuple(GallerySide(**side) for side in own["sides"]))
        for common, own in _entries("compare")
    ]


def remixes() -> list[GalleryRemix]:
    """The finished remixes, in the order of their `rank`."""
    return [
        GalleryRemix(
            **common,
            bands=tuple(GalleryBand(**fields) for fields in own["bands"]),
            actual=own["actual"],
        )
        for common, own in _entries("remix")
    ]


def item(job: str, slug: str) -> GalleryItem:
    """One example by its slug. Raises KeyError for a name that is not in the gallery."""
    for found in items(job):
        if found.slug == slug:
            return found
    raise KeyError(f"no example {slug!r} for {job}")


def _entries(job: str) -> list[Entry]:
    return entries(GALLERY / job, job)
