"""What pieces are like, in figures, and how far a set of pieces is from another.

No measure says that a piece is good. Compared are distributions: those of generated pieces with
those of pieces that people wrote (Yang and Lerch 2020, "On the evaluation of generative models in
music"). Drums have no pitch and count only where rhythm is measured. NaN: nothing to measure.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import wasserstein_distance

from core.score import TICKS_PER_QUARTER, Note, Score

Array = npt.NDArray[np.float64]

SIXTEENTH = TICKS_PER_QUARTER // 4
SCALES = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10)}
LENGTH_EDGES = (4.5, 9.0, 18.0, 36.0, 72.0)
"""Ticks that part lengths: under a sixteenth, near one, near eighths, quarters, halves, longer."""
FORM_LAGS = (1, 2, 4, 8)
LOOP_TIMES = 8
STILL_BARS = 4


def pitched_notes(score: Score) -> list[Note]:
    """All notes but the drums', in order of start."""
    return sorted(note for track in score.tracks if not track.is_drum for note in track.notes)


def pitch_class_entropy(score: Score) -> float:
    """Entropy of the twelve pitch classes, bits: 0 for one, 3.58 for all alike.

    Wu and Yang 2020, "The Jazz Transformer on the front line" (H); here over the whole piece, as in
    MusPy (Dong et al. 2020).
    """
    counts = _pitch_classes(score)
    if not counts.any():
        return float("nan")
    shares = counts[counts > 0] / counts.sum()
    return float(-(shares * np.log2(shares)).sum())


def scale_consistency(score: Score) -> float:
    """Largest share of notes that one major or natural minor scale has: MusPy; Mogren 2016."""
    counts = _pitch_classes(score)
    if not counts.any():
        return float("nan")
    inside = [
        counts[[(tonic + degree) % 12 for degree in scale]].sum()
        for scale in SCALES.values()
        for tonic in range(12)
    ]
    return float(max(inside) / counts.sum())


