"""How right what is heard is: figures of notes and chords, one function each."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from core.hearing.heard import Chord, Grid, Heard, HeardNote


def note_f(heard: Sequence[HeardNote], true: npt.NDArray[np.float64]) -> float:
    """F-measure of notes: onsets within 50 ms, pitches within a quarter tone, any offsets.

    true: [n, 4], onset and offset in s, MIDI pitch, velocity. NaN where nothing is to be heard.
    mir_eval's (Raffel et al., ISMIR 2014), as MIREX evaluates.
    """
    if len(true) == 0:
        return float("nan")
    if not heard:
        return 0.0
    import mir_eval  # late: it takes longer to import than all the rest here

    spans = np.array([(note.start_s, note.end_s) for note in heard])
    pitches = np.array([note.pitch for note in heard], np.float64)
    figures = mir_eval.transcription.precision_recall_f1_overlap(
        true[:, :2], _hertz(true[:, 2]), spans, _hertz(pitches), offset_ratio=None
    )
    return float(figures[2])


def _hertz(pitches: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray(440.0 * 2.0 ** ((pitches - 69) / 12))


def chord_accuracy(heard: Heard, chords: Sequence[Chord], grid: Grid) -> float:
    """Share of the true grid's beats at which root and third are right; NaN without chords.

    Major, dominant and their sevenths are one, minor and diminished another, as in MIREX's
    major/minor vocabulary. Beats without a true chord do not count.
    """
    beats = np.array(grid.beats_s)
    middles = (beats[:-1] + beats[1:]) / 2
    if not chords or not heard.chords:
        return float("nan")
    true = [_at(chords, tick) for tick in grid.to_ticks(middles)]
    said = [_at(heard.chords, tick) for tick in heard.grid.to_ticks(middles)]
    counted = [(t, s) for t, s in zip(true, said, strict=True) if t.quality != "none"]
    if not counted:
        return float("nan")
    return float(np.mean([_triad(t) == _triad(s) for t, s in counted]))


def _at(chords: Sequence[Chord], tick: float) -> Chord:
    """The chord that sounds at a tick; before the first one, the first."""
    return chords[max(bisect_right([chord.start for chord in chords], tick) - 1, 0)]


def _triad(chord: Chord) -> tuple[int, bool] | None:
    if chord.quality == "none":
        return None
    return chord.root % 12, chord.quality in ("minor", "diminished")
