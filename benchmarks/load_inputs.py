"""What visitors of the load test bring along: another sound, note and tune for each number."""

from __future__ import annotations

import numpy as np

from core.audio import Clip, encode_flac, encode_wav
from core.midi_files import write_midi
from core.score import Note, Score, Track

RATE = 22050


def sound(number: int, seconds: float = 12.0) -> bytes:
    """FLAC of a tune of plucked notes over a beat."""
    rng = np.random.default_rng([number, 1])
    out = np.zeros(int(seconds * RATE), np.float32)
    length = RATE // 2
    t = np.arange(length) / RATE
    for start in range(0, len(out) - length, RATE // 4):
        hz = 220.0 * 2 ** (rng.integers(0, 13) / 12)
        tone = sum(np.sin(2 * np.pi * hz * k * t) / k for k in (1, 2, 3))
        out[start : start + length] += (0.15 * np.exp(-6 * t) * tone).astype(np.float32)
    out += (0.002 * rng.standard_normal(len(out))).astype(np.float32)
    return encode_flac(Clip(out[None], RATE))


def note(number: int) -> bytes:
    """WAV of one held note."""
    rng = np.random.default_rng([number, 2])
    t = np.arange(int(1.5 * RATE)) / RATE
    hz = 440.0 * 2 ** (rng.integers(-18, 13) / 12)
    tone = sum(np.sin(2 * np.pi * hz * k * t) / k ** (1 + rng.random()) for k in range(1, 6))
    fade = np.minimum(1, np.minimum(t / 0.02, (t[-1] - t) / 0.2))
    return encode_wav(Clip((0.2 * tone * fade).astype(np.float32)[None], RATE))


def tune(number: int, bars: int = 4) -> bytes:
    """A MIDI file of a melody on the scale of C."""
    rng = np.random.default_rng([number, 3])
    scale = (60, 62, 64, 65, 67, 69, 71, 72)
    notes = tuple(Note(12 * n, int(scale[rng.integers(8)]), 12) for n in range(8 * bars))
    return write_midi(Score((Track("Tune", 0, notes),), bars))
