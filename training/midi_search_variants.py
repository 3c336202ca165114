"""Networks without one of their parts, and music in other keys, for training.midi_search."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from core.comparing.midi_vae_model import MidiVae
from core.comparing.patterns import FIRST_PITCH, KINDS, Kind, Pattern
from training.midi_fit import Config, build

FLAT, NO_PLACE = "flat", "no place"


class FlatVae(MidiVae):
    """`MidiVae` without a hierarchy: the decoder goes on from bar to bar, told the place alone."""

    def decode(
        self, latents: Any, tokens: Any, before: Any, training: bool | None = None
    ) -> list[Any]:
        """As `MidiVae.decode`; the conductor speaks once, for the whole pattern."""
        start = ops.split(self.begin(latents), 2, axis=-1)
        said = self.conductor(latents[:, None], begin=(start[0], start[1]))[0][:, 0]
        start = ops.split(self.begin_bar(said), 2, axis=-1)
        asked = ops.repeat(said[:, None], before.shape[1], axis=1)
        x = ops.concatenate([self.eye(before), asked], axis=-1)
        states = self.cell(x, begin=(start[0], start[1]))[0]
        return self.heads(self.drop(states, training=training), tokens, training=training)


def variant(config: Config, without: str = "") -> keras.Model:
    """The network of a configuration, without FLAT's hierarchy or the place in the bar."""
    kind = KINDS[config.kind]
    if without == FLAT:
        flat = FlatVae(sizes=kind.sizes, bars=kind.bars, **config.network)
        flat.build()
        return flat
    network = build(config)
    if without == NO_PLACE:
        for reader in [layer for layer in (getattr(network, "ear", None), network.eye) if layer]:
            reader.place.assign(np.zeros(reader.place.shape, np.float32))
            reader.place.trainable = False
    return network


def in_any_key(patterns: Pattern, kind: Kind, seed: int = 0) -> Pattern:
    """Patterns [patterns, steps, voices] moved by -5 to 6 semitones each; drums stay.

    A pattern that would leave the range of a voice is left as it is.
    """
    melodic = np.array([voice != "drums" for voice in kind.voices])
    notes = (patterns >= FIRST_PITCH) & melodic
    shifts = np.random.default_rng(seed).integers(-5, 7, (len(patterns), 1, 1))
    moved = patterns + shifts * notes
    fits = ((moved >= FIRST_PITCH) & (moved < np.array(kind.sizes)) | ~notes).all(axis=(1, 2))
    return np.where(fits[:, None, None], moved, patterns)
