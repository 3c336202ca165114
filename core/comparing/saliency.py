"""Which earlier notes decided a note: what the model thinks of it when they are taken away.

Occlusion (Zeiler and Fergus, "Visualizing and understanding convolutional networks", 2014), exact
for a model on tokens: every earlier note is taken out in turn, and the chosen note's probability
is computed anew.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from core.comparing.models import Autoencoder, PatternModel
from core.comparing.patterns import FIRST_PITCH, NO_EVENT, NOTE_OFF, Kind, Pattern
from core.progress import Progress, ignore

Without = Literal["rest", "hold"]
"""What stands in a note's place: silence, or the note before it, which goes on."""
MOST = 64
"""Notes taken out: the last ones before the chosen note."""
CHUNK = 16


@dataclass(frozen=True, order=True)
class Event:
    """A note, or the hits of the drums at one step. end: the step at which it is over.

    voice: index into the kind's voices.
    """

    step: int
    voice: int
    token: int
    end: int


@dataclass(frozen=True)
class Reason:
    """An earlier event, and what it did for the chosen note.

    nats: ln p of the note with the event less ln p without it; above 0 it spoke for the note.
    """

    event: Event
    nats: float


@dataclass(frozen=True)
class Reasons:
    """Of one note. probability: the model's, given all that was there. left_out: of `reasons`."""

    target: Event
    probability: float
    reasons: tuple[Reason, ...]
    left_out: int = 0


def events(pattern: Pattern, kind: Kind) -> list[Event]:
    """The notes of a pattern [steps, voices], in the order in which the models write them."""
    found = []
    for voice, name in enumerate(kind.voices):
        tokens = np.asarray(pattern)[:, voice]
        if name == "drums":
            found += [Event(step, voice, token, step + 1)
                      for step, token in enumerate(tokens.tolist()) if token]  # fmt: skip
            continue
        changes = [*np.flatnonzero(tokens != NO_EVENT).tolist(), len(tokens)]
        found += [
            Event(step, voice, int(tokens[step]), end)
            for step, end in itertools.pairwise(changes)
            if tokens[step] >= FIRST_PITCH
        ]
    return sorted(found)


def without(pattern: Pattern, kind: Kind, event: Event, how: Without) -> Pattern:
    """The pattern with one event taken out; nothing else sounds at another time than before."""
    out = np.array(pattern)
    tokens = out[:, event.voice]
    if kind.voices[event.voice] == "drums":
        tokens[event.step] = 0
        return out
    before = tokens[: event.step][tokens[: event.step] != NO_EVENT]
    sounds = len(before) > 0 and before[-1] >= FIRST_PITCH
    tokens[event.step] = NOTE_OFF if sounds and how == "rest" else NO_EVENT
    ended = event.end < len(tokens) and tokens[event.end] == NOTE_OFF
    if ended and not (sounds and how == "hold"):
        tokens[event.end] = NO_EVENT  # it is silent already
    return out


def reasons(
    model: PatternModel,
    pattern: Pattern,
    target: Event,
    *,
    how: Without = "rest",
    progress: Progress = ignore,
) -> Reasons:
    """What each of the last MOST events before `target` did for it. pattern: [steps, voices].

    For an autoencoder the changed pattern goes through the encoder too, which sees all of it, the
    chosen note and what follows included.
    """
    kind = model.kind
    earlier = [
        event for event in events(pattern, kind)
        if (event.step, event.voice) < (target.step, target.voice)
    ]  # fmt: skip
    asked = earlier[-MOST:]
    variants = [np.asarray(pattern)]
    for event in asked:
        changed = without(pattern, kind, event, how)
        # What the note's own place says is what is asked about, and not to be changed.
        changed[target.step, target.voice] = target.token
        variants.append(changed)
    nats: list[float] = []
    for start in range(0, len(variants), CHUNK):
        progress(start / len(variants))
        batch = np.stack(variants[start : start + CHUNK])
        nats += _nats(model, batch)[:, target.step, target.voice].tolist()
    progress(1.0)
    given = nats[0]
    told = tuple(Reason(e, n - given) for e, n in zip(asked, nats[1:], strict=True))
    return Reasons(target, float(np.exp(-given)), told, len(earlier) - len(asked))


def _nats(model: PatternModel, patterns: Pattern) -> npt.NDArray[np.float64]:
    """An autoencoder's at the middle of where it places each pattern, so that nothing is drawn."""
    if isinstance(model, Autoencoder):
        return model.nats_at(model.encode(patterns)[0], patterns)
    return model.nats(patterns)
