"""The watched process: what it tells, its end, and one at a time."""

import sys
import time

import numpy as np
import pytest

from core.comparing import tiny
from core.comparing.patterns import FIRST_PITCH, TOKENS
from core.errors import UserInputError
from tests.app import fake_pair

SLEEP = (sys.executable, "-c", "import time; time.sleep(60)")


@pytest.fixture(autouse=True)
def fake(monkeypatch, tmp_path):
    fake_pair.install_tiny(monkeypatch.setattr, tmp_path, pause_s=0.01)


def ended(training, limit_s=20):
    until = time.monotonic() + limit_s
    while training.state == "training":
        assert time.monotonic() < until
        time.sleep(0.02)
    while tiny.busy_s() is not None:
        assert time.monotonic() < until
        time.sleep(0.02)
    return training


def test_points_come_while_it_trains_and_models_at_the_end():
    training = ended(tiny.start(3))
    assert training.state == "done"
    assert sorted(training.models) == ["midi-lstm", "midi-vae"]
    points = training.points()
    assert len(points) == 12
    assert points[0] == tiny.Point("midi-lstm", 0, 0, 1.9, 1.95)
    assert training.elapsed_s == training.elapsed_s


def test_another_is_told_how_long_to_wait_and_cancel_makes_room():
    training = tiny.start(0, SLEEP)
    assert 0 < tiny.busy_s() <= tiny.LIMIT_S
    with pytest.raises(UserInputError, match=r"begin in \d+ s"):
        tiny.start(1)
    training.cancel()
    assert ended(training).state == "stopped"
    assert ended(tiny.start(1)).state == "done"


def test_it_is_ended_when_its_time_is_up_or_nobody_looks(monkeypatch):
    monkeypatch.setattr(tiny, "LIMIT_S", 0.2)
    assert ended(tiny.start(0, SLEEP)).state == "stopped"
    monkeypatch.setattr(tiny, "LIMIT_S", 60.0)
    monkeypatch.setattr(tiny, "GONE_AFTER_S", 0.2)
    assert ended(tiny.start(0, SLEEP)).state == "stopped"


def test_a_process_that_breaks_off_has_failed():
    training = ended(tiny.start(0, (sys.executable, "-c", "print('no json')")))
    assert training.state == "failed"
    assert training.models == {}


def test_the_corpus_is_small_and_holds_melodies():
    assert tiny.CORPUS.stat().st_size < 100_000
    with np.load(tiny.CORPUS) as file:
        train, held_out = file["train"], file["held_out"]
    assert train.shape == (4000, 32)
    assert held_out.shape == (512, 32)
    assert train.max() < TOKENS["melody"]
    assert ((train >= FIRST_PITCH).sum(axis=1) > 1).all()
    both = {row.tobytes() for row in train} & {row.tobytes() for row in held_out}
    assert not both
