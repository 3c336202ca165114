import tomllib

import numpy as np
import pytest

from benchmarks import gallery_remix
from core import gallery
from core.audio import Clip
from core.decoding import decode
from core.engines import engines, weights_sha256
from core.gallery import GALLERY, read_flac
from core.remixing.plan import JOB, MAX_SECONDS, MIN_SECONDS, of_recipe
from core.remixing.stems import MIX, STEMS, Stems
from training.remix_stems import RATE, StemPiece


def entries():
    return tomllib.loads((GALLERY / gallery_remix.LIST).read_text(encoding="utf-8"))["remix"]


def piece(tempo_bpm):
    time_s = np.arange(4 * RATE, dtype=np.float32) / (4 * RATE)
    stems = {name: time_s * (index + 1) / 10 for index, name in enumerate(STEMS)}
    return StemPiece(
        "p", "s", "test", "g", "rock", tempo_bpm, (4, 4), 0.0, time_s, stems, {}, np.zeros((0, 2)),
        {},
    )  # fmt: skip


def test_an_excerpt_is_cut_from_solo_and_stems_alike():
    solo, actual = gallery_remix.excerpt(piece(120.0), 1.0, 2.0)
    assert actual.names == STEMS
    assert actual.length == solo.length == 2 * RATE
    assert solo.samples[0, 0] == pytest.approx(0.25)
    assert actual["bass"].samples[0, 0] == pytest.approx(0.05)


def test_a_recordings_band_is_one_stem():
    _, actual = gallery_remix.excerpt(piece(0.0), 0.0, 4.0)
    assert actual.names == (MIX,)
    assert actual[MIX].samples[0, -1] == pytest.approx(0.4, abs=1e-4)


def test_stereo_stems_stay_stereo_and_of_one_shape():
    rng = np.random.default_rng(0)
    noise = rng.uniform(-0.1, 0.1, (2, 44_100)).astype(np.float32)
    stems = Stems({"drums": Clip(noise, 44_100), "other": Clip(np.zeros_like(noise), 44_100)})
    files = gallery_remix.coded("band", stems)
    assert [name for name, _ in files.values()] == ["band-drums.mp3", "band-other.flac"]
    drums, other = decode(files["drums"][1]), read_flac(files["other"][1])
    assert drums.channels == other.channels == 2
    assert drums.sample_rate == other.sample_rate == 44_100
    sides = [np.corrcoef(drums.samples[i, :44_100], noise[j])[0, 1] for i, j in ((0, 0), (0, 1))]
    assert sides[0] > 0.7 > abs(sides[1])


def test_what_the_gallery_has_is_built_from_again_without_coding_it_anew(monkeypatch):
    built = []
    monkeypatch.setattr(gallery_remix, "build", lambda *arguments: built.append(arguments))
    gallery_remix.build_all(entries()[:1], (), None, GALLERY)
    ((entry, rank, source, actual, kept),) = built
    found = gallery.remixes()[0]
    assert (entry["slug"], rank, source) == (found.slug, 0, found.source_bytes())
    assert list(kept) == list(actual.names) == list(found.actual)
    assert all(data == (found.folder / name).read_bytes() for name, data in kept.values())


def test_the_list_has_credit_and_parts_that_can_be_asked_for():
    listed = entries()
    assert len({entry["slug"] for entry in listed}) == len(listed) >= 2
    for entry in listed:
        assert all(entry[word] for word in gallery_remix.WORDS)
        assert MIN_SECONDS <= entry["seconds"] <= MAX_SECONDS


def test_the_finished_remixes_are_of_the_weights_that_are_here_and_small():
    found = gallery.remixes()
    assert [remix.slug for remix in found] == [entry["slug"] for entry in entries()]
    for remix, entry in zip(found, entries(), strict=True):
        plan = of_recipe(remix.recipe)
        assert plan.example == remix.slug
        assert plan.seconds == entry["seconds"]
        assert read_flac(remix.source_bytes()).duration_s == pytest.approx(entry["seconds"])
        assert [band.engine for band in remix.bands] == list(plan.engines)
        for name, sha256 in remix.recipe.engines.items():
            assert sha256 == weights_sha256(JOB, name), "make gallery"
        assert set(plan.engines) <= {info.name for info in engines(JOB)}
    files = [path for path in (GALLERY / JOB).rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= gallery_remix.MAX_TOGETHER_BYTES
