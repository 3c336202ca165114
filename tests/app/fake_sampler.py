"""Samplers without a model, for page tests: tones whose harmonics follow the place."""

from pathlib import Path

import numpy as np
import pytest

from core import engines
from core.audio import Clip
from core.errors import UserInputError
from core.sampling.sound import Latent, Plane, Point, Touch

RATE = 16_000
HARMONICS = np.arange(1, 9)
INSTRUMENTS = (
    ("piano", "keyboard"), ("harpsichord", "keyboard"), ("violin", "string"), ("harp", "string"),
    ("flute", "flute"), ("trumpet", "brass"), ("clarinet", "reed"), ("oboe", "reed"),
    ("marimba", "mallet"), ("guitar", "guitar"), ("organ", "organ"), ("choir", "vocal"),
    ("bass", "bass"), ("saw lead", "synth_lead"), ("sitar", "ethnic"),
)  # fmt: skip
PITCHES = (48, 55, 60, 64, 72)


class FakeSampler:
    """Keeps the protocol to the letter: 3 numbers to a place, the third 0 under the plane."""

    plays_pitches = True
    pitches = (24, 108)
    latent_size = 3
    plane = Plane(-3.0, 3.0, -2.0, 2.0)

    def encode(self, clip: Clip) -> Latent:
        mono = clip.mono()
        if np.abs(mono).max() < 0.01:
            raise UserInputError("This recording is silent; play one note and try again.")
        power = np.abs(np.fft.rfft(mono)) ** 2 + 1e-12
        if np.exp(np.log(power).mean()) / power.mean() > 0.1:
            raise UserInputError("This is noise and no note; play one note of one instrument.")
        hz = float(np.argmax(power)) * clip.sample_rate / len(mono)
        pitch = 69 + 12 * float(np.log2(max(hz, 20.0) / 440))
        return Latent((1.25, -0.5, 0.3), pitch, -20.0)

    def decode(self, latent: Latent, touch: Touch = Touch(), *, seed: int = 0) -> Clip:  # noqa: B008
        t = np.arange(round(touch.seconds * RATE)) / RATE
        hz = 440.0 * 2 ** ((touch.pitch - 69) / 12)
        slope = 1.6 + 0.4 * latent.values[0]
        levels = HARMONICS**-slope * (1 + 0.5 * np.sin(HARMONICS * latent.values[1]))
        heard = HARMONICS[HARMONICS * hz < RATE / 2]
        tone = (levels[: len(heard), None] * np.sin(2 * np.pi * hz * heard[:, None] * t)).sum(
            axis=0
        )
        tone *= np.minimum(1, t / 0.01) * np.exp(-np.maximum(t - touch.held_s, 0) * 9)
        peak = max(float(np.abs(tone).max()), 1e-6)
        return Clip((0.6 * touch.velocity * tone / peak)[None].astype(np.float32), RATE)

    def at(self, x: float, y: float) -> Latent:
        return Latent((x, y, 0.0))

    def locate(self, latent: Latent) -> tuple[float, float]:
        return latent.values[0], latent.values[1]

    def points(self) -> list[Point]:
        rng = np.random.default_rng(4)
        found = []
        for name, family in INSTRUMENTS:
            middle = rng.uniform((-2.5, -1.6), (2.5, 1.6))
            for pitch in PITCHES:
                x, y = np.clip(middle + rng.normal(0, 0.18, 2), (-2.9, -1.9), (2.9, 1.9)).round(3)
                values = (float(x), float(y), 0.1)
                found.append(Point(float(x), float(y), name, family, pitch, Latent(values)))
        return found


class PitchlessSampler(FakeSampler):
    """As the published model: two numbers to a place, and no say over the pitch."""

    plays_pitches = False
    latent_size = 2

    def encode(self, clip: Clip) -> Latent:
        found = super().encode(clip)
        return Latent(found.values[:2])

    def decode(self, latent: Latent, touch: Touch = Touch(), *, seed: int = 0) -> Clip:  # noqa: B008
        pitch = 60.0 + 6.0 * latent.values[1]
        return super().decode(Latent((*latent.values, 0.0)), Touch(pitch), seed=seed)

    def at(self, x: float, y: float) -> Latent:
        return Latent((x, y))

    def points(self) -> list[Point]:
        return [
            Point(p.x, p.y, p.name, p.family, p.pitch, Latent(p.latent.values[:2]))
            for p in super().points()
        ]


def install(patch) -> None:
    """Let `timbre-vae` and `mel-vae-2d` be these. patch: of an attribute, as monkeypatch's."""
    here = "tests.app.fake_sampler"
    own = [
        engines.EngineInfo(
            "sample", "timbre-vae", "Timbre VAE", "Any pitch in any colour.", False, None,
            f"{here}:FakeSampler",
        ),
        engines.EngineInfo(
            "sample", "mel-vae-2d", "Published VAE", "The paper's plane.", True, None,
            f"{here}:PitchlessSampler",
        ),
    ]  # fmt: skip
    others = tuple(entry for entry in engines._ENGINES if entry.job != "sample")
    patch(engines, "_ENGINES", (*others, *own))


def make_sounds(root: Path) -> None:
    """Finished sounds of both, as the gallery's command makes them."""
    from benchmarks import gallery_sample  # measures them, and so brings librosa along

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gallery_sample, "GALLERY", root)
        install(patch.setattr)
        for rank, name in enumerate(("timbre-vae", "mel-vae-2d")):
            words = {"slug": name, "title": f"Sound {name}"}
            entry = words | {"engine": name, "between": ["violin", "clarinet"], "pitch": 60}
            gallery_sample.build(entry, rank)
