"""Notes taken apart and put together again, on notes made here whose parts are known."""

from dataclasses import replace

import numpy as np
import pytest

from core.audio import Clip
from core.metrics import log_mel_distance_db
from core.sampling.harmonics import (
    FLOOR_DB,
    FLUTTERS,
    HALVES,
    HELD_S,
    KNOT_TIMES_S,
    KNOTS,
    NOISE_BANDS,
    OWN_PLACES,
    PARTIAL_NUMBERS,
    PARTIALS,
    NoteSound,
    partial_ratios,
    played,
    synthesise,
)
from core.sampling.harmonics_analysis import analyse, loudest_rms
from core.sampling.timbre_notes import flat_levels, note_of, traits_of
from core.spectrogram import log_mel_db

RATE = 16000
N = np.arange(1, OWN_PLACES + 1)


def plucked(decay_db=20.0, **changes):
    """Partials fall by 6 dB an octave and `decay_db` a second, and fast when let go."""
    released = np.maximum(KNOT_TIMES_S - HELD_S, 0.0)
    course = -decay_db * np.minimum(KNOT_TIMES_S, HELD_S) - 200.0 * released
    partials = -20.0 * np.log10(PARTIAL_NUMBERS)[None] + course[:, None] - 2.0
    note = NoteSound(
        partials_db=partials,
        halves_db=np.full((KNOTS, HALVES), FLOOR_DB),
        noise_db=np.full((KNOTS, NOISE_BANDS), -70.0) + course[:, None],
        cents=np.zeros(KNOTS),
        places=np.zeros(OWN_PLACES),
        inharmonicity=0.0,
        vibrato_hz=5.5,
        vibrato_cents=0.0,
        tremolo_db=0.0,
        flutter=np.zeros(FLUTTERS),
        flutter_hz=3.0,
    )
    return replace(note, **changes)


def strongest_hz(samples, rate, low, high):
    power = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 8 * len(samples)))
    hertz = np.fft.rfftfreq(8 * len(samples), 1 / rate)
    inside = (hertz > low) & (hertz < high)
    return hertz[inside][np.argmax(power[inside])]


@pytest.mark.parametrize("f0_hz", [55.0, 220.0, 1318.5])
def test_what_was_taken_apart_sounds_the_same(f0_hz):
    sound = synthesise(plucked(), f0_hz, seconds=3.0, sample_rate=RATE, seed=1)
    found = analyse(0.1 * sound, RATE, f0_hz * 1.01)
    assert abs(1200 * np.log2(found.f0_hz / f0_hz)) < 3.0
    assert found.loudness_db == pytest.approx(
        20 * np.log10(0.1 * loudest_rms(sound, RATE)), abs=0.3
    )
    again = synthesise(found.note, found.f0_hz, seconds=3.0, sample_rate=RATE, seed=2)
    true, made = (
        log_mel_db(Clip(x[None], RATE)) for x in (sound, again * loudest_rms(sound, RATE))
    )
    assert log_mel_distance_db(made, true) < 3.0
    silent = np.full_like(true, true.min())
    assert log_mel_distance_db(made, true) < 0.2 * log_mel_distance_db(silent, true)


def test_levels_of_partials_are_found():
    bright = plucked()
    bright.partials_db[:, 2] += 12.0
    sound = synthesise(bright, 200.0, seconds=3.0, sample_rate=RATE)
    found = analyse(sound, RATE, 200.0).note
    apart = found.partials_db[20:40, :8] - bright.partials_db[20:40, :8]
    assert np.abs(apart - apart.mean()).max() < 1.5


def test_a_stiff_string_and_a_bell_keep_their_partials_places():
    places = partial_ratios(OWN_PLACES, 4e-4, np.zeros(0)) - N
    string = plucked(inharmonicity=4e-4, places=places)
    stiff = analyse(synthesise(string, 110.0, seconds=2.0, sample_rate=RATE), RATE, 110.0).note
    assert stiff.inharmonicity == pytest.approx(4e-4, rel=0.15)
    places = np.zeros(OWN_PLACES)
    places[2] = -0.24
    bell = synthesise(plucked(places=places), 440.0, seconds=2.0, sample_rate=RATE)
    assert analyse(bell, RATE, 440.0).note.places[2] == pytest.approx(-0.24, abs=0.01)
    assert strongest_hz(bell, RATE, 1150, 1500) == pytest.approx(2.76 * 440.0, abs=1.0)


