"""How right what is heard is: figures of notes and chords, one function each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from core.hearing.heard import HeardNote


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
