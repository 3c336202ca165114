"""The network of `midi-vae`, in Keras. Imported by the loader and by training alone.

`core.comparing.vae` is the same in numpy, which the app runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers, ops

from core.comparing.layers_model import Heads, Lstm, Reader, shifted, surprise
from core.comparing.patterns import STEPS_PER_BAR


@keras.saving.register_keras_serializable(package="encore")
class MidiVae(keras.Model):  # type: ignore[misc]
    """A variational autoencoder of patterns, as MusicVAE (Roberts et al. 2018) decodes them.

    Two LSTMs read each bar forwards and backwards, and a dense layer sums up what they say at its
    sixteen steps; two more read these bars, and what they end with says where the pattern lies.
    From a place a conductor goes from bar to bar and plans its sixteen steps; the decoder, which
    begins anew with every bar, writes it step by step. Of other bars it sees the last token alone.
    MusicVAE has neither the dense layer nor the plan: it needs far more steps of training.

    direct, for patterns of few bars: the place hears every bar, and every bar the place, without
    the recurrence between bars, which remains beside it.

    Tokens [batch, steps, voices] -> logits [batch, steps, tokens of all voices], of the same tokens
    decoded from their place's mean, each step's given the one before.
    """

    def __init__(
        self, sizes: Sequence[int], bars: int, units: int = 160, reader: int = 56,
        conductor: int = 96, latent: int = 64, embedding: int = 48, width: int = 128,
        dropout: float = 0.1, direct: bool = False, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(**kwargs)
        self.sizes, self.bars, self.latent = tuple(sizes), bars, latent
        self.units, self.embedding = units, embedding
        # Each name sorts before "layers": Keras files the rest under numbers in its weight files,
        # and `core.comparing.network` reads them by name.
        self.ear = Reader(sizes, embedding)
        self.bar_forwards, self.bar_backwards = Lstm(reader), Lstm(reader)
        self.bar_sum = layers.Dense(conductor, activation="gelu")
        self.form_forwards, self.form_backwards = Lstm(reader), Lstm(reader)
        self.centre = layers.Dense(2 * latent)
        self.begin = layers.Dense(2 * conductor, activation="tanh")
        self.conductor = Lstm(conductor)
        self.begin_bar = layers.Dense(2 * units, activation="tanh")
        self.bar_direct = layers.Dense(bars * conductor) if direct else None
        self.bar_plan = layers.Dense(STEPS_PER_BAR * embedding)
        self.eye = Reader(sizes, embedding)
        self.cell = Lstm(units)
        self.heads = Heads(sizes, width, dropout)
        self.drop = layers.Dropout(dropout)

    def build(self, shape: Any = None) -> None:
        self.ear.build()
        self.eye.build()
        for bar in (self.bar_forwards, self.bar_backwards):
            bar.build((None, None, self.embedding))
        reader, conductor = 2 * self.bar_forwards.units, self.conductor.units
        self.bar_sum.build((None, STEPS_PER_BAR * reader))
        for form in (self.form_forwards, self.form_backwards):
            form.build((None, None, conductor))
        if self.bar_direct is not None:
            self.bar_direct.build((None, self.latent))
            reader += self.bars * conductor
        self.centre.build((None, reader))
        self.begin.build((None, self.latent))
        self.conductor.build((None, None, self.latent))
        self.begin_bar.build((None, conductor))
        self.bar_plan.build((None, conductor))
        self.cell.build((None, None, 2 * self.embedding))
        self.heads.build((None, None, self.units))
        self.built = True

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        tokens = ops.cast(inputs, "int32")
        said = self.decode(self.encode(tokens)[0], tokens, shifted(tokens, self.sizes), training)
        return ops.concatenate(said, axis=-1)

    def encode(self, tokens: Any, training: bool | None = None) -> tuple[Any, Any]:
        """Means and log variances of the places, [batch, latent] each."""
        x = self._by_bar(self.ear(tokens))
        said = [self.bar_forwards(x)[0], self.bar_backwards(x, backwards=True)[0]]
        steps = self.drop(ops.concatenate(said, axis=-1), training=training)
        read = self.bar_sum(ops.reshape(steps, (-1, STEPS_PER_BAR * steps.shape[-1])))
        bars = ops.reshape(read, (-1, self.bars, read.shape[-1]))
        ends = [self.form_forwards(bars)[1][0], self.form_backwards(bars, backwards=True)[1][0]]
        if self.bar_direct is not None:
            ends.append(ops.reshape(bars, (-1, self.bars * bars.shape[-1])))
        mean, log_variance = ops.split(self.centre(ops.concatenate(ends, axis=-1)), 2, axis=-1)
        return mean, ops.clip(log_variance, -8.0, 2.0)

    def decode(self, latents: Any, tokens: Any, before: Any, training: bool | None = None) -> Any:
        """Logits of each voice, listed. before: `shifted` tokens, of which some may be hidden."""
        start = ops.split(self.begin(latents), 2, axis=-1)
        steady = ops.repeat(latents[:, None], self.bars, axis=1)
        bars = self.conductor(steady, begin=(start[0], start[1]))[0]
        if self.bar_direct is not None:
            bars = bars + ops.reshape(self.bar_direct(latents), (-1, self.bars, bars.shape[-1]))
        bars = ops.reshape(bars, (-1, bars.shape[-1]))
        start = ops.split(self.begin_bar(bars), 2, axis=-1)
        plan = ops.reshape(self.bar_plan(bars), (-1, STEPS_PER_BAR, self.embedding))
        x = ops.concatenate([self._by_bar(self.eye(before)), plan], axis=-1)
        states = self.cell(x, begin=(start[0], start[1]))[0]
        context = ops.reshape(states, (-1, self.bars * STEPS_PER_BAR, self.units))
        return self.heads(self.drop(context, training=training), tokens, training=training)

    def _by_bar(self, x: Any) -> Any:
        return ops.reshape(x, (-1, STEPS_PER_BAR, x.shape[-1]))

    def explain(
        self, tokens: Any, before: Any, noise: Any, training: bool | None = None
    ) -> tuple[Any, Any, Any]:
        """(nats of each pattern, divergence of its place from the standard normal, the place).

        Both in nats, [batch]; places [batch, latent]. noise: standard normal numbers that the
        places are drawn with, [batch, latent].
        """
        mean, log_variance = self.encode(tokens, training)
        places = mean + ops.exp(0.5 * log_variance) * noise
        nats = surprise(self.decode(places, tokens, before, training), tokens)
        each = 0.5 * (ops.square(mean) + ops.exp(log_variance) - log_variance - 1.0)
        return ops.sum(nats, axis=(1, 2)), ops.sum(each, axis=-1), places


def build(**config: Any) -> keras.Model:
    """The network with fresh weights, built. See `MidiVae`."""
    model = MidiVae(**config)
    model.build()
    return model
