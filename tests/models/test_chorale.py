import dataclasses

import keras
import numpy as np
import pytest

from core.composition import chorale, chorale_layers_model, chorale_likelihood
from core.composition.chorale_decoder import Decoder, Weights
from core.composition.chorale_drawing import Drawing, Plan, parallels, picked, versions_at
from core.composition.chorale_frames import (
    LAST,
    LEFT_AT,
    METRE_AT,
    ORDER,
    PITCHES,
    Past,
    packed,
    table,
)
from core.composition.chorale_likelihood import nats
from core.composition.chorale_model import build
from core.composition.chorale_score import NAMES, RANGES
from core.composition.controls import Controls, Redraw
from core.errors import UserInputError
from core.score import Key, Note, Score, Track
from tests.models.chorale_frames import piece

TINY = {"units": (8, 6), "depth": (4, 4), "width": (8, 6), "absolute": (False, True)}


@pytest.fixture(scope="module")
def tiny():
    keras.utils.set_random_seed(5)
    model = build(**TINY, shifts=(0, 2))
    for weight in model.weights:  # larger than fresh ones, so that the state matters
        weight.assign(np.random.default_rng(weight.shape[0]).normal(0, 0.4, weight.shape))
    return model


@pytest.fixture(scope="module")
def weights(tiny):
    return Weights(tiny)


@pytest.fixture
def engine(weights, monkeypatch):
    monkeypatch.setattr(chorale, "network", lambda: Decoder(weights))
    return chorale.Chorale()


def melody(bars=2):
    notes = tuple(Note(24 * i, 67 + (i * 5) % 7, 24) for i in range(4 * bars))
    return Score((Track("Voice", 40, notes),), bars, 90.0)


def test_frame_by_frame_is_the_whole_at_once(tiny, weights):
    frames = piece(20)
    frames[9:11, 1] = 0
    frames[13:, 0] = PITCHES - 1
    plan = Plan(frames, np.ones((20, 4), bool), np.arange(20), np.arange(20))
    plan.given[19] = False
    drawn = Drawing(Decoder(weights), plan, np.random.default_rng(0), versions=1).run(
        lambda t: None
    )
    rows = table(drawn.frames)
    rows[:, LEFT_AT], rows[:, METRE_AT] = plan.left, plan.metre
    whole = np.asarray(tiny(packed(rows, drawn.frames)[None]))[0]
    np.testing.assert_allclose(drawn.probabilities, np.exp(whole), atol=1e-5)
    np.testing.assert_allclose(np.exp(whole).sum(axis=-1), 1.0, atol=1e-4)
    own = np.take_along_axis(whole, drawn.frames[..., None], axis=-1)[..., 0]
    np.testing.assert_allclose(drawn.log_probability[:19], own[:19], atol=1e-4)


def test_pieces_side_by_side_are_what_they_are_alone(weights):
    """And they may be dropped and doubled on the way."""
    pieces = np.stack([piece(12, 1), piece(12, 2)])

    def said(which, split=None):
        network, past, out = Decoder(weights), Past(len(which)), []
        for t in range(12):
            network.read(past.features())
            out.append([network.log_probabilities(i, pieces[which, t]) for i in range(4)])
            past.add(pieces[which, t])
            if t == split:
                which = [1, 1, 0]
                past.take(np.array(which))
                network.take(np.array(which))
        return out

    both, first, second = said([0, 1], split=5), said([0]), said([1])
    for t in range(12):
        wanted = np.concatenate([first[t], second[t]], axis=1)
        if t > 5:
            wanted = wanted[:, [1, 1, 0]]
        np.testing.assert_allclose(both[t], wanted, atol=1e-4)


def test_nats_of_pieces_end_to_end_are_those_of_each_alone(tiny, monkeypatch):
    monkeypatch.setattr(chorale_likelihood, "LONGEST", 28)
    monkeypatch.setattr(chorale_layers_model, "UNROLLED", 28)  # a scan is slow when eager
    frames = piece(20)
    found = nats(tiny, [frames, frames[:7]])
    assert (found[0].shape, found[1].shape) == ((20, 4), (7, 4))
    whole = np.asarray(tiny(packed(table(frames), frames)[None]))[0]
    own = np.take_along_axis(whole, frames[..., None], axis=-1)[..., 0]
    np.testing.assert_allclose(found[0], -own, atol=1e-4)
    np.testing.assert_allclose(found[1], found[0][:7], atol=1e-4)


