"""The network of `timbre-vae`, in Keras. Imported by the loader and by training alone.

`core.sampling.timbre_network` is the same in numpy, which the app runs.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from core.sampling.harmonics import KNOTS
from core.sampling.timbre_notes import (
    ASKED,
    CHANNELS,
    HEARD,
    OUTPUT,
    TRAITS,
    WAVES,
)


@keras.saving.register_keras_serializable(package="encore")
class TimbreVae(keras.Model):  # type: ignore[misc]
    """Hears one note and says how another of the same instrument sounds.

    float32 [batch, HEARD + ASKED] -> [batch, OUTPUT]: what was heard (`timbre_notes.heard_row`) and
    the pitch and velocity asked for; levels and pitch at the knots, and traits
    (`timbre_notes.output_parts`). Kingma and Welling, "Auto-encoding variational Bayes", 2013, with
    the latent at its mean.
    """

    def __init__(
        self, latent: int = 16, width: int = 384, listener: int = 192, curves: int = 20,
        **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(**kwargs)
        self.latent, self.width, self.listener, self.curves = latent, width, listener, curves
        # Each name sorts before "layers": Keras files the rest under numbers in its weight files,
        # and `timbre_network` reads them by name.
        self.hear = layers.Dense(listener, activation="gelu")
        self.hear_more = layers.Dense(listener, activation="gelu")
        self.hear_most = layers.Dense(listener, activation="gelu")
        self.centre = layers.Dense(2 * latent)
        self.begin = layers.Dense(width, activation="gelu")
        self.imagine = layers.Dense(width, activation="gelu")
        self.imagine_more = layers.Dense(width, activation="gelu")
        self.forms = layers.Dense(curves * CHANNELS)
        self.course = layers.Dense(KNOTS)
        self.character = layers.Dense(TRAITS)

    def build(self, shape: Any) -> None:
        self.hear.build((None, HEARD + WAVES + 1))
        self.hear_more.build((None, self.listener))
        self.hear_most.build((None, self.listener))
        self.centre.build((None, self.listener))
        self.begin.build((None, self.latent + WAVES + 2))
        self.imagine.build((None, self.width + self.latent + WAVES + 2))
        self.imagine_more.build((None, self.width))
        self.forms.build((None, self.width))
        self.course.build((None, None, self.curves))
        self.character.build((None, self.width))
        self.built = True

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        mean, _ = self.encode(inputs[:, :HEARD])
        return self.decode(mean, inputs[:, HEARD:])

    def encode(self, heard: Any) -> tuple[Any, Any]:
        """[batch, HEARD] -> mean and log variance of the latent, [batch, latent] each."""
        x = self.hear(ops.concatenate([heard, waves(heard[:, :1])], axis=1))
        x = x + self.hear_more(x)
        x = x + self.hear_most(x)
        mean, log_variance = ops.split(self.centre(x), 2, axis=1)
        return mean, ops.clip(log_variance, -8.0, 4.0)

    def decode(self, latent: Any, asked: Any) -> Any:
        """[batch, latent] and [batch, ASKED] -> [batch, OUTPUT]."""
        given = ops.concatenate([latent, waves(asked[:, :1]), asked[:, 1:]], axis=1)
        x = self.begin(given)
        x = x + self.imagine(ops.concatenate([x, given], axis=1))
        x = x + self.imagine_more(x)
        shapes = ops.reshape(self.forms(x), (-1, CHANNELS, self.curves))
        curves = ops.reshape(self.course(shapes), (-1, CHANNELS * KNOTS))
        return ops.concatenate([curves, self.character(x)], axis=1)


def waves(pitch: Any) -> Any:
    """[batch, 1], in two octaves from middle C -> [batch, WAVES + 1]: smooth functions of it."""
    parts = [pitch]
    for k in range(WAVES // 2):
        angle = pitch * (1.2 * 1.6**k)
        parts += [ops.sin(angle), ops.cos(angle)]
    return ops.concatenate(parts, axis=1)


def build(
    latent: int = 16, width: int = 384, listener: int = 192, curves: int = 20
) -> keras.Model:  # fmt: skip
    """The network with fresh weights, built. See `TimbreVae`."""
    model = TimbreVae(latent, width, listener, curves)
    model.build((None, HEARD + ASKED))
    return model


__all__ = ["OUTPUT", "TimbreVae", "build", "waves"]
