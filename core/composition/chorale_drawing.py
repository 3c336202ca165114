"""Drawing a chorale's notes: some voices or stretches are given, the others are drawn around them.

The network goes from left to right, so a given note that lies ahead cannot be seen. Several
versions are therefore drawn side by side and weighed by how likely each makes the given notes when
they come; unlikely ones are dropped and likely ones doubled (sequential importance resampling,
N. J. Gordon et al., 1993). Where nothing given lies ahead, one version is drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from core.composition.chorale_frames import (
    ORDER,
    PITCHES,
    VOICES,
    FloatArray,
    IntArray,
    Past,
)

BoolArray = npt.NDArray[np.bool_]
PARALLELS = 5.0
"""Nats against a pitch with which a voice moves in parallel octaves or fifths. Networks drawn from
freely did so in one move of twenty, Bach in one of eight hundred (weights/cards/chorale.md)."""
VERSIONS = 24
AHEAD = 64
"""Sixteenths: versions are kept side by side where something given comes within so many."""
AFTER = 16
"""Sixteenths of given music after a drawn stretch that still weigh the versions."""


class Network(Protocol):
    """What `core.composition.chorale_decoder.Decoder` does."""

    def read(self, rows: FloatArray) -> None: ...

    def log_probabilities(self, index: int, frame: IntArray) -> FloatArray: ...

    def take(self, pieces: IntArray) -> None: ...


@dataclass(frozen=True)
class Plan:
    """A piece to be filled in.

    frames: [frames, 4], as in chorale_frames. given: [frames, 4], what of it stands.
    left, metre: [frames], codes of chorale_frames.
    """

    frames: IntArray
    given: BoolArray
    left: IntArray
    metre: IntArray


@dataclass(frozen=True)
class Drawn:
    """frames: [frames, 4]. probabilities: [frames, 4, PITCHES], what the network said of them.

    log_probability: of each frame's notes, drawn and given, under the network: [frames, 4].
    """

    frames: IntArray
    probabilities: FloatArray
    log_probability: FloatArray


def picked(
    log_p: FloatArray, rng: np.random.Generator, temperature: float, top_p: float
) -> IntArray:
    """One pitch for each row of [versions, PITCHES]; temperature 0 takes the likeliest."""
    if temperature <= 0:
        return np.asarray(log_p.argmax(axis=1), np.int64)
    scaled = log_p.astype(np.float64) / temperature
    p = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    order = np.argsort(-p, axis=1, kind="stable")
    ranked = np.take_along_axis(p, order, axis=1)
    before = np.cumsum(ranked, axis=1) - ranked
    ranked = np.where(before < max(top_p, 1e-9), ranked, 0.0)
    total = np.cumsum(ranked, axis=1)
    place = (total < rng.random((len(p), 1)) * total[:, -1:]).sum(axis=1)
    return np.take_along_axis(order, place[:, None], axis=1)[:, 0]


def resampled(weights: FloatArray, rng: np.random.Generator) -> IntArray:
    """Indices drawn in proportion to weights that sum to 1, evenly (systematic resampling)."""
    count = len(weights)
    places = (np.arange(count) + rng.random()) / count
    return np.minimum(np.searchsorted(np.cumsum(weights), places), count - 1).astype(np.int64)


def parallels(last: IntArray, frame: IntArray, voice: int, others: Sequence[int]) -> BoolArray:
    """[versions, PITCHES]: where a voice would move in parallel octaves, primes or fifths.

    last, frame: [versions, 4], the frame before and the one being drawn, in which `others` are
    known. Both voices must move, in one direction, and rests move with nobody.
    """
    pitches = np.arange(PITCHES)
    own = pitches[None] - last[:, voice, None]
    out = np.zeros((len(frame), PITCHES), bool)
    for other in others:
        step = frame[:, other] - last[:, other]
        sings = (last[:, voice] > 0) & (last[:, other] > 0) & (frame[:, other] > 0)
        before = np.abs(last[:, voice] - last[:, other]) % 12
        hollow = sings & ((before == 0) | (before == 7))
        after = np.abs(pitches[None] - frame[:, other, None]) % 12
        out |= (
            (hollow & (step != 0))[:, None] & (own * step[:, None] > 0) & (after == before[:, None])
        )
    out[:, 0] = False
    return out


def versions_at(given: BoolArray, versions: int) -> IntArray:
    """How many versions are kept at each frame; 0 where the network has nothing more to do."""
    free: BoolArray = np.asarray(~given)
    frames = len(given)
    partly: BoolArray = np.asarray(free.any(axis=1))
    out = np.zeros(frames, np.int64)
    if not partly.any():
        return out
    last = int(np.flatnonzero(partly)[-1])
    out[: min(last + 1 + AFTER, frames)] = 1
    if not given[last:].any():
        out[last + 1 :] = 0
    for t in range(int(np.flatnonzero(partly)[0]), len(out)):
        lately = partly[max(t - AFTER, 0) : t + 1].any()
        coming = given[t : t + AHEAD].any()
        if out[t] and lately and coming:
            out[t] = versions
    return out


class Drawing:
    """Fills in a plan, frame by frame. See the module."""

    def __init__(
        self,
        network: Network,
        plan: Plan,
        rng: np.random.Generator,
        *,
        temperature: float = 1.0,
        top_p: float = 1.0,
        versions: int = VERSIONS,
    ) -> None:
        self.network, self.plan, self.rng = network, plan, rng
        self.temperature, self.top_p = temperature, top_p
        self.counts = versions_at(plan.given, versions)
        self.past = Past(1, len(plan.frames) + 2)
        self.weights = np.zeros(1)
        self._start = 0
        self._said: list[FloatArray] = []
        self._scored: list[FloatArray] = []
        self._parents: list[IntArray] = []

    def run(self, each_frame: Callable[[int], None], start: int = 0) -> Drawn:
        """Draw from frame `start` on, before which all is silent."""
        self._start = start
        end = int(np.flatnonzero(self.counts)[-1]) + 1 if self.counts.any() else start
        for t in range(start, end):
            self._to(max(int(self.counts[t]), 1))
            self._frame(t)
            each_frame(t)
        return self.so_far()

    def _to(self, count: int) -> None:
        """Go on with `count` versions: copies of the best where there were others than `count`."""
        now = len(self.weights)
        if count == now:
            return
        best = int(self.weights.argmax())
        self._keep(np.full(count, best, np.int64))

    def _keep(self, versions: IntArray) -> None:
        self.past.take(versions)
        if self._parents:
            self.network.take(versions)
            self._parents[-1] = self._parents[-1][versions]
        self.weights = np.zeros(len(versions))

    def _frame(self, t: int) -> None:
        plan, count = self.plan, len(self.weights)
        self.network.read(self.past.features(int(plan.left[t]), int(plan.metre[t])))
        frame = np.tile(plan.frames[t] * plan.given[t], (count, 1))
        said = np.zeros((count, VOICES, PITCHES), np.float32)
        scored = np.zeros((count, VOICES), np.float32)
        for index, voice in enumerate(ORDER):
            log_p = self.network.log_probabilities(index, frame)
            said[:, voice] = np.exp(log_p)
            if plan.given[t, voice]:
                scored[:, voice] = log_p[:, frame[0, voice]]
                self.weights = self.weights + scored[:, voice]
                continue
            wanted = log_p - PARALLELS * self._parallel(frame, voice, ORDER[:index])
            wanted[:, 0] = -np.inf  # a voice that is drawn sings
            frame[:, voice] = picked(wanted, self.rng, self.temperature, self.top_p)
            scored[:, voice] = log_p[np.arange(count), frame[:, voice]]
        self.past.add(frame)
        self._said.append(said)
        self._scored.append(scored)
        self._parents.append(np.arange(count))
        self._weigh()

    def _parallel(self, frame: IntArray, voice: int, others: Sequence[int]) -> BoolArray:
        """[versions, PITCHES]: pitches that make the voice move in octaves or fifths with another.

        others: the voices of the frame that are known.
        """
        if self.past.length == 0:
            return np.zeros((len(frame), PITCHES), bool)
        return parallels(self.past.frames[:, self.past.length - 1], frame, voice, others)

    def _weigh(self) -> None:
        """Double likely versions and drop unlikely ones where few carry most of the weight."""
        if len(self.weights) == 1:
            self.weights = np.zeros(1)
            return
        shares = np.exp(self.weights - self.weights.max())
        shares /= shares.sum()
        if 1 / np.square(shares).sum() < len(shares) / 2:
            self._keep(resampled(shares, self.rng))

    def so_far(self) -> Drawn:
        """The best version as far as it is drawn; what is not drawn is as the plan has it."""
        frames = self.plan.frames * self.plan.given
        probabilities = np.zeros((len(frames), VOICES, PITCHES), np.float32)
        scored = np.zeros((len(frames), VOICES), np.float32)
        best = int(self.weights.argmax())
        length = self.past.length
        frames[self._start : self._start + length] = self.past.frames[best, :length]
        for t in range(length - 1, -1, -1):
            best = int(self._parents[t][best])
            probabilities[self._start + t] = self._said[t][best]
            scored[self._start + t] = self._scored[t][best]
        return Drawn(frames, probabilities, scored)