def test_a_new_chorale(engine):
    seen = []
    made = engine.compose(None, 3, seed=1, watch=lambda score: seen.append(score.note_count))
    assert [t.name for t in made.score.tracks] == list(NAMES)
    assert (made.score.bars, made.score.tempo_bpm) == (3, 72.0)
    assert len(seen) == 3
    assert seen == sorted(seen)
    for track in made.score.tracks:
        ends = [0, *(n.end for n in track.notes)]
        assert [n.start for n in track.notes] == ends[:-1], "no gap and no overlap"
        assert ends[-1] == made.score.ticks
    for (_, note), choices in made.choices.items():
        assert note.pitch in [c.pitch for c in choices]
        assert sum(c.probability for c in choices) < 1.001
    assert len(made.choices) == made.score.note_count
    assert engine.compose(None, 3, seed=1) == made
    assert engine.compose(None, 3, seed=2).score != made.score


def test_temperature_0_knows_no_chance_and_a_key_is_begun_in(engine):
    still = Controls(temperature=0.0, key=Key(7, "minor"), metre=(3, 4))
    made = engine.compose(None, 1, seed=1, controls=still)
    opening = [track.notes[0].pitch for track in made.score.tracks]
    assert {(p - 7) % 12 for p in opening} == {0, 3, 7}
    assert opening[3] % 12 == 7
    assert all(low <= p <= high for p, (low, high) in zip(opening, RANGES, strict=True))
    assert made.score.bar_ticks == 72
    plain = Controls(temperature=0.0)
    a, b = (engine.compose(None, 1, seed=s, controls=plain).score for s in (1, 2))
    assert a == b


def test_harmonising_keeps_the_melody(engine):
    given = melody()
    made = engine.compose(given, 0, seed=0)
    assert made.score.tracks[0] == given.tracks[0]
    assert [t.name for t in made.score.tracks[1:]] == list(NAMES[1:])
    assert all(t.notes[-1].end == given.ticks for t in made.score.tracks)
    assert made.score.bars == 2
    longer = engine.compose(given, 1, seed=0).score
    assert longer.tracks[0].notes[:8] == given.tracks[0].notes
    assert longer.bars == 3
    assert longer.tracks[0].notes[-1].end == longer.ticks


