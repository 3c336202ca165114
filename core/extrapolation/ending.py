"""Endings for a continuation, which by itself is cut off where the time asked for is up."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from core.audio import Clip, FloatArray, equal_power_fades

Float64Array = npt.NDArray[np.float64]

ENDINGS = {"none": "None", "fade": "Fade out", "beat": "On a beat"}
"""name -> what a page calls it. `none` comes first and is the default."""

FADE_S = 4.0
FADE_SHARE = 0.25
RING_S = 2.0
"""From the last material to silence. The level falls by 60 dB over it."""
ROOM_FADE_S = 0.04
LEVEL_S = 0.1


def end(clip: Clip, made: Clip, ending: str) -> Clip:
    """`made`, which follows `clip`, with one of ENDINGS; as long as before.

    fade: a raised-cosine fade over the last 4 s, or quarter if that is shorter, to silence.
    beat: the last accented beat that leaves time to ring out is the last hit; what sounds there
    dies away as in a room, and the rest is silent. Where no beat is found it is a fade.
    Raises KeyError for a name that is not in ENDINGS.
    """
    return end_at(clip, made, ending)[0]


def end_at(clip: Clip, made: Clip, ending: str) -> tuple[Clip, int]:
    """`end`, and how many samples of `made` are still in it; after these it only rings."""
    if ending not in ENDINGS:
        raise KeyError(f"no ending {ending!r}; there are {list(ENDINGS)}")
    if ending == "none":
        return made, made.length
    if ending == "beat":
        from core.extrapolation.last_hit import last_hit  # late: it needs librosa

        hit = last_hit(clip, made)
        if hit is not None:
            return _rung_out(made, *hit), hit[1]
    return _faded(made), made.length


def _faded(made: Clip) -> Clip:
    length = round(min(FADE_S * made.sample_rate, FADE_SHARE * made.length))
    out = made.samples.copy()
    if length:
        out[:, -length:] *= _falling(length)
    return Clip(out, made.sample_rate)


def _falling(length: int) -> FloatArray:
    """Raised cosine from 1 to exactly 0, [length]."""
    place = np.linspace(0.0, 1.0, length + 1)[1:]
    return np.asarray(0.5 + 0.5 * np.cos(np.pi * place), dtype=np.float32)


def _rung_out(made: Clip, start: int, stop: int) -> Clip:
    """`made` up to `stop`, then the sound from `start` to `stop` dying away as in a room.

    The room is exponentially falling noise (Moorer, "About this reverberation business", 1979), so
    what rings has the hit's own colour. It goes on at the level at which the hit stops and falls
    evenly from there: a single tone would otherwise swell and sink in it.
    """
    from scipy.signal import fftconvolve  # late: pages import this module for ENDINGS

    rate = made.sample_rate
    length = min(round(RING_S * rate), made.length - stop)
    fade = min(round(ROOM_FADE_S * rate), stop - start, length)
    hit = made.samples[:, start:stop]
    noise = np.random.default_rng(0).standard_normal(len(hit[0]) + length)
    room = noise * 10.0 ** (-3.0 * np.arange(len(noise)) / (RING_S * rate))
    wet = hit.astype(np.float64)
    ringing = fftconvolve(wet, room[None], axes=1)[:, stop - start - fade :][:, : fade + length]
    steady = ringing / np.maximum(_envelope(ringing, round(LEVEL_S * rate)), 1e-9)
    level = _rms(hit[:, -round(LEVEL_S * rate) :])
    ringing = steady * level * 10.0 ** (-3.0 * np.arange(fade + length) / (RING_S * rate))
    out = np.zeros_like(made.samples)
    out[:, :stop] = made.samples[:, :stop]
    going, coming = equal_power_fades(fade)
    out[:, stop - fade : stop] *= going
    out[:, stop - fade : stop] += ringing[:, :fade] * coming
    out[:, stop : stop + length] = ringing[:, fade:] * _falling(length)
    return Clip(np.clip(out, -1.0, 1.0), rate)


def _envelope(samples: Float64Array, window: int) -> Float64Array:
    """The running RMS level of all channels together, [samples]."""
    power = np.square(samples).mean(axis=0)
    before = np.concatenate([[0.0], np.cumsum(power)])
    place = np.arange(len(power))
    low, high = np.maximum(place - window, 0), np.minimum(place + window, len(power))
    return np.asarray(np.sqrt(np.maximum(before[high] - before[low], 0.0) / (high - low)))


def _rms(samples: FloatArray) -> float:
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))
