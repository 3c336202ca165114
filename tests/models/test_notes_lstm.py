import csv
import dataclasses
import json

import keras
import numpy as np
import pytest

from core import loaders
from core.composition import note_names, notes_lstm
from core.composition.controls import Controls, Redraw
from core.composition.notes_lstm import NotesLstm
from core.composition.notes_lstm_model import Carried, build
from core.errors import ModelUnavailableError, UserInputError
from core.registry import file_sha256
from core.score import Note, Score, Track
from tests.models.entries import entry
from training import notes_lstm as training
from training.register import register
from training.saving import save_weights

WORDS = ["0.4.7", "5", "7.11", "C4", "C5", "E-4", "E4", "F#3", "G4"]
WINDOW = 6


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A weights folder with a tiny notes-lstm of random weights; its entry of the manifest."""
    monkeypatch.setenv("ENCORE_WEIGHTS_DIR", str(tmp_path))
    monkeypatch.setattr(loaders, "_loaded", {})
    keras.utils.set_random_seed(3)
    model = build(len(WORDS), WINDOW, 12, 8)
    save_weights(model, tmp_path / "new.weights.h5", half=False)
    corpus = np.random.default_rng(0).integers(0, len(WORDS), 40).tolist()
    vocabulary = tmp_path / "notes-lstm.vocabulary.json"
    vocabulary.write_text(json.dumps({"words": WORDS, "corpus": corpus}))
    table = entry(
        job="compose",
        engine="notes-lstm",
        builder="core.composition.notes_lstm_model:build",
        input_shape=[1, WINDOW, 1],
        output_shape=[1, len(WORDS)],
        vocabulary_sha256=file_sha256(vocabulary),
        config={"n_vocab": len(WORDS), "window": WINDOW, "units": 12, "hidden": 8},
        file=None, bytes=None, sha256=None, keras_version=None,
    )  # fmt: skip
    return register(tmp_path / "new.weights.h5", "notes-lstm", table, tmp_path)


def test_the_network_is_that_of_the_appendix():
    model = build(50)
    kinds = [type(layer).__name__ for layer in model.layers]
    assert kinds == [
        "LSTM", "LSTM", "LSTM", "BatchNormalization", "Dropout", "Dense", "Activation",
        "BatchNormalization", "Dropout", "Dense", "Activation",
    ]  # fmt: skip
    recurrent = model.layers[:3]
    assert [layer.units for layer in recurrent] == [512] * 3
    assert [layer.recurrent_dropout for layer in recurrent] == [0.3, 0.3, 0.0]
    assert [layer.return_sequences for layer in recurrent] == [True, True, False]
    assert model.input_shape == (None, 100, 1)
    lstm = 4 * 512 * (1 + 512 + 1) + 2 * 4 * 512 * (512 + 512 + 1)
    norm = 4 * (512 + 256)
    assert model.count_params() == lstm + norm + 513 * 256 + 257 * 50


def test_the_carried_state_reads_a_first_window_as_the_network_does():
    keras.utils.set_random_seed(1)
    model = build(9, 6, 12, 8)
    values = np.random.default_rng(0).random(9).astype(np.float32)
    steps, state = Carried(model), None
    said = []
    for value in values:
        probabilities, state = steps.step(float(value), state)
        said.append(probabilities)
    whole = [np.asarray(model(values[None, i : i + 6, None]))[0] for i in range(4)]
    np.testing.assert_allclose(said[5], whole[0], atol=1e-6)
    assert np.abs(said[8] - whole[3]).max() > 1e-5


def test_argmax_is_the_published_loop(installed):
    loaded = loaders.load_model("notes-lstm")
    vocabulary = notes_lstm.Words(loaded)
    window = vocabulary.start(np.random.default_rng(5), None)
    expected = []
    for _ in range(16):
        batch = np.array(window, np.float32)[None, :, None] / len(WORDS)
        window = [*window[1:], int(np.argmax(loaded.model.predict(batch, verbose=0)))]
        expected.append(window[-1])
    made = NotesLstm(carried=False).compose(None, 2, seed=5).score
    notes = vocabulary.notes(expected, range(0, 192, 12), 192)
    assert made.tracks == (Track("Piano", 0, tuple(notes)),)
    assert {note.start for note in notes} == set(range(0, 192, 12))
    first = NotesLstm().compose(None, 1, seed=5).score.tracks[0].notes
    assert [n.pitch for n in first if n.start == 0] == [n.pitch for n in notes if n.start == 0]


def test_seeds_temperature_and_repeatability(installed):
    engine, warm = NotesLstm(), Controls(temperature=1.0)
    pieces = [engine.compose(None, 2, seed=s, controls=warm).score for s in (0, 1, 0)]
    assert pieces[0] == pieces[2] != pieces[1]
    assert engine.compose(None, 2, seed=0).score != pieces[0]
    said = np.array([0.05, 0.7, 0.25], np.float32)
    rng = np.random.default_rng(0)
    hot, cold = (
        np.bincount([notes_lstm.drawn(said, t, rng) for _ in range(4000)], minlength=3) / 4000
        for t in (1.0, 0.5)
    )
    np.testing.assert_allclose(hot, said, atol=0.03)
    np.testing.assert_allclose(cold, said**2 / (said**2).sum(), atol=0.03)
    assert notes_lstm.drawn(said, 0.0, rng) == 1


def test_a_primer_is_kept_and_becomes_the_window(installed):
    melody = tuple(Note(24 * i, pitch, 20) for i, pitch in enumerate([60, 63, 72, 66, 60, 64]))
    drums = Track("Drums", 0, (Note(0, 38, 6),), is_drum=True)
    primer = Score((Track("Flute", 73, melody), drums), 2, 90.0, 3, 4)
    words = notes_lstm.Words(loaders.load_model("notes-lstm"))
    window = words.start(np.random.default_rng(0), primer)
    names = [words.names[i] for i in window]
    assert names == ["C4", "E-4", "C5", "F#3", "C4", "E4"]
    made = NotesLstm().compose(primer, 2, seed=0)
    score = made.score
    assert score.tracks[:2] == primer.tracks
    assert (score.bars, score.tempo_bpm, score.beats, score.tracks[2].program) == (4, 90.0, 3, 0)
    new = score.tracks[2].notes
    assert (min(n.start for n in new), max(n.end for n in new)) == (144, 288)
    assert set(made.choices) == {(2, note) for note in new}
    only = dataclasses.replace(primer, tracks=(drums,))
    with pytest.raises(UserInputError, match="no notes but drums"):
        NotesLstm().compose(only, 2, seed=0)
    with pytest.raises(UserInputError, match="left to right"):
        NotesLstm().compose(None, 2, seed=0, redraw=Redraw(score, frozenset({1}), frozenset({0})))


def test_choices_are_what_the_softmax_says_of_each_pitch(installed):
    words = notes_lstm.Words(loaders.load_model("notes-lstm"))
    said = np.array([0.3, 0.05, 0.1, 0.2, 0.05, 0.1, 0.1, 0.05, 0.05], np.float32)
    found = {choice.pitch: choice.probability for choice in words.choices(said, 7)}
    assert found[60] == pytest.approx(0.5)  # C4 alone, and in the chord 0.4.7
    assert found[64] == pytest.approx(0.4)
    assert 54 in found  # the note's own, though it is not among the likeliest


def test_progress_and_watch_follow_the_bars_and_may_stop(installed):
    marks, seen = [], []
    engine = NotesLstm()
    engine.compose(None, 4, seed=0, progress=marks.append, watch=seen.append)
    assert marks == sorted(marks)
    assert marks[-1] == 1.0
    assert [max(n.start for n in s.tracks[0].notes) // 96 for s in seen] == [0, 1, 2, 3]

    class StopError(Exception):
        pass

    def stop(fraction):
        raise StopError

    with pytest.raises(StopError):
        engine.compose(None, 4, seed=0, progress=stop)


def test_a_changed_vocabulary_is_refused(installed, tmp_path):
    path = tmp_path / "notes-lstm.vocabulary.json"
    path.write_text(path.read_text().replace("C4", "D4"))
    with pytest.raises(ModelUnavailableError, match="damaged vocabulary"):
        NotesLstm().compose(None, 2, seed=0)
    path.unlink()
    with pytest.raises(ModelUnavailableError, match="missing its vocabulary"):
        NotesLstm().compose(None, 2, seed=0)


@pytest.mark.parametrize(
    ("pitches", "word"),
    [([60], "C4"), ([63], "E-4"), ([66], "F#4"), ([68], "G#4"), ([21], "A0"), ([65, 77], "5"),
     ([64, 67, 72], "0.4.7"), ([65, 69], "5.9"), ([62, 66, 71], "11.2.6")],
)  # fmt: skip
def test_words_are_music21s(pitches, word):
    from music21.chord import Chord
    from music21.note import Note as ItsNote

    assert note_names.word_of(pitches) == word
    if len(pitches) == 1:
        assert str(ItsNote(pitches[0]).pitch) == word
        assert note_names.pitches_of(word) == (pitches[0],)
    else:
        assert ".".join(map(str, Chord(pitches).normalOrder)) == word
        assert note_names.pitches_of(word) == tuple(ItsNote(int(n)).pitch.midi
                                                    for n in word.split("."))  # fmt: skip


def test_words_that_the_vocabulary_lacks():
    near = {w: WORDS[note_names.nearest(w, WORDS)] for w in ("C3", "F4", "0.4.7.10", "11", "C4")}
    assert near == {"C3": "C4", "F4": "E4", "0.4.7.10": "0.4.7", "11": "7.11", "C4": "C4"}


def test_two_training_steps_write_what_the_engine_loads(tmp_path, eagerly):
    rng = np.random.default_rng(0)
    pieces = [rng.choice(WORDS, n).tolist() for n in (90, 60)]
    held = [rng.choice([*WORDS, "B9"], 30).tolist()]
    training.train(pieces, held, tmp_path, window=WINDOW, units=8, hidden=6, epochs=2)
    rows = list(csv.DictReader((tmp_path / "history.csv").open()))
    assert [int(row["epoch"]) for row in rows] == [1, 2]
    assert float(rows[-1]["validation_loss"]) > 0
    found = json.loads((tmp_path / "vocabulary.json").read_text())
    assert found["words"] == sorted({word for piece in pieces for word in piece})
    assert [found["words"][i] for i in found["corpus"]] == pieces[0] + pieces[1]
    again = build(len(found["words"]), WINDOW, 8, 6)
    again.load_weights(tmp_path / "last.weights.h5")
    assert json.loads((tmp_path / "headline.json").read_text())["baseline_value"] <= 1


def test_a_midi_file_is_read_as_music21_reads_it(tmp_path):
    import pretty_midi

    midi = pretty_midi.PrettyMIDI(initial_tempo=120.0)
    for name, offset in (("voice", 12), ("piano", 0)):
        part = pretty_midi.Instrument(0, name=name)
        for at, pitches in enumerate([(60,), (64, 67, 72), (63,)]):
            for pitch in pitches:
                start = at / 2
                part.notes.append(pretty_midi.Note(80, pitch + offset, start, start + 0.5))
        midi.instruments.append(part)
    midi.write(str(tmp_path / "a.mid"))
    assert training.words_of_file(tmp_path / "a.mid") == ["C4", "0.4.7", "E-4"]


def test_windows_hold_the_words_before_their_target():
    inputs, targets = training.windows([3, 1, 4, 1, 5], 3, 6)
    assert inputs.shape == (2, 3, 1)
    np.testing.assert_allclose(inputs[1, :, 0] * 6, [1, 4, 1])
    np.testing.assert_array_equal(targets.argmax(axis=1), [1, 5])
