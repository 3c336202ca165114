"""Sound of notes in seconds: when, how high, how long, and never clipped."""

import io
from pathlib import Path

import numpy as np
import pretty_midi
import pytest
import soundfile as sf

from core import synth
from core.synth_notes import DRUMS, SAMPLE_RATE, as_played, render_notes

BUNDLED = Path(pretty_midi.__file__).with_name("TimGM6mb.sf2")


def notes(*rows):
    return np.array(rows, np.float64).reshape(-1, 4)


def played(rows, program, seconds, **options):
    return render_notes(notes(*rows), program, seconds, soundfont=BUNDLED, **options)


def test_notes_sound_when_they_should_off_any_grid():
    onsets = 0.3217, 1.1043
    clip = played([(at, at + 0.1, 84, 100) for at in onsets], 115, 2.0, reverb_send=0)
    assert (clip.channels, clip.sample_rate, clip.length) == (2, SAMPLE_RATE, 2 * SAMPLE_RATE)
    sound = np.abs(clip.mono()) > 1e-4
    for at in onsets:
        start = round(at * SAMPLE_RATE)
        assert not sound[start - 2000 : start - 5].any()
        assert sound[start : start + round(0.006 * SAMPLE_RATE)].any()


def test_the_pitch_and_the_end_are_the_notes():
    clip = played([(0.0, 0.6, 69, 100), (0.6, 1.9, 57, 100)], 19, 2.0)
    for start, hz in (0.2, 440.0), (1.0, 220.0):
        part = clip.between(start, start + 0.4).mono()
        spectrum = np.abs(np.fft.rfft(part * np.hanning(len(part)), 2**17))
        found = spectrum.argmax() * SAMPLE_RATE / 2**17
        assert min(abs(found / (hz * k) - 1) for k in (0.5, 1, 2, 4)) < 0.01
    assert np.abs(clip.samples[:, -1]).max() < 1e-4


def test_drums_are_a_kit_whatever_the_program():
    kick = played([(0.0, 0.1, 36, 110)], DRUMS, 0.5).mono()
    hat = played([(0.0, 0.1, 42, 110)], DRUMS, 0.5).mono()

    def centre_hz(x):
        power = np.abs(np.fft.rfft(x)) ** 2
        return (power * np.fft.rfftfreq(len(x), 1 / SAMPLE_RATE)).sum() / power.sum()

    assert centre_hz(kick) < 500 < 3000 < centre_hz(hat)


def test_what_is_too_loud_for_the_renderer_is_rendered_softer_and_turned_up(monkeypatch):
    sine = np.sin(np.arange(4800) / 20)

    def renderer(soundfont, volume):
        loud = 3.0 * (int(volume) / 70) ** 2 * sine
        out = io.BytesIO()
        sf.write(out, np.clip(np.stack([loud, loud], 1), -1, 1), 48_000, "PCM_16", format="WAV")
        return out.getvalue()

    monkeypatch.setattr(synth, "rendered_wav", renderer)
    clip = synth.unclipped(b"", lambda volume: str(volume).encode())
    assert clip.samples == pytest.approx(np.tile(3 * sine, (2, 1)), abs=1e-3)


def test_loud_dense_chords_are_not_flat_at_the_top():
    clip = played([(0.0, 0.9, pitch, 127) for pitch in range(24, 108)], 19, 1.0)
    flat = np.diff(clip.samples[0]) == 0
    assert not (flat & (np.abs(clip.samples[0][1:]) > 0.9 * clip.peak())).any()


def test_one_pitch_never_sounds_twice_at_once():
    out = as_played(
        notes((1.0, 3.0, 60, 90), (2.0, 2.5, 60, 80), (1.0, 1.5, 60, 70), (1.0, 1.0, 64.4, 300))
    )
    assert out.tolist() == [[1, 2, 60, 90], [1, 1.01, 64, 127], [2, 2.5, 60, 80]]
    assert as_played(np.zeros((0, 4))).shape == (0, 4)


def test_the_same_notes_give_the_same_samples_and_none_are_silence():
    rows = [(0.1, 0.4, 60, 90), (0.2, 0.5, 67, 90)]
    assert played(rows, 4, 0.6).sha256() == played(rows[::-1], 4, 0.6).sha256()
    assert played([], 4, 0.6).peak() == 0.0
    assert played([(0.7, 0.9, 60, 90)], 4, 0.6).peak() == 0.0


@pytest.mark.parametrize("row", [(-0.1, 1, 60, 90), (0, np.nan, 60, 90)])
def test_notes_that_cannot_be_played(row):
    with pytest.raises(ValueError, match="notes must be"):
        as_played(notes(row))
