"""The compared models in numpy, read from their weight files."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

from core import registry
from core.comparing.layers import weights_of
from core.comparing.lstm import MidiLstm
from core.comparing.models import PatternModel
from core.comparing.patterns import KINDS
from core.comparing.vae import MidiVae
from core.loaders import read_weights


def read(path: Path, name: str, kind: str) -> PatternModel:
    """The model in a .weights.h5. Raises OSError or KeyError for a file of something else."""
    made = MidiLstm if name == "midi-lstm" else MidiVae
    return made(weights_of(path), KINDS[kind], name)


def load(name: str, kind: str) -> PatternModel:
    """`core.comparing.models.pattern_model`."""
    return _load(name, kind, registry.model(f"{name}-{kind}").sha256)


@lru_cache(maxsize=16)
def _load(name: str, kind: str, sha256: str) -> PatternModel:
    """Of the file of this hash, which the manifest names now."""
    return read_weights(f"{name}-{kind}", partial(read, name=name, kind=kind))


@dataclass(frozen=True)
class Engine:
    """One of MODELS, of whatever kind: what `core.engines.engine("compare", name)` gives."""

    name: str

    def model(self, kind: str) -> PatternModel:
        """`core.comparing.models.pattern_model`."""
        return load(self.name, kind)


midi_lstm = partial(Engine, "midi-lstm")
midi_vae = partial(Engine, "midi-vae")
midi_vae_adversarial = partial(Engine, "midi-vae-adversarial")
