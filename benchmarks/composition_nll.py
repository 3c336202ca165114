"""How much each true note of the test pieces surprises a model: one table for all models.

All say how likely the same notes are, as the same five fields, given the notes before them. Nats of
a note are those of its fields and of the bar lines before it. Nothing else is known of a piece but
its metre (to `composer`), and all pieces are in C major or A minor, as `composer` was trained.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from benchmarks import paper_on_tokens
from benchmarks.ngram import KneserNey
from benchmarks.results import Row, Table
from benchmarks.token_streams import FIELDS, note_of_token, stream_of
from core.composition.stream import FEATURES, Conditions, windowed
from core.composition.tokens import BAR_LINE, OFFSETS, SIZES
from core.errors import ModelUnavailableError
from core.loaders import load_model
from training.composer_corpus import Piece

NOTES = 1500
"""Of a longer piece the first bars are taken, about as many notes."""
SAMPLED = 300
"""Notes that the report's network is measured on: it reads a whole window for every token."""
LENGTH, BATCH = 384, 8
ORDER = 8
DRAWS = 1000
PAPER, NGRAM = "notes-lstm's network on these tokens", f"Kneser-Ney {ORDER}-grams"

Array = np.ndarray[Any, Any]
ByNote = list[Array]
"""For each piece [notes + 1]: nats of each note, and of the end behind it; NaN: not asked."""


def shortened(piece: Piece) -> tuple[Array, int]:
    """(events, bars) of as many whole bars as hold about NOTES notes."""
    events, bars = piece.events, piece.bars
    if len(events) > NOTES:
        bars = max(int(events[NOTES, 0]), 1)
        events = events[events[:, 0] < bars]
    return events, bars


def ngram_nats(found: Sequence[Piece], test: Sequence[Piece]) -> ByNote:
    """Of the n-gram model, which counts in the training split."""
    training = [stream_of(p.events, p.bars) for p in found if p.split == "train"]
    model = KneserNey(training, FIELDS, ORDER)
    out = []
    for piece in test:
        events, bars = shortened(piece)
        stream = stream_of(events, bars)
        nats = model.nats(stream)
        nats[0] = 0.0  # every piece begins with a bar line
        out.append(np.bincount(note_of_token(stream), nats, minlength=len(events) + 1))
    return out


def paper_nats(model: Any, test: Sequence[Piece], sampled: Sequence[tuple[int, int]]) -> ByNote:
    """Of the report's network, at the sampled (piece, note) alone."""
    out = [np.full(len(shortened(piece)[0]) + 1, np.nan) for piece in test]
    for number, note in sampled:
        stream = stream_of(*shortened(test[number]))
        places = np.flatnonzero(note_of_token(stream) == note)
        places = places[places > 0]
        out[number][note] = paper_on_tokens.nats(model, stream, places).sum()
    return out


def composer_nats(model: Callable[[Array], Array], test: Sequence[Piece]) -> ByNote:
    """Of `composer`, by windows of LENGTH events of which about the first half was scored before.

    model: float32 [BATCH, LENGTH, FEATURES] -> logits [BATCH, LENGTH, VOCABULARY].
    """
    out = [np.zeros(len(shortened(piece)[0]) + 1) for piece in test]
    waiting: list[tuple[int, Array, Array, Array, Array]] = []

    def flush() -> None:
        batch = np.zeros((BATCH, LENGTH, FEATURES), np.float32)
        for row, (_, features, _, _, _) in enumerate(waiting):
            batch[row, : len(features)] = features
        logits = np.asarray(model(batch), np.float64)
        for row, (number, features, following, weights, notes) in enumerate(waiting):
            nats = _field_nats(logits[row, : len(features)], following, weights)
            asked = notes >= 0
            np.add.at(out[number], notes[asked], nats[asked])
        waiting.clear()

    for number, piece in enumerate(test):
        for window in _windows(*shortened(piece), piece.metre):
            waiting.append((number, *window))
            if len(waiting) == BATCH:
                flush()
    if waiting:
        flush()
    return out


def _windows(events: Array, bars: int, metre: tuple[int, int]) -> list[tuple[Array, ...]]:
    """(features, following, weights, note of each row or -1 where it is not scored here)."""
    nothing = np.zeros(len(events), bool)
    edges = np.searchsorted(events[:, 0], np.arange(bars + 2))
    found, first, scored = [], 0, 0
    while scored <= bars:
        features, following, weights = windowed(
            events, nothing, Conditions(metre=metre), first, bars, LENGTH
        )
        lines = following[:, 0] == BAR_LINE
        bar = first - 1 + np.cumsum(lines)
        whole = int(bar[-1]) == bars
        end = bars + 1 if whole else max(int(bar[-1]), scored + 1)
        notes = edges[first] + np.cumsum(~lines) - ~lines
        here = (bar >= scored) & (bar < end)
        found.append((features, following, weights, np.where(here, notes, -1)))
        scored = end
        room = edges[min(end, bars)] - LENGTH // 2
        first = min(int(np.searchsorted(edges, room)), max(scored - 1, 0))
    return found


