"""The parts of hearing: picture, tuning, notes, pulse, bars, harmony."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from core.hearing import beat_frames
from core.hearing.bars import grid_of
from core.hearing.beats_network import METRE_NAMES, TEMPI, Pulse, tempo_s
from core.hearing.candidates import FEATURES, PER_FRAME, candidates, features, salience
from core.hearing.constant_q import (
    BINS_PER_SEMITONE,
    FRAME_S,
    LOWEST_PITCH,
    PITCHES,
    SAMPLE_RATE,
    constant_q,
    levels,
    tuning,
)
from core.hearing.harmony import harmony
from core.hearing.heard import TONES, Chord, Grid, Heard, HeardNote
from core.hearing.measures import chord_accuracy, note_f
from core.hearing.notes import notes_of
from core.hearing.onsets import moments
from core.hearing.pulse import beats_of
from core.hearing.steadiness import steadiness
from core.metrics import beat_f
from core.score import Key


def tone(hertz, seconds=1.0, amplitude=0.5):
    """A tone with five partials."""
    times = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    partials = [amplitude / n * np.sin(2 * np.pi * hertz * n * times) for n in range(1, 6)]
    return np.sum(partials, axis=0).astype(np.float32)


def hertz(pitch, cents=0.0):
    return 440.0 * 2 ** ((pitch - 69) / 12 + cents / 1200)


@pytest.mark.parametrize("pitch", [28, 45, 69, 93, 107])
def test_a_sinusoid_shows_its_amplitude_at_its_pitch(pitch):
    times = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    picture = constant_q((0.25 * np.sin(2 * np.pi * hertz(pitch) * times)).astype(np.float32))
    middle = picture[len(picture) // 2]
    assert middle.argmax() == BINS_PER_SEMITONE * (pitch - LOWEST_PITCH) + 1
    assert middle.max() == pytest.approx(0.25, rel=0.03)


@pytest.mark.parametrize("cents", [-45, -20, 0, 39])
def test_tuning_is_measured_and_then_the_picture_is_in_tune(cents):
    scale = np.concatenate([tone(hertz(p, cents), 0.4) for p in (57, 59, 61, 62, 64, 66)])
    measured = tuning(constant_q(scale))
    assert measured == pytest.approx(cents, abs=5)
    assert tuning(constant_q(scale, round(measured))) == pytest.approx(0, abs=3)


def test_silence_is_level_0_everywhere_and_has_no_tuning_and_no_candidates():
    picture = constant_q(np.zeros(SAMPLE_RATE, np.float32))
    assert tuning(picture) == 0.0
    flat = levels(picture)
    assert not flat.any()
    assert len(candidates(salience(flat))[0]) == 0


def test_a_played_pitch_is_among_the_few_candidates_of_its_frames():
    picture = levels(constant_q(tone(hertz(52)) + tone(hertz(59)) + tone(hertz(67))))
    salient = salience(picture)
    frames, pitches = candidates(salient)
    here = pitches[frames == len(picture) // 2]
    assert {52, 59, 67} <= set(here + LOWEST_PITCH)
    assert np.bincount(frames).max() <= PER_FRAME
    shown = features(picture, salient, frames, pitches)
    assert shown.shape == (len(frames), FEATURES)
    assert shown.min() >= 0
    assert shown.max() <= 1.1


def test_a_candidate_is_shown_the_same_wherever_it_stands():
    """Features move with pitch and time, but for the last, which is the pitch."""
    rng = np.random.default_rng(0)
    picture = np.zeros((60, 306), np.float32)
    picture[20:40, 100:160] = rng.random((20, 60))
    moved = np.roll(np.roll(picture, 7, axis=0), 5 * BINS_PER_SEMITONE, axis=1)
    at, shift = np.array([30]), np.array([45])
    here = features(picture, salience(picture), at, shift)
    there = features(moved, salience(moved), at + 7, shift + 5)
    np.testing.assert_allclose(here[:, :-3], there[:, :-3])


def posteriors(notes, frames=200):
    """Probabilities as a sure network gives them."""
    onsets, sounding = np.zeros((2, frames, PITCHES), np.float32)
    for start, end, pitch in notes:
        key = pitch - LOWEST_PITCH
        onsets[start, key] = 0.9
        onsets[start + 1, key] = max(onsets[start + 1, key], 0.5)
        sounding[start:end, key] = 0.9
    return onsets, sounding


def test_notes_begin_at_onsets_and_last_while_they_are_likely():
    onsets, sounding = posteriors([(10, 30, 60), (30, 50, 60), (12, 80, 67)])
    found = notes_of(onsets, sounding, np.zeros_like(onsets))
    assert [note.pitch for note in found] == [60, 67, 60]
    assert [n.start_s / FRAME_S for n in found] == pytest.approx([10, 12, 30], abs=0.51)
    assert [n.end_s / FRAME_S for n in found] == pytest.approx([30, 80, 50], abs=1.01)


def test_a_long_sure_note_needs_no_onset_and_a_short_one_does():
    onsets, sounding = posteriors([])
    sounding[10:40, 30] = 0.9
    sounding[60:63, 30] = 0.9
    found = notes_of(onsets, sounding, np.zeros_like(onsets))
    assert [note.pitch - LOWEST_PITCH for note in found] == [30]


def test_louder_notes_have_higher_velocities():
    onsets, sounding = posteriors([(10, 20, 60), (40, 50, 62)])
    loudness = np.full_like(onsets, -60.0)
    loudness[10:20, 60 - LOWEST_PITCH] = -10.0
    loudness[40:50, 62 - LOWEST_PITCH] = -22.0
    loud, soft = notes_of(onsets, sounding, loudness)
    assert 1 <= soft.velocity < loud.velocity <= 127


def test_notes_struck_together_are_one_moment():
    notes = [HeardNote(1.0, 60, 1.4, 70), HeardNote(1.02, 64, 1.6, 90), HeardNote(1.5, 67, 1.7)]
    found = moments(notes)
    np.testing.assert_allclose(found[0], [1.0, 0.58, 64, 60, 90, 2])


def test_frames_show_what_begins_where_it_begins():
    notes = [HeardNote(1.0, 60, 1.4, 70), HeardNote(1.0, 64, 1.6, 90), HeardNote(2.0, 43, 2.4)]
    shown = beat_frames.features(notes, 3.0)
    assert shown.shape == (beat_frames.frames_of(3.0), beat_frames.FEATURES)
    begun = shown[:, 0]
    assert begun.sum() == pytest.approx(6.0)
    assert set(np.flatnonzero(begun)) <= {49, 50, 99, 100}
    registers = shown[:, beat_frames.AT_ONSETS : beat_frames.AT_ONSETS + 6].sum(axis=0)
    assert np.flatnonzero(registers).tolist() == [1, 3]
    assert not beat_frames.features([], 3.0).any()


def test_frames_do_not_care_for_the_clip_s_beginning():
    notes = [HeardNote(4 + 0.3 * n, 60 + n % 5, 4.2 + 0.3 * n) for n in range(12)]
    later = [HeardNote(n.start_s + 0.4, n.pitch, n.end_s + 0.4) for n in notes]
    here, there = beat_frames.features(notes, 9.0), beat_frames.features(later, 9.4)
    np.testing.assert_allclose(here[200:380], there[220:400], atol=1e-4)


def said(beats, bars, metre=(4, 4), seconds=40.0, sure=0.9):
    """What a fairly sure network says."""
    frames = np.full((beat_frames.frames_of(seconds), 2), 0.02, np.float32)
    for column, times in enumerate((beats, bars)):
        at = (np.asarray(times) / beat_frames.FRAME_S).astype(int)
        for by, chance in ((-1, 0.4), (1, 0.4), (0, sure)):
            frames[np.clip(at + by, 0, len(frames) - 1), column] = chance
    tempo = np.full(TEMPI, 0.3 / TEMPI, np.float32)
    tempo[np.abs(np.log(tempo_s() / np.median(np.diff(beats)))).argmin()] += 0.7
    shares = np.full(4, 0.05, np.float32)
    shares[METRE_NAMES.index(metre)] = 0.85
    return Pulse(frames[:, 0], frames[:, 1], tempo, shares)


def played(beat_s, bars, per_bar, thirds=False, first=0):
    """(moments, beats, bar lines) of notes at beats and inside every other one."""
    beats = np.concatenate([[0.3], 0.3 + np.cumsum(beat_s[: bars * per_bar])])
    times = []
    for at, (begin, end) in enumerate(pairwise(beats)):
        times.append(begin)
        if thirds:
            times += [begin + (end - begin) * k / 3 for k in (1, 2)]
        elif at % 2:
            times.append((begin + end) / 2)
    number = np.arange(len(beats) - 1)
    return np.array(times), beats[:-1], beats[:-1][(number + first) % per_bar == 0]


@pytest.mark.parametrize("bpm", [66, 100, 152])
def test_the_pulse_is_found_at_any_tempo(bpm):
    times, beats, bars = played(np.full(200, 60 / bpm), 8, 4)
    assert beat_f(beats_of(said(beats, bars), times[0], times[-1]), beats) > 0.95


def test_the_tempo_decides_where_the_beats_alone_do_not():
    beats = 0.3 + 0.3 * np.arange(60)
    unsure = said(beats, beats[::4], sure=0.4)
    for period in (0.3, 0.6):
        tempo = np.full(TEMPI, 0.001, np.float32)
        tempo[np.abs(np.log(tempo_s() / period)).argmin()] = 1.0
        heard = Pulse(np.minimum(unsure.beat, 0.12), unsure.bar, tempo, unsure.metre)
        found = beats_of(heard, beats[0], beats[-1])
        assert np.median(np.diff(found)) == pytest.approx(period, rel=0.1)


def test_the_pulse_follows_a_player_who_slows_down():
    times, beats, bars = played(0.5 * 1.012 ** np.arange(200), 10, 4)
    heard = said(beats, bars, seconds=60.0)
    found = beats_of(heard, times[0], times[-1])
    grid = grid_of(found, times, heard, 60.0)
    assert beat_f(found, beats) > 0.95
    inside = np.array(grid.beats_s)
    inside = inside[(inside > 0.2) & (inside < beats[-1] + 0.1)]
    assert np.abs(inside[:, None] - beats).min(axis=1).max() < 0.05
    steps = np.diff(inside)
    assert steps[-4:].mean() > 1.3 * steps[:4].mean()


@pytest.mark.parametrize(
    ("per_bar", "thirds", "first", "metre"),
    [(4, False, 0, (4, 4)), (3, False, 0, (3, 4)), (2, True, 0, (6, 8)), (4, False, 3, (4, 4))],
)
def test_metre_and_upbeat(per_bar, thirds, first, metre):
    times, beats, bars = played(np.full(200, 0.55), 8, per_bar, thirds, first)
    heard = said(beats, bars, metre, 30.0)
    found = beats_of(heard, times[0], times[-1])
    grid = grid_of(found, times, heard, 30.0)
    assert (grid.beats, grid.beat_unit) == metre
    assert grid.beats_s[0] >= 0
    assert grid.beats_s[-1] >= 30.0
    bar = grid.beats * grid.beat_ticks
    into_bar = grid.to_ticks(beats[0]) % bar
    expected = first * 24
    assert min(abs(into_bar - expected), bar - abs(into_bar - expected)) < 3


def test_the_surer_the_network_and_the_more_even_the_beats_the_steadier():
    beats = 0.3 + 0.5 * np.arange(24)
    uneven = beats + 0.12 * np.random.default_rng(0).standard_normal(24)
    sure, unsure = (said(beats, beats[::4], sure=chance) for chance in (0.9, 0.41))
    assert steadiness(sure, beats, 40) > steadiness(unsure, beats, 40) > 0
    assert steadiness(sure, beats, 40) > steadiness(said(uneven, uneven[::4]), uneven, 40)
    assert steadiness(sure, beats, 40) > steadiness(sure, beats, 4)
    assert steadiness(sure, beats, 40) <= 1


def tune(pitches, beat_s=0.5):
    return [HeardNote(i * beat_s, p, (i + 0.95) * beat_s) for i, p in enumerate(pitches)]


def test_a_plain_tune_gets_its_key_and_plain_chords():
    # C C G C: broken triads, a bar each
    notes = tune([60, 64, 67, 64, 60, 64, 67, 72, 67, 71, 74, 71, 72, 67, 64, 60])
    grid = Grid(tuple(0.5 * n for n in range(17)))
    key, chords = harmony(notes, grid)
    assert key == Key(0, "major")
    assert chords[0].start == 0
    heard = Heard(tuple(notes), grid, key, chords)
    true = [Chord(0, 0, "major"), Chord(192, 7, "major"), Chord(288, 0, "major")]
    assert chord_accuracy(heard, true, grid) > 0.7
    for chord in chords:
        own = [chord.sure[tone] for tone in TONES[chord.quality]]
        others = [s for tone, s in enumerate(chord.sure) if tone not in TONES[chord.quality]]
        assert 1 >= np.mean(own) > 0.5 > 0.2 > np.mean(others) >= 0


def test_chords_move_with_the_key():
    pitches = [57, 60, 64, 60, 62, 65, 69, 65, 64, 68, 71, 68, 69, 64, 60, 57]
    grid = Grid(tuple(0.5 * n for n in range(17)))
    key, chords = harmony(tune(pitches), grid)
    higher, moved = harmony(tune([p + 3 for p in pitches]), grid)
    assert (key.mode, higher.mode) == ("minor", "minor")
    assert higher.tonic == (key.tonic + 3) % 12
    assert [replace(c, root=(c.root + 3) % 12, sure=()) for c in chords] == [
        replace(c, sure=()) for c in moved
    ]
    for one, other in zip(chords, moved, strict=True):
        assert one.sure == pytest.approx(other.sure, abs=0.011)


def test_note_f_counts_onsets_and_pitches_alone():
    true = np.array([[0.5, 1.0, 60, 80], [1.0, 2.0, 64, 80]])
    exact = [HeardNote(0.52, 60, 5.0), HeardNote(1.04, 64, 1.1)]
    assert note_f(exact, true) == 1.0
    assert note_f([exact[0], HeardNote(1.06, 64, 1.5)], true) == 0.5
    assert note_f([], true) == 0.0
    assert np.isnan(note_f(exact, np.zeros((0, 4))))
