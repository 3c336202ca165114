"""Sound of scores: loudness, peaks, stems, endings, and the SoundFont that is cut to fit."""

import dataclasses
import hashlib
from pathlib import Path

import numpy as np
import pretty_midi
import pytest

from core import soundfont
from core.audio import loudness_lufs
from core.errors import UserInputError
from core.score import Note, Score, Track
from core.synth import RING_S, SAMPLE_RATE, mix, pan, render, render_stems
from core.workers import rendered_wav
from tests.unit.scores import song

BUNDLED = Path(pretty_midi.__file__).with_name("TimGM6mb.sf2")


@pytest.fixture(autouse=True)
def _bundled(monkeypatch):
    monkeypatch.setenv("ENCORE_SOUNDFONT", str(BUNDLED))


@pytest.fixture(scope="module")
def stems():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ENCORE_SOUNDFONT", str(BUNDLED))
        return render_stems(song(2))


def test_loudness_peak_length_and_ending(stems):
    score, clip = song(2), mix(stems)
    assert (clip.channels, clip.sample_rate) == (2, SAMPLE_RATE)
    assert clip.length == round((score.duration_s + RING_S) * SAMPLE_RATE)
    assert loudness_lufs(clip) == pytest.approx(-16, abs=0.3)
    assert clip.peak() <= 10 ** (-1 / 20)
    assert np.abs(clip.samples[:, -50:]).max() < 1e-4
    after = clip.samples[:, round(score.duration_s * SAMPLE_RATE) :]
    assert np.abs(after[:, : SAMPLE_RATE // 4]).max() > 0.003  # it rings out


def test_stems_are_aligned_and_sum_to_the_mix(stems):
    assert len({stem.length for stem in stems}) == 1
    total = sum(stem.samples for stem in stems)
    gain = mix(stems).samples / np.where(np.abs(total) > 1e-3, total, np.nan)
    quiet = np.nanmedian(gain)
    assert np.nanpercentile(np.abs(gain / quiet - 1), 50) < 0.01
    # Each begins with its first note, within the 10 ms that a hammer takes.
    assert all(np.abs(stem.samples[:, :1000]).max() > 1e-4 for stem in stems)


def test_the_same_score_gives_the_same_samples(stems):
    again = render_stems(song(2), tracks=[1, 4])
    assert again[1].sha256() == stems[1].sha256()
    assert again[4].sha256() == stems[4].sha256()
    assert again[0].peak() == 0.0


def test_nothing_to_play_is_silence():
    assert render(Score((), 1)).peak() == 0.0
    assert render(song(1), tracks=[]).peak() == 0.0


def test_the_pitch_is_the_notes():
    clip = render(Score((Track("A", 73, (Note(0, 69, 96),)),), 1))
    samples = clip.mono()[SAMPLE_RATE // 4 : SAMPLE_RATE]
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    hz = spectrum.argmax() * SAMPLE_RATE / len(samples)
    assert min(abs(hz / (440 * k) - 1) for k in (1, 2)) < 0.01


def test_loud_dense_chords_do_not_clip():
    notes = tuple(Note(0, pitch, 48, 127) for pitch in range(24, 108))
    stem = render_stems(Score((Track("A", 19, notes),), 1))[0]
    flat = np.diff(stem.samples[0]) == 0
    loud = np.abs(stem.samples[0][1:]) > 0.9 * stem.peak()
    assert not (flat & loud).any()


def test_tracks_sit_apart_and_bass_and_drums_in_the_middle(stems):
    places = [pan(song(2), at) for at in range(5)]
    assert places[2] == places[4] == 64
    assert len(set(places)) == 4
    left, right = (np.square(stems[0].samples[side]).sum() for side in (0, 1))
    assert (left > right) == (places[0] < 64)


def test_a_piece_too_long_is_refused_and_work_can_be_stopped():
    with pytest.raises(UserInputError, match="15 minutes"):
        render(dataclasses.replace(song(1), bars=1000))

    def stop(fraction):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        render(song(1), progress=stop)


def test_a_cut_soundfont_sounds_as_the_whole_one_and_is_small():
    from core.synth import _midi_of

    score = song(1)
    for track in score.tracks[1], score.tracks[4]:
        bank = soundfont.DRUM_BANK if track.is_drum else 0
        midi = _midi_of(score, track, 64, 70)
        cut = soundfont.preset(BUNDLED, bank, track.program)
        assert len(cut) < BUNDLED.stat().st_size / 5
        assert rendered_wav(cut, midi) == rendered_wav(BUNDLED.read_bytes(), midi)


def test_a_sound_says_which_soundfont_it_was_played_with():
    told = soundfont.played_with()
    assert BUNDLED.name in told
    assert hashlib.sha256(BUNDLED.read_bytes()).hexdigest() in told


def test_a_preset_that_is_missing_and_a_file_that_is_no_soundfont(tmp_path):
    assert soundfont.preset(BUNDLED, 77, 3) == soundfont.preset(BUNDLED, 0, 0)
    for data in (
        b"RIFF",
        b"RIFF\4\0\0\0sfbk",
        b"RIFF\4\0\0\0sfbkLIST\xff\xff\xff\x7fINFO",
        b"x" * 99,
    ):
        path = tmp_path / f"{len(data)}.sf2"
        path.write_bytes(data)
        with pytest.raises(ValueError, match="SoundFont"):
            soundfont.preset(path, 0, 0)


def test_the_renderer_says_why_it_failed():
    with pytest.raises(RuntimeError, match="midirenderer failed"):
        rendered_wav(b"no soundfont", b"no midi")
