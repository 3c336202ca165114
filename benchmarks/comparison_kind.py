"""One kind of pattern in `comparison`: every model's figures, the rungs', and what tables need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from benchmarks import comparison_latents as latents
from benchmarks.comparison_figures import Figure, of_items
from benchmarks.comparison_material import Material
from benchmarks.comparison_nats import Bounds, bounds, exact
from benchmarks.comparison_notes import rebuilt
from benchmarks.comparison_rungs import (
    LAST_BAR,
    NGRAM,
    UNIGRAM,
    LastBar,
    SingleTokens,
    apart,
    ngrams,
)
from benchmarks.comparison_sets import (
    SEED,
    PatternSet,
    cost_figures,
    distance_figures,
    excess,
    gap,
    measured_set,
    own_figures,
    training_lines,
)
from core.comparing.models import Autoencoder, Locator, PatternModel
from core.comparing.patterns import Kind

TEST, TRAINING, MIXED = "test patterns", "training patterns", "mixing of tokens"
PAIRS = 48
"""Pairs of test patterns with a way between them."""
CHOICE = 300
"""Validation patterns that n-grams are chosen on."""

Array = npt.NDArray[np.float64]
Figures = dict[str, Figure]


@dataclass
class Outcome:
    """What was measured of one kind.

    figures: of every row. nats: of every test pattern, by row, the importance-weighted bound for an
    autoencoder. pieces, genres: of the test patterns. bounds: of autoencoders. ngrams: which those
    are. patterns: how many test patterns were expected; informed: of mutual information at most.
    """

    kind: Kind
    patterns: int
    pieces: Sequence[str]
    genres: npt.NDArray[np.str_]
    engines: list[str] = field(default_factory=list)
    figures: dict[str, Figures] = field(default_factory=dict)
    nats: dict[str, Array] = field(default_factory=dict)
    bounds: dict[str, Bounds] = field(default_factory=dict)
    ngrams: str = ""
    most_information: float = 0.0

    def own(self, name: str) -> Figures:
        """The figures of a row, to add to."""
        return self.figures.setdefault(name, {})


def measure(material: Material, models: Mapping[str, PatternModel]) -> Outcome:
    """Everything of one kind. models: by name, those that can run here."""
    test = material.test
    outcome = Outcome(
        material.kind, len(test), test.pieces.tolist(), test.genres, engines=list(models),
        most_information=float(np.log(len(test))),
    )  # fmt: skip
    _expected(outcome, material, models)
    _sets(outcome, material, models)
    spaces = {n: m for n, m in models.items() if isinstance(m, Autoencoder)}
    for name, model in spaces.items():
        _space(outcome, name, model, material)
    _ways(outcome, material, models, spaces)
    for name, model in models.items():
        outcome.own(name).update(cost_figures(model))
    return outcome


def _expected(outcome: Outcome, material: Material, models: Mapping[str, PatternModel]) -> None:
    """How likely the test patterns are, by models and by what only counts."""
    kind, training, test = material.kind, material.training, material.test.tokens
    for name, model in models.items():
        print(f"{kind.name}: nats of {name}", flush=True)
        if isinstance(model, Autoencoder):
            found = outcome.bounds[name] = bounds(model, test)
            outcome.nats[name] = found.weighted
            elbo = of_items(found.elbo / kind.steps, outcome.pieces)
            outcome.own(name)["elbo_nats_per_step"] = elbo
        else:
            outcome.nats[name] = exact(model, test)
    print(f"{kind.name}: nats of the rungs", flush=True)
    order = np.random.default_rng(0).permutation(len(material.valid))[:CHOICE]
    counted = training.tokens[apart(training.pieces, kind.bars)]
    grams, outcome.ngrams = ngrams(counted, material.valid.tokens[np.sort(order)], kind)
    single, last = SingleTokens(counted, kind), LastBar(counted, kind)
    for name, rung in ((NGRAM, grams), (LAST_BAR, last), (UNIGRAM, single)):
        outcome.nats[name] = rung.nats(test).sum(axis=(1, 2))
    for name, nats in outcome.nats.items():
        outcome.own(name)["nats_per_step"] = of_items(nats / kind.steps, outcome.pieces)


def _sets(outcome: Outcome, material: Material, models: Mapping[str, PatternModel]) -> None:
    """What the models' patterns are like, beside as many test patterns."""
    kind, reference = material.kind, material.reference
    count = len(reference)
    true = measured_set(kind, reference.tokens, reference.pieces.tolist())
    sets: dict[str, PatternSet] = {}
    for name, model in models.items():
        print(f"{kind.name}: {count} patterns of {name}", flush=True)
        sets[name] = measured_set(kind, model.sample(count, seed=SEED))
    single = SingleTokens(material.training.tokens, kind)
    sets[UNIGRAM] = measured_set(kind, single.sample(count, kind, SEED))
    order = np.random.default_rng(1).permutation(len(material.training))[:count]
    # A training pattern is not held against others of its piece either.
    sets[TRAINING] = measured_set(
        kind, material.training.tokens[order], material.training.pieces[order].tolist()
    )
    training = training_lines(material)
    outcome.own(TEST).update(own_figures(true, training))
    for name, made in sets.items():
        copied = [] if name == TRAINING else training
        outcome.own(name).update(distance_figures(made, true) | own_figures(made, copied))
    own = outcome.figures[TEST]
    for name in models:
        mine = outcome.own(name)
        mine["self_similarity_gap"] = gap(mine["self_similarity"], own["self_similarity"])
        mine["copied_excess"] = excess(mine["copied_bars"], own["copied_bars"])


