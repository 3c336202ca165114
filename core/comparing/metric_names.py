"""The figures of compared models, for `core.metric_names`."""

from __future__ import annotations

from core.metric import Metric

COMPARED = (
    Metric(
        "nats_per_step", "Surprise per step", "nats", "lower", 3,
        "How much a sixteenth of a test pattern, all its voices together, surprises the model. "
        "Of an autoencoder it is a bound, drawn from many places: the true figure is lower.",
    ),
    Metric(
        "elbo_nats_per_step", "Surprise per step, evidence lower bound", "nats", "lower", 3,
        "The looser bound that an autoencoder is trained by: what its tokens cost at their "
        "place, and what the place costs.",
    ),
    Metric(
        "self_similarity", "Likeness within the set", "", "neither", 2,
        "Share of notes that a pattern has in common with the one of the set that is most like "
        "it; patterns of its own piece are left out.",
    ),
    Metric(
        "self_similarity_gap", "Likeness, away from the data's", "", "lower", 3,
        "How far that is from what it is among test patterns: patterns can be too much alike, "
        "or too little.",
    ),
    Metric(
        "distinct_ngrams", "Distinct figures", "", "neither", 2,
        "Of all figures of four notes in 16 patterns, the share that are different.",
    ),
    Metric(
        "copied_excess", "Copied beyond what music shares", "bars", "lower", 2,
        "By how much its longest copied passages are longer than those of test patterns.",
    ),
    Metric(
        "token_reconstruction", "Tokens rebuilt", "", "higher", 3,
        "Share of a test pattern's tokens that come back when it is placed and written again.",
    ),
    Metric(
        "note_reconstruction", "Notes rebuilt", "", "higher", 3,
        "Share of a test pattern's notes that come back with their begin and pitch.",
    ),
    Metric(
        "whole_note_reconstruction", "Notes rebuilt with their length", "", "higher", 3,
        "The same of notes that end where they should, too.",
    ),
    Metric(
        "located_reconstruction", "Notes rebuilt from a place searched for", "", "higher", 3,
        "Notes that come back with their begin and pitch where a better place than the encoder's "
        "is searched for.",
    ),
    Metric(
        "added_notes", "Notes added", "", "lower", 3,
        "Notes that come back and were not there, beside the number of true ones.",
    ),
    Metric(
        "active_units", "Active latents", "", "higher", 0,
        "Numbers of the space that tell patterns apart: their mean varies by over .01.",
    ),
    Metric(
        "mutual_information", "Information in a place", "nats", "higher", 2,
        "What a place tells of which pattern it is of; measured among so many patterns it is "
        "at most the logarithm of their number.",
    ),
    Metric(
        "interpolation_unevenness", "Unevenness between two patterns", "", "lower", 3,
        "How far the way between two test patterns is from even steps: 0 is even, .29 is one "
        "jump in the middle.",
    ),
    Metric(
        "interpolation_nats", "Surprise between two patterns", "nats", "lower", 2,
        "How much the patterns on that way surprise the LSTM, per step: few where they are "
        "music.",
    ),
    Metric(
        "patterns_per_second", "Patterns written", "patterns/s", "higher", 1,
        "Patterns written in a second of one processor core, 32 at a time.",
    ),
    Metric(
        "peak_memory_mb", "Memory", "MB", "lower", 2,
        "The most memory that writing 32 patterns takes, beside the weights.",
    ),
    Metric(
        "parameters", "Parameters", "", "neither", 0,
        "Numbers that training sets, of the model as it ships.",
    ),
)  # fmt: skip
