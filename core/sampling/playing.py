"""Melodies in a sampled timbre, and walks from one sound to another while it sounds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.audio import Clip, FloatArray, equal_power_fades, loudness_lufs
from core.engines import Sampler
from core.errors import UserInputError
from core.progress import Progress, ignore
from core.sampling.sound import Latent, Touch
from core.score import Note, Score

LOUDNESS_LUFS = -14.0
PEAK = 0.89
"""-1 dBFS."""
RING_S = 0.7
"""How long a note sounds on after its key is let go."""
MAX_MELODY_S = 300.0
STRIKES = 12
"""How often a walk strikes its sound, at least."""
STRIKE_S = 0.4
"""From one strike to the next."""


def melody(
    sampler: Sampler, latent: Latent, score: Score, *, seed: int = 0, progress: Progress = ignore
) -> Clip:  # fmt: skip
    """The score's tune, played by one sound: its first track that has notes and is no drums.

    Every note of a track sounds, chords too; those out of the sampler's reach move by octaves.
    Notes alike are decoded once. About LOUDNESS_LUFS, at most PEAK. Raises UserInputError for a
    score without notes or longer than MAX_MELODY_S, and what `Sampler.decode` raises.
    """
    notes = tune_of(score)
    second = score.seconds_per_tick
    if max(note.end for note in notes) * second > MAX_MELODY_S:
        raise UserInputError(
            f"This tune is longer than {MAX_MELODY_S / 60:.0f} minutes; choose a shorter one."
        )
    first = min(note.start for note in notes)
    made: dict[Touch, Clip] = {}
    starts_s, sounds = [], []
    for index, note in enumerate(notes):
        progress(index / len(notes))
        held_s = round(note.duration * second, 3)
        touch = Touch(
            float(in_reach(note.pitch, sampler.pitches)), round(note.velocity / 127.0, 3), held_s,
            round(held_s + RING_S, 3),
        )  # fmt: skip
        if touch not in made:
            made[touch] = sampler.decode(latent, touch, seed=seed + int(touch.pitch))
        starts_s.append((note.start - first) * second)
        sounds.append(made[touch])
    progress(1.0)
    return even(laid(sounds, starts_s))


def tune_of(score: Score) -> tuple[Note, ...]:
    """The notes of the first track that is no drums. Raises UserInputError where there are none."""
    for track in score.tracks:
        if track.notes and not track.is_drum:
            return track.notes
    raise UserInputError("There are no notes to play in this; choose a tune with a melody.")


def in_reach(pitch: int, pitches: tuple[int, int]) -> int:
    """The pitch, moved by octaves into what a sampler plays."""
    low, high = pitches
    while pitch < low:
        pitch += 12
    while pitch > high:
        pitch -= 12
    return pitch


def morph(
    sampler: Sampler, path: Sequence[Latent], touch: Touch = Touch(), *, seed: int = 0,  # noqa: B008
    strikes: int | None = None,
) -> Clip:  # fmt: skip
    """A walk along places: the sound is struck again and again, each time a step further.

    Each strike rings on beneath the next, so that nothing is cut. strikes: how many; else STRIKES,
    or six from place to place of a long path. Raises what `Sampler.decode` raises, and ValueError
    for a path of no places.
    """
    if not path:
        raise ValueError("a path takes at least one place")
    count = strikes or max(STRIKES, 6 * (len(path) - 1))
    held_s = min(touch.held_s, STRIKE_S)
    short = Touch(touch.pitch, touch.velocity, held_s, held_s + RING_S)
    sounds = [faded(sampler.decode(place, short, seed=seed), held_s)
              for place in along(path, count)]  # fmt: skip
    return even(laid(sounds, [STRIKE_S * index for index in range(count)]))


def along(path: Sequence[Latent], count: int) -> list[Latent]:
    """`count` places at equal steps along the straight lines from place to place.

    Pitch and loudness of encoded sounds are left out: a walk has those of its touch.
    """
    values = np.array([place.values for place in path], np.float64)
    lengths = np.linalg.norm(np.diff(values, axis=0), axis=1)
    mark = np.concatenate([[0.0], np.cumsum(lengths)])
    at = np.linspace(0.0, mark[-1], count) if count > 1 else np.zeros(1)
    # A path of one place, or of the same place twice, has no length to walk.
    if mark[-1] <= 0.0:
        return [Latent(tuple(float(v) for v in values[0]))] * count
    columns = [np.interp(at, mark, column) for column in values.T]
    return [Latent(tuple(float(v) for v in row)) for row in np.stack(columns, axis=1)]


def faded(sound: Clip, held_s: float) -> Clip:
    """One channel, gone RING_S after it was held, whatever the sampler's own note does."""
    samples = sound.mono()[: round((held_s + RING_S) * sound.sample_rate)].copy()
    fade = min(round(RING_S * sound.sample_rate), len(samples))
    samples[len(samples) - fade :] *= equal_power_fades(fade)[0]
    return Clip(samples[None], sound.sample_rate)


def laid(sounds: Sequence[Clip], starts_s: Sequence[float]) -> Clip:
    """All sounds added up, each from its start on. One channel, the first one's rate."""
    rate = sounds[0].sample_rate
    starts = [round(start * rate) for start in starts_s]
    length = max(at + sound.length for at, sound in zip(starts, sounds, strict=True))
    total: FloatArray = np.zeros(length, np.float32)
    for at, sound in zip(starts, sounds, strict=True):
        total[at : at + sound.length] += sound.mono()
    return Clip(total[None], rate)


def even(sound: Clip) -> Clip:
    """As loud as LOUDNESS_LUFS, or as PEAK lets it be."""
    if sound.peak() < 1e-6:
        return sound
    gain = 10.0 ** ((LOUDNESS_LUFS - loudness_lufs(sound)) / 20.0)
    return sound.scaled(min(gain, PEAK / sound.peak()))
