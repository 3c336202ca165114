"""Hearing a solo with the shipped networks: tunes, chords, and what is no tune."""

from pathlib import Path

import numpy as np
import pretty_midi
import pytest

from core import transcription
from core.audio import Clip
from core.errors import UserInputError
from core.hearing.measures import note_f
from core.metrics import beat_f
from core.score import Key, Note, Score, Track
from core.synth_notes import DRUMS, render_notes
from core.transcription import hear, heard_of_score, transcribe

RATE = 22050
FONT = Path(pretty_midi.__file__).with_name("TimGM6mb.sf2")
FLUTE, PIANO = 73, 0
# A verse in C, 4/4: (pitch, quarters)
TUNE = (
    (60, 1), (62, 1), (67, 1), (64, 1), (69, 0.5), (71, 0.5), (69, 1), (67, 2),
    (65, 1), (69, 1), (64, 1), (67, 1), (62, 0.5), (64, 0.5), (62, 1), (60, 2),
)  # fmt: skip
QUARTER_S = 0.5


def tune_notes(start_s=0.2):
    at = start_s + QUARTER_S * np.concatenate([[0], np.cumsum([length for _, length in TUNE])])
    return np.array(
        [(a, a + 0.9 * (b - a), pitch, 90) for (pitch, _), a, b in
         zip(TUNE, at[:-1], at[1:], strict=True)]
    )  # fmt: skip


def rendered(notes, program, seconds=9.0):
    clip = render_notes(notes, program, seconds, reverb_send=0, soundfont=FONT)
    return clip.with_channels(1).resampled(RATE)


@pytest.fixture(scope="module")
def tune():
    return rendered(tune_notes(), FLUTE)


def test_a_tune_is_heard_with_its_beats_key_and_chords(tune):
    said = []
    heard = hear(tune, said.append)
    assert said == sorted(said)
    assert said[-1] == 1.0
    assert note_f(heard.notes, tune_notes()) > 0.9
    inside = np.array([t for t in heard.grid.beats_s if 0.1 < t < 8.1])
    assert beat_f(inside, 0.2 + QUARTER_S * np.arange(16)) > 0.6  # every other beat at least
    assert heard.grid.beats_s[0] < 0.5
    assert heard.grid.beats_s[-1] >= tune.duration_s
    assert heard.key == Key(0, "major")
    assert heard.chords[0].root == 0
    assert heard.steady > 0.4
    assert abs(heard.tuning_cents) < 6


@pytest.mark.parametrize("a4_hz", [435.0, 450.0])
def test_a_tune_out_of_tune_is_heard_as_the_same_notes(tune, a4_hz):
    samples = tune.samples[0]
    places = np.arange(0, len(samples) - 1, a4_hz / 440)
    sharp = Clip(np.interp(places, np.arange(len(samples)), samples)[None], RATE)
    found = transcribe(sharp)
    assert found.tuning_cents == pytest.approx(1200 * np.log2(a4_hz / 440), abs=6)
    true = tune_notes()
    true[:, :2] *= 440 / a4_hz
    assert note_f(found.notes, true) > 0.9


def test_chords_are_heard():
    rows = [
        (0.2 + n * 0.8, 0.9 + n * 0.8, pitch, 90)
        for n, chord in enumerate([(60, 64, 67), (57, 60, 65), (59, 62, 67), (60, 64, 67)] * 2)
        for pitch in chord
    ]
    notes = np.array(rows)
    assert note_f(transcribe(rendered(notes, PIANO, 7.0)).notes, notes) > 0.7


def test_loudness_and_channels_do_not_matter(tune):
    plain = transcribe(tune)
    quiet = transcribe(Clip(np.repeat(tune.samples, 2, axis=0) * np.float32(0.05), RATE))
    assert [n.pitch for n in quiet.notes] == [n.pitch for n in plain.notes]


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros(4 * RATE),
        np.zeros(0),
        0.1 * np.random.default_rng(0).standard_normal(4 * RATE),
        0.3 * np.sin(2 * np.pi * 50 * np.arange(4 * RATE) / RATE),
    ],
    ids=["silence", "nothing", "noise", "hum"],
)
def test_what_has_no_tune_is_an_error_that_says_what_to_choose(samples):
    with pytest.raises(UserInputError, match="choose one where"):
        hear(Clip(samples[None], RATE))


