"""How well parts fit their chords and each other, in notes: figures of an arrangement."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from core.remixing.chords import Chart, classes
from core.remixing.stems import STEMS
from core.score import Note

PITCHED = tuple(stem for stem in STEMS if stem != "drums")
PLACES_A_BAR = 16
"""Into how many places a bar is parted for a groove."""

Parts = Mapping[str, Sequence[Note]]
"""Notes by stem, in ticks of one grid."""


def chord_note_rate(parts: Parts, chart: Chart) -> float:
    """Share of the pitched parts' notes whose pitch class is in the chord in which they begin.

    NaN where there are none, or no chords.
    """
    found = [
        note.pitch % 12 in classes(chart.at(note.start))
        for stem in PITCHED
        for note in parts.get(stem, ())
        if chart.at(note.start).quality != "none"
    ]
    return float(np.mean(found)) if found else math.nan


def bass_root_agreement(parts: Parts, chart: Chart) -> float:
    """Share of chords in which the first bass note is the root. NaN where there is no bass."""
    first: dict[int, bool] = {}
    for note in sorted(parts.get("bass", ())):
        chord = chart.at(note.start)
        if chord.quality != "none":
            first.setdefault(chord.start, note.pitch % 12 == chord.root % 12)
    return float(np.mean(list(first.values()))) if first else math.nan


def groove_similarity(parts: Parts, true: Parts, bar_ticks: int) -> float:
    """Cosine of how many notes begin at each place of the bar, mean over parts that both play."""
    found = []
    for stem in STEMS:
        mine, theirs = (_groove(side.get(stem, ()), bar_ticks) for side in (parts, true))
        if mine.any() and theirs.any():
            found.append(float(mine @ theirs / np.linalg.norm(mine) / np.linalg.norm(theirs)))
    return float(np.mean(found)) if found else math.nan


def _groove(notes: Sequence[Note], bar_ticks: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    places = [
        round(note.start % bar_ticks / bar_ticks * PLACES_A_BAR) % PLACES_A_BAR for note in notes
    ]
    return np.bincount(places, minlength=PLACES_A_BAR).astype(np.float64)


def density_ratio(parts: Parts, true: Parts) -> float:
    """Notes of the parts that truly play, as a share of the true number."""
    playing = [stem for stem in STEMS if true.get(stem)]
    count = sum(len(true[stem]) for stem in playing)
    return sum(len(parts.get(stem, ())) for stem in playing) / count if count else math.nan


def register_difference(parts: Parts, true: Parts) -> float:
    """Semitones between the mean pitches of a part and the true one, mean over pitched parts."""
    found = [
        abs(np.mean([n.pitch for n in parts[stem]]) - np.mean([n.pitch for n in true[stem]]))
        for stem in PITCHED
        if parts.get(stem) and true.get(stem)
    ]
    return float(np.mean(found)) if found else math.nan


def measured(parts: Parts, true: Parts, chart: Chart, bar_ticks: int) -> dict[str, float]:
    """All of them, by their names in core.metric_names; NaN ones left out."""
    found = {
        "chord_note_rate": chord_note_rate(parts, chart),
        "bass_root_agreement": bass_root_agreement(parts, chart),
        "groove_similarity": groove_similarity(parts, true, bar_ticks),
        "density_ratio": density_ratio(parts, true),
        "register_difference": register_difference(parts, true),
    }
    return {name: value for name, value in found.items() if not math.isnan(value)}
