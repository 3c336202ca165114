"""Hearing a solo: its notes, tempo, beats and bars, key and chords.

`hear` listens to a recording, `heard_of_score` reads what a score says already. How it is done is
in core/hearing/: a constant-Q picture, a network that says where notes begin and sound, another
that says from the notes where beats and bars do, hidden Markov models of tempo and of chords.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from core.audio import Clip, FloatArray
from core.errors import UserInputError
from core.hearing.bar_features import features as bar_features
from core.hearing.bars import grid_of
from core.hearing.bars_network import network as bars_network
from core.hearing.beat_frames import features as beat_features
from core.hearing.beats_network import network
from core.hearing.candidates import candidates, features, salience
from core.hearing.constant_q import FRAME_S, PITCHES, SAMPLE_RATE, constant_q, levels, tuning
from core.hearing.harmony import harmonic_fit, harmony
from core.hearing.heard import Grid, Heard, HeardNote
from core.hearing.notes import FAINT, NOTE, ONSET, notes_of, pitch_levels_db
from core.hearing.onsets import moments
from core.hearing.pulse import beats_of
from core.hearing.steadiness import steadiness
from core.keys import estimate_key
from core.loaders import LoadedModel, load_model
from core.progress import Progress, ignore, part
from core.score import Score

NOTES_MODEL = "hearing-notes"
LEAST_PEAK = 1e-4
LEAST_NOTES = 4
"""Fewer are no tune, and no beat can be found in them."""
LEAST_COVERED, TUNEFUL = 0.25, 0.6
"""Of `Transcription.covered`: less than the first is no tune, from the second on all is well."""
LEAST_COVERED_FAINTLY = 0.5
"""The first, of a second look that takes fainter signs for notes; drums come to 0.4 then."""
LOUD = 0.55
"""A level, 0 to 1: about 30 dB below the loudest moments."""
_DEFAULT_BEAT_S = 0.5


@dataclass(frozen=True)
class Transcription:
    """What notes were found.

    notes: in order. tuning_cents: how far from 440 Hz the solo is tuned, -50 to 50. covered: share
    of the time in which the clip is not quiet that has a note; that of a tune is above 0.6, of
    speech about 0.4, of drums under 0.1.
    """

    notes: tuple[HeardNote, ...]
    tuning_cents: float
    covered: float


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
    if len(found.notes) < LEAST_NOTES or found.covered < LEAST_COVERED:
        raise UserInputError(
            "No tune can be heard in this clip; choose one where a single instrument plays at "
            "least a few notes, without drums."
        )
    heard = heard_of_notes(found.notes, clip.duration_s, found.tuning_cents)
    tuneful = (found.covered - LEAST_COVERED) / (TUNEFUL - LEAST_COVERED)
    progress(1.0)
    return replace(heard, steady=heard.steady * min(tuneful, 1.0))


def transcribe(clip: Clip, progress: Progress = ignore) -> Transcription:
    """The notes of a solo; none in silence. Raises ModelUnavailableError."""
    samples = clip.with_channels(1).resampled(SAMPLE_RATE).samples[0]
    cents = tuning(constant_q(samples))
    amplitudes = constant_q(samples, round(cents))
    progress(0.2)
    picture = levels(amplitudes)
    onsets, notes = _asked(picture)
    loudness = pitch_levels_db(amplitudes)
    loud = picture.max(axis=1) > LOUD
    found = notes_of(onsets, notes, loudness)
    covered = _covered(found, loud)
    if covered < LEAST_COVERED:
        faint = notes_of(onsets, notes, loudness, FAINT)
        if _covered(faint, loud) >= LEAST_COVERED_FAINTLY:
            found, covered = faint, _covered(faint, loud)
    progress(1.0)
    found = [note for note in found if note.start_s < clip.duration_s]
    return Transcription(tuple(found), cents, covered)


def _covered(notes: Sequence[HeardNote], loud: npt.NDArray[np.bool_]) -> float:
    """Share of the loud frames [frames] in which a note sounds."""
    sounding = np.zeros(len(loud), bool)
    for note in notes:
        sounding[round(note.start_s / FRAME_S) : round(note.end_s / FRAME_S) + 1] = True
    return float(sounding[loud].mean()) if loud.any() else 0.0


def heard_of_notes(notes: Sequence[HeardNote], seconds: float, tuning_cents: float = 0.0) -> Heard:
    """What a solo of these notes is heard as: at least one. seconds: of the whole clip."""
    times_s = moments(notes)[:, 0]
    shown = beat_features(notes, seconds)
    said = network()(shown)
    beats_s = beats_of(said, float(times_s[0]), float(times_s[-1]))
    if len(times_s) < 2 or len(beats_s) < 2:
        grid, steady = _even_grid(float(times_s[0]), seconds), 0.0
    else:
        grid = grid_of(
            beats_s,
            times_s,
            said,
            seconds,
            lambda grid: harmonic_fit(notes, grid),
            lambda beats: bars_network()(bar_features(notes, beats, said, shown)),
        )
        steady = steadiness(said, beats_s, len(times_s))
    key, chords = harmony(notes, grid)
    return Heard(tuple(sorted(notes)), grid, key, chords, tuning_cents, steady)


def heard_of_score(score: Score, start_s: float = 0.0, end_s: float | None = None) -> Heard:
    """What a score says of itself; chords are guessed as from a recording. Drums are left out.

    start_s, end_s: of the part that is meant, where not the whole; its times count from start_s.
    Raises UserInputError where there are no other notes.
    """
    second = score.seconds_per_tick
    end_s = score.duration_s if end_s is None else end_s
    notes = sorted({
        HeardNote(
            note.start * second - start_s,
            note.pitch,
            min(note.end * second, end_s) - start_s,
            note.velocity,
        )
        for track in score.tracks
        if not track.is_drum
        for note in track.notes
        if start_s <= note.start * second < end_s
    })  # fmt: skip
    if not notes:
        raise UserInputError("There are no notes but drums in this part; choose another one.")
    beat_s = second * score.bar_ticks / score.beats
    first = math.ceil(start_s / beat_s - 1e-6)
    last = max(math.ceil(end_s / beat_s - 1e-6), first + 1)
    beats_s = tuple(beat_s * n - start_s for n in range(first, last + 1))
    grid = Grid(beats_s, first % score.beats, score.beats, score.beat_unit)
    key, chords = harmony(notes, grid)
    return Heard(tuple(notes), grid, score.key or estimate_key(score) or key, chords)


def _asked(picture: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(onsets, notes), probabilities [frames, PITCHES], of a constant-Q picture's levels."""
    salient = salience(picture)
    frames, pitches = candidates(salient)
    onsets = np.zeros((len(picture), PITCHES), np.float32)
    notes = np.zeros_like(onsets)
    model = load_model(NOTES_MODEL)
    rows = model.spec.input_shape[0]
    for start in range(0, len(frames), rows):
        some = slice(start, start + rows)
        logits = _in_one_call(model, features(picture, salient, frames[some], pitches[some]))
        sure = 1.0 / (1.0 + np.exp(-logits))
        onsets[frames[some], pitches[some]] = sure[:, ONSET]
        notes[frames[some], pitches[some]] = sure[:, NOTE]
    return onsets, notes


def _in_one_call(model: LoadedModel, shown: FloatArray) -> FloatArray:
    """What the model says of up to as many rows as it takes."""
    batch = np.zeros(model.spec.input_shape, np.float32)
    batch[: len(shown)] = shown
    return model(batch)[: len(shown)]


def _even_grid(start_s: float, seconds: float) -> Grid:
    """Beats at 120 a minute from the first note on, for want of any other."""
    count = max(int(np.ceil((seconds - start_s) / _DEFAULT_BEAT_S)), 1)
    return Grid(tuple(start_s + _DEFAULT_BEAT_S * n for n in range(count + 1)))
