"""Networks without one of their parts, and music in other keys, for training.midi_search."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from core.comparing.midi_vae_model import MidiVae
from core.comparing.patterns import FIRST_PITCH, KINDS, STEPS_PER_BAR, Kind, Pattern
from training.midi_fit import Config, build

FLAT, NO_PLACE, STEADY = "flat", "no place", "steady"


class FlatVae(MidiVae):
    """`MidiVae` without a hierarchy: one plan for all bars, a decoder that goes on over them."""

    def decode(
        self, latents: Any, tokens: Any, before: Any, training: bool | None = None
    ) -> list[Any]:
        """As `MidiVae.decode`; the conductor speaks once, for the whole pattern."""
        start = ops.split(self.begin(latents), 2, axis=-1)
        said = self.conductor(latents[:, None], begin=(start[0], start[1]))[0][:, 0]
        if self.bar_direct is not None:
            direct = ops.reshape(self.bar_direct(latents), (-1, self.bars, said.shape[-1]))
            said = said + ops.mean(direct, axis=1)
        start = ops.split(self.begin_bar(said), 2, axis=-1)
        plan = ops.reshape(self.bar_plan(said), (-1, STEPS_PER_BAR, self.embedding))
        x = ops.concatenate([self.eye(before), ops.tile(plan, (1, self.bars, 1))], axis=-1)
        states = self.cell(x, begin=(start[0], start[1]))[0]
        return self.heads(self.drop(states, training=training), tokens, training=training)


class Steady(keras.layers.Wrapper):
    """The plan of a bar, the same at all of its steps, as MusicVAE's conductor speaks."""

    def call(self, x: Any) -> Any:
        """What the plan says on average, at every step."""
        plan = self.layer(x)
        steps = ops.reshape(plan, (-1, STEPS_PER_BAR, plan.shape[-1] // STEPS_PER_BAR))
        return ops.tile(ops.mean(steps, axis=1), (1, STEPS_PER_BAR))


class SteadyVae(MidiVae):
    """`MidiVae` whose plan of a bar is `Steady`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.bar_plan = Steady(self.bar_plan)


VARIANTS = {FLAT: FlatVae, STEADY: SteadyVae}


def variant(config: Config, without: str = "") -> keras.Model:
    """The network of a configuration, without what FLAT, STEADY or NO_PLACE say."""
    kind = KINDS[config.kind]
    if without in VARIANTS:
        made = VARIANTS[without](sizes=kind.sizes, bars=kind.bars, **config.network)
        made.build()
        return made
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
