"""The figures of one long continuation: chunk by chunk against the actual, and of itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import librosa
import numpy as np

from core.audio import Clip, FloatArray, loudness_lufs
from core.metrics import (
    SEAM_PARAMS_HOP,
    beat_f,
    beat_times_s,
    chroma_correlation,
    log_mel_distance_db,
    onset_correlation,
    spectral_flux,
)
from core.repetition import (
    audible,
    beat_steadiness,
    loudness_drift_db,
    near_copy_db,
    repeats,
    source_variety,
    two_bars_s,
)
from core.spectrogram import DISPLAY, analysis_samples, mel_power, stft, to_db

CHUNK_S = 10.0


@dataclass(frozen=True)
class Heard:
    """A clip and what follows it as one mono sound at 22050 Hz, on frames of 43 Hz.

    samples: [samples]. log_mel: [80, frames], dB. chroma: [12, frames]. onset: [frames].
    clip_s: where the clip ends, seconds from its beginning.
    """

    samples: FloatArray
    log_mel: FloatArray
    chroma: FloatArray
    onset: FloatArray
    clip_s: float

    @cached_property
    def beats_s(self) -> FloatArray:
        """Beats, in seconds from the clip's beginning."""
        return beat_times_s(self.samples)

    @property
    def end_s(self) -> float:
        return len(self.samples) / DISPLAY.sample_rate

    def frames(self, start_s: float, end_s: float) -> slice:
        """The frames from `start_s` to `end_s`, both from the clip's beginning."""
        rate = DISPLAY.frame_rate_hz
        return slice(round(start_s * rate), round(end_s * rate))


def hear(clip: Clip, after: Clip, gain: float = 1.0) -> Heard:
    """Both, scaled by `gain`, with their features."""
    samples = np.concatenate([analysis_samples(clip), analysis_samples(after)]) * np.float32(gain)
    magnitude = np.abs(stft(samples))
    rate = DISPLAY.sample_rate
    return Heard(
        samples,
        to_db(mel_power(magnitude)),
        librosa.feature.chroma_stft(S=np.square(magnitude), sr=rate, tuning=0.0),
        librosa.onset.onset_strength(y=samples, sr=rate),
        clip.duration_s,
    )


def common_gain(clip: Clip, actual: Clip) -> float:
    """What brings clip and actual to a peak of .9, as `continuation_metrics` does."""
    return 0.9 / max(clip.peak(), actual.peak(), 1e-4)


def against_actual(made: Heard, true: Heard) -> list[dict[str, float]]:
    """The comparisons of each whole chunk that the actual has, in order.

    Features and beats are those of the whole sound, clip included, so that a chunk is heard in its
    place and not as a piece cut out. Beats are sought up to where both end, so that the tempo of
    both comes from as much sound.
    """
    shared_s = min(made.end_s, true.end_s)
    made_beats = beat_times_s(made.samples[: round(shared_s * DISPLAY.sample_rate)])
    found = []
    for start in np.arange(made.clip_s, shared_s - CHUNK_S + 0.05, CHUNK_S):
        end = start + CHUNK_S
        at = made.frames(start, end)
        found.append(
            {
                "log_mel_distance_db": log_mel_distance_db(
                    made.log_mel[:, at], true.log_mel[:, at]
                ),
                "onset_correlation": onset_correlation(made.onset[at], true.onset[at]),
                "chroma_correlation": chroma_correlation(made.chroma[:, at], true.chroma[:, at]),
                "beat_f": beat_f(
                    _between(made_beats, start, end), _between(true.beats_s, start, end)
                ),
            }
        )
    return found


def behaviour(clip: Clip, after: Clip, heard: Heard) -> dict[str, Any]:
    """What needs no actual: levels, drift, repetition, variety, flux and beat of `after`.

    `levels_db`: LUFS of each 10 s chunk minus the clip's. The names with `clip_` in front are the
    same measures of the clip itself.
    """
    levels = chunk_levels_db(clip, after)
    return {
        "levels_db": levels,
        "loudness_drift_db": abs(loudness_drift_db(levels)),
        "first_to_last_db": abs(levels[-1] - levels[0]),
        "flux_ratio": flux_ratio(heard),
        **repetition(heard),
        **beat(heard),
    }


