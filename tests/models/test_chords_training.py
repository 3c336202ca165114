"""Spans of a tune, the chords network's training, and the way to numpy."""

import json

import numpy as np
import pytest

from core.composition.instruments import LEAD, NAMES
from core.hearing import harmony
from core.hearing.chords_model import build
from core.hearing.chords_network import SHOWN, STATES, Network, shown
from core.hearing.heard import Grid, HeardNote
from core.hearing.spans import SLICES, Spans, spans_in_ticks, spans_of
from core.score import Key
from training import chord_network
from training.chords import beside_tonic
from training.chords import spans_of as spans_of_piece
from training.composer_corpus import Piece
from training.schedule import LEAST, cosine_rate

FALL = (0, 5, 7, 0)
PIANO, BASS = NAMES.index("piano"), NAMES.index("acoustic bass")


def piece(seed, mode="major"):
    """Broken triads of C, F, G, C (or A minor and so on) over those chords, eight bars."""
    rng = np.random.default_rng(seed)
    low = 60 if mode == "major" else 57
    third = 4 if mode == "major" else 3
    events = []
    for bar in range(8):
        root = low + FALL[bar % 4]
        for beat in range(4):
            pitch = root + 12 + int(rng.choice([0, third, 7]))
            events.append((bar, beat * 12, LEAD, pitch, 12, 80))
            events += [(bar, beat * 12, PIANO, root + tone, 12, 80) for tone in (0, third, 7)]
        events.append((bar, 0, BASS, root - 24, 12, 80))
    rows = np.array(sorted(events), np.int64)
    return Piece("midi_arranged", str(seed), "train", None, (4, 4), 100.0, mode, 0, 8, rows)


def test_spans_say_what_sounds_when():
    grid = Grid(tuple(0.5 * n for n in range(9)))
    notes = [HeardNote(0.0, 60, 1.0), HeardNote(1.0, 67, 1.25), HeardNote(2.0, 64, 4.0)]
    spans = spans_of(notes, grid)
    assert (len(spans), spans.parts, spans.metre) == (4, 2, (4, 4))
    assert spans.slices.shape == (4, SLICES, 12)
    np.testing.assert_allclose(spans.slices[0, 1:, 0], 1.0, atol=0.02)
    assert spans.slices[1, 0, 7] == pytest.approx(0.76)
    assert not spans.slices[1, 1:, 7].any()
    assert spans.weights[2, 4] == pytest.approx(3.0, abs=0.2)
    assert spans.weights[3, 4] == pytest.approx(3.0, abs=0.01)
    assert spans.lowest.argmax(axis=1).tolist() == [0, 7, 4, 4]
    under = [*notes, HeardNote(0.5, 55, 0.9), HeardNote(3.0, 72, 4.0), HeardNote(2.98, 40, 3.02)]
    assert spans_of(under, grid).lowest.argmax(axis=1).tolist() == [7, 7, 4, 4]


def test_spans_of_other_metres_and_of_nothing():
    none = np.zeros(0)
    for metre, bar, count in (((3, 4), 72, 2), ((6, 8), 72, 4), ((5, 4), 120, 2)):
        found = spans_in_ticks(none, none, none.astype(int), 2, bar, metre)
        assert len(found) == count
        assert not found.lowest.any()
        key, likely = harmony.likelihoods(found)
        assert key == Key(0, "major")
        assert harmony.most_right(likely).tolist() == [0] * count


def test_what_is_shown_moves_with_the_key():
    states, spans = spans_of_piece(piece(0))
    there = shown(spans, Key(0, "major"))
    assert there.shape == (16, SHOWN)
    assert (there[:, -1] == 1).all()
    moved = np.roll(spans.slices, 5, axis=2), np.roll(spans.lowest, 5, axis=1)
    higher = Spans(spans.metre, spans.weights, *moved)
    np.testing.assert_array_equal(shown(higher, Key(5, "major")), there)
    assert (shown(spans, Key(0, "minor")) != there).any()
    assert beside_tonic(piece(0), states).tolist() == states.tolist()
    assert (states % 12).tolist() == [root for root in FALL for _ in range(2)] * 2


