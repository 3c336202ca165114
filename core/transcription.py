"""Hearing a solo: its notes, tempo, beats and bars, key and chords.

`hear` listens to a recording, `heard_of_score` reads what a score says already. How it is done is
in core/hearing/: a constant-Q picture, a network that says where notes begin and sound, another
that says of each moment where in the beat it lies, hidden Markov models of tempo and of chords.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.audio import Clip, FloatArray
from core.errors import UserInputError
from core.hearing.bars import grid_of
from core.hearing.candidates import salience
from core.hearing.constant_q import SAMPLE_RATE, constant_q, levels, tuning
from core.hearing.harmony import harmony
from core.hearing.heard import Grid, Heard, HeardNote
from core.hearing.notes import notes_of, pitch_levels_db
from core.hearing.onsets import moments
from core.hearing.pulse import PRIOR, beats_of
from core.hearing.salient import salient_notes
from core.hearing.steadiness import steadiness
from core.keys import estimate_key
from core.progress import Progress, ignore, part
from core.score import Score

LEAST_PEAK = 1e-3
LEAST_NOTES = 4
"""Fewer are no tune, and no beat can be found in them."""
_DEFAULT_BEAT_S = 0.5


@dataclass(frozen=True)
class Transcription:
    """notes: in order. tuning_cents: how far from 440 Hz the solo is tuned, -50 to 50."""

    notes: tuple[HeardNote, ...]
    tuning_cents: float


def hear(clip: Clip, progress: Progress = ignore) -> Heard:
    """All that an arranger is told of a solo.

    Raises UserInputError where there is no sound, or no tune in it, and ModelUnavailableError.
    What has notes but no steady beat (speech, rubato) gets the likeliest grid and a low `steady`.
    """
    if clip.length == 0 or clip.peak() < LEAST_PEAK:
        raise UserInputError(
            "There is nothing to hear in this clip; choose one where an instrument plays."
        )
    found = transcribe(clip, part(progress, 0.0, 0.7))
    if len(found.notes) < LEAST_NOTES:
        raise UserInputError(
            "No tune can be heard in this clip; choose one where a single instrument plays at "
            "least a few notes, without drums."
        )
    heard = heard_of_notes(found.notes, clip.duration_s, found.tuning_cents)
    progress(1.0)
    return heard


def transcribe(clip: Clip, progress: Progress = ignore) -> Transcription:
    """The notes of a solo; none in silence. Raises ModelUnavailableError."""
    samples = clip.with_channels(1).resampled(SAMPLE_RATE).samples[0]
    cents = tuning(constant_q(samples))
    amplitudes = constant_q(samples, round(cents))
    progress(0.2)
    onsets, notes = _asked(levels(amplitudes))
    found = notes_of(onsets, notes, pitch_levels_db(amplitudes))
    progress(1.0)
    return Transcription(tuple(n for n in found if n.start_s < clip.duration_s), cents)


def heard_of_notes(notes: Sequence[HeardNote], seconds: float, tuning_cents: float = 0.0) -> Heard:
    """What a solo of these notes is heard as: at least one. seconds: of the whole clip."""
    found = moments(notes)
    times_s, places = found[:, 0], _placed(found)
    if len(found) < 2:
        grid = _even_grid(float(times_s[0]), seconds)
        steady = 0.0
    else:
        beats_s, gain = beats_of(times_s, places, seconds)
        if len(beats_s) < 2:
            grid, steady = _even_grid(float(times_s[0]), seconds), 0.0
        else:
            grid = grid_of(beats_s, times_s, places, seconds)
            steady = steadiness(grid, found, gain)
    key, chords = harmony(notes, grid)
    return Heard(tuple(sorted(notes)), grid, key, chords, tuning_cents, steady)


def heard_of_score(score: Score) -> Heard:
    """What a score says of itself; chords are guessed as from a recording. Drums are left out.

    Raises UserInputError where it has no other notes.
    """
    second = score.seconds_per_tick
    notes = sorted({
        HeardNote(note.start * second, note.pitch, note.end * second, note.velocity)
        for track in score.tracks
        if not track.is_drum
        for note in track.notes
    })  # fmt: skip
    if not notes:
        raise UserInputError("There are no notes but drums in this score; choose another one.")
    unit = score.beat_unit
    beat_s = second * score.bar_ticks / score.beats
    count = max(score.bars * score.beats, 1)
    grid = Grid(tuple(beat_s * n for n in range(count + 1)), 0, score.beats, unit)
    key, chords = harmony(notes, grid)
    return Heard(tuple(notes), grid, score.key or estimate_key(score) or key, chords)


def _asked(picture: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(onsets, notes), probabilities [frames, PITCHES], of a constant-Q picture's levels."""
    return salient_notes(salience(picture))


def _placed(found: npt.NDArray[np.float64]) -> FloatArray:
    """[moments, PLACES]: where in the beat each moment may be."""
    return np.tile(np.array(PRIOR, np.float32), (len(found), 1))


def _even_grid(start_s: float, seconds: float) -> Grid:
    """Beats at 120 a minute from the first note on, for want of any other."""
    count = max(int(np.ceil((seconds - start_s) / _DEFAULT_BEAT_S)), 1)
    return Grid(tuple(start_s + _DEFAULT_BEAT_S * n for n in range(count + 1)))
