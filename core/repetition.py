"""What a long continuation can do wrong: go round in circles, drift in level, lose the beat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.audio import FloatArray
from core.metrics import beat_times_s
from core.spectrogram import DISPLAY

NEAR_COPY_DB = 3.0
"""Root mean square log-mel difference under which two frames count as the same sound. Measured on
22 tracks: a copy that is half a hop off the frame grid differs by 0.6 to 2.2 dB on average, two
unrelated moments of one track by 6 to 13 dB."""
OF_TYPICAL = 0.5
SMOOTHING_S = 1.0
RANGE_DB = 60.0
BEATS_IN_TWO_BARS = 8
TWO_BARS_S = 4.0
"""Two bars where no beat can be followed: 4/4 at 120 beats a minute."""


@dataclass(frozen=True)
class Repeats:
    """How a stretch of sound repeats itself.

    share: of its frames, those that near-copy an earlier moment of it for two bars or longer.
    plays: how many times in a row the piece (a bar or longer) that comes most often in a row is
    played; 1 where nothing is followed by itself.
    """

    share: float
    plays: int


def two_bars_s(samples: FloatArray) -> float:
    """Eight median inter-beat intervals of a mono signal at 22050 Hz, s; 4 without eight beats."""
    beats = beat_times_s(samples)
    if len(beats) <= BEATS_IN_TWO_BARS:
        return TWO_BARS_S
    return float(np.median(np.diff(beats))) * BEATS_IN_TWO_BARS


def frame_distances_db(a: FloatArray, b: FloatArray) -> FloatArray:
    """Root mean square difference of every two frames, dB: [n, frames] x [n, others] -> matrix."""
    middle = a.mean(axis=1, keepdims=True)
    a, b = a - middle, b - middle
    # |a - b|^2 = |a|^2 + |b|^2 - 2ab, in place: two minutes of frames are 100 MB of distances.
    out = np.asarray(a.T @ b, np.float32)
    out *= -2.0
    out += np.square(a).sum(axis=0)[:, None]
    out += np.square(b).sum(axis=0)[None]
    np.maximum(out, 0.0, out=out)
    out /= len(a)
    return np.asarray(np.sqrt(out, out=out), np.float32)


def audible(log_mel: FloatArray) -> FloatArray:
    """Log-mel [n, frames] in dB, raised to 60 dB under its loudest: what is below is not heard."""
    return np.asarray(np.maximum(log_mel, log_mel.max(initial=-np.inf) - RANGE_DB), np.float32)


def near_copy_db(log_mel: FloatArray) -> float:
    """The limit for near-copies of a clip, from its `audible` log-mel: `NEAR_COPY_DB` for music.

    At most half the median difference of the clip's own frames, so that noise, a drone or silence,
    which are like themselves everywhere, do not count as repeating.
    """
    return min(NEAR_COPY_DB, OF_TYPICAL * float(np.median(frame_distances_db(log_mel, log_mel))))


def repeats(log_mel: FloatArray, two_bars_frames: int, limit_db: float) -> Repeats:
    """How a stretch repeats itself, from `audible` log-mel [n_mels, frames].

    A frame near-copies the one `lag` before it where a second of such pairs around it differs by
    less than `limit_db` on average; runs of such frames shorter than two bars are nothing. Lags
    from half a bar up count for `share`. A run of R frames at lag L says that the L frames before
    it were played 1 + R // L times, each right after the other; that counts for `plays` from lags
    of a bar up, as a bar played four times is two bars played twice. It is the time-lag form of a
    self-similarity matrix (Goto, "A chorus-section detecting method", 2003).

    Both grow with the length of the stretch, so only stretches of equal length compare.
    """
    frames = log_mel.shape[1]
    distances = frame_distances_db(log_mel, log_mel)
    covered = np.zeros(frames, bool)
    plays = 1
    for lag in range(max(two_bars_frames // 4, 1), frames - two_bars_frames + 1):
        for start, stop in near_runs(np.diagonal(distances, -lag), two_bars_frames, limit_db):
            covered[lag + start : lag + stop] = True
            if lag >= two_bars_frames // 2:
                plays = max(plays, 1 + (stop - start) // lag)
    return Repeats(float(covered.mean()) if frames else 0.0, plays)


def near_runs(distances: FloatArray, shortest: int, limit_db: float) -> list[tuple[int, int]]:
    """[start, stop) of the runs of near-copies along one lag, `shortest` frames or longer.

    distances: [frames], dB, of each frame to the one a lag before it.
    """
    window = round(SMOOTHING_S * DISPLAY.frame_rate_hz)
    if len(distances) < max(window, shortest):
        return []
    near = _moving_mean(distances, window) < limit_db
    edges = np.flatnonzero(np.diff(np.concatenate([[False], near, [False]]).astype(np.int8)))
    # Window i covers frames i to i + window - 1.
    runs = [(int(a), int(b) + window - 1) for a, b in zip(edges[::2], edges[1::2], strict=True)]
    return [(start, stop) for start, stop in runs if stop - start >= shortest]


def may_have_runs(distances: FloatArray, shortest: int, limit_db: float) -> npt.NDArray[np.bool_]:
    """Bool [lags] of [lags, frames], dB: False where `near_runs` finds none, and quickly so.

    Of so many windows of a second after each other as a run has, one is looked at.
    """
    window = round(SMOOTHING_S * DISPLAY.frame_rate_hz)
    apart = max(shortest - window + 1, 1)
    found = np.zeros(len(distances), bool)
    for start in range(0, distances.shape[1] - window + 1, apart):
        found |= distances[:, start : start + window].mean(axis=1) < limit_db + 1e-3
    return found


def _moving_mean(values: FloatArray, window: int) -> FloatArray:
    """Mean of every `window` consecutive values, [len - window + 1]."""
    sums = np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])
    return np.asarray((sums[window:] - sums[:-window]) / window, np.float32)


def source_variety(source: FloatArray, made: FloatArray) -> float:
    """Share of the source's seconds that are heard again in what was made of it, 0 to 1.

    source, made: `audible` log-mel, [n_mels, frames] each. Every moment of `made` is matched to the
    source moment most like the second around it; a source second counts when half a second or
    more of `made` is matched to it. Where the source repeats itself the earliest of equal moments
    takes the matches, so a source that repeats cannot reach 1. It says little of sound that was not
    made from the source: that is most like something in it, too.
    """
    rate = DISPLAY.frame_rate_hz
    nearest = nearest_moments(source, made)
    seconds = max(int(source.shape[1] / rate), 1)
    places = np.minimum(nearest / rate, seconds - 0.5).astype(int)
    counts = np.bincount(places, minlength=seconds)
    return float(np.mean(counts >= rate / 2))


def nearest_moments(source: FloatArray, made: FloatArray) -> FloatArray:
    """The source frame most like each frame of `made`, by the mean over the second around it."""
    window = min(round(SMOOTHING_S * DISPLAY.frame_rate_hz), source.shape[1], made.shape[1])
    distances = frame_distances_db(made, source)
    sums = np.zeros((made.shape[1] - window + 1, source.shape[1] - window + 1), np.float32)
    for k in range(window):
        sums += distances[k : k + sums.shape[0], k : k + sums.shape[1]]
    return np.asarray(np.argmin(sums, axis=1) + window // 2)


def loudness_drift_db(levels_db: Sequence[float]) -> float:
    """Rise of the least-squares line through equally spaced levels, from first to last, dB.

    A line, and not the last minus the first, so that one quiet passage is no drift.
    """
    if len(levels_db) < 2:
        return 0.0
    at = np.arange(len(levels_db))
    return float(np.polyfit(at, levels_db, 1)[0] * at[-1])


def beat_steadiness(beats_s: FloatArray) -> tuple[float, float]:
    """(median inter-beat interval in s, its interquartile range over that median).

    Both NaN for fewer than four beats.
    """
    if len(beats_s) < 4:
        return float("nan"), float("nan")
    low, middle, high = np.percentile(np.diff(np.sort(beats_s)), [25, 50, 75])
    return float(middle), float((high - low) / max(middle, 1e-6))
