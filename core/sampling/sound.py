"""What samplers speak of: places in their space, how a note is played, and sounds on the map."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Latent:
    """A sound as a sampler's network holds it.

    values: the latent vector, in standard deviations of the prior.
    pitch: MIDI number of the note that `encode` heard, fractions being cents / 100; None where the
    engine hears no pitches or the place was not encoded from a sound.
    loudness_db: how loud that note was, dB re full scale (root mean square of its loudest 0.1 s);
    None likewise.
    """

    values: tuple[float, ...]
    pitch: float | None = None
    loudness_db: float | None = None


@dataclass(frozen=True)
class Touch:
    """How a note is played. An engine without control over something ignores it.

    pitch: MIDI number, 60 is middle C; fractions are cents / 100.
    velocity: 0 to 1, how hard; it changes colour and level.
    held_s: until the key is let go, seconds. seconds: length of the sound.
    """

    pitch: float = 60.0
    velocity: float = 0.75
    held_s: float = 2.3
    seconds: float = 3.0


@dataclass(frozen=True)
class Point:
    """A training sound on the map.

    x, y: its place on the plane. name: the instrument. family: one of the data's families.
    pitch: MIDI number. latent: where it is in the engine's space.
    """

    x: float
    y: float
    name: str
    family: str
    pitch: int
    latent: Latent


@dataclass(frozen=True)
class Plane:
    """The stretch of the map that is shown, in the engine's own coordinates."""

    x_low: float
    x_high: float
    y_low: float
    y_high: float
