import numpy as np
import pytest

from core.composition import composer_model
from core.composition.stream import FEATURES
from core.composition.tokens import SIZES, encode
from core.score import Key, Note, Score, Track
from training import composer as training
from training import composer_lstm
from training.composer_corpus import Piece
from training.composer_examples import Examples

TINY = {"width": 24, "depth": 2, "heads": 2, "dropout": 0.0}


@pytest.fixture(scope="module")
def piece():
    tune = tuple(Note(24 * i, 60 + (0, 2, 4, 5)[i % 4], 24, 82) for i in range(32))
    bass = tuple(Note(48 * i, 36, 48, 60) for i in range(16))
    kit = tuple(Note(12 * i, 42, 6, 71) for i in range(64))
    return Score(
        (Track("lead", 73, tune), Track("electric bass", 33, bass), Track("drums", 0, kit, True)),
        bars=8, key=Key(0, "major"),
    )  # fmt: skip


def training_pieces(piece):
    events = encode(piece)
    return [
        Piece("midi_pop909", str(i), "train", "pop", (4, 4), 100.0, "major", 0, 8, events)
        for i in range(3)
    ]


def test_two_steps_of_training(tmp_path, piece):
    pieces = training_pieces(piece)
    value = training.train(
        pieces,
        pieces,
        tmp_path,
        steps=2,
        config=TINY | {"depth": 1},
        length=48,
        batch=2,
        eager=True,
    )
    assert np.isfinite(value)
    assert (tmp_path / "composer.weights.h5").stat().st_size > 1000
    again = training.train(
        pieces,
        pieces,
        tmp_path,
        steps=3,
        config=TINY | {"depth": 1},
        length=48,
        batch=2,
        resume=True,
        start=tmp_path / "composer.weights.h5",
        eager=True,
    )
    assert np.isfinite(again)


def test_two_steps_of_training_with_lstms(tmp_path, piece):
    pieces = training_pieces(piece)
    value = training.train(
        pieces,
        pieces,
        tmp_path,
        steps=2,
        config={"width": 24, "depth": 1, "units": 20},
        length=16,
        batch=2,
        eager=True,
        network=composer_lstm.build,
    )
    assert np.isfinite(value)


def test_an_lstm_takes_as_many_multiplications_an_event_as_the_transformer():
    lstms = composer_lstm.build()
    recurrent = sum(layer.count_params() - 4 * layer.units for layer in lstms.recurrent)
    recurrent += lstms.merge.count_params() - lstms.width
    blocks = composer_model.build()
    kept = 256
    attention = sum(
        sum(np.prod(v.shape) for v in block.weights if len(v.shape) == 2)
        + 2 * kept * block.heads * composer_model.HEAD
        for block in blocks.blocks
    )
    assert recurrent == pytest.approx(attention, rel=0.02)


def test_examples_are_as_long_as_asked_and_hide_what_is_known(piece):
    examples = Examples(training_pieces(piece), 0, 64, 16)
    inputs, target = examples.batch(0)
    assert inputs.shape == (16, 64, FEATURES)
    assert target[..., len(SIZES) :].max() == 1
    genres = {int(v) for v in inputs[:, 0, 10]}
    assert genres == {0, 1}
    np.testing.assert_array_equal(inputs, examples.batch(0)[0])
