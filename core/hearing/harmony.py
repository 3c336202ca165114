"""Key and chords of a solo: what a network and a hidden Markov model say of its notes on the grid.

The Markov model is after Raphael and Stoddard, "Functional harmonic analysis using probabilistic
models" (CMJ 2004): chords follow one another as counted beside their key, and each says how likely
every note is above its root; the numbers in chords.json are counted by training/chords.py. It also
says how likely each key is. The network (core/hearing/chords_network.py) is asked in all 24 keys;
one in which it is surer of the chords is likelier.

A tune leaves its chords open. So what is named is not the likeliest chord but the one whose tones
are most often right, over all that it may be in all keys that it may be in (a choice of minimum
Bayes risk); and with it goes how sure each of its tones is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.hearing.chords_network import QUALITIES, STATES, network
from core.hearing.heard import CHORD_QUALITIES, TONES, TRIADS, Chord, Grid, HeardNote
from core.hearing.spans import Spans, spans_of
from core.keys import KEYS, likeliest_key
from core.score import Key

Array = npt.NDArray[np.float64]

MODES = ("major", "minor")
TABLES = Path(__file__).with_name("chords.json")
STEADIER, STEADIER_FIT = 1.3, 1.6
"""What a note is worth beside what came before, for chords and for the fit of bars; NETWORK: what
the network is worth beside the Markov model; ROOT: a right root beside right tones; SURE_OF_CHORDS:
nats for a key by each nat of entropy that the network's chords have less there. All chosen on the
validation split."""
NETWORK, SURE_OF_CHORDS = 0.9, 0.2
ROOT = 4.0
_HEAVY = 6.0
"""Of notes, beside one quarter: no span says more than so many by their mere number."""


def harmony(notes: Sequence[HeardNote], grid: Grid) -> tuple[Key, tuple[Chord, ...]]:
    """(key, chords from the first bar on) of a solo's notes. Raises ModelUnavailableError."""
    spans = spans_of(notes, grid)
    bar = grid.beats * grid.beat_ticks
    key, likely = likelihoods(spans)
    states, tones = most_right(likely), likely @ _belong()
    changes = np.flatnonzero(np.diff(states, prepend=-1))
    chords = []
    for first, last in zip(changes, [*changes[1:], len(states)], strict=True):
        quality, root = divmod(int(states[first]), 12)
        sure = np.roll(tones[first:last].mean(axis=0), -root)
        start = round(int(first) * bar / spans.parts)
        chords.append(
            Chord(start, root, CHORD_QUALITIES[quality], tuple(np.round(sure, 2).tolist()))
        )
    return key, tuple(chords)


def harmonic_fit(notes: Sequence[HeardNote], grid: Grid) -> float:
    """Nats by which chords that change with the grid's bars explain the notes.

    Those of the likeliest chords in one key, by the Markov model (Viterbi's algorithm), and how
    sure the network is of its chords in the key where it is surest: its entropy, negative.
    """
    spans = spans_of(notes, grid)
    total = spans.weights.sum(axis=0)
    if np.ptp(total) == 0.0:
        return 0.0
    key, tables = likeliest_key(total), _tables()
    mode = MODES.index(key.mode)
    said = STEADIER_FIT * _beside_tonic(spans, key) @ tables.notes.T
    nats = tables.first[mode] + said[0]
    for span in range(1, len(spans)):
        into = nats[:, None] + tables.change[mode, int(span % spans.parts != 0)]
        nats = into.max(axis=0) + said[span]
    return float(nats.max() + _sureness(network()(spans, KEYS)).max())


def _sureness(said: npt.NDArray[np.float32]) -> Array:
    """[keys]: the entropies of chords together, negative, nats. said: [keys, spans, STATES]."""
    return np.asarray((np.exp(said) * said).sum(axis=(1, 2)), np.float64)


def _beside_tonic(spans: Spans, key: Key) -> Array:
    """[spans, 12]: the weights beside the key's tonic, none over _HEAVY together."""
    weights = np.roll(spans.weights, -key.tonic, axis=1)
    heavy = np.maximum(weights.sum(axis=1, keepdims=True), 1e-9)
    return np.asarray(weights * np.minimum(1.0, _HEAVY / heavy))


