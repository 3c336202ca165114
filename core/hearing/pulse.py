"""The pulse under the notes: a hidden Markov model of tempo and place in the beat.

The bar pointer model of Whiteley, Cemgil and Godsill (ISMIR 2006) in the state space of Krebs,
Böck and Widmer (ISMIR 2015), with moments at which notes begin as its observations. How likely a
note is at each place in a beat is what a network says of that note (core/hearing/beats_model.py).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from core.audio import FloatArray

Array = npt.NDArray[np.float64]

DOWNBEAT, BEAT, HALF, THIRD, QUARTER, OTHER = range(6)
PLACES = 6
"""Where in the beat a moment may be: at a bar's first, at another beat, half-way, at a third of it,
at a quarter before or after, elsewhere."""
PRIOR: tuple[float, ...] = (0.21, 0.34, 0.24, 0.05, 0.10, 0.06)
"""What is known of a moment before anything is: how often it is in which place."""
STEP_S = 0.02
SHORTEST, LONGEST = 13, 60
"""A beat's length, in steps: 230 to 50 a minute."""
_SPREAD_S = 0.02
"""Standard deviation of when a note is played beside when it is meant."""
_TEMPO_CHANGE = 60.0
"""Nats that a beat e times as long as the one before costs; a tenth longer costs 6."""
_USUAL_S, _OCTAVES = 0.52, 0.55
"""The tempo to expect, and its spread: Moelants (ICMPC 2002), in octaves."""
_BRISK = 0.5
"""Nats a moment that beats of half the length are better by, over ln 2: chosen on the validation
split, as is _USUAL_WEIGHT, for each beat's share in how usual its tempo is."""
_USUAL_WEIGHT = 0.3
_SOUNDED = 0.72
"""Share of beats with a note on them."""
_NEAR_STEPS = 2


def beats_of(times_s: Array, places: FloatArray, seconds: float) -> Array:
    """Times of beats, in s.

    times_s: [n] moments in order, at least two. places: [n, PLACES], probabilities. The beats
    cover the stretch from the first moment to the last; seconds: of the whole.
    """
    states = _states()
    first = max(round(times_s[0] / STEP_S) - LONGEST, 0)
    last = min(round(times_s[-1] / STEP_S) + LONGEST, round(seconds / STEP_S) + 1)
    steps = max(last - first, 2)
    at = np.clip(np.round(times_s / STEP_S).astype(int) - first, 0, steps - 1)
    near = np.zeros(steps, bool)
    for by in range(-_NEAR_STEPS, _NEAR_STEPS + 1):
        near[np.clip(at + by, 0, steps - 1)] = True
    seen = [np.flatnonzero(at == step) for step in range(steps)]
    score = states.start.copy()
    back = np.zeros((steps, len(states.periods)), np.int16)
    gain = _log_densities(places, states)
    for step in range(steps):
        if step:
            ends = score[states.last]
            into = ends[None] + states.change
            back[step] = into.argmax(axis=1)
            begun = into.max(axis=1)
            score[1:] = score[:-1].copy()
            score[states.first] = begun + np.log(_SOUNDED if near[step] else 1 - _SOUNDED)
        for moment in seen[step]:
            score += gain[moment]
    return np.asarray((np.array(_traced(score, back, states)) + first) * STEP_S, np.float64)


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
        octaves = np.log2(self.periods * STEP_S / _USUAL_S)
        self.usual = -0.5 * (octaves / _OCTAVES) ** 2
        self.start = self.usual[self.period - SHORTEST] - np.log(self.period)
        # Every beat is as likely as its tempo is usual, a little, lest the start be all.
        self.change = self.change + _USUAL_WEIGHT * self.usual[:, None]
        phase = self.place / self.period
        self.kinds = np.stack([
            sum(_bump(phase, centre, self.period) for centre in centres) / len(centres)
            for centres in ((0.0,), (0.5,), (1 / 3, 2 / 3), (0.25, 0.75))
        ])  # fmt: skip


def _bump(phase: Array, centre: float, period: npt.NDArray[np.int_]) -> Array:
    """Density over the beat, 0 to 1, of what is meant for `centre`."""
    away = (phase - centre + 0.5) % 1.0 - 0.5
    spread = np.hypot(_SPREAD_S, STEP_S / 2) / (period * STEP_S)
    return np.asarray(np.exp(-0.5 * (away / spread) ** 2) / (spread * np.sqrt(2 * np.pi)))


@lru_cache(maxsize=1)
def _states() -> _States:
    return _States()


def _log_densities(places: FloatArray, states: _States) -> FloatArray:
    """[moments, states]: log density of each moment at each place, beside an even one."""
    shares = np.asarray(places, np.float64)
    mixed = (
        (shares[:, DOWNBEAT] + shares[:, BEAT])[:, None] * states.kinds[0]
        + shares[:, HALF, None] * states.kinds[1]
        + shares[:, THIRD, None] * states.kinds[2]
        + shares[:, QUARTER, None] * states.kinds[3]
        + shares[:, OTHER, None]
    )
    brisk = -_BRISK * np.log(states.period * STEP_S / _USUAL_S)
    return np.asarray(np.log(mixed + 1e-3) + brisk, np.float32)


def _traced(score: Array, back: npt.NDArray[np.int16], states: _States) -> list[int]:
    """Steps of the beats on the best path."""
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
