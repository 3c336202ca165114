"""The pulse under the notes: a hidden Markov model of tempo and place in the beat.

The bar pointer model of Whiteley, Cemgil and Godsill (ISMIR 2006) in the state space of Krebs,
Böck and Widmer (ISMIR 2015). It observes what a network says of each frame, as in Böck, Krebs and
Widmer, "Joint beat and downbeat tracking with recurrent neural networks" (ISMIR 2016), and begins
with what the network says of the tempo (core/hearing/beats_network.py).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from core.hearing.beat_frames import FRAME_S
from core.hearing.beats_network import PER_OCTAVE, SHORTEST_S, Pulse

Array = npt.NDArray[np.float64]

SHORTEST, LONGEST = 13, 66
"""A beat's length, in frames: 230 to 45 a minute."""
_TEMPO_CHANGE = 60.0
"""Nats that a beat e times as long as the one before costs; a tenth longer costs 6."""
_BETWEEN = 29.0
"""Frames between beats for each that has one, Böck's lambda less one."""
_TEMPO = 2.0
"""What a nat of the network's tempo is worth beside one of its beats, at the start; chosen on
validation pieces, as is what it is worth at each beat."""
_TEMPO_EACH = 0.3
_LEAST, _LEAST_TEMPO = 0.005, 1e-3
"""Probabilities that are never gone below."""
_BEFORE_S, _AFTER_S = 0.3, 1.2
"""How far from the first and the last note beats are looked for."""


def beats_of(heard: Pulse, first_s: float, last_s: float) -> Array:
    """Times of beats, in s. first_s, last_s: when the first and the last note begin."""
    states = _states()
    begin = max(int((first_s - _BEFORE_S) / FRAME_S), 0)
    beat = heard.beat[begin : int((last_s + _AFTER_S) / FRAME_S) + 1].astype(np.float64)
    beat = np.clip(beat, _LEAST, 1 - _LEAST)
    yes, no = np.log(beat), np.log((1 - beat) / _BETWEEN)
    tempo = _tempo_logs(heard, states)
    change = states.change + _TEMPO_EACH * tempo[:, None]
    score = _TEMPO * tempo[states.period - SHORTEST] - np.log(states.period) + no[0]
    score[states.first] += yes[0] - no[0]
    back = np.zeros((len(beat), len(states.periods)), np.int16)
    for step in range(1, len(beat)):
        into = score[states.last][None] + change
        back[step] = into.argmax(axis=1)
        begun = into.max(axis=1)
        score[1:] = score[:-1].copy()
        score += no[step]
        score[states.first] = begun + yes[step]
    found = np.array(_traced(score, back, states), np.float64)
    return np.asarray((found + begin + 0.5) * FRAME_S)


class _States:
    """All (length of beat, place in it), one length after another."""

    def __init__(self) -> None:
        self.periods = np.arange(SHORTEST, LONGEST + 1)
        self.first = np.concatenate([[0], np.cumsum(self.periods)[:-1]])
        self.last = self.first + self.periods - 1
        self.period = np.repeat(self.periods, self.periods)
        self.place = np.arange(len(self.period)) - np.repeat(self.first, self.periods)
        logs = np.log(self.periods)
        change = -_TEMPO_CHANGE * np.abs(logs[:, None] - logs[None])
        self.change = change - np.log(np.exp(change).sum(axis=0, keepdims=True))


@lru_cache(maxsize=1)
def _states() -> _States:
    return _States()


def _tempo_logs(heard: Pulse, states: _States) -> Array:
    """Log probability of each length of beat, [periods]."""
    at = np.log2(states.periods * FRAME_S / SHORTEST_S) * PER_OCTAVE
    shares = np.interp(at, np.arange(len(heard.tempo)), heard.tempo) + _LEAST_TEMPO
    return np.asarray(np.log(shares / shares.sum()))


def _traced(score: Array, back: npt.NDArray[np.int16], states: _States) -> list[int]:
    """Frames of the beats on the best path."""
    state = int(score.argmax())
    step = len(back) - 1
    beats: list[int] = []
    which = int(np.searchsorted(states.first, state, side="right")) - 1
    while True:
        step -= int(states.place[state])
        if step < 0:
            break
        beats.append(step)
        if step == 0:
            break
        which = int(back[step, which])
        step -= 1
        state = int(states.last[which])
    return beats[::-1]
