"""`timbre-vae`: any pitch in any colour, as partials and noise, from a map of instruments."""

from __future__ import annotations

import numpy as np

from core.audio import Clip, FloatArray
from core.sampling.harmonics import (
    FLOOR_DB,
    HALVES,
    HELD_KNOTS,
    HELD_S,
    KNOT_TIMES_S,
    PARTIAL_NUMBERS,
    NoteSound,
    interpolation,
    synthesise,
)
from core.sampling.harmonics_analysis import Analysis, analyse
from core.sampling.sound import Latent, Plane, Point, Touch
from core.sampling.timbre_fit import fitted
from core.sampling.timbre_hearing import HeardNote, find_note
from core.sampling.timbre_map import timbre_map
from core.sampling.timbre_network import network
from core.sampling.timbre_notes import (
    ASKED_VELOCITY,
    LEVELS,
    asked_row,
    flat_levels,
    note_of,
    output_parts,
    traits_of,
)

SAMPLE_RATE = 32000
LOUDNESS_DB = -18.0
"""Root mean square of the loudest 0.1 s, dB re full scale, at a velocity of ASKED_VELOCITY."""
VELOCITY_DB = 30.0
"""What a tenfold velocity adds."""
PEAK = 0.97


class TimbreVae:
    """Encore's own sampler. Keeps `core.engines.Sampler`."""

    plays_pitches = True
    pitches = (24, 100)
    latent_size = 16

    @property
    def plane(self) -> Plane:
        return timbre_map().plane

    def encode(self, clip: Clip) -> Latent:
        """The place whose sound, at the pitch heard, is nearest to the clip's loudest note.

        Raises UserInputError for silence, noise, chords, speech and clicks, and
        ModelUnavailableError.
        """
        return self._encoded(find_note(clip))

    def encode_at(self, clip: Clip, pitch: float) -> Latent:
        """`encode` of a note whose pitch is known, MIDI number; what has none is not refused."""
        return self._encoded(find_note(clip, 440.0 * 2.0 ** ((pitch - 69.0) / 12.0)))

    def _encoded(self, heard: HeardNote) -> Latent:
        found = analyse(heard.samples, heard.sample_rate, heard.f0_hz, held_s=heard.held_s)
        return self.place(found)

    def place(self, found: Analysis, velocity: float | None = None) -> Latent:
        """The latent of an analysed note; velocity where it is known."""
        pitch = 69.0 + 12.0 * float(np.log2(found.f0_hz / 440.0))
        known = np.concatenate([found.known_partials, np.ones(HALVES, bool), found.known_noise])
        place = fitted(
            network(), flat_levels(found.note), traits_of(found.note), known, pitch=pitch,
            velocity=velocity, played=ASKED_VELOCITY if velocity is None else velocity,
            released=found.released,
        )  # fmt: skip
        values = tuple(float(round(v, 4)) for v in place)
        return Latent(values, round(pitch, 3), round(found.loudness_db, 2))

    def note(self, latent: Latent, touch: Touch) -> NoteSound:
        """What the network says of a place: the note's partials, noise and movement."""
        said = network().decode(
            np.array([latent.values]), asked_row(touch.pitch, touch.velocity)[None]
        )
        levels, cents, traits = output_parts(said[0].astype(np.float64))
        return in_tune(note_of(levels, cents, traits))

    def decode(self, latent: Latent, touch: Touch = Touch(), *, seed: int = 0) -> Clip:  # noqa: B008
        """The sound of a place at the touch's pitch.

        As loud as the note that was encoded where the latent has its loudness and the velocity is
        ASKED_VELOCITY, and as LOUDNESS_DB else.
        """
        note = self.note(latent, touch)
        f0_hz = 440.0 * 2.0 ** ((touch.pitch - 69.0) / 12.0)
        sound = synthesise(
            note, f0_hz, seconds=touch.seconds, held_s=touch.held_s, sample_rate=SAMPLE_RATE,
            seed=seed,
        )  # fmt: skip
        level = LOUDNESS_DB if latent.loudness_db is None else latent.loudness_db
        level += VELOCITY_DB * np.log10(max(touch.velocity, 0.02) / ASKED_VELOCITY)
        return Clip(levelled(sound, level - loudest_db(note, f0_hz))[None], SAMPLE_RATE)

    def at(self, x: float, y: float) -> Latent:
        return timbre_map().at(x, y)

    def locate(self, latent: Latent) -> tuple[float, float]:
        return timbre_map().locate(latent)

    def points(self) -> list[Point]:
        return list(timbre_map().points)


def in_tune(note: NoteSound) -> NoteSound:
    """The note with its pitch, weighed by how loud it is over time, at the asked one."""
    loud = 10.0 ** (note.partials_db[:HELD_KNOTS, :8].max(axis=1) / 20.0)
    weight = loud * np.gradient(KNOT_TIMES_S[:HELD_KNOTS])
    mean = float((note.cents[:HELD_KNOTS] * weight).sum() / max(weight.sum(), 1e-9))
    return NoteSound(**{**note.__dict__, "cents": note.cents - mean})


def loudest_db(note: NoteSound, f0_hz: float) -> float:
    """Level of the loudest 0.1 s of a note held for HELD_S, dB."""
    times = np.arange(0.0, HELD_S, 0.01)
    levels = interpolation(times, KNOT_TIMES_S) @ np.concatenate(
        [note.partials_db, note.halves_db, note.noise_db], axis=1
    )
    assert levels.shape[1] == LEVELS
    count = int(np.clip(0.49 * SAMPLE_RATE / f0_hz, 1, PARTIAL_NUMBERS[-1]))
    spread = interpolation(np.arange(1.0, count + 1), PARTIAL_NUMBERS.astype(float))
    lines = levels[:, : len(PARTIAL_NUMBERS)] @ spread.T
    rest = levels[:, len(PARTIAL_NUMBERS) :]
    power = (10.0 ** (lines / 10.0)).sum(axis=1) + (10.0 ** (rest / 10.0)).sum(axis=1)
    loudest = np.convolve(power, np.full(10, 0.1), mode="valid").max()
    return float(10.0 * np.log10(max(loudest, 10.0 ** (FLOOR_DB / 10.0))))


def levelled(sound: FloatArray, gain_db: float) -> FloatArray:
    """The sound with a gain, less where it would pass full scale."""
    gain = 10.0 ** (gain_db / 20.0)
    peak = float(np.abs(sound).max(initial=0.0)) * gain
    return np.asarray(sound * (gain * min(1.0, PEAK / max(peak, 1e-9))), np.float32)
