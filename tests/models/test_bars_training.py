"""The bars network's training: examples, the loss, and the way to numpy."""

import json

import numpy as np
import pytest

from core.hearing import bar_features
from core.hearing.bars_model import build
from core.hearing.bars_network import COUNTS, SAID, SHOWN, Network
from training import bars, bars_examples
from training.bars_examples import Example
from training.beats_examples import stream
from training.beats_songs import Played


def song(number):
    """Bars of 4/4 at 120 a minute: a long low note on the first beat, quarters above it."""
    rng = np.random.default_rng(number)
    beats_s = 0.5 * np.arange(96)
    notes = [
        (start, start + 0.45, 48, 100) if beat % 4 == 0 else
        (start, start + 0.45, 72 + int(rng.integers(8)), 70)
        for beat, start in enumerate(beats_s)
    ]  # fmt: skip
    beats = np.column_stack([beats_s, np.arange(96) % 4])
    return Played("midi_arranged", [(0, np.array(notes, float))], beats, np.full((96, 2), 4))


def made_up(count, seed=0):
    """Examples of 4 beats a bar whose first feature tells where bars begin."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        beats, first = int(rng.integers(9, 30)), int(rng.integers(4))
        begins = (np.arange(beats) % 4 == first).astype(np.int8)
        shown = rng.normal(0, 0.3, (beats, bar_features.SHOWN)).astype(np.float32)
        shown[:, 0] += 3 * begins
        found.append(Example(shown, begins, COUNTS.index(4)))
    return found


def test_examples_say_where_bars_truly_begin(tmp_path):
    solos = stream([song(n) for n in range(3)], np.random.default_rng(0))
    found = [made for made in (bars_examples.example(next(solos)) for _ in range(12)) if made]
    assert len(found) > 6
    known = [one for one in found if (one.begins >= 0).any()]
    assert len(known) > 4
    for one in known:
        assert one.shown.shape == (len(one.begins), bar_features.SHOWN)
        inside = one.begins[one.begins >= 0]
        if one.count == COUNTS.index(4):
            assert inside.mean() == pytest.approx(0.25, abs=0.12)
    number = bars_examples.save(iter(found), tmp_path / "train.npz")
    assert number == len(found)
    for one, again in zip(found, bars_examples.read(tmp_path / "train.npz"), strict=True):
        np.testing.assert_allclose(again.shown, one.shown, atol=5e-3)
        np.testing.assert_array_equal(again.begins, one.begins)
        assert again.count == one.count


def test_the_loss_leaves_out_what_is_not_known():
    some = [*made_up(3), Example(np.zeros((9, bar_features.SHOWN)), np.full(9, -1), -1)]
    shown, targets = bars.batch(some)
    assert shown.shape == (4, bars.LENGTH, SHOWN)
    assert (shown[:, :, -1].sum(axis=1) == [len(one.begins) for one in some]).all()
    said = np.zeros((4, bars.LENGTH, SAID), np.float32)
    even = float(bars.loss(targets, said))
    assert even == pytest.approx(np.log(2) + bars.COUNT * np.log(3) * 3 / 4, rel=0.05)
    said[3], said[0, 40:, 0] = 50.0, 50.0
    assert float(bars.loss(targets, said)) == pytest.approx(even)
    said[:3, :, 0] = np.where(targets[:3, :, 0] > 0, 9.0, -9.0)
    assert float(bars.loss(targets, said)) < 0.3 * even


def test_bars_are_learnt_and_are_the_same_in_keras_and_numpy(tmp_path):
    training, held = made_up(60), made_up(20, 1)
    best = bars.train(
        training, held, tmp_path, minutes=5, steps=120, width=16, check_every=30, dropout=0.0,
        peak=0.02, size=16,
    )  # fmt: skip
    rows = (tmp_path / "history.csv").read_text().splitlines()
    assert rows[0] == "step,minutes,train_loss,validation_loss,right_beats"
    assert best == pytest.approx(min(float(row.split(",")[3]) for row in rows[1:]), abs=1e-3)
    headline = json.loads((tmp_path / "headline.json").read_text())
    assert headline["value"] > 0.9 > headline["baseline_value"]
    model = build(width=16)
    model.load_weights(tmp_path / "best.weights.h5")
    said = np.asarray(model(bars.batch(held)[0]))
    network = Network.read(tmp_path / "best.weights.h5")
    for one, row in zip(held, said, strict=True):
        begins, counts = network.logits(one.shown)
        np.testing.assert_allclose(begins, row[: len(begins), 0], atol=1e-4)
        np.testing.assert_allclose(counts, row[0, 1:], atol=1e-4)
    heard = network(held[0].shown)
    assert ((heard.begins > 0.5) == (held[0].begins > 0)).mean() > 0.9
    assert np.exp(heard.counts).sum() == pytest.approx(1.0, rel=1e-5)