def _space(outcome: Outcome, name: str, model: Autoencoder, material: Material) -> None:
    """Whether an autoencoder uses its space, and what comes back of it."""
    test, kind = material.test.tokens, material.kind
    means, log_variances = model.encode(test)
    made = model.decode(means, seed=SEED)
    back = rebuilt(test, made, kind)
    mine, pieces = outcome.own(name), outcome.pieces
    mine["active_units"] = constant(latents.active_units(means))
    mine["mutual_information"] = constant(latents.mutual_information(means, log_variances))
    mine["token_reconstruction"] = of_items(back.tokens, pieces)
    for figure, right in (("note_reconstruction", back.begun), ("whole_note_reconstruction",
                          back.whole), ("added_notes", back.made - back.begun)):  # fmt: skip
        mine[figure] = ratio(right, back.notes, pieces)
    if isinstance(model, Locator):
        print(f"{kind.name}: places of {name} searched for", flush=True)
        near = rebuilt(test, model.decode(model.located(test, seed=SEED), seed=SEED), kind)
        mine["located_reconstruction"] = ratio(near.begun, near.notes, pieces)


def _ways(
    outcome: Outcome,
    material: Material,
    models: Mapping[str, PatternModel],
    spaces: Mapping[str, Autoencoder],
) -> None:
    """Ways from one test pattern to another, of two pieces, and whether they lead through music.

    What lies between is judged by the LSTM, for it says of any pattern how likely it is.
    """
    reference, kind = material.reference, material.kind
    order = np.random.default_rng(2).permutation(len(reference))
    first, last = order[:PAIRS], np.roll(order, -1)[:PAIRS]
    other = reference.pieces[first] != reference.pieces[last]
    first, last = first[other], last[other]
    if not len(first):
        return
    ends = reference.tokens[first], reference.tokens[last]
    ways = {MIXED: latents.mixed(*ends, kind)}
    ways |= {name: latents.paths(model, *ends) for name, model in spaces.items()}
    judges = [model for name, model in models.items() if name not in spaces]
    for name, way in ways.items():
        mine = outcome.own(name)
        pairs = reference.pieces[first].tolist()
        mine["interpolation_unevenness"] = of_items(way.unevenness, pairs)
        for judge in judges[:1]:
            nats = exact(judge, way.between).reshape(len(first), -1).mean(axis=1)
            mine["interpolation_nats"] = of_items(nats / kind.steps, pairs)


def constant(value: float) -> Figure:
    """A figure of all patterns together, without an interval."""
    return Figure(float(value), np.full(1, float(value)))


def ratio(part: Array, whole: Array, groups: Sequence[str]) -> Figure:
    """The sum of `part` over that of `whole`, as `of_items` draws them."""
    above, below = of_items(part, groups), of_items(whole, groups)
    return Figure(above.value / below.value, above.draws / below.draws)
