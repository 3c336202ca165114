"""Remixers without a model, for page tests: hits and tones, loud beside a loud solo."""

import os
import time
from pathlib import Path

import numpy as np
import pytest

from benchmarks import gallery_remix
from core import engines
from core.audio import Clip, encode_flac
from core.errors import UserInputError
from core.remixing.stems import MIX, STEMS, Stems

RATE = 22_050
HZ = {"bass": 55.0, "piano": 440.0, "other": 220.0}


class FakeRemixer:
    """Keeps the protocol to the letter. ENCORE_FAKE_REMIX_S: how long it takes over a second."""

    def remix(self, solo: Clip, *, seed: int, progress=lambda fraction: None) -> Stems:
        if not 1.0 <= solo.duration_s <= 120.0:
            raise UserInputError("Give a solo of 1 to 120 seconds.")
        mono = solo.with_channels(1).resampled(RATE).samples[0]
        for second in range(round(solo.duration_s)):
            progress(second / solo.duration_s)
            time.sleep(float(os.environ.get("ENCORE_FAKE_REMIX_S", "0")))
        return Stems({name: self._part(name, mono, seed) for name in STEMS})

    def _part(self, name: str, solo: np.ndarray, seed: int) -> Clip:
        t = np.arange(len(solo)) / RATE
        if name == "drums":
            noise = np.random.default_rng(seed).standard_normal(len(solo))
            sound = 0.2 * noise * np.exp(-20 * (t % 0.5))
        else:
            sound = 0.15 * np.sin(2 * np.pi * (HZ[name] + seed) * t) * np.exp(-3 * (t % 1.0))
        return Clip((sound * min(1.0, 4 * np.abs(solo).mean()))[None].astype(np.float32), RATE)


class FakeMixRemixer(FakeRemixer):
    """As the published model that cannot take its parts apart."""

    def remix(self, solo: Clip, *, seed: int, progress=lambda fraction: None) -> Stems:
        parts = super().remix(solo, seed=seed, progress=progress).parts.values()
        return Stems({MIX: Clip(0.3 * np.sum([part.samples for part in parts], axis=0), RATE)})


def install(patch) -> None:
    """Let two engines be these. patch: of an attribute, as monkeypatch's."""
    here = "tests.app.fake_remixer"
    own = [
        engines.EngineInfo(
            "remix", "one2four-split", "Published One2Four", "Four networks.", True, None,
            f"{here}:FakeRemixer",
        ),
        engines.EngineInfo(
            "remix", "one2one", "Published One2One", "One network.", True, None,
            f"{here}:FakeMixRemixer",
        ),
    ]  # fmt: skip
    others = tuple(entry for entry in engines._ENGINES if entry.job != "remix")
    patch(engines, "_ENGINES", (*others, *own))


def tune(seconds: float, seed: int = 0) -> Clip:
    """A melody of one instrument."""
    rng = np.random.default_rng(seed)
    t = np.arange(round(seconds * RATE)) / RATE
    pitches = rng.choice([60, 62, 64, 67, 69], int(seconds * 2) + 1)
    hz = 440 * 2 ** ((pitches[(t * 2).astype(int)] - 69) / 12)
    sound = 0.3 * np.sin(2 * np.pi * np.cumsum(hz) / RATE) * np.exp(-4 * (t % 0.5))
    return Clip(sound[None].astype(np.float32), RATE)


def make_remixes(root: Path, slugs: tuple[str, ...] = ("tune", "riff")) -> None:
    """Finished remixes of both; what truly played is known apart in the first only."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gallery_remix, "GALLERY", root)
        install(patch.setattr)
        for rank, slug in enumerate(slugs):
            solo = tune(4.0, seed=rank)
            true = FakeRemixer().remix(solo, seed=99)
            if rank:
                true = Stems({MIX: true["piano"]})
            entry = {
                "slug": slug,
                "title": f"Tune {slug}",
                "artist": "A. Player",
                "genre": ["folk", "metal"][rank % 2],
                "licence": "CC0-1.0",
                "source": "synthesised for this test",
            }
            gallery_remix.build(entry, rank, encode_flac(solo), true)
