import numpy as np

from benchmarks import chorale_nll
from core.composition import chorale, chorale_layers_model, chorale_likelihood
from core.composition.chorale_frames import (
    FEATURES,
    LOWEST,
    PITCHES,
)
from core.composition.chorale_model import build
from core.composition.chorale_score import RANGES
from core.registry import models
from tests.models.chorale_frames import piece
from training import chorale as training


def test_two_training_steps_write_loadable_weights(tmp_path, monkeypatch):
    monkeypatch.setattr(training, "FRAMES", 8)
    monkeypatch.setattr(chorale_likelihood, "LONGEST", 32)
    monkeypatch.setattr(chorale_layers_model, "UNROLLED", 32)  # a scan is slow when eager
    pieces = [piece(12, seed) for seed in range(4)]
    config = {"units": (6,), "depth": (4,), "width": (6,), "absolute": (True,)}
    training.train(
        pieces, pieces[:2], tmp_path, minutes=10, steps=2, check_every=2, config=config, batch=1,
        eager=True,
    )  # fmt: skip
    again = build(**config)
    again.load_weights(tmp_path / "last.weights.h5")
    said = np.asarray(again(np.zeros((1, 2, FEATURES + 5), np.float32)))
    np.testing.assert_allclose(np.exp(said).sum(axis=-1), 1.0, atol=1e-3)
    assert "validation_nats" in (tmp_path / "history.csv").read_text()


def test_the_corpus_moves_pieces_within_the_voices_ranges():
    pieces = [piece(80, seed) for seed in range(6)]
    corpus = training.Corpus(pieces)
    rows = corpus.epoch(np.random.default_rng(0))
    for voice, (low, high) in enumerate(corpus.ranges):
        notes = rows[..., FEATURES + 1 + voice]
        assert low <= notes.min() <= notes.max() <= high
    assert training.bar_lines(np.repeat(piece(16, 3), 4, axis=0))[0] in (3, 4)
    steady = np.repeat(np.repeat(piece(12, 1), 16, axis=0)[4:], 1, axis=0)
    assert training.bar_lines(steady)[1] % 4 == 0


def test_the_rung_is_a_distribution(tmp_path):
    rung = chorale_nll.HoldAndBigram([piece(80, seed) for seed in range(6)])
    base = piece(12, 8)
    total = np.zeros(4)
    for pitch in range(PITCHES):
        last = base.copy()
        last[-1] = pitch
        total += np.exp(-rung.nats([last])[0][-1])
    np.testing.assert_allclose(total, 1.0, atol=1e-6)
    assert chorale_nll.table(tmp_path) is None


def test_the_shipped_weights_sing(monkeypatch):
    assert "chorale" in models()
    made = chorale.Chorale().compose(None, 2, seed=0)
    assert made.score.note_count >= 8
    for (low, high), track in zip(RANGES, made.score.tracks, strict=True):
        assert all(low - 2 <= n.pitch <= high + 2 for n in track.notes)
    last = [t.notes[-1].pitch for t in made.score.tracks]
    assert len({p % 12 for p in last}) <= 4
    assert min(last) >= LOWEST
