"""Decoding by the report's own loop and by ours: the same network, the same number of notes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.results import Table
from core.composition.notes_lstm import MODEL_ID, Reader, Words
from core.errors import ModelUnavailableError
from core.loaders import LoadedModel, load_model

NOTES = 100
AGREEMENT_STARTS, AGREEMENT_NOTES = 10, 64


def published(model: Any, window: list[int], size: int, notes: int) -> list[int]:
    """`generate_notes` of the report's appendix, its window and vocabulary handed in."""
    pattern = list(window)
    written = []
    for _ in range(notes):
        batch = np.reshape(pattern, (1, len(pattern), 1)) / float(size)
        index = int(np.argmax(model.predict(batch, verbose=0)))
        written.append(index)
        pattern.append(index)
        pattern = pattern[1:]
    return written


def ours(
    loaded: LoadedModel, words: Words, window: list[int], notes: int, *, carried: bool
) -> list[int]:
    """The likeliest words by our decoding."""
    reader = Reader(loaded, words, window, carried=carried)
    written = []
    for _ in range(notes):
        index = int(np.argmax(reader.read()))
        reader.append(index)
        written.append(index)
    return written


def timed(write: Callable[[int], list[int]], notes: int) -> tuple[list[int], float]:
    """(what it writes, seconds a note), after three notes that are not timed."""
    write(3)
    began = time.perf_counter()
    written = write(notes)
    return written, (time.perf_counter() - began) / notes


def tables(limit: int | None = None) -> list[Table]:
    """The one table; none where the weights are missing. limit: of the notes, for a quick look."""
    try:
        loaded = load_model(MODEL_ID)
        words = Words(loaded)
    except ModelUnavailableError as error:
        print(f"speed: {error}", flush=True)
        return []
    notes = NOTES if limit is None else min(NOTES, max(limit, 4))
    window = words.start(np.random.default_rng(0), None)
    size = len(words.names)
    loop, loop_s = timed(lambda n: published(loaded.model, window, size, n), notes)
    step, step_s = timed(lambda n: ours(loaded, words, window, n, carried=False), notes)
    _, kept_s = timed(lambda n: ours(loaded, words, window, n, carried=True), notes)
    same = float(np.mean(np.array(loop) == np.array(step)))
    agreed = agreement(loaded, words, AGREEMENT_STARTS if limit is None else 2)
    lines = [
        ["the report's loop: predict() for each note", f"{1e3 * loop_s:.1f}", "1", ""],
        ["the same window in one compiled step", f"{1e3 * step_s:.1f}", f"{loop_s / step_s:.0f}",
         f"{same:.0%}"],
        ["the LSTMs' state carried along", f"{1e3 * kept_s:.1f}", f"{loop_s / kept_s:.0f}",
         f"{agreed:.0%}"],
    ]  # fmt: skip
    note = (
        f"{notes} notes by the network of notes-lstm, the likeliest each time, from one start. The "
        "carried state includes reading the window of 100 once; it does not forget what leaves "
        "the window, so its notes may differ."
    )
    return [Table("Speed over the report's loop", note,
                  ["decoding", "ms a note", "times as fast", "same notes"], lines)]  # fmt: skip


def agreement(loaded: LoadedModel, words: Words, starts: int) -> float:
    """Share of notes that both of our ways write alike, over several starts."""
    shares = []
    for seed in range(starts):
        window = words.start(np.random.default_rng(seed), None)
        pair = [
            ours(loaded, words, window, AGREEMENT_NOTES, carried=carried)
            for carried in (False, True)
        ]
        shares.append(np.mean(np.array(pair[0]) == np.array(pair[1])))
    return float(np.mean(shares))
