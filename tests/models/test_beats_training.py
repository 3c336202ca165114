"""The beats network's training: examples, targets, the loss, and the way to numpy."""

import json

import numpy as np
import pytest

from core.hearing.beat_frames import FEATURES, FRAME_S, PARTS
from core.hearing.beats_network import METRE_NAMES, METRES, TEMPI, Network, tempo_s
from training import beats, beats_examples, beats_songs
from training.beats_examples import STEPS, Drawn, taught_of
from training.stem_parts import Line, Song


def piece(number, beat_s=0.5):
    """Bars of 4/4: a long first note, quarters, two eighths; and chords on every other beat."""
    beats_s = beat_s * np.arange(96)
    tune, chords = [], []
    for beat, start in enumerate(beats_s):
        pitch = 60 + (beat + beat // 4 + number) % 12
        loud = 100 if beat % 4 == 0 else 70
        if beat % 4 == 3:
            half = start + beat_s / 2
            tune += [(start, half, pitch, loud), (half, half + beat_s / 2, pitch + 2, loud)]
        else:
            tune.append((start, start + beat_s, pitch, loud))
        if beat % 2 == 0:
            chords += [(start, start + 2 * beat_s, pitch - 12 - n, loud) for n in (0, 4, 7)]
    song = Song(
        Line(73, np.array(tune)), {"piano": [Line(0, np.array(chords))], "drums": []},
        np.column_stack([beats_s, np.arange(96) % 4]), [(4, 4)] * 96,
    )  # fmt: skip
    return beats_songs.of_song("midi_arranged", song)


def test_pieces_are_stored_as_they_are(tmp_path):
    made = [piece(0), piece(1, 0.4)]
    beats_songs.save(made, tmp_path / "train.npz")
    for song, read in zip(made, beats_songs.load(tmp_path / "train.npz"), strict=True):
        assert [kind for kind, _ in read.lines] == [beats_songs.SOLO, beats_songs.CHORDS]
        for (_, notes), (_, again) in zip(song.lines, read.lines, strict=True):
            np.testing.assert_allclose(again, notes, rtol=1e-5)
        np.testing.assert_allclose(read.beats, song.beats, rtol=1e-5)
        assert (read.metres == 4).all()


def test_a_plain_stretch_keeps_its_tempo_and_its_notes_are_on_its_beats():
    solo = next(beats_examples.stream([piece(0)], np.random.default_rng(0), plain=True))
    np.testing.assert_allclose(np.diff(solo.beats[:, 0]), 0.5, atol=1e-4)
    starts = np.array([note.start_s for note in solo.notes])
    away = np.abs(starts[:, None] - np.arange(-1, 100) * 0.25 - solo.beats[0, 0]).min(axis=1)
    assert np.median(away) < 0.02
    assert solo.metre == (4, 4)


def test_other_stretches_are_played_a_little_faster_or_slower_and_unlike_each_other():
    solos = beats_examples.stream([piece(0)], np.random.default_rng(0))
    periods = [float(np.median(np.diff(next(solos).beats[:, 0]))) for _ in range(40)]
    assert 0.33 < min(periods) < 0.47
    assert 0.53 < max(periods) < 0.8


def test_targets_are_at_beats_and_bar_lines_and_name_tempo_and_metre():
    solo = Drawn([], 10.0, np.column_stack([1.01 + 0.6 * np.arange(12), np.arange(12) % 3]), (3, 4))
    rows, whole = taught_of(solo)
    frames = rows[:, :-1].reshape(-1, 2)
    assert (np.flatnonzero(frames[:, 0] == 1) == np.floor(solo.beats[:, 0] / FRAME_S)).all()
    assert (frames[:, 1] == 1).sum() == 4
    assert tempo_s()[whole[:TEMPI].argmax()] == pytest.approx(0.6, rel=0.03)
    assert METRE_NAMES[whole[TEMPI:].argmax()] == (3, 4)
    known = rows[:, -1]
    assert known[round(4 / FRAME_S / PARTS)] == 1
    assert not known[round(10.2 / FRAME_S / PARTS) :].any()
    assert not known[: int(0.8 / FRAME_S / PARTS)].any()


def test_the_loss_is_least_for_the_truth_and_looks_where_beats_are_known_alone():
    rng = np.random.default_rng(0)
    frames = (rng.random((2, 30, PARTS * 2)) < 0.2).astype(np.float32)
    known = np.ones((2, 30, 1), np.float32)
    known[1, 24:] = 0
    whole = np.concatenate([np.eye(TEMPI)[[3, 17]], np.eye(METRES)[[0, 2]]], axis=1)
    whole = np.repeat(whole[:, None].astype(np.float32), 30, axis=1)
    target = np.concatenate([frames, known, whole], axis=2)
    right = np.concatenate([12 * frames - 6, 12 * whole - 6], axis=2).astype(np.float32)

    def value(said):
        return float(beats.loss(target, said))

    assert value(right) < 0.05
    for column in (0, 1, PARTS * 2 + 3, PARTS * 2 + TEMPI):
        wrong = right.copy()
        wrong[0, :, column] *= -1
        assert value(wrong) > value(right) + 0.02
    unknown = right.copy()
    unknown[1, 24:, : PARTS * 2] *= -1
    assert value(unknown) == pytest.approx(value(right), abs=1e-6)


def test_beats_are_learnt_and_are_the_same_in_keras_and_numpy(tmp_path):
    for number, (split, count) in enumerate((("valid", 4), ("train", 12))):
        solos = beats_examples.stream([piece(n) for n in range(4)], np.random.default_rng(number))
        beats_examples.write(solos, count, tmp_path, split)
    out = tmp_path / "out"
    best = beats.train(tmp_path, out, minutes=5, steps=60, width=8, batch=4, check_every=10,
                       dropout=0.0, peak=0.02)  # fmt: skip
    rows = (out / "history.csv").read_text().splitlines()
    assert best < 0.8 * float(rows[1].split(",")[3])
    headline = json.loads((out / "headline.json").read_text())
    assert 0 <= headline["value"] <= 1

    from core.hearing.beats_model import build

    model = build(width=8)
    model.load_weights(out / "best.weights.h5")
    shown = np.load(tmp_path / "valid-shown.npy")[:1].astype(np.float32)
    sounds = int(shown[0, :, -1].sum())
    assert sounds < STEPS
    said = np.asarray(model(shown))[0]
    frames, whole = Network.read(out / "best.weights.h5").logits(
        shown[0, :sounds, :-1].reshape(-1, FEATURES)
    )
    np.testing.assert_allclose(frames.reshape(sounds, -1), said[:sounds, : PARTS * 2], atol=1e-4)
    np.testing.assert_allclose(whole, said[0, PARTS * 2 :], atol=1e-4)