def _field_nats(logits: Array, following: Array, weights: Array) -> Array:
    """[rows]: nats of the fields that count. logits [rows, VOCABULARY]."""
    total = np.zeros(len(logits))
    for field, (offset, size) in enumerate(zip(OFFSETS, SIZES, strict=True)):
        part = logits[:, offset : offset + size]
        top = part.max(axis=1)
        log_sum = np.log(np.exp(part - top[:, None]).sum(axis=1)) + top
        own = part[np.arange(len(part)), following[:, field]]
        total += weights[:, field] * (log_sum - own)
    return total


def sample(test: Sequence[Piece], most: int) -> list[tuple[int, int]]:
    """(piece, note) of notes drawn over all pieces, in order."""
    places = [(i, n) for i, piece in enumerate(test) for n in range(len(shortened(piece)[0]))]
    drawn = np.random.default_rng(0).permutation(len(places))[:most]
    return [places[i] for i in sorted(drawn)]


def interval(nats: Sequence[float], notes: Sequence[int]) -> dict[str, float]:
    """Nats a note over all pieces, and its 95 % interval with whole pieces drawn."""
    sums, counts = np.array(nats), np.array(notes)
    drawn = np.random.default_rng(0).integers(0, len(sums), (DRAWS, len(sums)))
    means = sums[drawn].sum(axis=1) / np.maximum(counts[drawn].sum(axis=1), 1)
    low, high = np.percentile(means, [2.5, 97.5])
    return {"mean": float(sums.sum() / counts.sum()), "low": float(low), "high": float(high)}


def paper_model() -> Any:
    """The report's network with the weights of `benchmarks.paper_on_tokens`; None without them."""
    path = paper_on_tokens.OUT / "last.weights.h5"
    if not path.exists():
        print(f"no {path}: python -m benchmarks.paper_on_tokens", flush=True)
        return None
    import tensorflow as tf

    model = paper_on_tokens.build(paper_on_tokens.VOCABULARY)
    model.load_weights(path)
    return tf.function(lambda batch: model(batch, training=False), reduce_retracing=True)


def measure(found: Sequence[Piece], split: str, limit: int | None) -> tuple[list[Row], list[Table]]:
    """The rows and the table, of the models that are there."""
    test = [piece for piece in found if piece.split == split][:limit]
    sampled = sample(test, SAMPLED if limit is None else 10 * limit)
    models: dict[str, ByNote] = {}
    try:
        network = load_model("composer").model
        models["composer"] = composer_nats(lambda batch: network(batch, training=False), test)
    except ModelUnavailableError as error:
        print(f"composer: {error}", flush=True)
    print("n-grams", flush=True)
    models[NGRAM] = ngram_nats(found, test)
    paper = paper_model()
    if paper is not None:
        models[PAPER] = paper_nats(paper, test, sampled)
    return rows_and_tables(models, test, sampled)


def rows_and_tables(
    models: dict[str, ByNote], test: Sequence[Piece], sampled: Sequence[tuple[int, int]]
) -> tuple[list[Row], list[Table]]:
    """A row for each model, its figure over all notes, or the sampled ones where it has no more."""
    counts = [len(shortened(piece)[0]) for piece in test]
    subsets = sorted({piece.subset for piece in test})
    rows, lines = [], []
    for name, by_note in models.items():
        whole = not any(np.isnan(nats).any() for nats in by_note)
        mine = [[by_note[i][n] for j, n in sampled if j == i] for i in range(len(test))]
        on_sample = interval([float(sum(m)) for m in mine], [len(m) for m in mine])
        overall = interval([float(n.sum()) for n in by_note], counts) if whole else None
        kind = "engine" if name == "composer" else "rung"
        rows.append(Row(name, kind, {"nats_per_event": overall or on_sample}))  # type: ignore[arg-type]
        line = [name, _text(overall), _text(on_sample)]
        for subset in subsets:
            own = [i for i, piece in enumerate(test) if piece.subset == subset]
            share = sum(by_note[i].sum() for i in own) / sum(counts[i] for i in own)
            line.append(f"{share:.2f}" if whole else "")
        lines.append(line)
    note = (
        f"Nats a note over {sum(counts):,} notes of {len(test)} pieces, and on {len(sampled)} of "
        "them drawn over all; then by kind of music. The n-grams are counted in the same training "
        "pieces. The report's network reads a window for each token, so it is measured on the "
        f"drawn notes alone{paper_on_tokens.trained()}."
    )
    columns = ["model", "all notes", "drawn notes", *subsets]
    return rows, [Table("How much a note surprises", note, columns, lines)]


def _text(figure: dict[str, float] | None) -> str:
    return f"{figure['mean']:.2f} [{figure['low']:.2f}, {figure['high']:.2f}]" if figure else ""
