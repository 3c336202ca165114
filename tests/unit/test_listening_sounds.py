"""The sounds of the listening test tell nothing of their maker but by what is heard."""

import io
import itertools
from collections import Counter

import numpy as np
import pytest
import soundfile as sf

from core import gallery
from core.audio import Clip, loudness_lufs
from core.listening import blinding, clips, ready
from core.listening.material import LEAD_S, NOTE_S, RATES_HZ, Item, credit, items, title
from core.listening.questions import COUNT, Question, draw
from core.listening.votes import NOISE, PAIR, TRUE_OR_GENERATED, TRUTH
from tests.unit.listening import make_listening_gallery


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gallery")
    make_listening_gallery(folder)
    return folder


@pytest.fixture(autouse=True)
def small_gallery(monkeypatch, root):
    monkeypatch.setattr(gallery, "GALLERY", root)


def heard(wav):
    samples, rate = sf.read(io.BytesIO(wav), dtype="float32", always_2d=True)
    return Clip(samples.T, rate)


def test_every_job_takes_part_with_its_engines_and_the_truth():
    found = {item.job: item for item in items()}
    assert set(found) == {"extrapolate", "remix", "sample", "compare"}
    assert found["extrapolate"].makers == (TRUTH, "loop", "paper-encdec")
    assert found["remix"].makers == (TRUTH, "band")
    assert found["extrapolate"].lead_s == LEAD_S
    assert any(TRUTH in item.makers for item in items() if item.job == "sample")


def test_sounds_of_an_item_are_alike_in_all_but_the_music():
    chosen = {item.job: item for item in reversed(items())}.values()
    for item in chosen:
        rate = RATES_HZ[item.job]
        wavs = []
        for maker in (*item.makers, NOISE):
            sound = blinding.alike(*clips.clip(item, maker), item.seconds, rate)
            wavs.append(blinding.wav(sound, rate, np.random.default_rng(0)))
        assert len({len(wav) for wav in wavs}) == 1, item
        assert len(set(wavs)) == len(wavs)
        # RIFF, its format and the samples: no chunk that could hold a word.
        assert all(wav[36:40] == b"data" and len(wav) - 44 == 2 * round(item.seconds * rate)
                   for wav in wavs)  # fmt: skip
        assert len(wavs[0]) < 2**20
        found = [heard(wav) for wav in wavs]
        assert all((clip.sample_rate, clip.channels) == (rate, 1) for clip in found)
        levels = [loudness_lufs(clip) for clip in found]
        assert levels == pytest.approx([blinding.LOUDNESS_LUFS] * len(levels), abs=0.6), item
        assert all(np.abs(clip.samples[:, [0, -1]]).max() < 0.002 for clip in found)


def test_a_continuation_begins_with_the_same_lead_whoever_goes_on():
    (item,) = [item for item in items() if item.job == "extrapolate"]
    made = [blinding.alike(*clips.clip(item, m), item.seconds, 22_050) for m in (TRUTH, "loop")]
    lead = round(LEAD_S * 22_050)
    assert np.array_equal(made[0][:lead], made[1][:lead])
    assert not np.array_equal(made[0][lead:], made[1][lead:])
    truth = gallery.read_flac((gallery.GALLERY / "extrapolate/first/source.flac").read_bytes())
    part = truth.between(16.0, 28.0).mono()[:lead]
    assert np.corrcoef(part[2000:], made[0][2000:lead])[0, 1] > 0.9999


def test_silence_before_a_note_is_cut_and_its_end_faded():
    (item,) = [item for item in items() if TRUTH in item.makers and "timbre-vae+" in item.slug]
    _, note = clips.clip(item, TRUTH)
    assert np.abs(note.samples[:, :400]).max() > 0.1
    assert item.seconds == NOTE_S


def test_silence_stays_silence():
    quiet = Clip(np.zeros((1, 8000), np.float32), 16_000)
    assert not blinding.alike(None, quiet, 1.0, 16_000).any()


def test_two_visitors_get_other_bytes_of_one_sound_and_one_visitor_the_same():
    item = next(item for item in items() if item.job == "compare")
    question = Question(PAIR, item, item.makers[:2])
    ready.begin(question)
    first, again, other = (ready.wavs(question, seed, 3) for seed in (1, 1, 2))
    assert first == again
    assert not set(first) & set(other)
    difference = heard(first[0]).samples - heard(other[0]).samples
    assert np.abs(difference).max() <= 3 / 32768


def test_what_is_told_afterwards_names_the_maker_and_the_music():
    item = next(item for item in items() if item.job == "sample" and TRUTH in item.makers)
    assert credit(item, TRUTH) == "harp · A. Player · CC0-1.0"
    assert "CC0-1.0" in credit(item, item.makers[1])
    assert credit(item, NOISE) == ""
    assert title("remix", TRUTH) == "The band that truly played"
    assert title("extrapolate", "gone") == "gone"


def pool():
    engines = (TRUTH, "a", "b")
    return [Item("extrapolate", f"e{at}", engines, 12.0, 4.0) for at in range(8)] + [
        Item("compose", f"c{i}+c{j}", ("a", "b"), 10.0)
        for i, j in itertools.combinations(range(6), 2)
    ]


def test_questions_differ_and_use_each_example_once():
    for seed in range(20):
        asked = draw(pool(), seed)
        assert draw(pool(), seed) == asked
        assert len(asked) == COUNT
        assert len({(one.kind, one.item, frozenset(one.shown)) for one in asked}) == COUNT
        assert [one.is_check for one in asked].index(True) in range(1, 5)
        assert sum(one.is_check for one in asked) == 1
        parts = Counter(part for one in asked[:9] for part in one.item.parts)
        assert max(parts.values()) == 1


def test_makers_order_and_truth_are_drawn_evenly():
    asked = [one for seed in range(150) for one in draw(pool(), seed)]
    singles = Counter(one.shown[0] for one in asked if one.kind == TRUE_OR_GENERATED)
    pairs = [one.shown for one in asked if one.kind == PAIR and not one.is_check]
    assert singles[TRUTH] / singles.total() == pytest.approx(0.5, abs=0.07)
    assert singles["a"] == pytest.approx(singles["b"], rel=0.3)
    assert sum(one[0] < one[1] for one in pairs) / len(pairs) == pytest.approx(0.5, abs=0.07)
    checks = [one.shown.index(NOISE) for one in asked if one.is_check]
    assert sum(checks) / len(checks) == pytest.approx(0.5, abs=0.15)


def test_a_small_gallery_asks_fewer_questions_and_an_empty_one_none():
    few = draw([Item("extrapolate", "one", (TRUTH, "a"), 12.0, 4.0)], 0)
    assert 2 <= len(few) <= 4
    alone = draw([Item("compose", "x+y", ("notes-lstm", "composer"), 10.0)], 0)
    assert {one.kind for one in alone} == {PAIR}
    assert {"composer", NOISE} in [set(one.shown) for one in alone]  # never published ones
    assert draw([], 0) == []