def chunk_levels_db(clip: Clip, after: Clip) -> list[float]:
    """Loudness of each whole chunk of `after` minus that of the whole clip, in dB (LU)."""
    own = loudness_lufs(clip)
    starts = np.arange(0.0, after.duration_s - CHUNK_S + 0.05, CHUNK_S)
    return [loudness_lufs(after.between(s, s + CHUNK_S)) - own for s in starts]


def repetition(heard: Heard) -> dict[str, float]:
    """How `heard` repeats itself after the clip, beside the clip's own repetition.

    `repeated_share` and `plays` (core.repetition.Repeats): of stretches as long as the clip, the
    first beginning half a clip before the join, half a clip apart: mean share and most plays.
    `plays_kept`: 1 where no stretch plays anything more often in a row than the clip does.
    `later_share`, `later_kept`: the same of stretches that begin at the join or later; NaN where
    there are none.
    `whole_share` and `whole_plays`: of all that follows the clip as one stretch, which grows with
    its length: two minutes made of 20 s must repeat.
    """
    log_mel = audible(heard.log_mel)
    source = log_mel[:, heard.frames(0.0, heard.clip_s)]
    clip_samples = heard.samples[: round(heard.clip_s * DISPLAY.sample_rate)]
    span = round(two_bars_s(clip_samples) * DISPLAY.frame_rate_hz)
    limit = near_copy_db(source)
    own = repeats(source, span, limit)
    starts = np.arange(heard.clip_s / 2, heard.end_s - heard.clip_s + 0.05, heard.clip_s / 2)
    made = [repeats(log_mel[:, heard.frames(s, s + heard.clip_s)], span, limit) for s in starts]
    after = log_mel[:, heard.frames(heard.clip_s, heard.end_s)]
    whole = repeats(after, span, limit)
    plays, later = max(one.plays for one in made), made[1:]
    return {
        "repeated_share": float(np.mean([one.share for one in made])),
        "clip_repeated_share": own.share,
        "plays": float(plays),
        "clip_plays": float(own.plays),
        "plays_kept": float(plays <= own.plays),
        "later_share": float(np.mean([one.share for one in later])) if later else np.nan,
        "later_kept": float(max(one.plays for one in later) <= own.plays) if later else np.nan,
        "whole_share": whole.share,
        "whole_plays": float(whole.plays),
        "source_variety": source_variety(source, after),
    }


def flux_ratio(heard: Heard) -> float:
    """99th percentile of the spectral flux after the clip over that of the clip.

    Joins inside a continuation cannot be seen from outside; rough ones raise this above 1.
    """
    flux = spectral_flux(heard.samples)
    end = round(heard.clip_s * DISPLAY.sample_rate / SEAM_PARAMS_HOP)
    return float(np.percentile(flux[end:], 99) / max(float(np.percentile(flux[:end], 99)), 0.1))


def beat(heard: Heard) -> dict[str, float]:
    """Inter-beat intervals after the clip over the clip's, each tracked by itself.

    `beat_ratio`: of the medians. `beat_spread` and `clip_beat_spread`: interquartile range over
    median.
    """
    end = round(heard.clip_s * DISPLAY.sample_rate)
    own, own_spread = beat_steadiness(beat_times_s(heard.samples[:end]))
    made, spread = beat_steadiness(beat_times_s(heard.samples[end:]))
    return {"beat_ratio": made / own, "beat_spread": spread, "clip_beat_spread": own_spread}


def average(items: list[Mapping[str, float]], name: str) -> float:
    """Mean of one figure, those that are NaN or absent left out; NaN where none is left."""
    values = np.array([item.get(name, np.nan) for item in items], float)
    return float(np.nanmean(values)) if np.isfinite(values).any() else float("nan")


def _between(times_s: FloatArray, start_s: float, end_s: float) -> FloatArray:
    return times_s[(times_s >= start_s) & (times_s < end_s)]
