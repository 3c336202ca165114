"""Sounds made alike, so that nothing but the music tells who made it.

All sounds of a question have one length, one rate, one channel, one loudness and the same fades,
and are written anew as WAV with nothing in the head but the format, so their files are equally
long. The last bit of each sample is dithered by the visit's own generator: addresses of media are
made from their bytes, so an address that one visitor has found out says nothing to the next.
"""

from __future__ import annotations

import io

import numpy as np
import soundfile as sf

from core.audio import Clip, FloatArray, fit_length, loudness_lufs
from core.remixing.desk import limited

LOUDNESS_LUFS = -23.0
"""EBU R 128. Low enough that peaks hardly ever come near full scale."""
MAX_GAIN_DB = 30.0
"""Something all but silent stays so."""
FADE_IN_S, FADE_OUT_S = 0.02, 0.3
RAMP_S = 0.1
"""From the lead's level to that of what follows."""


def alike(lead: Clip | None, follows: Clip, seconds: float, rate: int) -> FloatArray:
    """float32 [samples]: lead and what follows, mono, `seconds` long at `rate`.

    Both parts are brought to LOUDNESS_LUFS apart: where an engine goes on too loud or too low,
    that is on the scoreboard and not asked here. What is too short ends in silence. Peaks that
    would go beyond full scale are bent, as the mixer does it.
    """
    total = round(seconds * rate)
    head = np.zeros((1, 0), np.float32) if lead is None else _at(lead, rate).samples
    rest = fit_length(_at(follows, rate).samples, max(total - head.shape[1], 0))
    sound = np.concatenate([head, rest], axis=1)[:, :total]
    sound = sound * _gains(head, rest, rate)[:, :total]
    bent: FloatArray = limited(Clip(sound * _fades(total, rate), rate)).samples[0]
    return bent


def wav(samples: FloatArray, rate: int, rng: np.random.Generator) -> bytes:
    """16-bit PCM with triangular dither of one step (Lipshitz et al., J. AES 40, 1992)."""
    size = len(samples)
    dither = rng.random(size, np.float32) - rng.random(size, np.float32)
    pcm = np.clip(np.round(samples * 32767.0 + dither), -32768, 32767).astype(np.int16)
    buffer = io.BytesIO()
    sf.write(buffer, pcm, rate, format="WAV", subtype="PCM_16")
    return buffer.getvalue()


def _at(clip: Clip, rate: int) -> Clip:
    return clip.with_channels(1).resampled(rate)


def _gain(samples: FloatArray, rate: int) -> float:
    """By which the sound is multiplied to stand at LOUDNESS_LUFS."""
    gain_db = LOUDNESS_LUFS - loudness_lufs(Clip(samples, rate))
    return float(10 ** (min(gain_db, MAX_GAIN_DB) / 20))


def _gains(head: FloatArray, rest: FloatArray, rate: int) -> FloatArray:
    """float32 [1, samples]: the lead's gain, then over RAMP_S to that of what follows."""
    second = _gain(rest, rate) if rest.shape[1] else 1.0
    first = _gain(head, rate) if head.shape[1] else second
    ramp = np.linspace(first, second, round(RAMP_S * rate), dtype=np.float32)[: rest.shape[1]]
    parts = [
        np.full(head.shape[1], first, np.float32),
        ramp,
        np.full(rest.shape[1] - len(ramp), second, np.float32),
    ]
    return np.concatenate(parts)[None]


def _fades(length: int, rate: int) -> FloatArray:
    """float32 [samples]: from 0 to 1 and back at the ends."""
    t = (np.arange(length) + 0.5) / rate
    inn, out = t / FADE_IN_S, t[::-1] / FADE_OUT_S
    return np.asarray(np.minimum(1.0, np.minimum(inn, out)), np.float32)
