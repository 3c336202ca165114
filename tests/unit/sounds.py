"""Small synthetic clips that several tests share."""

import numpy as np

from core.audio import Clip

RATE = 22050


def sine(frequency_hz: float = 440.0, seconds: float = 4.0, rate: int = RATE) -> Clip:
    """A steady mono tone at half of full scale."""
    time_s = np.arange(round(seconds * rate)) / rate
    return Clip(0.5 * np.sin(2 * np.pi * frequency_hz * time_s)[None], rate)


def riff(seconds: float = 20.0, rate: int = RATE, channels: int = 1, period_s: float = 4.0) -> Clip:
    """A tune with a drum, exactly periodic: 8 decaying notes and a noise burst on each."""
    rng = np.random.default_rng(7)
    step = round(period_s / 8 * rate)
    time_s = np.arange(step) / rate
    bar = []
    for note in (220.0, 330.0, 277.2, 440.0, 330.0, 392.0, 247.0, 293.7):
        tone = np.sin(2 * np.pi * note * time_s) + 0.4 * np.sin(4 * np.pi * note * time_s)
        bar.append(0.2 * tone * np.exp(-4 * time_s))
        bar[-1][: rate // 50] += 0.15 * rng.standard_normal(rate // 50)
    one = np.concatenate(bar)
    whole = np.tile(one, -(-round(seconds * rate) // len(one)))[: round(seconds * rate)]
    return Clip(np.stack([whole * (1.0 - 0.2 * c) for c in range(channels)]), rate)
