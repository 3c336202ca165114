"""Major and minor keys: which one a piece is in, and how key signatures count."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from core.score import Key, Score

_MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
_MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
"""Probe-tone profiles of Krumhansl and Kessler (1982), from the tonic upwards."""
KEYS = tuple(Key(tonic, mode) for mode in ("major", "minor") for tonic in range(12))


def estimate_key(score: Score) -> Key | None:
    """The key by Krumhansl and Schmuckler's algorithm (Krumhansl 1990, chapter 4).

    The key whose profile correlates best with the time that each pitch class sounds. None where
    nothing but drums plays, or every pitch class as long as every other.
    """
    weights = np.zeros(12)
    for track in score.tracks:
        if not track.is_drum:
            for note in track.notes:
                weights[note.pitch % 12] += note.duration
    if np.ptp(weights) == 0.0:
        return None
    return likeliest_key(weights)


def likeliest_key(weights: npt.NDArray[np.float64]) -> Key:
    """Of KEYS the one that `profile_match`es the time that each pitch class sounds, [12], best.

    There has to be a difference between the classes.
    """
    return max(KEYS, key=lambda key: profile_match(weights, key))


def profile_match(weights: npt.NDArray[np.float64], key: Key) -> float:
    """How well a key's profile correlates with the time that each pitch class sounds, [12]."""
    profile = _MAJOR if key.mode == "major" else _MINOR
    return float(np.corrcoef(np.roll(profile, key.tonic), weights)[0, 1])


def scale_share(score: Score, key: Key) -> float:
    """The share of sounding time on notes of the key's major or natural minor scale, 0 to 1."""
    scale = {(key.tonic + step) % 12 for step in _scale_steps(key.mode)}
    inside = total = 0
    for track in score.tracks:
        if not track.is_drum:
            total += sum(note.duration for note in track.notes)
            inside += sum(note.duration for note in track.notes if note.pitch % 12 in scale)
    return inside / total if total else 1.0


def fifths(key: Key) -> int:
    """The key signature: sharps, or flats below 0; -6 (E flat minor) to 6 (F sharp major).

    With six of either, the name that `Key` prints decides.
    """
    major = key.tonic if key.mode == "major" else key.tonic + 3
    sharps = (major * 7 + 5) % 12 - 5
    return -6 if sharps == 6 and key.mode == "minor" else sharps


def key_of_signature(sharps: int, mode: str) -> Key:
    """The key with this many sharps (flats below 0). mode: "major" or "minor"."""
    major = sharps * 7 % 12
    return Key(major if mode == "major" else (major + 9) % 12, mode)


def _scale_steps(mode: str) -> tuple[int, ...]:
    return (0, 2, 4, 5, 7, 9, 11) if mode == "major" else (0, 2, 3, 5, 7, 8, 10)
