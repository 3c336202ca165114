"""The benchmark of hostile files tells a sentence from a traceback, a crash and a flood."""

import os
import signal

import numpy as np
import pytest

from benchmarks import hostile, hostile_scores
from core.errors import UserInputError


def refuse(name, data):
    raise UserInputError("This file is empty; choose one with notes in it.")


def mumble(name, data):
    raise UserInputError("bad file /x")


def fail(name, data):
    raise KeyError(name)


def flood(name, data):
    np.ones(200_000_000 // 8).sum()


@pytest.fixture
def door(monkeypatch):
    def through(way):
        monkeypatch.setitem(hostile.DOORS, "as sound", way)
        return hostile.tried("as sound", "x.wav", b"")

    return through


def test_an_answer_and_a_sentence_are_well(door):
    assert door(lambda name, data: None).ended == "answer"
    assert door(refuse).ended == "sentence"
    assert door(refuse).well


@pytest.mark.parametrize(
    ("way", "ended"),
    [
        (mumble, "no sentence: bad file /x"),
        (fail, "KeyError: 'x.wav'"),
        (lambda name, data: os._exit(3), "crash, status 768"),
        (lambda name, data: os.kill(os.getpid(), signal.SIGKILL), "crash, status 9"),
    ],
)
def test_all_else_is_a_failure(door, way, ended):
    outcome = door(way)
    assert outcome.ended.startswith(ended)
    assert not outcome.well


def test_memory_is_what_the_try_added(door):
    assert 190 < door(flood).memory_mb < 300
    assert door(refuse).memory_mb < 50


def test_the_files_are_distinct_and_the_same_each_time():
    rng = np.random.default_rng
    files = [list(hostile_scores._midi(rng(0))) for _ in range(2)]
    assert files[0] == files[1]
    names = [name for _, name, _ in files[0]]
    assert len(set(names)) == len(names) >= 25
    packed = [hostile_scores._zipped({"a.xml": b"<a/>"}) for _ in range(2)]
    assert packed[0] == packed[1]
