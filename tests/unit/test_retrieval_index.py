"""The collection's file: made from a data folder, read back, refused when it is another."""

import csv
import hashlib
import json
import threading
from dataclasses import replace

import numpy as np
import pytest

from core.audio import Clip, encode_flac
from core.errors import ModelUnavailableError, UserInputError
from core.midi_files import write_midi
from core.retrieval import nearest, nearest_recordings
from core.retrieving import shipped, sounding
from core.retrieving.chroma import best_places, of_clip, of_index, of_notes
from core.retrieving.lines import lines_of_score
from core.retrieving.recordings import Recording, Recordings, described
from core.retrieving.shipped import collection, dumps, loads
from tests.unit import collections_of_tunes as made
from training import retrieval_index


def tones(pitches, rate=22050, each_s=0.5, seed=0):
    at = np.arange(round(each_s * rate)) / rate
    rng = np.random.default_rng(seed)
    shapes = rng.uniform(0.2, 1.0, 3)
    parts = [
        sum(s * np.sin(2 * np.pi * 440 * 2 ** ((p - 69) / 12) * h * at)
            for h, s in zip((1, 2, 3), shapes, strict=True))
        for p in pitches
    ]  # fmt: skip
    return Clip(0.2 * np.concatenate(parts).astype(np.float32)[None], rate)


def melody(seed, count=24):
    return np.random.default_rng(seed).choice([60, 62, 64, 65, 67, 69, 71, 72], count).tolist()


