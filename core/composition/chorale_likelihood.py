"""How likely a network makes chorales: the figure by which it is trained and measured."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from core.composition.chorale_frames import (
    FEATURES,
    VOICES,
    FloatArray,
    IntArray,
    packed,
    table,
)

LONGEST = 640
BATCH = 8


def rows_of(pieces: Sequence[IntArray]) -> tuple[FloatArray, list[list[int]]]:
    """Pieces laid end to end in rows of LONGEST frames, no piece over two rows.

    Returns [rows, LONGEST, FEATURES + 5], padded with zeros, and the indices of each row's pieces.
    Raises ValueError for a piece longer than a row.
    """
    rows: list[list[int]] = []
    lengths = [len(piece) for piece in pieces]
    if max(lengths) > LONGEST:
        raise ValueError(f"a piece has {max(lengths)} frames, over {LONGEST}")
    for index in sorted(range(len(pieces)), key=lambda i: -lengths[i]):
        for row in rows:
            if sum(lengths[i] for i in row) + lengths[index] <= LONGEST:
                row.append(index)
                break
        else:
            rows.append([index])
    out = np.zeros((-(-len(rows) // BATCH) * BATCH, LONGEST, FEATURES + 1 + VOICES), np.float32)
    for number, row in enumerate(rows):
        whole = np.concatenate([packed(table(pieces[i]), pieces[i]) for i in row])
        out[number, : len(whole)] = whole
    return out, rows


def nats(
    network: Callable[[FloatArray], npt.ArrayLike], pieces: Sequence[IntArray]
) -> list[FloatArray]:
    """Negative log-probability of every note of every piece, [frames, 4] each, nats.

    network: as `chorale_model.Chorale`, called with BATCH rows at a time. It is told neither the
    metre nor how much is left.
    """
    return of_rows(network, *rows_of(pieces), [len(piece) for piece in pieces])


def of_rows(
    network: Callable[[FloatArray], npt.ArrayLike],
    inputs: FloatArray,
    rows: Sequence[Sequence[int]],
    lengths: Sequence[int],
) -> list[FloatArray]:
    """`nats` of what `rows_of` has prepared."""
    out: list[FloatArray] = [np.zeros((length, VOICES), np.float32) for length in lengths]
    for start in range(0, len(inputs), BATCH):
        part = inputs[start : start + BATCH]
        said = np.asarray(network(part))
        notes = part[..., FEATURES + 1 :].astype(np.int64)
        missed = -np.take_along_axis(said, notes[..., None], axis=-1)[..., 0]
        for number, row in enumerate(rows[start : start + BATCH]):
            at = 0
            for index in row:
                out[index] = missed[number, at : at + lengths[index]]
                at += lengths[index]
    return out