def likelihoods(spans: Spans) -> tuple[Key, Array]:
    """(the likeliest key, probabilities [spans, STATES] of chords: 12 * quality + root).

    Of no notes C major, of which each span is sure.
    """
    if np.ptp(spans.weights.sum(axis=0)) == 0.0:
        return Key(0, "major"), np.tile(np.eye(STATES)[0], (len(spans), 1))
    nats, shares = followed(spans, KEYS)
    said = network()(spans, KEYS)
    nats += SURE_OF_CHORDS * _sureness(said)
    both = (1 - NETWORK) * np.log(shares + 1e-6) + NETWORK * said
    both = np.exp(both - both.max(axis=2, keepdims=True))
    both /= both.sum(axis=2, keepdims=True)
    chances = np.exp(nats - nats.max())
    chances /= chances.sum()
    states = np.zeros((len(spans), STATES))
    for key, chance, beside in zip(KEYS, chances, both, strict=True):
        states += chance * _from_c(beside, key)
    return KEYS[int(nats.argmax())], states


def most_right(likely: Array) -> npt.NDArray[np.int64]:
    """[spans]: the chord to name of each span's probabilities [spans, STATES]."""
    return np.asarray((likely @ _worth().T).argmax(axis=1))


def followed(spans: Spans, keys: Sequence[Key]) -> tuple[Array, Array]:
    """What the Markov model says if the tune is in each of the keys.

    (nats of all notes [keys], probabilities [keys, spans, STATES], roots beside the tonic): the
    forward-backward algorithm (Rabiner, 1989).
    """
    tables = _tables()
    modes = np.array([MODES.index(key.mode) for key in keys])
    weights = np.stack([_beside_tonic(spans, key) for key in keys])
    said = STEADIER * weights @ tables.notes.T
    most = said.max(axis=2, keepdims=True)
    nats, said = most[:, :, 0].sum(axis=1), np.exp(said - most)
    change = np.exp(tables.change)
    ahead, behind = np.empty_like(said), np.ones_like(said)
    for span in range(len(spans)):
        inside = int(span % spans.parts != 0)
        came = ahead[:, span - 1, None] @ change[modes, inside] if span else None
        now = (np.exp(tables.first[modes]) if came is None else came[:, 0]) * said[:, span]
        total = now.sum(axis=1, keepdims=True)
        nats += np.log(total[:, 0])
        ahead[:, span] = now / total
    for span in range(len(spans) - 2, -1, -1):
        inside = int((span + 1) % spans.parts != 0)
        later = behind[:, span + 1] * said[:, span + 1]
        before = (change[modes, inside] @ later[:, :, None])[:, :, 0]
        behind[:, span] = before / before.sum(axis=1, keepdims=True)
    shares = ahead * behind
    return nats, shares / shares.sum(axis=2, keepdims=True)


def _from_c(beside: Array, key: Key) -> Array:
    """[spans, STATES] with roots beside the key's tonic -> the same with roots from C."""
    apart = beside.reshape(len(beside), QUALITIES, 12)
    return np.roll(apart, key.tonic, axis=2).reshape(len(beside), STATES)


def tones_right(played: npt.NDArray[np.int64], meant: npt.NDArray[np.int64]) -> Array:
    """The share of each played triad that belongs to the chord meant; 12 * quality + root."""
    return _right()[played, meant]


@lru_cache(maxsize=1)
def _right() -> Array:
    """[STATES, STATES]: the share of the first chord's triad that belongs to the second."""
    played = _classes(TRIADS)
    return np.asarray((played / played.sum(axis=1, keepdims=True)) @ _belong().T)


@lru_cache(maxsize=1)
def _belong() -> Array:
    """[STATES, 12]: which pitch classes belong to each chord."""
    return _classes(TONES)


def _classes(tones: Mapping[str, Iterable[int]]) -> Array:
    """[STATES, 12]: 1 where a pitch class is among each chord's. tones: above the root."""
    out = np.zeros((STATES, 12))
    for state in range(STATES):
        quality, root = CHORD_QUALITIES[state // 12], state % 12
        out[state, [(root + tone) % 12 for tone in tones[quality]]] = 1.0
    return out


@lru_cache(maxsize=1)
def _worth() -> Array:
    """[STATES, STATES]: how right it is to play the first chord where the second is meant.

    `_right`, and ROOT where both have one root.
    """
    roots = np.arange(STATES) % 12
    return np.asarray(_right() + ROOT * (roots[:, None] == roots[None]))


class Tables:
    """Logarithms, from the key's tonic.

    first: [modes, STATES]. change: [modes, inside a bar, STATES, STATES], from and to. notes:
    [STATES, 12], of each pitch class under each chord.
    """

    def __init__(self, stored: dict[str, list[object]]) -> None:
        self.first = np.array(stored["first"], np.float64)
        self.change = np.array(stored["change"], np.float64)
        above = np.array(stored["notes"], np.float64)
        self.notes = np.stack([np.roll(above[q], root) for q in range(QUALITIES)
                               for root in range(12)])  # fmt: skip


@lru_cache(maxsize=1)
def _tables() -> Tables:
    return Tables(json.loads(TABLES.read_text(encoding="utf-8")))
