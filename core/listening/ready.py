"""The sounds of questions, made by a few threads ahead of time and kept for the next visitor."""

from __future__ import annotations

import importlib
import sys
import threading
from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from core import gallery
from core.audio import FloatArray
from core.listening import blinding, clips
from core.listening.material import RATES_HZ, Item
from core.listening.questions import Question

KEPT = 32
"""Sounds in memory, about a megabyte each."""
THREADS = 2

_pool = ThreadPoolExecutor(THREADS, thread_name_prefix="listening")
_lock = threading.Lock()
_made: OrderedDict[tuple[str, Item, str], Future[FloatArray]] = OrderedDict()


def warm() -> None:
    """Import in the background what decodes and measures sound: seconds, the first time."""
    if "pyloudnorm" not in sys.modules:
        _pool.submit(importlib.import_module, "pyloudnorm")
        _pool.submit(importlib.import_module, "core.decoding")


def begin(question: Question) -> None:
    """Make its sounds in the background, unless they are there."""
    for maker in question.shown:
        _sound(question.item, maker)


def wavs(question: Question, seed: int, place: int) -> tuple[bytes, ...]:
    """Its sounds in the order of the buttons, dithered for the visit's question at `place`.

    Raises KeyError, UserInputError or OSError where the gallery lacks what it promises.
    """
    rng = np.random.default_rng([seed, place])
    rate = RATES_HZ[question.item.job]
    waiting = [_sound(question.item, maker) for maker in question.shown]
    return tuple(blinding.wav(sound.result(), rate, rng) for sound in waiting)


def _sound(item: Item, maker: str) -> Future[FloatArray]:
    key = (str(gallery.GALLERY), item, maker)
    with _lock:
        found = _made.get(key)
        if found is None or (found.done() and found.exception() is not None):
            found = _made[key] = _pool.submit(_make, item, maker)
        _made.move_to_end(key)
        while len(_made) > KEPT:
            _made.popitem(last=False)
    return found


def _make(item: Item, maker: str) -> FloatArray:
    lead, follows = clips.clip(item, maker)
    return blinding.alike(lead, follows, item.seconds, RATES_HZ[item.job])
