import dataclasses

import numpy as np
import pytest

from benchmarks import composition, composition_nll, composition_pieces, paper_on_tokens
from benchmarks.composition_pieces import Excerpt, chorale, excerpts, random_notes, score_of
from benchmarks.copying import longest_copies, parts, texture
from benchmarks.token_streams import FIELDS, LINE, note_of_token, stream_of
from core import loaders
from core.composition.notes_lstm_model import build
from core.composition.tokens import BAR_LINE, SIZES, VOCABULARY, flat_tokens, ordered
from core.errors import ModelUnavailableError
from core.score import Composition, Note, Score, Track
from training.composer_corpus import Piece, save


def events(seed, bars=18, a_bar=8, instruments=(0, 3)):
    rng = np.random.default_rng(seed)
    rows = [
        (bar, step * 48 // a_bar, i, int(rng.integers(55, 75)) - 12 * i // 3, 9, 7)
        for bar in range(bars) for step in range(a_bar) for i in instruments
    ]  # fmt: skip
    return ordered(rows)


def piece(seed, split="test", subset="midi_lieder", genre="lieder", **kwargs):
    found = events(seed, **kwargs)
    bars = int(found[-1, 0]) + 1
    return Piece(subset, f"{seed}", split, genre, (4, 4), 100.0, "major", 0, bars, found)


def test_streams_are_flat_tokens_and_an_end():
    found = np.delete(events(0, bars=4), slice(20, 40), axis=0)
    stream = stream_of(found, 5)
    np.testing.assert_array_equal(stream[:-1], flat_tokens(found, 5))
    assert stream[-1] == LINE
    notes = note_of_token(stream)
    np.testing.assert_array_equal(np.bincount(notes[stream != LINE]), [5] * len(found))
    assert (notes[0], notes[-1]) == (0, len(found))
    np.testing.assert_array_equal(np.bincount(FIELDS), SIZES)


@pytest.mark.parametrize("a_bar", [2, 16, 48])
def test_composer_scores_every_note_and_bar_line_once(a_bar):
    found = [piece(0, bars=30, a_bar=a_bar), piece(1, bars=5, a_bar=4)]
    uniform = composition_nll.composer_nats(lambda x: np.zeros((*x.shape[:2], VOCABULARY)), found)
    for one, nats in zip(found, uniform, strict=True):
        cut, bars = composition_nll.shortened(one)
        assert len(nats) == len(cut) + 1
        per_note = np.log(SIZES).sum()
        lines = np.diff(cut[:, 0], prepend=0) * np.log(SIZES[0])
        np.testing.assert_allclose(nats[:-1], per_note + lines)
        assert nats[-1] == pytest.approx((bars - cut[-1, 0]) * np.log(SIZES[0]))


def test_composer_is_scored_on_the_notes_themselves():
    one = piece(3, bars=6)
    seen = []

    def knows(features):
        # The last columns hold the fields of the next event, which the heads are given.
        following = features[..., -len(SIZES) :].astype(int)
        logits = np.full((*features.shape[:2], VOCABULARY), -50.0)
        for field, offset in enumerate(np.cumsum((0, *SIZES))[:-1]):
            np.put_along_axis(logits, (offset + following[..., field])[..., None], 0.0, axis=-1)
        seen.append(int((following[..., 0] == BAR_LINE).sum()))
        return logits

    assert np.abs(composition_nll.composer_nats(knows, [one])[0]).max() < 1e-6
    assert seen


def test_the_reports_network_is_asked_for_every_token_of_a_note():
    one = piece(4, bars=4)
    model = lambda x: np.full((len(x), VOCABULARY), 1 / VOCABULARY)  # noqa: E731
    (nats,) = composition_nll.paper_nats(model, [one], [(0, 0), (0, 5), (0, 16)])
    uniform = np.log(SIZES).sum()
    assert nats[0] == pytest.approx(uniform)  # the first bar line is given
    assert nats[5] == pytest.approx(uniform)
    assert nats[16] == pytest.approx(uniform + np.log(SIZES[0]))  # behind a bar line
    assert np.isnan(nats[1])


def test_two_steps_of_the_reports_network_on_tokens(tmp_path, eagerly):
    found = [piece(seed, "train") for seed in range(2)]
    sizes = {"window": 12, "units": 8, "hidden": 6}
    paper_on_tokens.train(found, tmp_path, minutes=1.0, steps=2, batch=3, **sizes)
    assert "trained for 2 steps" in paper_on_tokens.trained(tmp_path)
    model = build(VOCABULARY, **sizes)
    model.load_weights(tmp_path / "last.weights.h5")
    stream = stream_of(found[0].events, found[0].bars)
    nats = paper_on_tokens.nats(model, stream, range(1, 40), window=12)
    assert np.isfinite(nats).all()
    wide = paper_on_tokens.every_position(build(VOCABULARY, **sizes))
    wide.set_weights(model.get_weights())
    inputs, _ = next(paper_on_tokens.batches(found, 0, 2, 12))
    np.testing.assert_allclose(
        np.asarray(wide(inputs))[:, -1], np.asarray(model(inputs)), atol=1e-5
    )


def test_a_copied_passage_is_found_in_any_key_and_measured_in_bars():
    training, made = events(0), events(1)
    made[32:80] = training[64:112]
    made[32:80, 0] -= 2
    made[32:80, 3] += 3
    for lines, low, high in ((texture, 2.7, 3.1), (parts, 2.7, 3.1)):
        mine = list(lines(made, 48)) + list(lines(events(2), 48, owner=1))
        found = longest_copies(mine, list(lines(training, 48)), 2)
        assert low < found[0] < high
        assert found[1] < 1.0
    one = made[made[:, 2] == 0]
    assert longest_copies(list(texture(one, 48)), list(texture(training, 48)), 1)[0] < 1.0
    assert longest_copies(list(parts(one, 48)), list(parts(training, 48)), 1)[0] > 2.7
    assert longest_copies([], [], 2).tolist() == [0.0, 0.0]


def test_excerpts_take_turns_among_the_subsets():
    many = [piece(seed, subset="midi_nottingham", genre="folk") for seed in range(9)]
    few = [piece(seed) for seed in range(2)]
    unknown = [dataclasses.replace(piece(5), genre=None), piece(6, bars=8), piece(7, "train")]
    found = excerpts(many + few + unknown, "test", 6)
    assert sum(e.piece.subset == "midi_lieder" for e in found) == 2
    assert {e.score.bars for e in found} == {16}
    assert found[0].score == score_of(found[0].piece, 16)


def test_random_notes_keep_count_and_instruments():
    reference = Excerpt(piece(0), score_of(piece(0), 16))
    noise = random_notes(reference, 1)
    assert noise != reference.score
    assert [t.name for t in noise.tracks] == [t.name for t in reference.score.tracks]
    assert noise.note_count == pytest.approx(reference.score.note_count, rel=0.1)


def test_a_chorale_is_read_from_its_grid():
    score = chorale([[65, 60, 57, 53]] * 4 + [[67, 60, 57, -1]] * 12 + [[67, 60, 57, 53]] * 4)
    assert score.bars == 2
    soprano, bass = score.tracks[0].notes, score.tracks[3].notes
    assert [(n.start, n.pitch, n.duration) for n in soprano] == [(0, 65, 24), (24, 67, 96)]
    assert [(n.start, n.duration) for n in bass] == [(0, 24), (96, 24)]


class Stuck:
    def compose(self, primer, bars, *, seed, controls):
        notes = tuple(Note(12 * i, 60, 12) for i in range(bars * 8))
        return Composition(Score((Track("Piano", 0, notes),), bars))


class Echo:
    """Writes pieces like the test pieces."""

    def compose(self, primer, bars, *, seed, controls):
        return Composition(score_of(piece(100 + seed), bars))


class Absent:
    def compose(self, primer, bars, *, seed, controls):
        raise ModelUnavailableError("The model x is missing its weight file; go away.")


def test_the_benchmark_tells_a_stuck_engine_from_one_that_writes_like_the_data(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(composition_pieces, "CORPUS", tmp_path / "corpus.npz")
    monkeypatch.setattr(composition_nll.paper_on_tokens, "OUT", tmp_path)
    monkeypatch.setattr(composition, "DRAWS", 5)
    monkeypatch.setenv("ENCORE_WEIGHTS_DIR", str(tmp_path))
    monkeypatch.setattr(loaders, "_loaded", {})
    save([piece(s) for s in range(4)] + [piece(s, "train") for s in range(50, 54)],
         composition_pieces.CORPUS)  # fmt: skip
    fakes = {"stuck": Stuck, "echo": Echo, "absent": Absent}
    monkeypatch.setattr(composition_pieces, "composer", lambda name: fakes[name]())

    def infos(job):
        return [type("Info", (), {"name": name}) for name in fakes]

    monkeypatch.setattr(composition, "engines", infos)
    results = composition.run(tmp_path, limit=4)
    rows = {row.name: row.metrics for row in results.rows}
    assert "absent" not in rows
    assert rows["stuck"]["degenerate_share"]["mean"] == 1.0
    assert rows["echo"]["degenerate_share"]["mean"] == 0.0
    distance = {name: row["measure_distance"]["mean"]
                for name, row in rows.items() if "measure_distance" in row}  # fmt: skip
    assert distance["echo"] < distance["stuck"]
    assert rows["echo"]["notes_per_second"]["mean"] > 0
    assert "measure_distance" not in rows["test pieces"]
    assert rows[composition_nll.NGRAM]["nats_per_event"]["mean"] > 0
    low, high = (rows["echo"]["measure_distance"][k] for k in ("low", "high"))
    assert low <= distance["echo"] <= high
    assert "Surprise per note" in results.text()


def test_what_one_row_lacks_another_of_its_name_brings():
    rows = composition.merged(
        [composition.summarise("a", "engine", [{"degenerate_share": 1.0}], ["x"])],
        [composition.summarise("a", "engine", [{"nats_per_event": 2.0}], ["x"])],
    )
    assert [set(row.metrics) for row in rows] == [{"degenerate_share", "nats_per_event"}]
