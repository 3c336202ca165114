"""The tables of `comparison`: likelihoods said apart, verdicts, spaces, genres."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from benchmarks.comparison_figures import (
    NO_DIFFERENCE,
    Better,
    Figure,
    Verdict,
    of_items,
    overall,
    verdict,
)
from benchmarks.comparison_kind import Outcome
from benchmarks.comparison_nats import PLACES
from benchmarks.comparison_rungs import NGRAM
from benchmarks.results import Table
from core.metric_names import METRICS

LSTM, VAE, ADVERSARIAL = "midi-lstm", "midi-vae", "midi-vae-adversarial"
COUNTED: Mapping[str, Better] = {
    "nats_per_step": "lower",
    "measure_distance": "lower",
    "self_similarity_gap": "lower",
    "copied_excess": "lower",
}
"""What the winner is told by: likelihood, coherence, diversity and copying."""
TOLD: Mapping[str, Better] = {"patterns_per_second": "higher", "peak_memory_mb": "lower"}
"""Judged, but no winner is told by them: the networks are of one size by design."""
SPACE: Mapping[str, Better] = {
    "note_reconstruction": "higher",
    "elbo_nats_per_step": "lower",
    "interpolation_unevenness": "lower",
    "interpolation_nats": "lower",
}
FEWEST = 10
"""Patterns of a genre that has a figure of its own."""


def judged(
    outcome: Outcome, names: tuple[str, str], measures: Mapping[str, Better]
) -> list[Verdict]:
    """The verdicts between two models, of the measures that both have."""
    one, other = (outcome.figures.get(name, {}) for name in names)
    return [
        verdict(measure, names, (one[measure], other[measure]), better)
        for measure, better in measures.items()
        if measure in one and measure in other
    ]


def verdict_table(outcomes: Sequence[Outcome], names: tuple[str, str]) -> Table | None:
    """Every measure of two models side by side; the difference decides. None: they never meet."""
    measures = {**COUNTED, **TOLD} if LSTM in names else {**COUNTED, **SPACE}
    lines = []
    for outcome in outcomes:
        for each in judged(outcome, names, measures):
            digits = METRICS[each.measure].digits
            figures = [_figure(outcome.figures[name][each.measure], digits) for name in names]
            counts = "yes" if each.measure in COUNTED else "no"
            lines.append(
                [outcome.kind.title, METRICS[each.measure].title, *figures,
                 each.difference.text(digits), each.winner or NO_DIFFERENCE, counts]
            )  # fmt: skip
    if not lines:
        return None
    note = (
        "Figures with 95 % intervals. The difference is the first's figure less the second's, with "
        "the interval of a paired bootstrap in which whole test pieces are drawn; where it "
        "contains 0, no difference is shown. Surprise is exact of the LSTM and a bound of a VAE: "
        "where a VAE's bound is lower it is surely better, where it is higher it may owe a part of "
        "that to the bound."
    )
    columns = ["patterns", "measure", *names, "difference", "better", "counts"]
    return Table(f"Verdict: {names[0]} against {names[1]}", note, columns, lines)


def winner_table(outcomes: Sequence[Outcome]) -> Table | None:
    """Who wins, by the rule of `benchmarks.comparison`."""
    names = (LSTM, VAE)
    by_kind = {outcome.kind.title: judged(outcome, names, COUNTED) for outcome in outcomes}
    by_kind = {title: found for title, found in by_kind.items() if found}
    if not by_kind:
        return None
    lines = []
    together = [each for found in by_kind.values() for each in found]
    for title, found in {**by_kind, "all together": together}.items():
        wins = [[METRICS[v.measure].title for v in found if v.winner == name] for name in names]
        wins = [list(dict.fromkeys(each)) for each in wins]
        best = overall({title: found}, names)
        lines.append([title, *(", ".join(each) or "none" for each in wins), best or "no winner"])
    note = (
        "The rule, stated before anything was measured: a model wins where it is shown better in "
        "one measure at least and worse in none. The measures are surprise (likelihood), distance "
        "to the data (coherence), likeness away from the data's (diversity) and copying."
    )
    columns = ["patterns", *(f"{name} is better in" for name in names), "winner"]
    return Table("Verdict: the winner", note, columns, lines)


def likelihood_table(outcomes: Sequence[Outcome]) -> Table:
    """Exact nats and bounds, said apart, and what the n-grams make of the same patterns."""
    lines = []
    for outcome in outcomes:
        steps, pieces = outcome.kind.steps, outcome.pieces
        for name, nats in outcome.nats.items():
            bounds = outcome.bounds.get(name)
            per = of_items(nats / steps, pieces)
            saved = of_items((outcome.nats[NGRAM] - nats) / steps, pieces)
            parts = ["", "", ""]
            if bounds:
                parts = [f"{float(part.mean() / steps):.3f}" for part in (
                    bounds.reconstruction, bounds.divergence, bounds.elbo)]  # fmt: skip
            lines.append(
                [outcome.kind.title, name, "" if bounds else per.text(3), *parts,
                 per.text(3) if bounds else "", f"{float(nats.mean()):.1f}",
                 "" if name == NGRAM else saved.text(3)]
            )  # fmt: skip
    grams = "; ".join(f"{o.kind.title.lower()}: {o.ngrams}" for o in outcomes)
    note = (
        "Nats for each step of a test pattern, all its voices together. The LSTM and the rungs say "
        "exactly how likely a pattern is. A VAE allows bounds alone: reconstruction and divergence "
        f"add up to the evidence lower bound; {PLACES} places for each pattern give the "
        "importance-weighted one, which is tighter. The n-grams are interpolated Kneser-Ney, "
        f"counted in the same training pieces and chosen on validation patterns ({grams})."
    )
    columns = [
        "patterns", "model", "exact", "reconstruction", "divergence", "evidence bound",
        "importance-weighted bound", "nats a pattern", "fewer than the n-grams by",
    ]  # fmt: skip
    return Table("How likely test patterns are", note, columns, lines)


def space_table(outcomes: Sequence[Outcome]) -> Table | None:
    """Whether autoencoders use their space, and what comes back of it."""
    shown = (
        "active_units", "mutual_information", "token_reconstruction", "note_reconstruction",
        "whole_note_reconstruction", "added_notes", "located_reconstruction",
        "interpolation_unevenness", "interpolation_nats",
    )  # fmt: skip
    lines = []
    for outcome in outcomes:
        for name, figures in outcome.figures.items():
            if "interpolation_unevenness" in figures:
                cells = [
                    _figure(figures[each], METRICS[each].digits) if each in figures else ""
                    for each in shown
                ]
                most = f"{outcome.most_information:.2f}" if cells[0] else ""
                lines.append([outcome.kind.title, name, *cells[:2], most, *cells[2:]])
    if not lines:
        return None
    titles = [METRICS[each].title for each in shown]
    note = (
        "Test patterns are placed where the encoder says, and the likeliest pattern is written, "
        "token by token from what was written before. Ways are straight lines between the places "
        "of two test patterns of two pieces; the rung mixes their tokens."
    )
    columns = ["patterns", "model", *titles[:2], "at most", *titles[2:]]
    return Table("The space of the VAE", note, columns, lines)


def genre_table(outcomes: Sequence[Outcome]) -> Table:
    """Nats a step by genre, of the models and the n-grams."""
    models = [n for n in (LSTM, VAE, ADVERSARIAL, NGRAM) if any(n in o.nats for o in outcomes)]
    lines = []
    for outcome in outcomes:
        pieces = np.array(outcome.pieces)
        for genre in sorted(set(outcome.genres.tolist())):
            mine = outcome.genres == genre
            if mine.sum() < FEWEST:
                continue
            cells = [
                of_items(outcome.nats[name][mine] / outcome.kind.steps, pieces[mine].tolist()).text(
                    3
                )
                if name in outcome.nats
                else ""
                for name in models
            ]
            counts = [int(mine.sum()), len(set(pieces[mine].tolist()))]
            lines.append([outcome.kind.title, genre, *counts, *cells])
    note = (
        "Nats a step: exact of the LSTM and the n-grams, the importance-weighted bound of a VAE. "
        f"A genre of under {FEWEST} test patterns has no figure."
    )
    columns = ["patterns", "genre", "test patterns", "pieces", *models]
    return Table("Surprise by genre", note, columns, lines)


def _figure(figure: Figure, digits: int) -> str:
    """With its interval, where it has one."""
    if len(figure.draws) == 1:
        return f"{figure.value:.{digits}f}"
    return figure.text(digits)
