"""Keeping the beat in a long continuation: jumps by whole beats, and to where the rhythm agrees.

With a price on replays (replays.py) a path jumps more often, and each jump may lose the beat. So a
change between two moments of the clip costs more the further apart they are within a beat, and the
less the clip's onsets are like themselves at the distance between the two. The prices were chosen
on the validation split, see training/README.md.
"""

from __future__ import annotations

import librosa
import numpy as np

from core.audio import FloatArray
from core.extrapolation.features import Features
from core.extrapolation.loop import lag_distances
from core.spectrogram import DISPLAY

OFF_BEAT, FREE = 8.0, 0.08
"""What a change by an odd half beat costs, units of 20 dB, and the share of it that is free, for
lags are not so fine that a whole beat is always met."""
RHYTHM = 0.7
"""What a change costs by a distance at which the onsets agree as little as at most distances."""
LEAST_BEATS = 4


def change_costs(found: Features, count: int) -> FloatArray:
    """What a change from each frame to each other costs, float32 [count, count], units of 20 dB.

    found: features of the clip, of which the first `count` frames are used.
    """
    onset = found.onset[:count]
    apart = np.abs(np.arange(count)[:, None] - np.arange(count)[None])
    costs = RHYTHM * rhythm_distances(onset)[apart]
    places = places_in_beat(onset)
    if places is not None:
        unlike = (1 - np.cos(2 * np.pi * (places[:, None] - places[None]))) / 2
        costs += OFF_BEAT * np.maximum(unlike - FREE, 0.0)
    return np.asarray(costs, np.float32)


def rhythm_distances(onset: FloatArray) -> FloatArray:
    """How little [frames] agree with themselves at each lag, [frames]: 1 is usual, 0 the same.

    Lags of which the clip has little to compare count as usual.
    """
    frames = len(onset)
    out = lag_distances(onset)
    known = frames * 3 // 4
    usual = float(np.median(out[known // 8 : known])) if known else 0.0
    out = out / max(usual, 1e-6)
    out[known:] = 1.0
    out[0] = 0.0
    return np.asarray(out, np.float32)


def places_in_beat(onset: FloatArray) -> FloatArray | None:
    """The beat of each frame, counted from the first and in between, [frames].

    None where fewer than four beats are found. Before and after them they go on evenly.
    """
    if not np.any(onset > 0):
        return None
    _, found = librosa.beat.beat_track(
        onset_envelope=onset, sr=DISPLAY.sample_rate, hop_length=DISPLAY.hop_length, trim=False
    )
    beats = np.asarray(found, float)
    if len(beats) < LEAST_BEATS:
        return None
    usual = float(np.median(np.diff(beats)))
    before = beats[0] - usual * np.arange(int(beats[0] // usual) + 1, 0, -1)
    after = beats[-1] + usual * np.arange(1, int((len(onset) - beats[-1]) // usual) + 2)
    beats = np.concatenate([before, beats, after])
    return np.asarray(np.interp(np.arange(len(onset)), beats, np.arange(len(beats))), np.float32)