def test_redrawing_leaves_the_rest_alone(engine):
    before = engine.compose(None, 4, seed=3).score
    chosen = Note(108, 60, 12)
    held = before.tracks[2].notes
    notes = (*tuple(n for n in held if n.start // 96 != 1), chosen)
    tracks = list(before.tracks)
    tracks[2] = dataclasses.replace(tracks[2], notes=notes)
    edited = dataclasses.replace(before, tracks=tuple(tracks))
    wanted = Redraw(edited, frozenset([1]), frozenset([1, 2]), 96, (2, 108, 60))
    made = engine.compose(None, 0, seed=9, redraw=wanted)
    after = made.score
    assert (after.tracks[0], after.tracks[3]) == (edited.tracks[0], edited.tracks[3])
    assert chosen in after.tracks[2].notes
    for voice in (1, 2):
        old, new = edited.tracks[voice].notes, after.tracks[voice].notes
        assert [n for n in new if n.start < 96] == [n for n in old if n.start < 96]
        assert {n for n in old if n.start >= 192} <= set(new)
        covered = sum(n.duration for n in new)
        assert covered == after.ticks or voice == 2
    assert {voice for voice, _ in made.choices} == {1, 2}
    assert engine.compose(None, 0, seed=9, redraw=wanted) == made


def test_progress_grows_and_may_cancel(engine):
    class Stop(Exception):
        pass

    told = []

    def progress(fraction):
        told.append(fraction)
        if fraction > 0.4:
            raise Stop

    with pytest.raises(Stop):
        engine.compose(None, 1, seed=0, progress=progress)
    assert told == sorted(told)
    assert told[-1] < 0.6


class Canon:
    """A network whose soprano is what the bass was three frames before; all else is by chance."""

    def __init__(self):
        self.frames = None

    def read(self, rows):
        self.rows = rows
        last = rows[:, LAST].astype(int)
        self.frames = [*(self.frames or []), last[:, 3]]

    def take(self, pieces):
        self.frames = [f[pieces] for f in self.frames]

    def log_probabilities(self, index, frame):
        p = np.full((len(frame), PITCHES), 1e-4)
        p[:, 20:24] = 0.25
        if ORDER[index] == 0 and len(self.frames) > 3:
            p[:] = 1e-4
            p[np.arange(len(frame)), self.frames[-3]] = 1.0
        return np.log(p / p.sum(axis=1, keepdims=True)).astype(np.float32)


def test_what_is_given_ahead_is_heard():
    """Bass notes are found that make the given soprano likely, though it comes later."""
    frames, given = np.zeros((16, 4), np.int64), np.zeros((16, 4), bool)
    frames[:, 0] = 20 + np.arange(16) // 2 % 4
    given[:, 0] = True
    plan = Plan(frames, given, np.zeros(16, int), np.zeros(16, int))

    def agreement(versions):
        share = []
        for seed in range(4):
            rng = np.random.default_rng(seed)
            drawn = Drawing(Canon(), plan, rng, versions=versions).run(lambda t: None)
            share.append((drawn.frames[1:13, 3] == frames[4:, 0]).mean())
            np.testing.assert_array_equal(drawn.frames[:, 0], frames[:, 0])
        return np.mean(share)

    assert agreement(200) > 0.7
    assert agreement(1) < 0.5


def test_versions_are_kept_only_where_something_given_lies_ahead():
    given = np.ones((200, 4), bool)
    given[50:60] = False
    assert set(versions_at(given, 8)[:50]) == {1}
    assert set(versions_at(given, 8)[50:75]) == {8}
    assert set(versions_at(given, 8)[76:]) == {0}
    given[60:] = False
    assert set(versions_at(given, 8)) == {1}
    given[:, 0] = True
    assert set(versions_at(given, 8)[60:]) == {8}


def test_drawing_honours_top_p_and_temperature():
    log_p = np.log(np.tile([0.5, 0.3, 0.15, 0.05], (400, 1))).astype(np.float32)
    rng = np.random.default_rng(0)
    assert set(picked(log_p, rng, 1.0, 0.6)) == {0, 1}
    assert set(picked(log_p, rng, 0.0, 1.0)) == {0}
    shares = np.bincount(picked(log_p, rng, 1.0, 1.0), minlength=4) / 400
    np.testing.assert_allclose(shares, [0.5, 0.3, 0.15, 0.05], atol=0.08)
    assert (picked(log_p, rng, 0.3, 1.0) == 0).mean() > 0.75


def test_parallels_are_moves_of_two_voices_in_one_direction():
    # Two versions: soprano 30 over bass 11 and 18, a fifth and a prime apart after octaves.
    last = np.array([[30, 0, 0, 11], [30, 0, 0, 18]])
    frame = np.array([[32, 0, 0, 0], [32, 0, 0, 0]])
    found = parallels(last, frame, 3, [0])
    assert np.flatnonzero(found[0]).tolist() == [13, 25, 39]
    assert np.flatnonzero(found[1]).tolist() == [20, 32, 44]
    # Down against up, held against moving, and a voice that comes out of a rest are none.
    assert not found[0, 1]
    assert not found[1, 8]
    assert not parallels(last, last, 3, [0]).any()
    assert not parallels(last * [0, 1, 1, 1], frame, 3, [0]).any()
    assert not parallels(np.array([[30, 0, 0, 14]]), frame[:1], 3, [0]).any()


def test_a_suspension_is_held_over_the_bar_line_and_a_consonance_sung_again(engine, monkeypatch):
    held = np.tile([40, 33, 28, 21], (32, 1))
    held[16:, 3] = 22  # under it the soprano's 40 is now a tritone, the alto's 33 a major seventh
    held[16:, 2] = 26

    class Fixed:
        def read(self, rows):
            self.t = getattr(self, "t", -1) + 1

        def take(self, pieces):
            pass

        def log_probabilities(self, index, frame):
            p = np.full((len(frame), PITCHES), -50.0, np.float32)
            p[:, held[self.t, ORDER[index]]] = 0.0
            return p

    monkeypatch.setattr(chorale, "network", Fixed)
    soprano, alto, tenor, bass = engine.compose(None, 2, seed=0).score.tracks
    assert [len(t.notes) for t in (soprano, alto, tenor, bass)] == [1, 1, 2, 2]
    held[16:, 3] = 21
    assert len(engine.compose(None, 2, seed=0).score.tracks[0].notes) == 2


@pytest.mark.parametrize(
    ("score", "said"),
    [
        (Score(tuple(Track(str(i), 0, (Note(0, 60, 24),)) for i in range(5)), 1), "5 parts"),
        (Score((Track("Drums", 0, (Note(0, 60, 24),), is_drum=True),), 1), "no notes"),
        (Score((Track("A", 0, (Note(0, 20, 24), Note(24, 110, 24))),), 1), "higher and lower"),
        (dataclasses.replace(melody(), beats=3, beat_unit=32), "sixteenths"),
    ],
)
def test_primers_that_no_choir_can_sing(engine, score, said):
    with pytest.raises(UserInputError, match=said):
        engine.compose(score, 1, seed=0)


def test_nothing_to_do_is_said(engine):
    whole = engine.compose(None, 1, seed=0).score
    with pytest.raises(UserInputError, match="All four voices"):
        engine.compose(whole, 0, seed=0)
    with pytest.raises(UserInputError, match="Nothing is chosen"):
        engine.compose(None, 0, seed=0, redraw=Redraw(whole, frozenset(), frozenset([0])))
    with pytest.raises(UserInputError, match="4/4 or 3/4"):
        engine.compose(None, 1, seed=0, controls=Controls(metre=(6, 8)))
