import tomllib

import numpy as np
import pytest

from benchmarks import gallery_notes, gallery_sample
from core import gallery
from core.audio import Clip
from core.decoding import decode
from core.engines import engines
from core.gallery import GALLERY
from core.sampling.plan import Plan, from_fields, of_recipe
from core.sampling.sound import Touch
from core.sampling.tunes import TUNES
from tests.app.fake_sampler import FakeSampler
from tests.unit.sounds import sine


def row(instrument, pitch, velocity="90", source="fluidr3", licence="MIT", split="train"):
    return {
        "instrument": instrument, "pitch": str(pitch), "velocity": velocity, "source": source,
        "licence": licence, "split": split, "family": "string", "path": "x", "id": instrument,
    }  # fmt: skip


def test_one_note_an_instrument_from_its_middle_and_only_what_may_be_passed_on():
    rows = [row("violin", pitch, velocity) for pitch in (55, 70, 97) for velocity in ("45", "115")]
    rows += [
        row("oboe", 60, split="test"),
        row("harp", 60, source="timgm6mb", licence="GPL-2.0"),
        row("sitar", 50, "", "discord-sfz-gm-bank", "Creative Commons CC0, Greg Sullivan"),
        row("sitar", 62, "", "discord-sfz-gm-bank", "Creative Commons CC0, Greg Sullivan"),
        row("piano", 60, "", "discord-sfz-gm-bank", "Creative Commons CC-BY, Alexander Holm"),
    ]
    found = gallery_notes.chosen(rows)
    assert [(r["instrument"], r["pitch"], r["velocity"]) for r in found] == [
        ("sitar", "62", ""),
        ("violin", "70", "115"),
    ]
    (entry, _) = tomllib.loads(gallery_notes.credits_text([("s.mp3", r) for r in found]))["note"]
    assert entry["credit"] == "Discord SFZ GM Bank, Greg Sullivan"
    assert entry["licence"] == "CC0-1.0"


def test_a_note_is_a_small_mp3_that_ends_in_silence():
    t = np.arange(3 * 16_000) / 16_000
    clip = Clip(0.5 * np.sin(2 * np.pi * 440 * t)[None].astype(np.float32), 16_000)
    data = gallery_notes.mp3(clip)
    assert len(data) <= gallery_notes.MAX_BYTES
    sound = decode(data)
    assert sound.duration_s == pytest.approx(gallery_notes.SECONDS, abs=0.1)
    assert sound.peak() > 0.4
    assert np.abs(sound.samples[:, -200:]).max() < 0.02


def test_the_notes_in_the_gallery_are_credited_and_small():
    folder = GALLERY / "notes"
    entries = tomllib.loads((folder / "credits.toml").read_text(encoding="utf-8"))["note"]
    assert {entry["file"] for entry in entries} == {path.name for path in folder.glob("*.mp3")}
    sizes = [(folder / entry["file"]).stat().st_size for entry in entries]
    assert max(sizes) <= gallery_notes.MAX_BYTES
    assert sum(sizes) <= gallery_notes.MAX_TOGETHER_BYTES
    assert all(entry["credit"] and entry["licence"] in ("MIT", "CC0-1.0") for entry in entries)
    assert len({entry["instrument"] for entry in entries}) == len(entries) > 30


def test_the_first_sound_lies_halfway_between_its_instruments():
    x, y = gallery_sample.place(FakeSampler(), ["violin", "clarinet"], 60)
    points = FakeSampler().points()
    means = [
        np.mean([(p.x, p.y) for p in points if p.name == name and abs(p.pitch - 60) <= 7], axis=0)
        for name in ("violin", "clarinet")
    ]
    assert (x, y) == pytest.approx(tuple((means[0] + means[1]) / 2))
    with pytest.raises(KeyError, match="kazoo"):
        gallery_sample.place(FakeSampler(), ["kazoo"], 60)


def test_the_gallerys_list_names_engines_that_links_know():
    entries = tomllib.loads((GALLERY / gallery_sample.LIST).read_text(encoding="utf-8"))["sound"]
    for entry in entries:
        assert from_fields({"engine": entry["engine"]}) == (Plan(entry["engine"]), ())
        assert 0 < entry["pitch"] < 127
        assert entry.get("melody", "ode-to-joy") in TUNES


def test_the_finished_sounds_are_of_the_weights_that_are_here():
    found = gallery.sounds()
    entries = tomllib.loads((GALLERY / gallery_sample.LIST).read_text(encoding="utf-8"))["sound"]
    assert [sound.slug for sound in found] == [entry["slug"] for entry in entries]
    used = [next(iter(sound.recipe.engines)) for sound in found]
    assert list(dict.fromkeys(used)) == [info.name for info in engines("sample")]
    for sound in found:
        plan = of_recipe(sound.recipe)
        assert sound.recipe.key() == plan.recipe().key(), "make gallery"
        assert sound.facts["peak_dbfs"] < 0.0
        assert -35.0 < sound.facts["loudness_lufs"] < -10.0
        assert sound.facts.get("cents_off", 0.0) < 50.0
        assert (sound.folder / "input.png").exists()
        data = sound.tune
        assert (data is None) == (plan.melody == "")
        clip = sound.clip() if data is None else decode(data)
        assert clip.duration_s == pytest.approx(sound.facts["seconds"], abs=0.1)
        if data is None and len(plan.places) == 1:
            assert clip.duration_s == pytest.approx(plan.touch.seconds, abs=0.1)


def test_a_walk_of_the_list_stops_at_every_place():
    entry = {"engine": "timbre-vae", "walk": [["violin"], ["clarinet"]], "pitch": 60}
    plan = gallery_sample.planned(entry, FakeSampler())
    ends = [gallery_sample.place(FakeSampler(), [name], 60) for name in ("violin", "clarinet")]
    assert plan.places == Plan("timbre-vae").at(*ends).places
    assert plan.melody == ""


def test_what_is_measured_of_a_sound():
    plan = Plan("timbre-vae").touched(Touch(69.0))
    found = gallery_sample.measured(sine(440.0, 2.0), plan, FakeSampler())
    assert found["seconds"] == 2.0
    assert found["peak_dbfs"] == pytest.approx(-6.02, abs=0.02)
    assert found["cents_off"] < 2.0
    off = gallery_sample.measured(sine(452.9, 2.0), plan, FakeSampler())
    assert off["cents_off"] == pytest.approx(50.0, abs=3.0)
