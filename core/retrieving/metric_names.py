"""The figures of retrieval, for `core.metric_names`."""

from __future__ import annotations

from core.metric import Metric

_RANK = "1 where the right piece comes first, 1/2 where it comes second, 0 where it is not found"

RETRIEVED = (
    Metric(
        "moved_reciprocal_rank", "Reciprocal rank, other key and tempo", "", "higher", 3,
        f"For a passage in another key and tempo: {_RANK}; the mean.",
    ),
    Metric(
        "spoiled_reciprocal_rank", "Reciprocal rank, 20 % of notes wrong", "", "higher", 3,
        f"The same, with a fifth of the notes dropped, changed or added beside: {_RANK}.",
    ),
    Metric(
        "heard_reciprocal_rank", "Reciprocal rank, from a recording", "", "higher", 3,
        f"For a recording of the tune, whose notes have to be heard first: {_RANK}.",
    ),
    Metric(
        "moved_recall", "Among the first ten", "", "higher", 3,
        "How often the right piece is among the first ten, for a passage in another key and tempo.",
    ),
    Metric(
        "nearest_likeness", "Likeness to the nearest training piece", "", "neither", 2,
        "How alike the passage and that of the nearest training piece are; 1 is the same.",
    ),
    Metric(
        "nearest_share", "Notes shared with it", "", "neither", 2,
        "Share of the passage's notes that stand in the nearest training piece too.",
    ),
    Metric(
        "nearest_run_notes", "Longest run shared with it", "notes", "neither", 1,
        "Notes that follow one another without a break in both.",
    ),
    Metric(
        "quoted_share", "Passages that quote it", "", "neither", 2,
        "Share of passages of which the page would say that they quote a training piece.",
    ),
    Metric(
        "query_ms", "Time for a query", "ms", "lower", 0,
        "Milliseconds of one core's time for a query over the whole index.",
    ),
)  # fmt: skip