def groove_consistency(score: Score) -> float:
    """1 less the mean Hamming distance of neighbouring bars' onsets, by sixteenths; drums too.

    MusPy, after Wu and Yang 2020 (GS).
    """
    if score.bars < 2 or not score.note_count:
        return float("nan")
    width = -(-score.bar_ticks // SIXTEENTH)
    onsets = np.zeros((score.bars, width), bool)
    for _, note in score.notes():
        bar, tick = divmod(note.start, score.bar_ticks)
        if bar < score.bars:
            onsets[bar, tick // SIXTEENTH] = True
    return float(1.0 - (onsets[1:] != onsets[:-1]).mean())


def polyphony(score: Score) -> float:
    """Mean number of pitches that sound at once where any does, by sixteenths: MusPy."""
    sounding = np.zeros((-(-score.ticks // SIXTEENTH), 128), bool)
    for note in pitched_notes(score):
        first = note.start // SIXTEENTH
        sounding[first : max(-(-note.end // SIXTEENTH), first + 1), note.pitch] = True
    counts = sounding.sum(axis=1)
    return float(counts[counts > 0].mean()) if counts.any() else float("nan")


def note_lengths(score: Score) -> Array:
    """Shares of notes under a sixteenth, near one, near eighths, quarters, halves, and longer, [6].

    The note length histogram of Yang and Lerch 2020 in six classes.
    """
    lengths = [note.duration for note in pitched_notes(score)]
    if not lengths:
        return np.full(len(LENGTH_EDGES) + 1, np.nan)
    counts = np.bincount(np.searchsorted(LENGTH_EDGES, lengths), minlength=len(LENGTH_EDGES) + 1)
    return counts / len(lengths)


def note_density(score: Score) -> float:
    """Notes in a quarter, drums too, on a scale of powers of two: log2(1 + notes / quarters)."""
    return float(np.log2(1.0 + score.note_count * TICKS_PER_QUARTER / score.ticks))


def form(score: Score) -> Array:
    """Mean likeness of bars that are FORM_LAGS apart, [4]; NaN where the piece is too short.

    Diagonals of the bars' self-similarity matrix (Foote 1999). Likeness of two bars: notes that
    begin at the same sixteenth of the bar on the same pitch, as a share of all (Jaccard).
    """
    bars: list[set[tuple[int, int, bool]]] = [set() for _ in range(score.bars)]
    for index, note in score.notes():
        bar, tick = divmod(note.start, score.bar_ticks)
        if bar < score.bars:
            bars[bar].add((tick // SIXTEENTH, note.pitch, score.tracks[index].is_drum))
    out = np.full(len(FORM_LAGS), np.nan)
    for place, lag in enumerate(FORM_LAGS):
        pairs = [(a, b) for a, b in zip(bars, bars[lag:], strict=False) if a or b]
        if pairs:
            out[place] = np.mean([len(a & b) / len(a | b) for a, b in pairs])
    return out


MEASURES: Mapping[str, Callable[[Score], float | Array]] = {
    "pitch_class_entropy": pitch_class_entropy,
    "scale_consistency": scale_consistency,
    "groove_consistency": groove_consistency,
    "polyphony": polyphony,
    "note_length": note_lengths,
    "note_density": note_density,
    "form": form,
}
"""By name; the distance to the data of each is the metric `<name>_distance`."""


def measured(score: Score) -> dict[str, Array]:
    """Every measure of a piece, [values] each."""
    return {name: np.atleast_1d(np.float64(measure(score))) for name, measure in MEASURES.items()}


def distance(made: Array, true: Array) -> float:
    """How far two sets of pieces are apart in one measure, [pieces, values] each.

    The Wasserstein distance of the two distributions over the true one's standard deviation: at 1
    they are as far apart as the true pieces are from their own mean. The mean over the values;
    those that do not vary among the true pieces are left out. NaN where nothing is left.
    """
    found = []
    for a, b in zip(made.T, true.T, strict=True):
        a, b = a[np.isfinite(a)], b[np.isfinite(b)]
        spread = float(b.std()) if len(b) else 0.0
        if len(a) and spread > 1e-6:
            found.append(wasserstein_distance(a, b) / spread)
    return float(np.mean(found)) if found else float("nan")


def distances(
    made: Sequence[Mapping[str, Array]], true: Sequence[Mapping[str, Array]]
) -> dict[str, float]:
    """`distance` in every measure, as metrics, and their mean as `measure_distance`."""
    found = {
        f"{name}_distance": distance(
            np.stack([piece[name] for piece in made]), np.stack([piece[name] for piece in true])
        )
        for name in MEASURES
    }
    known = [value for value in found.values() if np.isfinite(value)]
    return {"measure_distance": float(np.mean(known)) if known else float("nan"), **found}


@dataclass(frozen=True)
class Degenerate:
    """What is wrong with a piece. still_bars: longest time on one note or chord, in bars.

    loop_times: how often a figure of a beat to under two bars is played in a row, the most often.
    """

    still_bars: float
    loop_times: float
    empty: bool

    def __bool__(self) -> bool:
        """On one note or chord for over 4 bars, or on a figure for over 8 times, or silent."""
        return self.empty or self.still_bars > STILL_BARS or self.loop_times > LOOP_TIMES


def degenerate(score: Score) -> Degenerate:
    """Whether a piece got stuck: all its parts together, none of them alone.

    A figure counts as a loop where it takes up over STILL_BARS bars in all: nine equal eighths are
    no fault, four bars of them are.
    """
    pitched = pitched_notes(score)
    if not pitched:
        return Degenerate(0.0, 0.0, True)
    return Degenerate(_still_bars(pitched, score), _loop_times(score), False)


def _still_bars(notes: Sequence[Note], score: Score) -> float:
    groups: dict[int, set[int]] = {}
    for note in notes:
        groups.setdefault(note.start, set()).add(note.pitch)
    starts = sorted(groups)
    longest, since = 0, starts[0]
    for before, start in itertools.pairwise(starts):
        if groups[start] != groups[before]:
            longest, since = max(longest, start - since), start
    end = max(max(note.end for note in notes), score.ticks)
    return max(longest, end - since) / score.bar_ticks


def _loop_times(score: Score) -> float:
    """Of all periods, the most repetitions of a figure in a stretch of over STILL_BARS bars."""
    onsets: dict[int, set[tuple[int, bool]]] = {}
    for index, note in score.notes():
        onsets.setdefault(note.start, set()).add((note.pitch, score.tracks[index].is_drum))
    names: dict[frozenset[tuple[int, bool]], int] = {}
    at = np.zeros(max(score.ticks, max(onsets) + 1), np.int64)
    for tick, group in onsets.items():
        at[tick] = names.setdefault(frozenset(group), len(names) + 1)
    most = 0.0
    for period in range(TICKS_PER_QUARTER, min(2 * score.bar_ticks, len(at))):
        same = at[period:] == at[:-period]
        edges = np.flatnonzero(np.diff(np.concatenate([[0], same.view(np.int8), [0]])))
        starts, lengths = edges[::2], edges[1::2] - edges[::2]
        long = lengths + period > STILL_BARS * score.bar_ticks
        for first, length in zip(starts[long], lengths[long], strict=True):
            if at[first : first + length].any():
                most = max(most, (int(length) + period) / period)
    return most


def _pitch_classes(score: Score) -> Array:
    """[12]: notes of each pitch class."""
    pitches = np.array([note.pitch for note in pitched_notes(score)], np.int64)
    return np.bincount(pitches % 12, minlength=12).astype(np.float64)