def test_drums_alone_are_no_tune():
    rows = [(0.25 * n, 0.25 * n + 0.1, (36, 42, 38, 42)[n % 4], 100) for n in range(32)]
    clip = rendered(np.array(rows), DRUMS, 8.0)
    with pytest.raises(UserInputError, match="without drums"):
        hear(clip)


def test_gliding_tones_like_speech_have_few_notes():
    times = np.arange(8 * RATE) / RATE
    pitch = 130 * 2 ** (0.35 * np.sin(4.4 * times) + 0.2 * np.sin(14.5 * times))
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    gate = np.sin(23.2 * times) + 0.5 * np.sin(8.2 * times) > 0
    voice = sum(np.sin(k * phase) / k for k in range(1, 16)) * gate
    assert transcribe(Clip(0.2 * voice[None], RATE)).covered < 0.5


def test_a_full_mix_still_gives_a_grid_over_the_whole_clip(tune):
    rows = [(0.2 + 0.5 * n, 0.5 + 0.5 * n, (36, 38)[n % 2], 90) for n in range(16)]
    bass = [(0.2 + n, 1.0 + n, (36, 43)[n % 2], 90) for n in range(8)]
    mix = tune.samples + rendered(np.array(rows), DRUMS).samples
    heard = hear(Clip(mix + rendered(np.array(bass), 33).samples, RATE))
    assert len(heard.notes) >= 8
    assert heard.grid.beats_s[-1] >= 9.0
    assert 0 <= heard.steady <= 1


def test_two_seconds_of_a_tune_give_something_to_play_to(tune):
    heard = hear(tune.between(0.0, 2.0))
    assert [note.pitch for note in heard.notes][:3] == [60, 62, 67]
    assert heard.grid.beats_s[-1] >= 2.0
    assert heard.steady < 0.6  # four notes say little


def test_a_score_says_its_own_beats_and_key():
    notes = tuple(Note(24 * n, p, 24) for n, p in enumerate((62, 66, 69, 66, 62, 66)))
    drums = Track("kit", 0, (Note(0, 36, 6),), is_drum=True)
    score = Score((Track("tune", 0, notes), drums), 2, 90.0, 3, 4, Key(2, "major"))
    heard = heard_of_score(score)
    assert (heard.grid.beats, heard.grid.beat_unit, heard.grid.first_beat) == (3, 4, 0)
    assert heard.grid.tempo_bpm == pytest.approx(90.0)
    np.testing.assert_allclose(heard.grid.to_ticks([n.start_s for n in heard.notes]),
                               24 * np.arange(6), atol=1e-6)  # fmt: skip
    assert heard.key == Key(2, "major")
    assert (heard.chords[0].root, heard.chords[0].quality) == (2, "major")
    assert heard.steady == 1.0
    with pytest.raises(UserInputError):
        heard_of_score(Score((drums,), 1))


def test_an_organ_whose_partials_are_all_alike_is_heard_on_a_second_look(monkeypatch):
    """In which octave is another matter: its lowest pipes sound an octave or two below."""
    notes = tune_notes()
    times = np.arange(round(9.0 * RATE)) / RATE
    samples = np.zeros(len(times), np.float32)
    for start, end, pitch, _ in notes:
        at = (times >= start) & (times < end)
        for partial in (0.5, 1, 1.5, 2, 3, 4, 5, 6, 8):
            hz = partial * 440.0 * 2 ** ((pitch - 69) / 12)
            samples[at] += 0.05 * np.sin(2 * np.pi * hz * (times[at] - start))
    first = transcribe(Clip(samples[None], RATE))
    monkeypatch.setattr(transcription, "LEAST_COVERED", 0.4)
    second = transcribe(Clip(samples[None], RATE))
    assert first.covered < 0.4 < transcription.LEAST_COVERED_FAINTLY <= second.covered
    told = [min(second.notes, key=lambda note: abs(note.start_s - row[0])) for row in notes]
    right = [(note.pitch - row[2]) % 12 == 0 for note, row in zip(told, notes, strict=True)]
    assert np.mean(right) >= 0.7
