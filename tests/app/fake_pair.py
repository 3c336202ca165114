"""The compared models without networks, for tests: tunes by rule, and a space that is their tokens.

Keeps the protocols to the letter. A note is likelier the more notes of its pitch class came before.
"""

import json
import os
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from core.comparing import epochs, models, network, offers, tiny
from core.comparing.finished import save
from core.comparing.patterns import FIRST_PITCH, KINDS, NO_EVENT, pitch_token
from core.comparing.plan import Plan, make
from core.composition import stems
from tests.app.fake_composer import tones

SCALE = (0, 2, 4, 5, 7, 9, 11)
SPREAD = 20.0
"""Tokens are so many times a latent's numbers."""


class FakeLstm:
    def __init__(self, name, kind):
        self.name, self.kind = name, KINDS[kind]

    def sample(self, count, *, seed, primer=None, temperature=1.0, progress=lambda fraction: None):
        rng = np.random.default_rng([seed, len(self.name), round(100 * temperature)])
        out = np.zeros((count, self.kind.steps, len(self.kind.voices)), np.int64)
        given = 0 if primer is None else len(primer)
        for at in range(count):
            degree = 7
            for step in range(self.kind.steps):
                progress(step / self.kind.steps)
                for voice, name in enumerate(self.kind.voices):
                    if name == "drums":
                        out[at, step, voice] = (step % 4 == 0) + 4 * (step % 2 == 0)
                    elif step % (2 if name == "melody" else 4) == 0:
                        degree = int(np.clip(degree + rng.integers(-2, 3), 0, 14))
                        low = 60 if name == "melody" else 36
                        pitch = low + 12 * (degree // 7) + SCALE[degree % 7]
                        out[at, step, voice] = pitch_token(pitch)
            if given:
                out[at, :given] = primer
            time.sleep(float(os.environ.get("ENCORE_FAKE_BAR_S", "0")))
        return out

    def nats(self, patterns, *, seed=0):
        tokens = np.asarray(patterns)
        out = np.full(tokens.shape, 0.1)
        for at, step, voice in np.argwhere(tokens >= FIRST_PITCH):
            before = tokens[at, :step, voice]
            before = before[before >= FIRST_PITCH]
            same = int(((before - tokens[at, step, voice]) % 12 == 0).sum())
            out[at, step, voice] = 3.0 - np.log1p(same)
        return out


class FakeVae(FakeLstm):
    @property
    def latent_size(self):
        return self.kind.steps * len(self.kind.voices)

    def encode(self, patterns):
        means = np.asarray(patterns, float).reshape(len(patterns), -1) / SPREAD
        return means, np.full_like(means, -4.0)

    def decode(self, latents, *, seed, temperature=0.0, progress=lambda fraction: None):
        tokens = np.rint(np.asarray(latents) * SPREAD).astype(np.int64)
        tokens = np.clip(tokens, NO_EVENT, [self.kind.sizes[0] - 1])
        return tokens.reshape(-1, self.kind.steps, len(self.kind.voices))

    def nats_at(self, latents, patterns):
        return self.nats(patterns)


def fake(name, kind):
    return (FakeLstm if name == "midi-lstm" else FakeVae)(name, kind)


def install(patch, kinds=("melody-2", "trio-2"), logs=None) -> None:
    """Let the compared models be these, of some kinds. patch: of an attribute, as monkeypatch's.

    logs: the folder of `make_comparisons`, where there is one.
    """
    if logs is not None:
        patch(epochs, "LOGS", Path(logs))
    patch(models, "pattern_model", fake)
    patch(offers, "available", lambda kind: models.MODELS if kind in kinds else ())


def make_comparisons(root: Path) -> None:
    """A finished comparison, and logs and patterns of a training, as the real ones are."""
    plan = Plan("melody-2", seed=4)
    words = {
        "title": "Melody study",
        "artist": "A. Model",
        "genre": "melodies",
        "licence": "CC0-1.0",
        "source": "written for this test",
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stems, "_stem", tones)
        install(patch.setattr)
        save(root / "compare" / "study", plan, make(plan), rank=0, words=words)
    for name in models.MODELS[:2]:
        kept = []
        lines = ["epoch,train_nats,valid_nats,train_reconstruction,valid_reconstruction"]
        for epoch in range(1, 13):
            nats = [0.4 + 1.2 / epoch, 0.45 + 1.1 / epoch]
            lines.append(",".join(f"{value:.4f}" for value in (epoch, *nats, *nats)))
            if epoch in (1, 2, 4, 8, 12):
                patterns = fake(name, "melody-2").sample(3, seed=epoch).tolist()
                kept.append(
                    {
                        "epoch": epoch,
                        "train_nats": nats[0],
                        "valid_nats": nats[1],
                        "patterns": patterns,
                    }
                )
        fields = {"model": name, "kind": "melody-2", "epochs": kept}
        (root / "compare" / f"{name}-melody-2.json").write_text(json.dumps(fields))
        (root / f"{name}-melody-2.csv").write_text("\n".join(lines) + "\n")


TRAINER = """
import json, pathlib, sys, time
out = pathlib.Path(sys.argv[1])
for at in range(6):
    for name in ("midi-lstm", "midi-vae"):
        nats = round(1.5 / (1 + at) + 0.4, 3)
        told = {"model": name, "seconds": at, "patterns": 64 * at, "train_nats": nats}
        print(json.dumps(told | {"held_out_nats": nats + 0.05}), flush=True)
    time.sleep(PAUSE)
while not GO:
    time.sleep(0.02)
for name in ("midi-lstm", "midi-vae"):
    (out / (name + ".weights.h5")).touch()
"""


def install_tiny(patch, folder, pause_s=0.05, go=None) -> None:
    """A training that is over soon and trains nothing. folder: of its lock. go: a file that must be
    there before it ends."""
    there = "True" if go is None else f"pathlib.Path({str(go)!r}).exists()"
    code = TRAINER.replace("PAUSE", str(pause_s)).replace("GO", there)
    patch(tiny, "COMMAND", (sys.executable, "-c", code))
    patch(tiny, "LOCK", Path(folder) / "tiny.lock")
    patch(network, "read", lambda path, name, kind: fake(name, kind))