def data_folder(root):
    """Two tunes, an arrangement of the first, a chorale and two recordings."""

    def subset(name, rows):
        folder = root / name
        folder.mkdir(parents=True)
        with (folder / "index.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)
        return folder

    def midi(path, score):
        (root / path).write_bytes(write_midi(score))

    plain = {"licence": "CC0", "type": "reels", "meter": "4/4"}
    subset("midi_nottingham", [
        {"id": "reelsa1", "path": "midi_nottingham/a.mid", "split": "train", "group": "g", **plain},
        {"id": "reelsb2", "path": "midi_nottingham/b.mid", "split": "test", "group": "h", **plain},
        {"id": "broken", "path": "midi_nottingham/c.mid", "split": "train", "group": "i", **plain},
    ])  # fmt: skip
    midi("midi_nottingham/a.mid", made.tune(1))
    midi("midi_nottingham/b.mid", made.tune(2))
    (root / "midi_nottingham/c.mid").write_bytes(b"MThd nothing")
    subset("midi_arranged", [
        {"id": "reelsa1", "path": "midi_arranged/a.mid", "split": "train", "group": "g",
         "genre": "polka", "solo": "flute", "licence": "GPL"},
    ])  # fmt: skip
    midi("midi_arranged/a.mid", made.band(1))
    chorale = np.tile(np.array([[67, 60, 55, 48], [69, 62, 57, 50]]), (16, 1))
    (root / "jsb_chorales").mkdir()
    grids = {split: np.array([None], object) for split in ("train", "valid", "test")}
    for split in grids:
        grids[split][0] = chorale
    np.savez(root / "jsb_chorales" / retrieval_index.CHORALES_FILE, **grids)
    subset("audio", [
        {"id": f"p/{n}", "path": f"audio/{n}.flac", "split": split, "title": f"Take_{n}",
         "artist": "A", "package": "p", "licence": "MIT", "genre": "folk", "start_s": "8.0",
         "duration_s": "12.0"}
        for n, split in ((0, "train"), (1, "train"), (2, "test"))
    ])  # fmt: skip
    for n in range(3):
        (root / f"audio/{n}.flac").write_bytes(encode_flac(tones(melody(n), seed=n)))
    return root


def test_the_training_split_becomes_a_file_that_is_searched(tmp_path, monkeypatch, capsys):
    out = tmp_path / "out" / "retrieval.npz"
    command = ["x", "--data", str(data_folder(tmp_path / "data")), "--out", str(out)]
    monkeypatch.setattr("sys.argv", command)
    retrieval_index.main()
    assert hashlib.sha256(out.read_bytes()).hexdigest() in capsys.readouterr().out
    found = loads(out.read_bytes())
    assert [(p.subset, p.id) for p in found.index.pieces] == [
        ("midi_nottingham", "reelsa1"),
        ("midi_arranged", "reelsa1"),
        ("jsb_chorales", "train-1"),
    ]
    assert len({p.group for p in found.index.pieces[:2]}) == 1
    assert found.index.pieces[0].title == "Reelsa 1 (folk tune)"
    assert [r.title for r in found.recordings.about] == ["Take 0", "Take 1"]
    matches = nearest(made.tune(1).between(3, 8).transposed(2), index=found.index)
    assert {m.piece.subset for m in matches[:2]} == {"midi_nottingham", "midi_arranged"}
    part = tones([p + 2 for p in melody(1)[6:18]], seed=1)
    first = found.recordings.nearest(part, 2)[0]
    assert (first.recording.id, first.transposition) == ("p/1", -2)
    assert first.at_s == pytest.approx(3.0, abs=0.5)
    # The same data give the same bytes.
    again = dumps(found.index, found.recordings)
    assert loads(again).index.pieces == found.index.pieces
    assert dumps(loads(again).index, loads(again).recordings) == again


def test_an_index_is_the_same_after_its_file():
    index = made.collection(6)
    found = loads(dumps(index, Recordings.of([]))).index
    for name in ("onsets", "pitches", "durations", "starts", "owners", "programs"):
        assert np.array_equal(getattr(found, name), getattr(index, name)), name
    assert (found.pieces, found.names) == (index.pieces, index.names)
    keys, places = found.postings
    assert np.all(np.diff(keys) >= 0)
    # No n-gram runs from one line into the next.
    assert np.all(found.line_of_note[places] == found.line_of_note[places + 3])
    assert len(places) == found.note_count - 3 * len(found.owners)


def test_a_missing_or_damaged_collection_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("ENCORE_WEIGHTS_DIR", str(tmp_path))
    monkeypatch.setattr(shipped, "_kept", {})
    with pytest.raises(ModelUnavailableError, match="missing"):
        nearest(made.tune(1))
    (tmp_path / shipped.FILE).write_bytes(b"something else")
    with pytest.raises(ModelUnavailableError, match="damaged"):
        nearest_recordings(tones(melody(0)))


def test_the_collection_is_read_once_by_many(tmp_path, monkeypatch):
    data = dumps(made.collection(3), Recordings.of([]))
    (tmp_path / shipped.FILE).write_bytes(data)
    monkeypatch.setenv("ENCORE_WEIGHTS_DIR", str(tmp_path))
    monkeypatch.setattr(shipped, "_kept", {})
    monkeypatch.setattr(shipped, "SHA256", hashlib.sha256(data).hexdigest())
    reads, found = [], []
    monkeypatch.setattr(shipped, "loads", lambda data: reads.append(1) or loads(data))
    threads = [threading.Thread(target=lambda: found.append(collection())) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(reads) == 1
    assert all(one is found[0] for one in found)
    assert found[0].recordings.nearest(tones(melody(0)), 3) == []


def test_the_shipped_collection_is_whole_and_finds_its_own():
    found = collection()
    assert {p.subset for p in found.index.pieces} == {*retrieval_index.SUBSETS, "jsb_chorales"}
    assert all(p.title and p.credit and p.licence for p in found.index.pieces)
    assert not any("unclear" in p.subset for p in found.index.pieces)
    assert len(found.recordings.about) > 200
    number = next(n for n, p in enumerate(found.index.pieces) if p.subset == "midi_nottingham")
    line = found.index.lines_of_piece[number][0]
    notes = slice(found.index.starts[line], found.index.starts[line] + 24)
    onsets, pitches = (a[notes].tolist() for a in (found.index.onsets, found.index.pitches))
    score = made.tune(0)
    own = tuple(
        replace(score.tracks[0].notes[0], start=o - onsets[0], pitch=p + 1, duration=6)
        for o, p in zip(onsets, pitches, strict=True)
    )
    query = replace(score, tracks=(replace(score.tracks[0], notes=own),))
    first = nearest(query)[0]
    assert first.copied_share == 1.0
    assert first.piece.group == found.index.pieces[number].group or first.score > 0.99


def test_chroma_finds_the_place_and_the_key():
    pitches = melody(3, 60)
    whole = tones(pitches)
    part = tones([p + 3 for p in pitches[20:40]])
    starts = np.array([0, len(of_clip(whole))])
    value, frame, turn = best_places(of_clip(part), of_clip(whole), starts)
    assert (frame[0], turn[0]) == (20, -3)
    assert value[0] > 0.8
    onsets = 0.5 * np.arange(60)
    value, frame, _ = best_places(of_clip(part), of_notes(onsets, onsets + 0.5, pitches), starts)
    assert frame[0] == 20
    assert value[0] > 0.5
    other, _, _ = best_places(of_clip(tones(melody(9, 20))), of_clip(whole), starts)
    assert other[0] < value[0]


def test_harmony_is_found_in_another_key_and_at_another_tempo():
    index = made.collection(12)
    line = lines_of_score(made.tune(5).between(4, 10)).lines[0]
    # A recording half as fast as its piece: 12 ticks at 100 a minute are .3 s there.
    quarters = np.repeat(line.pitches, np.rint(line.durations / 6).astype(int)) + 2
    clip = tones(quarters.tolist(), each_s=0.3)
    fit, frame, turn, tempo = sounding.harmonies(index, sounding.of_clip(clip))
    assert int(fit.argmax()) == 5
    assert (tempo[5], turn[5]) == (0.5, -2)
    assert frame[5] == pytest.approx(2 * 4 * 96 * index.pieces[5].seconds_per_tick, abs=1)
    alone, _, _ = best_places(of_clip(clip), *of_index(index))
    assert alone[5] < fit[5]


def test_silence_and_scraps_are_a_sentence():
    about = Recording("a", "A", "B", "MIT", "folk", 0.0, 12.0)
    recordings = Recordings.of([(about, described(tones(melody(0))))])
    with pytest.raises(UserInputError, match="nothing to hear"):
        recordings.nearest(Clip(np.zeros((1, 44100 * 4), np.float32), 44100), 1)
    with pytest.raises(UserInputError, match="too short"):
        recordings.nearest(tones(melody(0)[:2]), 1)
    assert json.loads(json.dumps(recordings.nearest(tones(melody(0)), 1)[0].score)) > 0.9
