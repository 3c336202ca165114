"""Which models there are for which kind of pattern, and what people call them."""

from __future__ import annotations

from core.comparing.models import MODELS
from core.comparing.patterns import KINDS
from core.registry import models

JOB = "compare"
TITLES = {
    "midi-lstm": "LSTM",
    "midi-vae": "VAE",
    "midi-vae-adversarial": "Adversarial VAE",
}
SUMMARIES = {
    "midi-lstm": "Draws one token after the other, each from all before it.",
    "midi-vae": "Draws one place in its space of melodies, and writes out what is there.",
    "midi-vae-adversarial": "The VAE, trained against a critic as well, as the paper wishes.",
}
AUTOENCODERS = MODELS[1:]
"""Those of MODELS that have a space."""


def available(kind: str) -> tuple[str, ...]:
    """Models whose weights for a kind of KINDS are installed, in the order of MODELS."""
    known = models()
    return tuple(name for name in MODELS if f"{name}-{kind}" in known)


def kinds(least: int = 1) -> tuple[str, ...]:
    """Kinds that at least so many models are installed for."""
    return tuple(kind for kind in KINDS if len(available(kind)) >= least)


def weights_sha256(name: str, kind: str) -> str | None:
    """Of the model's weights for the kind, as recipes name them; None where there are none."""
    spec = models().get(f"{name}-{kind}")
    return spec.sha256 if spec else None
