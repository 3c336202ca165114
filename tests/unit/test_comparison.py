"""The benchmark of compared models, on models whose probabilities are known."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks import comparison, comparison_kind, comparison_material, comparison_sets
from benchmarks import comparison_tables as tables
from benchmarks.comparison_figures import DRAWS, Figure, of_items, of_sets, overall, verdict
from benchmarks.comparison_latents import active_units, mixed, mutual_information, paths
from benchmarks.comparison_material import Material, drawn
from benchmarks.comparison_nats import bounds, exact
from benchmarks.comparison_notes import alike, begins, best_matches, distinct, lines, rebuilt
from benchmarks.comparison_rungs import LastBar, SingleTokens, apart, ngrams
from core.comparing.models import Autoencoder
from core.comparing.patterns import KINDS, NOTE_OFF
from core.metric_names import METRICS
from training.midi_patterns import Patterns

KIND = KINDS["melody-2"]


def melodies(count, seed=0, kind=KIND):
    """Patterns with a note at most eighths, of few pitches."""
    rng = np.random.default_rng(seed)
    tokens = np.zeros((count, kind.steps, len(kind.voices)), np.int64)
    for number, voice in enumerate(kind.voices):
        if voice == "drums":
            tokens[:, ::4, number] = rng.integers(1, 6, (count, kind.steps // 4))
        else:
            begun = rng.random((count, kind.steps // 2)) < 0.7
            begun[:, 0] = True
            pitches = rng.choice([40, 42, 44, 45, 47], begun.shape)
            tokens[:, ::2, number] = np.where(begun, pitches, 0)
    return tokens


def patterns(count, pieces, seed=0, kind=KIND):
    names = np.array([f"piece {n % pieces}" for n in range(count)])
    genres = np.array(["folk" if n % 2 else "pop" for n in range(count)])
    return Patterns(melodies(count, seed, kind), names, names, genres)


class Uniform:
    """Every token alike."""

    name, kind = "midi-lstm", KIND

    def sample(self, count, *, seed, primer=None, temperature=1.0, progress=None):
        return melodies(count, seed + 10)

    def nats(self, patterns, *, seed=0):
        return np.full(patterns.shape, np.log(KIND.sizes[0]))


class Linear(Uniform):
    """p(x|z) is a normal density of the number of notes about z[0]: its p(x) is known."""

    name, latent_size = "midi-vae", 3

    def _said(self, patterns):
        return (patterns[..., 0] >= 2).sum(axis=1) / 8.0

    def encode(self, patterns):
        """The true posterior of z[0] under unit noise; the other numbers say nothing."""
        means = np.zeros((len(patterns), 3))
        means[:, 0] = self._said(patterns) / 2.0
        return means, np.tile([np.log(0.5), 0.0, 0.0], (len(patterns), 1))

    def decode(self, latents, *, seed, temperature=0.0, progress=None):
        made = np.zeros((len(latents), KIND.steps, 1), np.int64)
        for row, place in enumerate(latents[:, 0]):
            made[row, : max(round(place * 16), 1), 0] = 40
        return made

    def located(self, patterns, *, seed=0, rounds=3):
        return self.encode(patterns)[0]

    def nats_at(self, latents, patterns):
        off = self._said(patterns) - latents[:, 0]
        found = np.zeros(patterns.shape)
        found[:, 0, 0] = 0.5 * (off**2 + np.log(2 * np.pi))
        return found


def test_the_bound_of_a_true_posterior_is_the_likelihood_itself():
    test = melodies(20)
    model = Linear()
    assert isinstance(model, Autoencoder)
    assert not isinstance(Uniform(), Autoencoder)
    said = model._said(test)
    true = 0.5 * (said**2 / 2.0 + np.log(2 * np.pi * 2.0))
    found = bounds(model, test, places=400)
    np.testing.assert_allclose(found.weighted, true, atol=1e-9)
    np.testing.assert_allclose(found.elbo, true, atol=0.2)
    assert found.elbo.mean() == pytest.approx(true.mean(), abs=0.02)


def test_the_weighted_bound_is_tighter_where_the_encoder_is_wrong():
    class Vague(Linear):
        def encode(self, patterns):
            means, _ = super().encode(patterns)
            return means, np.zeros_like(means)

    found = bounds(Vague(), melodies(30), places=200)
    said = Vague()._said(melodies(30))
    true = 0.5 * (said**2 / 2.0 + np.log(4 * np.pi))
    assert true.mean() < found.weighted.mean() < found.elbo.mean() - 0.05


def test_exact_nats_are_the_models_own():
    np.testing.assert_allclose(exact(Uniform(), melodies(3)), KIND.steps * np.log(90))


def test_a_space_is_used_as_far_as_its_means_vary():
    means, log_variances = Linear().encode(melodies(200))
    assert active_units(np.pad(means * [9, 1, 1], ((0, 0), (0, 1)))) == 1
    apart_means = np.arange(8.0)[:, None] * 50
    told = mutual_information(apart_means, np.zeros((8, 1)))
    assert told == pytest.approx(np.log(8))
    assert mutual_information(np.zeros((8, 1)), np.zeros((8, 1))) == pytest.approx(0.0)
    assert 0 < mutual_information(means, log_variances) < 1


def test_what_came_back_is_counted_by_note():
    true = np.zeros((1, 32, 1), np.int64)
    true[0, [0, 4, 8], 0] = 40, 42, 44
    made = true.copy()
    made[0, 4, 0] = 43  # another pitch
    made[0, 10, 0] = NOTE_OFF  # the last note ends early
    made[0, 20, 0] = 50  # a note that was not there
    back = rebuilt(true, made, KIND)
    assert back.tokens[0] == pytest.approx(29 / 32)
    assert [back.notes[0], back.begun[0], back.whole[0], back.made[0]] == [3, 2, 1, 4]


def test_drums_are_rebuilt_hit_by_hit():
    kind = KINDS["trio-2"]
    true = melodies(1, kind=kind)
    made = true.copy()
    true[0, 0, 2], made[0, 0, 2] = 0b101, 0b110
    back = rebuilt(true, made, kind)
    assert back.notes[0] - back.begun[0] == 1
    assert back.made[0] == back.notes[0]
    assert begins(true, kind).shape == (1, 32, 11)


def test_diversity_of_copies_and_of_strangers():
    same = np.repeat(melodies(1), 16, axis=0)
    np.testing.assert_allclose(best_matches(same, KIND), 1.0)
    grams = (same[0] >= 2).sum() - 3
    assert distinct(same, KIND)[0] == pytest.approx(len({*range(grams)}) / (16 * grams), abs=0.02)
    strange = melodies(16)
    assert best_matches(strange, KIND).mean() < 0.6
    assert distinct(strange, KIND)[0] > 0.9
    # Patterns of one piece are not held against each other.
    np.testing.assert_array_equal(best_matches(same, KIND, ["one"] * 16), 0.0)
    nothing = np.zeros((2, 32, 1), np.int64)
    assert alike(begins(nothing, KIND), begins(nothing, KIND)).tolist() == [1.0, 1.0]


def test_ways_are_even_by_mixing_and_uneven_by_jumping():
    first, last = melodies(6, 1), melodies(6, 2)
    even = mixed(first, last, KIND)
    np.testing.assert_array_equal(even.patterns[:, 0], first)
    np.testing.assert_array_equal(even.patterns[:, -1], last)

    class Jumping(Linear):
        def encode(self, patterns):
            own = np.arange(len(patterns)) + 0.0
            sign = 1.0 if np.array_equal(patterns, last) else -1.0
            return np.stack([own, np.full(len(own), sign)], axis=1), np.zeros((len(own), 2))

        def decode(self, latents, *, seed, temperature=0.0, progress=None):
            rows = latents[:, 0].round().astype(int)
            return np.where((latents[:, 1] > 0)[:, None, None], last[rows], first[rows])

    jump = paths(Jumping(), first, last)
    assert jump.between.shape == (42, 32, 1)
    np.testing.assert_allclose(jump.unevenness, 2 / 7, atol=0.08)
    assert even.unevenness.mean() < jump.unevenness.mean() / 2


def test_verdicts_need_a_difference_and_a_winner_may_lose_nowhere():
    groups = [f"piece {n // 2}" for n in range(60)]
    noise = np.random.default_rng(0).standard_normal(60)
    low, high = of_items(noise, groups), of_items(noise + 0.1, groups)
    names = ("a", "b")
    # The same pieces are drawn for both, so what they share does not hide the difference.
    assert low.interval()["high"] > high.interval()["low"]
    assert verdict("nats_per_step", names, (low, high), "lower").winner == "a"
    assert verdict("nats_per_step", names, (low, high), "higher").winner == "b"
    other = of_items(np.random.default_rng(1).standard_normal(60), groups)
    tie = verdict("nats_per_step", names, (low, other), "lower")
    assert tie.winner == ""
    won = verdict("x", names, (low, high), "lower")
    assert overall({"one": [won, tie], "two": [tie]}, names) == "a"
    assert overall({"one": [won], "two": [verdict("x", names, (high, low), "lower")]}, names) == ""
    assert overall({"one": [tie]}, names) == ""


def test_items_of_a_piece_are_drawn_together_and_gaps_left_out():
    found = of_items([1.0, np.nan, 3.0], ["a", "a", "b"])
    assert found.value == 2.0
    assert set(np.round(found.draws, 6)) == {1.0, 2.0, 3.0}
    assert len(found.draws) == DRAWS
    sets = of_sets(lambda mine, theirs: [len(mine), theirs.mean()], 5, ["a", "a", "b"])
    assert sets[0].value == 5
    assert sets[1].value == pytest.approx(1.0)
    assert sets[1].draws.mean() == pytest.approx(1.0)
    assert comparison_sets.gap(Figure(1.0, np.ones(2)), Figure(3.0, np.ones(2) * 2)).value == 2.0
    assert comparison_sets.excess(Figure(1.0, np.ones(2)), Figure(3.0, np.ones(2))).value == 0.0


def test_rungs_expect_what_they_counted():
    pieces = np.array(["a", "a", "a", "b", "b"])
    assert apart(pieces, 2).tolist() == [True, False, True, True, False]
    training = np.repeat(melodies(4), 2, axis=0)
    training[:, 16:] = training[:, :16]  # the second bar is the first again
    single, last = SingleTokens(training, KIND), LastBar(training, KIND)
    everything = np.arange(90).reshape(1, 90, 1)
    assert np.exp(-single.nats(everything)).sum() == pytest.approx(1.0)
    assert last.trust[0] == pytest.approx(0.99)
    assert last.nats(training)[:, 16:].mean() < 0.1 < last.nats(training)[:, :16].mean()
    assert single.sample(3, KIND, 0).shape == (3, 32, 1)
    grams, which = ngrams(training, training, KIND)
    assert grams.nats(training).mean() < single.nats(training).mean()
    assert which.startswith("looking back")


def test_the_whole_benchmark_on_known_models(monkeypatch, tmp_path):
    test = patterns(24, 6, 3)
    fake = Material(KIND, patterns(48, 12, 1), patterns(12, 4, 2), test, test)
    monkeypatch.setattr(comparison, "KINDS", {KIND.name: KIND})
    monkeypatch.setattr(comparison, "build", lambda data: None)
    monkeypatch.setattr(comparison, "material", lambda kind, split, most: fake)
    monkeypatch.setattr(comparison, "parameters", lambda name, kind: 1000)
    monkeypatch.setattr(comparison_sets, "SEED", 5)
    monkeypatch.setattr(
        comparison, "models_of", lambda kind: {"midi-lstm": Uniform(), "midi-vae": Linear()}
    )
    results = comparison.run(tmp_path, wanted=[KIND.name])
    rows = {row.name: row for row in results.rows}
    lstm, vae = rows["midi-lstm-melody-2"], rows["midi-vae-melody-2"]
    assert lstm.metrics["nats_per_step"]["mean"] == pytest.approx(np.log(90))
    assert {row.group for row in results.rows} == {KIND.title}
    assert all(set(row.metrics) <= set(METRICS) for row in results.rows)
    assert "elbo_nats_per_step" not in lstm.metrics
    assert vae.metrics["active_units"]["mean"] <= 3
    rebuilt_share = vae.metrics["note_reconstruction"]
    assert vae.metrics["located_reconstruction"] == rebuilt_share
    assert rows["test patterns, melody-2"].kind == "rung"
    assert "copied_bars" not in rows["training patterns, melody-2"].metrics
    titles = [table.title for table in results.tables]
    assert titles[:2] == ["Verdict: the winner", "Verdict: midi-lstm against midi-vae"]
    by_title = {table.title: table for table in results.tables}
    decided = {line[1]: line[5] for line in by_title[titles[1]].rows}
    # Its density is no probability of tokens, but it is far under uniform nats.
    assert decided["Surprise per step"] == "midi-vae"
    # Both draw the same patterns.
    assert decided["Distance to the data"] == tables.NO_DIFFERENCE
    winner = by_title["Verdict: the winner"].rows[-1]
    assert winner[-1] == "midi-vae"
    results.write(tmp_path / "comparison.json")
    assert "midi-lstm-melody-2" in results.text()


def test_missing_weights_leave_a_model_out(monkeypatch):
    def missing(name, kind):
        raise comparison.ModelUnavailableError("not here")

    monkeypatch.setattr(comparison, "pattern_model", missing)
    assert comparison.models_of(KIND) == {}


def test_patterns_are_cut_where_there_are_none_and_drawn_alike(monkeypatch, tmp_path):
    made = []
    file = tmp_path / "patterns.npz"
    monkeypatch.setattr(comparison_material, "PATTERNS", file)
    monkeypatch.setattr(comparison_material, "corpus", lambda data: [data])
    monkeypatch.setattr(
        comparison_material,
        "midi_patterns",
        SimpleNamespace(
            made=lambda corpus, kind: corpus, save=lambda found, path: made.append(found)
        ),
    )
    comparison_material.build(tmp_path)
    assert list(made[0]) == list(KINDS)
    file.touch()
    comparison_material.build(tmp_path)
    assert len(made) == 1
    taken = drawn(patterns(30, 3), 10)
    assert len(taken) == 10
    assert len(set(taken.pieces)) == 3


def test_pairs_of_one_piece_have_no_way_between(monkeypatch):
    one = patterns(4, 1)
    fake = Material(KIND, one, one, one, one)
    outcome = comparison_kind.Outcome(KIND, 4, one.pieces.tolist(), one.genres)
    comparison_kind._ways(outcome, fake, {}, {})
    assert outcome.figures == {}


def test_lines_are_the_melodic_voices():
    kind = KINDS["trio-2"]
    found = lines(melodies(2, kind=kind), kind)
    assert [line.owner for line in found] == [0, 1, 0, 1]
    assert all(line.bar_steps == 16 for line in found)
    assert dataclasses.asdict(found[0])["pitches"].min() >= 2
