"""What counting can say of patterns' tokens: n-grams, single tokens, and the bar before."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from benchmarks.ngram import KneserNey
from core.comparing.patterns import STEPS_PER_BAR, Kind, Pattern

Nats = npt.NDArray[np.float64]

NGRAM, UNIGRAM, LAST_BAR = "Kneser-Ney n-grams", "single tokens", "the last bar again"
STEPS_BACK = (2, 4, 6, 8)
"""How much an n-gram may look back, in steps; which does best is chosen on validation patterns."""


class NGrams:
    """Kneser-Ney over the voices' tokens in turn, each token marked with its voice.

    by_place: whether the place in the bar is part of what a token is predicted from.
    """

    def __init__(self, training: Pattern, kind: Kind, steps_back: int, *, by_place: bool) -> None:
        self._kind, self._by_place = kind, by_place
        places = STEPS_PER_BAR if by_place else 1
        self._voices = np.concatenate([[0], np.cumsum(kind.sizes)])
        kinds = np.repeat(
            np.arange(places * len(kind.voices)), np.tile(kind.sizes, places).astype(np.int64)
        )
        order = steps_back * len(kind.voices) + 1
        self._model = KneserNey(list(self._streams(training)), kinds, order)

    def nats(self, patterns: Pattern) -> Nats:
        """[patterns, steps, voices]: -ln p of each token, given all before it."""
        shape = patterns.shape[1:]
        found = [self._model.nats(stream).reshape(shape) for stream in self._streams(patterns)]
        return np.stack(found)

    def _streams(self, patterns: Pattern) -> npt.NDArray[np.int64]:
        marked = patterns + self._voices[:-1]
        if self._by_place:
            place = np.arange(patterns.shape[1]) % STEPS_PER_BAR
            marked = marked + place[:, None] * self._voices[-1]
        return marked.reshape(len(patterns), -1)


def apart(pieces: npt.NDArray[np.str_], bars: int) -> npt.NDArray[np.bool_]:
    """Which patterns to count in so that none overlap: every so many of each piece, [patterns].

    Patterns begin at every bar, and what is counted over and over looks surer than it is.
    """
    turn, met = np.zeros(len(pieces), np.int64), dict[str, int]()
    for place, name in enumerate(pieces.tolist()):
        turn[place] = met.get(name, 0)
        met[name] = int(turn[place]) + 1
    return np.asarray(turn % bars == 0)


def ngrams(training: Pattern, valid: Pattern, kind: Kind) -> tuple[NGrams, str]:
    """The n-grams that do best on validation patterns, and which they are, in words."""
    tried = []
    for by_place in (False, True):
        before = np.inf
        for steps in STEPS_BACK:
            model = NGrams(training, kind, steps, by_place=by_place)
            nats = float(model.nats(valid).mean())
            tried.append((nats, steps, by_place, model))
            if nats >= before:
                break
            before = nats
    _, steps, by_place, model = min(tried, key=lambda each: each[0])
    told = "told the place in the bar" if by_place else "not told the place in the bar"
    return model, f"looking back {steps} steps, {told}"


class SingleTokens:
    """How often each token of a voice is said, each once more than it was seen."""

    def __init__(self, training: Pattern, kind: Kind) -> None:
        self.shares = []
        for voice, size in enumerate(kind.sizes):
            counts = np.bincount(training[..., voice].ravel(), minlength=size) + 1.0
            self.shares.append(counts / counts.sum())

    def probabilities(self, patterns: Pattern) -> Nats:
        """[patterns, steps, voices]: of each token."""
        return np.stack([p[patterns[..., v]] for v, p in enumerate(self.shares)], axis=-1)

    def nats(self, patterns: Pattern) -> Nats:
        """[patterns, steps, voices]: -ln p of each token."""
        return np.asarray(-np.log(self.probabilities(patterns)))

    def sample(self, count: int, kind: Kind, seed: int) -> Pattern:
        """[count, steps, voices] tokens that know nothing of each other."""
        rng = np.random.default_rng(seed)
        voices = [rng.choice(len(p), (count, kind.steps), p=p) for p in self.shares]
        return np.stack(voices, axis=-1)


class LastBar:
    """The token of a bar ago with a probability fitted to each voice; else a single token."""

    def __init__(self, training: Pattern, kind: Kind) -> None:
        self._single = SingleTokens(training, kind)
        own = self._single.probabilities(training)[:, STEPS_PER_BAR:]
        same = training[:, STEPS_PER_BAR:] == training[:, :-STEPS_PER_BAR]
        trust = np.linspace(0.01, 0.99, 99)[:, None]
        best = []
        for voice in range(len(kind.voices)):
            mixed = trust * same[..., voice].ravel() + (1 - trust) * own[..., voice].ravel()
            best.append(float(trust[np.argmin(-np.log(mixed).mean(axis=1)), 0]))
        self.trust = np.array(best)

    def nats(self, patterns: Pattern) -> Nats:
        """[patterns, steps, voices]: -ln p of each token; in the first bar a single token's."""
        probability = self._single.probabilities(patterns)
        same = patterns[:, STEPS_PER_BAR:] == patterns[:, :-STEPS_PER_BAR]
        later = self.trust * same + (1 - self.trust) * probability[:, STEPS_PER_BAR:]
        return np.asarray(-np.log(np.concatenate([probability[:, :STEPS_PER_BAR], later], axis=1)))
