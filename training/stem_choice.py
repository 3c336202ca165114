"""Which pieces are rendered, in which order."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from training.dataset import Track, tracks

SHARES: Mapping[str, float] = {
    "midi_arranged": 6.0,
    "midi_multitrack": 2.0,
    "midi_pop909": 1.0,
    "midi_lieder": 1.0,
}
"""How many pieces of each subset there are beside the others, as long as they last."""
JIGS_SHARE = 0.1
"""At most so much of midi_arranged is in 6/8, where over a third of it is, in three styles."""


def wanted(
    data: Path, split: str, seed: int, subsets: tuple[str, ...]
) -> Iterator[tuple[str, Track, dict[str, Any] | None]]:
    """(subset, track, annotations) in an order drawn from the seed, subsets mixed by SHARES."""
    queues = {s: _ordered(data, s, split, seed) for s in subsets if (data / s).is_dir()}
    notes: dict[str, Any] = {}
    if "midi_pop909" in queues:
        path = data / "midi_pop909" / "annotations.json"
        notes = json.loads(path.read_text(encoding="utf-8"))
    done = dict.fromkeys(queues, 0)
    while waiting := [s for s in queues if done[s] < len(queues[s])]:
        subset = min(waiting, key=lambda s: (done[s] + 1) / SHARES[s])
        track = queues[subset][done[subset]]
        done[subset] += 1
        yield subset, track, notes.get(track.id) if subset == "midi_pop909" else None


def _ordered(data: Path, subset: str, split: str, seed: int) -> list[Track]:
    """A subset's tracks, shuffled, held-out grooves first, and few jigs among them."""
    rows = tracks(data, subset, split)
    order = np.random.default_rng([seed, list(SHARES).index(subset)]).permutation(len(rows))
    rows = [rows[at] for at in order]
    rows.sort(key=lambda track: track.row.get("heldout_groove") != "1")
    if subset != "midi_arranged":
        return rows
    jigs = [track for track in rows if track.row["meter"] == "6/8"]
    kept: list[Track] = []
    taken = 0
    for track in rows:
        if track.row["meter"] == "6/8":
            continue
        kept.append(track)
        if taken < len(jigs) and (taken + 1) <= JIGS_SHARE * (len(kept) + 1):
            kept.append(jigs[taken])
            taken += 1
    return kept
