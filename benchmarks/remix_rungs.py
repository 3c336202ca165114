"""Reference rungs for remixing: what costs nothing, another piece's band, and the truth."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from core.audio import FloatArray, fit_length
from core.remix_metrics import RATE, Stemwise, band
from core.remixing.stems import MIX, STEMS
from training.remix_stems import StemPiece

SILENCE, NOISE, ANOTHER, SOLO_COPY = "silence", "noise", "another piece's band", "the solo itself"
TRUTH, TRUTH_MIXED = "the truth", "the truth as one stem"

Rung = Callable[[int, Sequence[StemPiece]], Stemwise]


def silence(index: int, pieces: Sequence[StemPiece]) -> Stemwise:
    """Nothing at all."""
    return {name: np.zeros_like(pieces[index].solo) for name in STEMS}


def noise(index: int, pieces: Sequence[StemPiece]) -> Stemwise:
    """White noise in every stem, all together at the solo's root mean square."""
    solo = pieces[index].solo
    level = float(np.sqrt(np.mean(np.square(solo)) / len(STEMS)))
    rng = np.random.default_rng(index)
    return {
        name: (level * rng.standard_normal(len(solo))).astype(np.float32) for name in STEMS
    }  # fmt: skip


def solo_copy(index: int, pieces: Sequence[StemPiece]) -> Stemwise:
    """The solo in every stem, at a quarter of its amplitude, so that the stems add up to it."""
    return {name: pieces[index].solo / np.float32(len(STEMS)) for name in STEMS}


def another(index: int, pieces: Sequence[StemPiece]) -> Stemwise:
    """The true stems of the nearest piece, in its own key and at its own tempo.

    It is shifted so that both first downbeats fall together, cut, and silent where it has nothing
    more. Silence where every piece is of this one's group.
    """
    mine, found = pieces[index], nearest(index, pieces)
    if found is None:
        return silence(index, pieces)
    shift = round((first_downbeat_s(mine.beats) - first_downbeat_s(found.beats)) * RATE)
    return {name: shifted(found.stems[name], shift, len(mine.solo)) for name in STEMS}


def nearest(index: int, pieces: Sequence[StemPiece]) -> StemPiece | None:
    """The piece of another group whose tempo is nearest as a ratio.

    Among those in the same metre where there are any; None where there is no other group.
    """
    mine = pieces[index]
    others = [piece for piece in pieces if piece.group != mine.group]
    fitting = [piece for piece in others if piece.metre == mine.metre] or others
    return min(fitting, key=lambda p: tempo_distance(p.tempo_bpm, mine.tempo_bpm), default=None)


def tempo_distance(first_bpm: float, second_bpm: float) -> float:
    """Of two tempi, as a ratio; 0 where either is not known, as in recordings."""
    known = first_bpm > 0 and second_bpm > 0
    return abs(math.log(first_bpm / second_bpm)) if known else 0.0


def first_downbeat_s(beats: npt.NDArray[Any]) -> float:
    """The first beat that begins a bar, or else the start. beats: time_s, place in the bar."""
    downbeats = beats[beats[:, 1] == 0, 0]
    return float(downbeats[0]) if len(downbeats) else 0.0


def shifted(samples: FloatArray, shift: int, length: int) -> FloatArray:
    """`samples` begun `shift` samples later (earlier where negative), cut or padded to `length`."""
    moved = np.pad(samples, (shift, 0)) if shift > 0 else samples[-shift:]
    return fit_length(moved[None], length)[0]


def truth(index: int, pieces: Sequence[StemPiece]) -> Stemwise:
    """What was played."""
    return {name: pieces[index].stems[name] for name in STEMS}


def truth_mixed(index: int, pieces: Sequence[StemPiece]) -> Stemwise:
    """The same as one stem: the best that an engine can do that makes a band in one piece."""
    return {MIX: band(truth(index, pieces))}


RUNGS: dict[str, Rung] = {
    SILENCE: silence,
    NOISE: noise,
    ANOTHER: another,
    SOLO_COPY: solo_copy,
    TRUTH: truth,
    TRUTH_MIXED: truth_mixed,
}
