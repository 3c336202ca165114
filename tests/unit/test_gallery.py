"""The gallery as it ships: enough of it, every engine in it, credited, small, up to date."""

import hashlib

import pytest

from core import gallery
from core.engines import engines, weights_sha256
from core.gallery import GallerySource
from core.listening.clips import clip
from core.listening.material import items, slugs
from core.registry import JOBS

LICENCES = (
    "CC0-1.0", "CC-BY-3.0", "CC-BY-SA-3.0", "MIT", "BSD-3-Clause", "GPL-3.0",
)  # fmt: skip


def entries():
    return [
        *gallery.items("extrapolate"), *gallery.pieces(), *gallery.remixes(), *gallery.sounds(),
        *gallery.comparisons(),
    ]  # fmt: skip


def test_there_is_enough_of_it_and_every_engine_is_heard():
    assert len(entries()) >= 24
    heard = {(entry.job, name) for entry in entries() for name in entry.recipe.engines}
    here = {(job, info.name) for job in JOBS if job != "measure" for info in engines(job)}
    assert here <= heard
    assert len({(entry.job, entry.slug) for entry in entries()}) == len(entries())


def test_every_sound_of_the_listening_test_can_be_made():
    parts = {
        (item.job, *slugs(item, maker)): (item, maker)
        for item in items()
        for maker in item.makers
        if item.job in ("compose", "sample")
    }
    assert len(parts) > 40
    for item, maker in parts.values():
        _, sound = clip(item, maker)
        assert sound.duration_s > 0.5, (item, maker)
        assert sound.peak() > 0.01, (item, maker)


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: f"{entry.job}-{entry.slug}")
def test_each_is_credited_small_and_of_the_weights_that_are_here(entry):
    assert entry.title
    assert entry.artist
    assert entry.source
    assert entry.licence in LICENCES
    assert sum(file.stat().st_size for file in entry.folder.iterdir()) < 3_500_000
    if entry.job != "compare":  # whose weights are by kind too, as tests of Compare have it
        for name, sha256 in entry.recipe.engines.items():
            assert sha256 == weights_sha256(entry.job, name), "make gallery"
    if isinstance(entry, GallerySource):
        digest = hashlib.sha256(entry.source_bytes()).hexdigest()
        assert entry.recipe.input_sha256 == digest


def test_the_pictures_of_all_cards_together_are_small():
    pictures = [
        (entry.folder / name).stat().st_size
        for entry in entries()
        for name in ("input.png", "actual-all.png")
        if (entry.folder / name).exists()
    ]
    assert len(pictures) >= 17
    assert sum(pictures) < 900_000
