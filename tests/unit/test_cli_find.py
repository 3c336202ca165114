"""`python -m core find`: what it prints, and its errors."""

import json

import numpy as np
import pytest

from core.__main__ import main
from core.audio import Clip, encode_wav
from core.midi_files import write_midi
from core.retrieving import shipped
from core.retrieving.recordings import Recording, Recordings, described
from core.retrieving.shipped import Collection
from core.score import Note, Score, Track
from tests.unit.collections_of_tunes import collection, tune

RATE = 22050


def chirps(seed):
    """A second for each of twelve tones."""
    at = np.arange(RATE) / RATE
    steps = np.random.default_rng(seed).integers(0, 12, 12)
    sound = [np.sin(2 * np.pi * 440 * 2 ** (step / 12) * at) * np.exp(-2 * at) for step in steps]
    return Clip(0.3 * np.concatenate(sound).astype(np.float32)[None], RATE)


@pytest.fixture(autouse=True)
def small(monkeypatch):
    takes = [(Recording(f"p/{n}", f"Take {n}", "A", "MIT", "", 0.0, 12.0), described(chirps(n)))
             for n in range(2)]  # fmt: skip
    found = Collection(collection(6), Recordings.of(takes))
    monkeypatch.setattr(shipped, "collection", lambda: found)


def test_pieces_are_listed_with_the_copy_score(tmp_path, capsys):
    path = tmp_path / "mine.mid"
    path.write_bytes(write_midi(tune(4).between(3, 9).transposed(-3)))
    assert main(["find", str(path), "--count", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == " 1. 1.00 Tune *4* · Nobody · CC0-1.0"
    assert lines[1].startswith("    100% of the notes stand there too; the longest unbroken run is")
    assert lines[1].endswith("; bars 4–9, 3 semitones up")
    assert main(["find", str(path), "--json"]) == 0
    first = json.loads(capsys.readouterr().out)[0]
    assert first["piece"]["id"] == "tune-4"
    assert (first["transposition"], first["piece_bars"]) == (3, [3, 9])
    assert first["copied_share"] == 1.0


def test_recordings_are_listed_for_a_sound(tmp_path, capsys):
    path = tmp_path / "take.wav"
    path.write_bytes(encode_wav(chirps(1)))
    assert main(["find", str(path), "--recordings"]) == 0
    assert "Take 1 · A · MIT" in capsys.readouterr().out.splitlines()[0]
    assert main(["find", str(path), "--recordings", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["recording"]["id"] == "p/1"


def test_what_cannot_be_looked_for_is_a_sentence(tmp_path, capsys):
    drums = Score((Track("Kit", 0, tuple(Note(6 * n, 38, 3) for n in range(32)), True),), 2)
    for name, data, said in (
        ("drums.mid", write_midi(drums), "only drums"),
        ("empty.mid", b"", "empty"),
        ("odd.mid", b"MThd", "no notes"),
    ):
        path = tmp_path / name
        path.write_bytes(data)
        assert main(["find", str(path)]) == 2
        assert said in capsys.readouterr().err
    assert main(["find", str(tmp_path / "absent.mid")]) == 2