def test_vibrato_is_found_as_rate_and_depth():
    note = plucked(decay_db=0.0, vibrato_hz=6.0, vibrato_cents=15.0)
    found = analyse(synthesise(note, 440.0, seconds=3.0, sample_rate=RATE), RATE, 440.0).note
    assert found.vibrato_hz == pytest.approx(6.0, abs=0.3)
    assert found.vibrato_cents == pytest.approx(15.0, abs=4.0)
    steady = analyse(
        synthesise(plucked(decay_db=0.0), 440.0, seconds=3.0, sample_rate=RATE), RATE, 440.0
    ).note
    assert steady.vibrato_cents == 0.0


def test_an_organs_lower_octave_is_no_noise():
    halves = np.full((KNOTS, HALVES), FLOOR_DB)
    halves[:48, 0] = -6.0
    sound = synthesise(plucked(0.0, halves_db=halves), 440.0, seconds=3.0, sample_rate=RATE)
    found = analyse(sound, RATE, 440.0).note
    assert found.halves_db[24, 0] - found.partials_db[24, 0] == pytest.approx(-4.0, abs=1.0)
    assert found.noise_db[24, :4].max() < -40.0


def test_a_choir_wavers_and_a_pipe_does_not():
    def spread(note):
        sound = synthesise(note, 300.0, seconds=3.0, sample_rate=RATE, seed=4)
        parts = sound[8000:32000].reshape(-1, 800)
        return np.std(10 * np.log10((parts**2).mean(axis=1)))

    choir = plucked(0.0, flutter=np.full(FLUTTERS, 0.9))
    assert spread(choir) > 4 * spread(plucked(0.0))
    found = analyse(synthesise(choir, 300.0, seconds=3.0, sample_rate=RATE, seed=4), RATE, 300.0)
    assert found.note.flutter[:3].min() > 0.4


def test_held_notes_stay_or_decay_and_released_ones_end():
    at = np.array([1.0, 2.3, 4.0])
    decaying = played(plucked().partials_db, at, held_s=5.0)[:, 0]
    assert decaying == pytest.approx([-22.0, -48.0, -82.0], abs=0.7)
    steady = played(plucked(0.0).partials_db, at, held_s=5.0)[:, 0]
    assert steady == pytest.approx([-2.0, -2.0, -2.0], abs=0.01)
    short = played(plucked(0.0).partials_db, np.array([0.2, 0.3, 0.5]), held_s=0.2)[:, 0]
    assert short[0] == pytest.approx(-2.0, abs=0.1)
    assert short[1] < -15.0
    assert short[2] < -55.0


def test_same_seed_same_sound_and_any_length():
    note = plucked(flutter=np.full(FLUTTERS, 0.5))
    first = synthesise(note, 220.0, seconds=1.0, seed=5)
    assert np.array_equal(first, synthesise(note, 220.0, seconds=1.0, seed=5))
    assert not np.array_equal(first, synthesise(note, 220.0, seconds=1.0, seed=6))
    for seconds in (0.05, 0.3, 6.0):
        assert len(synthesise(note, 220.0, seconds=seconds, held_s=0.1)) == round(seconds * 32000)


def test_pitch_is_the_one_asked_for_even_with_a_glide():
    cents = np.where(KNOT_TIMES_S < 0.05, -40.0, 0.0)
    sound = synthesise(plucked(cents=cents), 441.0, seconds=2.0, sample_rate=RATE)
    assert strongest_hz(sound[4000:], RATE, 400, 480) == pytest.approx(441.0, abs=0.3)


def test_a_note_as_the_network_reads_it_and_back():
    note = plucked(inharmonicity=1e-4, vibrato_cents=12.0, flutter=np.full(FLUTTERS, 1.0))
    again = note_of(flat_levels(note), note.cents, traits_of(note))
    assert again.inharmonicity == pytest.approx(1e-4)
    assert again.vibrato_cents == pytest.approx(12.0)
    np.testing.assert_allclose(again.flutter, note.flutter)
    loud = note.partials_db > FLOOR_DB + 6.0
    np.testing.assert_allclose(again.partials_db[loud], note.partials_db[loud])
    assert again.partials_db.shape == (KNOTS, PARTIALS)
    # Small errors are put right: a string's partials stand in their row, and are steady.
    row = partial_ratios(OWN_PLACES, 1e-4, np.zeros(0)) - N
    string = replace(note, places=row + 0.02, flutter=np.full(FLUTTERS, 0.1))
    settled = note_of(flat_levels(string), string.cents, traits_of(string))
    np.testing.assert_allclose(settled.places[1:], row[1:])
    assert settled.flutter.max() == 0.0
