"""The mixing desk: where each fader stands, in recipes and links, and the mix that it makes.

Gain and pan are those of the Web Audio API (GainNode, StereoPannerNode), so that a mix computed
here equals the one that the page plays.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from core.audio import Clip, FloatArray
from core.errors import UserInputError
from core.remixing.stems import Stems

MIN_GAIN_DB, MAX_GAIN_DB = -60.0, 12.0
"""A fader at MIN_GAIN_DB is closed: nothing passes."""
GAIN_STEP_DB, PAN_STEP = 0.1, 0.01

KNEE_DB, CEILING_DB = -3.0, -0.1
"""The limiter leaves samples under KNEE_DB as they are; none comes out above CEILING_DB."""
LIMITER_REACH, LIMITER_POINTS = 4.0, 8193
"""Its curve is a table of so many points from -LIMITER_REACH to LIMITER_REACH, flat beyond."""


@dataclass(frozen=True)
class Fader:
    """One channel. gain_db: MIN_GAIN_DB to MAX_GAIN_DB. pan: -1 (left) to 1.

    mute silences the channel; where any channel has solo, those without it are silent too.
    Values are rounded to GAIN_STEP_DB and PAN_STEP, so that a link replays the same bytes.
    Raises UserInputError for values that are no numbers or out of range.
    """

    gain_db: float = 0.0
    pan: float = 0.0
    mute: bool = False
    solo: bool = False

    def __post_init__(self) -> None:
        try:
            gain = round(float(self.gain_db) / GAIN_STEP_DB) * GAIN_STEP_DB
            pan = round(float(self.pan) / PAN_STEP) * PAN_STEP
        except (TypeError, ValueError, OverflowError) as error:
            raise UserInputError("A fader's level and pan must be numbers.") from error
        if not (MIN_GAIN_DB <= gain <= MAX_GAIN_DB and -1 <= pan <= 1):
            raise UserInputError(
                f"A fader goes from {MIN_GAIN_DB:g} to {MAX_GAIN_DB:g} dB, a pan from -1 to 1."
            )
        object.__setattr__(self, "gain_db", round(gain, 1) + 0.0)
        object.__setattr__(self, "pan", round(pan, 2) + 0.0)
        object.__setattr__(self, "mute", bool(self.mute))
        object.__setattr__(self, "solo", bool(self.solo))

    @property
    def gain(self) -> float:
        """By which samples are multiplied."""
        return 0.0 if self.gain_db <= MIN_GAIN_DB else 10 ** (self.gain_db / 20)


@dataclass(frozen=True)
class Desk:
    """Faders by channel, and the master's level. A channel without an entry stands at Fader()."""

    faders: Mapping[str, Fader] = field(default_factory=dict)
    master_db: float = 0.0

    def __post_init__(self) -> None:
        master = Fader(gain_db=self.master_db).gain_db
        object.__setattr__(self, "master_db", master)
        kept = {name: fader for name, fader in self.faders.items() if fader != Fader()}
        object.__setattr__(self, "faders", dict(sorted(kept.items())))

    def of(self, name: str) -> Fader:
        return self.faders.get(name, Fader())

    def with_fader(self, name: str, fader: Fader) -> Desk:
        return replace(self, faders={**self.faders, name: fader})

    def level(self, name: str) -> float:
        """By which a channel's samples are multiplied, mute and solo of all channels counted."""
        mine = self.of(name)
        heard = mine.solo or not any(fader.solo for fader in self.faders.values())
        return mine.gain if heard and not mine.mute else 0.0

    def to_fields(self) -> dict[str, Any]:
        """As recipes hold it; `from_fields` reads it back."""
        faders = {name: asdict(fader) for name, fader in self.faders.items()}
        return {"faders": faders, "master_db": self.master_db}

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> Desk:
        """Raises UserInputError for what is no desk."""
        try:
            faders = {str(k): Fader(**v) for k, v in dict(fields.get("faders", {})).items()}
            return cls(faders, fields.get("master_db", 0.0))
        except (TypeError, ValueError, AttributeError) as error:
            raise UserInputError("This link's faders cannot be read.") from error


def panned(clip: Clip, pan: float) -> FloatArray:
    """float32 [2, samples]: equal-power panning as StereoPannerNode does it.

    W3C Web Audio API, "Stereo Panning": mono is spread over both sides; of stereo, the side that
    is turned away from is moved over to the other.
    """
    x = clip.samples
    if clip.channels == 1:
        angle = (pan + 1) / 2 * math.pi / 2
        return np.concatenate([x * np.float32(math.cos(angle)), x * np.float32(math.sin(angle))])
    left, right = x[0], x[1]
    if pan <= 0:
        angle = (pan + 1) * math.pi / 2
        out = (left + right * np.float32(math.cos(angle)), right * np.float32(math.sin(angle)))
    else:
        angle = pan * math.pi / 2
        out = (left * np.float32(math.cos(angle)), right + left * np.float32(math.sin(angle)))
    return np.stack(out).astype(np.float32)


def mixed(stems: Stems, desk: Desk) -> Clip:
    """Every channel at its fader, added up, at the master's level: stereo, before the limiter."""
    total = np.zeros((2, stems.length), np.float32)
    for name, clip in stems.parts.items():
        level = desk.level(name)
        if level > 0:
            total += panned(clip, desk.of(name).pan) * np.float32(level)
    return Clip(total * np.float32(Fader(gain_db=desk.master_db).gain), stems.sample_rate)


def limited(clip: Clip) -> Clip:
    """What leaves the desk: samples beyond the knee are bent under the ceiling (tanh).

    Without memory and without delay, so that seeking, muting and rendering offline give the same
    samples. A WaveShaperNode with `limiter_curve` does the same in the browser: W3C Web Audio API,
    "WaveShaperNode", interpolates linearly between the table's points.
    """
    inputs = np.linspace(-LIMITER_REACH, LIMITER_REACH, LIMITER_POINTS)
    bent = np.interp(clip.samples, inputs, limiter_curve())
    return Clip(bent.astype(np.float32), clip.sample_rate)


def limiter_curve() -> FloatArray:
    """float32 [LIMITER_POINTS]: outputs for inputs from -LIMITER_REACH to LIMITER_REACH."""
    inputs = np.linspace(-LIMITER_REACH, LIMITER_REACH, LIMITER_POINTS)
    knee, ceiling = 10 ** (KNEE_DB / 20), 10 ** (CEILING_DB / 20)
    size = np.abs(inputs)
    bent = knee + (ceiling - knee) * np.tanh((size - knee) / (ceiling - knee))
    return np.asarray(np.sign(inputs) * np.where(size <= knee, size, bent), np.float32)


def heard(stems: Stems, desk: Desk) -> Clip:
    """The mix as the page plays and exports it: `mixed`, then `limited`."""
    return limited(mixed(stems, desk))
