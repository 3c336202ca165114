"""What can be heard in the test: the gallery's finished examples, as alternatives for each place.

An item is a set of alternatives: what each engine made of one input, and what truly followed, or
what two engines wrote by themselves. Every engine in the gallery takes part, published ones too.
"""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from core import engines, gallery
from core.comparing import offers
from core.gallery import GalleryEntry, GalleryPiece, GallerySound
from core.listening.votes import NOISE, TRUTH

INPUT_S = 20.0
"""An example's input, as the Extrapolate page cuts it."""
LEAD_S = 4.0
"""How much of the input is played before a continuation."""
LONGEST_S = {"extrapolate": LEAD_S + 8.0, "remix": 10.0, "compose": 10.0, "compare": 10.0}
NOTE_S = 2.4
RATES_HZ = {
    "extrapolate": 22_050,
    "remix": 22_050,
    "sample": 16_000,
    "compose": 32_000,
    "compare": 32_000,
}
"""The lowest rate of any maker in the job, so that brightness does not tell an engine."""
TRUTHS = {
    "extrapolate": "The true recording",
    "remix": "The band that truly played",
    "sample": "A note of a real instrument",
}
NOTES = "notes"
_BETWEEN = "+"


@dataclass(frozen=True)
class Item:
    """Alternatives. makers: engines, and TRUTH where that is known. seconds: of each sound.

    slug: of the gallery's entry, or of two with a `+` between. lead_s: how much of it, at the
    start, is the same whoever made the rest.
    """

    job: str
    slug: str
    makers: tuple[str, ...]
    seconds: float
    lead_s: float = 0.0

    @property
    def parts(self) -> frozenset[str]:
        """The gallery's entries that are heard in it, each with its job."""
        return frozenset(f"{self.job}/{slug}" for slug in self.slug.split(_BETWEEN))


def items() -> list[Item]:
    """All there are, in the gallery's order. Reads the entries' words and no sound."""
    return [*_continuations(), *_remixes(), *_pieces(), *_sounds(), *_comparisons()]


def title(job: str, maker: str) -> str:
    """What a maker is called: the engine's title, its name where it is not installed."""
    if maker == NOISE:
        return "Plain noise"
    if maker == TRUTH:
        return TRUTHS.get(job, "The truth")
    if job == offers.JOB:
        return offers.TITLES.get(maker, maker)
    try:
        return engines.info(job, maker).title
    except KeyError:
        return maker


def is_published(job: str, maker: str) -> bool:
    """Whether it is a paper's model, as published."""
    return any(one.name == maker and one.published for one in engines.engines(job))


def credit(item: Item, maker: str) -> str:
    """Whose music is heard, and its licence."""
    found = []
    for slug in slugs(item, maker):
        entry = next((one for one in _entries(item.job) if one.slug == slug), None)
        if entry is not None:
            found.append(f"{entry.title} by {entry.artist} · {entry.licence}")
        elif slug in (notes := recorded_notes()):
            found.append(f"{slug} · {notes[slug]['credit']} · {notes[slug]['licence']}")
    return "; ".join(found)


def _continuations() -> Iterator[Item]:
    for entry in gallery.items("extrapolate"):
        if entry.recipe.ending != "none":  # an ending would tell that it is no recording
            continue
        makers = tuple(made.engine for made in entry.continuations)
        follows_s = float(entry.recipe.parameters["seconds"])
        seconds = min(LONGEST_S["extrapolate"], LEAD_S + follows_s)
        yield Item("extrapolate", entry.slug, (TRUTH, *makers), seconds, LEAD_S)


def _remixes() -> Iterator[Item]:
    for entry in gallery.remixes():
        makers = tuple(band.engine for band in entry.bands)
        truth = (TRUTH,) if entry.actual else ()
        seconds = min(LONGEST_S["remix"], float(entry.recipe.parameters["seconds"]))
        yield Item("remix", entry.slug, (*truth, *makers), seconds)


def _pieces() -> Iterator[Item]:
    """Pairs of pieces by two engines, of those that begin with the engine's own notes."""
    own = [piece for piece in gallery.pieces() if piece.given_bars == 0]
    for first, second in itertools.combinations(own, 2):
        makers = (_engine(first), _engine(second))
        if makers[0] != makers[1]:
            slug = first.slug + _BETWEEN + second.slug
            seconds = min(LONGEST_S["compose"], first.seconds, second.seconds)
            yield Item("compose", slug, makers, seconds)


def _sounds() -> Iterator[Item]:
    """Each sampled note beside each recorded one, and beside each other engine's."""
    sounds = [sound for sound in gallery.sounds() if sound.is_note]
    for sound in sounds:
        for note in recorded_notes():
            slug = sound.slug + _BETWEEN + note
            yield Item("sample", slug, (TRUTH, _engine(sound)), NOTE_S)
    for first, second in itertools.combinations(sounds, 2):
        if _engine(first) != _engine(second):
            slug = first.slug + _BETWEEN + second.slug
            yield Item("sample", slug, (_engine(first), _engine(second)), NOTE_S)


def _comparisons() -> Iterator[Item]:
    for entry in gallery.comparisons():
        seconds = min(LONGEST_S["compare"], *(side.seconds for side in entry.sides))
        yield Item("compare", entry.slug, tuple(side.model for side in entry.sides), seconds)


def _engine(entry: GalleryPiece | GallerySound) -> str:
    return next(iter(entry.recipe.engines))


def slugs(item: Item, maker: str) -> list[str]:
    """Of the entries that are heard when `maker` plays."""
    if maker == NOISE:
        return []
    both = item.slug.split(_BETWEEN)
    if len(both) == 1:
        return both
    entries: Sequence[GalleryPiece | GallerySound] = (
        gallery.pieces() if item.job == "compose" else gallery.sounds()
    )
    found = {entry.slug: _engine(entry) for entry in entries}
    return [slug for slug in both if found.get(slug, TRUTH) == maker]


def _entries(job: str) -> Sequence[GalleryEntry]:
    if job == "extrapolate":
        return gallery.items(job)
    by: dict[str, Callable[[], Sequence[GalleryEntry]]] = {
        "remix": gallery.remixes,
        "compose": gallery.pieces,
        "sample": gallery.sounds,
        "compare": gallery.comparisons,
    }
    return by[job]()


def recorded_notes() -> dict[str, dict[str, str]]:
    """Of each recorded note its file, credit and licence, by file name without its ending."""
    path = gallery.GALLERY / NOTES / "credits.toml"
    if not path.is_file():
        return {}
    found = tomllib.loads(path.read_text(encoding="utf-8")).get("note", ())
    return {note["file"].rpartition(".")[0]: note for note in found}