def test_followed_says_which_key_and_shares_that_add_up():
    _, spans = spans_of_piece(piece(1))
    nats, shares = harmony.followed(spans, harmony.KEYS)
    np.testing.assert_allclose(shares.sum(axis=2), 1.0)
    assert harmony.KEYS[int(nats.argmax())] == Key(0, "major")
    alone, its = harmony.followed(spans, [Key(0, "major")])
    assert alone[0] == pytest.approx(nats.max())
    np.testing.assert_allclose(its[0], shares[int(nats.argmax())])


def test_followed_is_the_sum_over_all_ways(monkeypatch):
    """Forward and backward on two spans, beside all pairs of chords one by one."""
    _, spans = spans_of_piece(piece(2))
    two = Spans(spans.metre, spans.weights[:2], spans.slices[:2], spans.lowest[:2])
    tables, key = harmony._tables(), Key(0, "major")
    (nats,), (shares,) = harmony.followed(two, [key])
    said = harmony.STEADIER * two.weights @ tables.notes.T
    pairs = tables.first[0][:, None] + said[0][:, None] + tables.change[0, 1] + said[1][None]
    total = np.log(np.exp(pairs).sum())
    assert nats == pytest.approx(total)
    np.testing.assert_allclose(shares[0], np.exp(pairs - total).sum(axis=1), atol=1e-9)
    np.testing.assert_allclose(shares[1], np.exp(pairs - total).sum(axis=0), atol=1e-9)


def test_chords_are_learnt_and_are_the_same_in_keras_and_numpy(tmp_path):
    found = chord_network.tunes([piece(n, mode) for n in range(6) for mode in ("major", "minor")])
    assert {name: len(some) for name, some in found.items()} == {
        "midi_arranged": 12, chord_network.CHORDAL: 12
    }  # fmt: skip
    best = chord_network.train(
        found, found, tmp_path, minutes=5, steps=80, width=24, check_every=20, dropout=0.0,
        peak=0.02, batch=12,
    )  # fmt: skip
    rows = (tmp_path / "history.csv").read_text().splitlines()
    assert best < 0.6 * float(rows[1].split(",")[3])
    assert json.loads((tmp_path / "headline.json").read_text())["value"] > 0.8
    model = build(width=24)
    model.load_weights(tmp_path / "best.weights.h5")
    inputs = np.stack([seen for seen, _ in found["midi_arranged"][:3]])
    said = Network.read(tmp_path / "best.weights.h5").logits(inputs)
    assert said.shape == (3, 16, STATES)
    np.testing.assert_allclose(said, np.asarray(model(inputs)), atol=1e-4)
    padded = np.pad(inputs, ((0, 0), (0, 20), (0, 0)))
    np.testing.assert_allclose(np.asarray(model(padded))[:, :16], said, atol=1e-4)


def test_windows_leave_out_what_is_not_known():
    found = chord_network.tunes([piece(0)])
    inputs, states = chord_network.Windows(found, 0).batch(4)
    assert inputs.shape == (4, chord_network.LENGTH, SHOWN)
    assert (states[:, 16:] == -1).all()
    assert (inputs[:, 16:] == 0).all()
    said = np.zeros((4, chord_network.LENGTH, STATES), np.float32)
    even = float(chord_network.loss(states, said))
    said[:, 16:, 7] = 50.0
    assert float(chord_network.loss(states, said)) == pytest.approx(even)
    assert even == pytest.approx(np.log(STATES), rel=0.05)


def test_the_rate_rises_and_falls_to_nearly_nothing():
    rising = [cosine_rate(1e-3, step, 100, 0.0) for step in (1, 50, 100, 200)]
    np.testing.assert_allclose(rising, [1e-5, 5e-4, 1e-3, 1e-3])
    assert cosine_rate(1e-3, 500, 100, 0.5) == pytest.approx(5e-4)
    assert cosine_rate(1e-3, 500, 100, 1.0) == LEAST
