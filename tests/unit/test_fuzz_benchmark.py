"""The fuzz counts how inputs end, keeps what ended badly, and says so in its tables."""

import contextlib
import importlib
import json
import sys
import types

import pytest

from benchmarks import fuzz, hostile
from core.errors import UserInputError


@pytest.fixture
def fuzz_door(monkeypatch):
    """benchmarks.fuzz_door without atheris, which counts nothing here."""
    stand_in = types.ModuleType("atheris")
    stand_in.instrument_imports = lambda include: contextlib.nullcontext()
    monkeypatch.setitem(sys.modules, "atheris", stand_in)
    monkeypatch.setattr(hostile, "warm", lambda: None)
    yield importlib.import_module("benchmarks.fuzz_door")
    sys.modules.pop("benchmarks.fuzz_door")


def test_bad_ends_are_kept_once_for_each_place(fuzz_door, monkeypatch, tmp_path):
    def door(name, data):
        if data == b"refused":
            raise UserInputError("No.")
        if data.startswith(b"broken"):
            raise KeyError("lost")

    monkeypatch.setitem(fuzz_door.DOORS, "as notes", door)
    watch = fuzz_door.Watch("as notes", tmp_path)
    for data in (b"fine", b"refused", b"broken 1", b"broken 2"):
        watch(data)
    watch.tell()
    told = json.loads((tmp_path / "as-notes.json").read_text())
    assert (told["inputs"], told["answer"], told["sentence"], told["traceback"]) == (4, 1, 1, 2)
    assert list(told["found"].values()) == ["KeyError: 'lost'"]
    (kept,) = tmp_path.glob("*.bin")
    assert kept.read_bytes() == b"broken 1"


def test_every_link_of_the_corpus_is_understood_or_put_right(fuzz_door):
    for link in fuzz_door.LINKS:
        fuzz_door.as_link("", link)


def test_tables_show_what_was_found(monkeypatch):
    one = {
        "minutes": 1.0, "inputs": 9, "answer": 4, "sentence": 4, "traceback": 1, "slowest_s": 0.5,
        "found": {"KeyError-x-3": "KeyError: 3"}, "crashed": True, "reached": 70,
    }  # fmt: skip
    clean = {**one, "found": {}, "crashed": False, "traceback": 0}
    monkeypatch.setattr(fuzz, "fuzzed", lambda door, minutes, folder: {**one, "minutes": minutes})
    results = fuzz.run(limit=30)
    assert results.items == 9 * len(fuzz.MINUTES)
    doors, found = results.tables
    assert [row[5:7] for row in doors.rows] == [[1, "yes"]] * len(fuzz.MINUTES)
    assert found.rows[0] == ["as notes", "KeyError-x-3", "KeyError: 3"]
    assert fuzz.findings_table({"as notes": clean}) == []


def test_a_fuzz_that_cannot_start_is_an_error_with_its_reason(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(RuntimeError, match="was not fuzzed"):
        fuzz.fuzzed("as a link", 0.01, tmp_path)
