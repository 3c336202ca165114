"""Every figure that a page or a benchmark shows: one function each, its source beside it."""

from __future__ import annotations

from typing import Any

import librosa
import numpy as np
import numpy.typing as npt

from core.audio import Clip, FloatArray, loudness_lufs
from core.metric_names import METRICS as METRICS  # which many take from here
from core.spectrogram import (
    DISPLAY,
    SpectrogramParams,
    analysis_samples,
    mel_power,
    stft,
    to_db,
)


def mse(predicted: FloatArray, actual: FloatArray) -> float:
    """Mean squared error of two equally long signals in full-scale units, the paper's loss."""
    return float(np.mean(np.square(predicted - actual, dtype=np.float64)))


def relative_mse(predicted: FloatArray, actual: FloatArray) -> float:
    """`mse` over the actual's power: 1 for silence. NaN where the actual is silent."""
    power = float(np.mean(np.square(actual, dtype=np.float64)))
    return mse(predicted, actual) / power if power > 1e-12 else float("nan")


def log_mel_distance_db(predicted: FloatArray, actual: FloatArray) -> float:
    """Mean absolute difference of two log-mel spectrograms in dB, [n_mels, frames] each."""
    frames = min(predicted.shape[1], actual.shape[1])
    return float(np.mean(np.abs(predicted[:, :frames] - actual[:, :frames])))


def spectral_convergence_db(
    samples: FloatArray, magnitude: FloatArray, params: SpectrogramParams = DISPLAY
) -> float:
    """How far the sound's magnitudes are from those asked: 20 log10 |S - M| / |M|, lower is better.

    samples: mono. magnitude: [1 + n_fft / 2, frames]. Inverting well gives -30 and below; Sturmel
    and Daudet 2011.
    """
    got = np.abs(stft(samples, params))[:, : magnitude.shape[1]]
    wanted = magnitude[:, : got.shape[1]]
    ratio = np.linalg.norm(got - wanted) / max(float(np.linalg.norm(wanted)), 1e-12)
    return float(20.0 * np.log10(max(float(ratio), 1e-12)))


def chroma_correlation(predicted: FloatArray, actual: FloatArray) -> float:
    """Mean over frames of the Pearson correlation across the 12 pitch classes, [12, frames] each.

    Centred: without that, noise scores about .7. Frames where the actual is flat or silent say
    nothing and are left out; a silent prediction scores 0 in the others.
    """
    frames = min(predicted.shape[1], actual.shape[1])
    a = predicted[:, :frames] - predicted[:, :frames].mean(axis=0)
    b = actual[:, :frames] - actual[:, :frames].mean(axis=0)
    norm_a, norm_b = np.linalg.norm(a, axis=0), np.linalg.norm(b, axis=0)
    tells = norm_b > 1e-3
    if not tells.any():
        return float("nan")
    inner = (a * b).sum(axis=0)[tells]
    return float(np.mean(inner / np.maximum(norm_a[tells] * norm_b[tells], 1e-9)))


def onset_correlation(predicted: FloatArray, actual: FloatArray) -> float:
    """Pearson correlation of two onset-strength envelopes, [frames] each; 0 where one is flat."""
    frames = min(len(predicted), len(actual))
    a, b = predicted[:frames], actual[:frames]
    if a.std() < 1e-6 or b.std() < 1e-6:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])


def beat_f(predicted_s: npt.NDArray[Any], actual_s: npt.NDArray[Any]) -> float:
    """F-measure of beat times in seconds within 70 ms (Dixon 2007, mir_eval).

    NaN where the actual has fewer than two beats, since there is nothing to hit.
    """
    if len(actual_s) < 2:
        return float("nan")
    if len(predicted_s) == 0:
        return 0.0
    import mir_eval  # late: it takes longer to import than all the rest here

    return float(mir_eval.beat.f_measure(np.sort(actual_s), np.sort(predicted_s)))


def beat_times_s(samples: FloatArray, sample_rate: int = DISPLAY.sample_rate) -> FloatArray:
    """Beats of a mono signal (librosa's dynamic-programming tracker, Ellis 2007), seconds."""
    envelope = librosa.onset.onset_strength(y=samples, sr=sample_rate)
    if not np.any(envelope > 0):
        return np.zeros(0, np.float32)
    _, beats = librosa.beat.beat_track(onset_envelope=envelope, sr=sample_rate, units="time")
    return np.asarray(beats, dtype=np.float32)


SEAM_PARAMS_HOP = 128
SEAM_PARAMS_FFT = 512
SEAM_REACH_S = 0.04
SEAM_REACH_FRAMES = round(SEAM_REACH_S * DISPLAY.sample_rate / SEAM_PARAMS_HOP)


def spectral_flux(samples: FloatArray) -> FloatArray:
    """Mean absolute change of the log-magnitude spectrum from frame to frame, dB, [frames].

    Windows of 512 samples, hop 128 (5.8 ms at 22050 Hz): short enough to see a click. Bins under
    -60 dB re the signal's loudest are clamped there.
    """
    spectrum = np.abs(librosa.stft(samples, n_fft=SEAM_PARAMS_FFT, hop_length=SEAM_PARAMS_HOP))
    floor = max(float(spectrum.max(initial=0.0)) * 1e-3, 1e-6)
    decibels = 20.0 * np.log10(np.maximum(spectrum, floor))
    change = np.abs(np.diff(decibels, axis=1)).mean(axis=0)
    return np.concatenate([[0.0], change]).astype(np.float32)


def seam_discontinuity(before: FloatArray, after: FloatArray, beats_s: FloatArray) -> float:
    """How abrupt the join of two mono signals at 22050 Hz is, next to the beats of the first.

    The largest spectral flux within 40 ms of the join, over the 95th percentile of the same at the
    beats of `before`.
    1 or less: the join changes the sound no more than the clip's own beats do. Without at least
    four beats, the 95th percentile over windows of the same width everywhere in `before`.
    """
    return _seam(before, after, beats_s, SEAM_REACH_FRAMES)


def seam_of_clip(before: FloatArray, after: FloatArray, beats_s: FloatArray) -> float:
    """The part of `seam_discontinuity` that is the clip's own, and which nothing after it changes.

    The largest flux of those windows alone that end before the join.
    """
    return _seam(before, after, beats_s, -(SEAM_PARAMS_FFT // SEAM_PARAMS_HOP // 2) - 1)


def _seam(before: FloatArray, after: FloatArray, beats_s: FloatArray, last: int) -> float:
    """last: the last frame that is looked at, counted from the join."""
    flux = spectral_flux(np.concatenate([before, after]))
    rate = DISPLAY.sample_rate / SEAM_PARAMS_HOP
    reach = SEAM_REACH_FRAMES

    def peak(frame: int, ahead: int = reach) -> float:
        return float(flux[max(frame - reach, 0) : frame + ahead + 1].max(initial=0.0))

    at_join = round(len(before) / SEAM_PARAMS_HOP)
    own_end = at_join - 2 * reach - SEAM_PARAMS_FFT // SEAM_PARAMS_HOP
    places = [round(float(b) * rate) for b in beats_s]
    places = [p for p in places if reach <= p < own_end]
    if len(places) < 4:
        places = list(range(reach, max(own_end, reach + 1), 2 * reach + 1))
    own = float(np.percentile([peak(p) for p in places], 95))
    return peak(at_join, last) / max(own, 0.1)


FRECHET_SHRINKAGE = 0.1


def frechet_distance(made: FloatArray, true: FloatArray) -> float:
    """Fréchet distance of two sets of vectors, [vectors, dimensions] each, as if both were normal.

    |m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)) of their means and covariances: Fréchet 1906, in
    this form Dowson and Landau 1982, between sets of embeddings Heusel et al. 2017. A few hundred
    vectors do not settle the covariances of 64 dimensions, so those off the diagonal are shrunk by
    `FRECHET_SHRINKAGE`; variances stay as they are. Raises ValueError for fewer than two vectors.
    """
    if min(len(made), len(true)) < 2:
        raise ValueError("a covariance takes at least two vectors")
    first, second = _shrunk_covariance(made), _shrunk_covariance(true)
    shift = made.mean(axis=0, dtype=np.float64) - true.mean(axis=0, dtype=np.float64)
    # (C1 C2)^(1/2) has the trace of (R C2 R)^(1/2) with R = C1^(1/2), which is symmetric.
    values, vectors = np.linalg.eigh(first)
    root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    cross = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ second @ root), 0.0)).sum()
    spread = np.trace(first) + np.trace(second) - 2.0 * cross
    return float(max(shift @ shift + spread, 0.0))


def _shrunk_covariance(vectors: FloatArray) -> npt.NDArray[np.float64]:
    sample = np.atleast_2d(np.cov(vectors.astype(np.float64), rowvar=False))
    kept = (1.0 - FRECHET_SHRINKAGE) * sample
    np.fill_diagonal(kept, np.diag(sample))
    return kept


def continuation_metrics(clip: Clip, predicted: Clip, actual: Clip | None) -> dict[str, float]:
    """All figures for one continuation of `clip`, over the stretch that both it and `actual` have.

    Both are measured as mono at 22050 Hz, with the gain that brings input and actual to a peak of
    .9, so that figures do not depend on how loud the file happens to be. Without an actual (or
    with under 1 s of one) only `seam_discontinuity` is given.
    """
    before = analysis_samples(clip)
    made = analysis_samples(predicted)
    beats = beat_times_s(before)
    if actual is None or actual.duration_s < 1.0:
        return {"seam_discontinuity": seam_discontinuity(before, made, beats)}
    true = analysis_samples(actual)
    length = min(len(made), len(true))
    gain = 0.9 / max(float(np.abs(before).max(initial=0)), float(np.abs(true).max(initial=0)), 1e-4)
    before, made, true = before * gain, made[:length] * gain, true[:length] * gain
    end_s = length / DISPLAY.sample_rate
    magnitude_made, magnitude_true = np.abs(stft(made)), np.abs(stft(true))
    log_made, log_true = to_db(mel_power(magnitude_made)), to_db(mel_power(magnitude_true))
    rate = DISPLAY.sample_rate

    def chroma(magnitude: FloatArray) -> FloatArray:
        return np.asarray(librosa.feature.chroma_stft(S=np.square(magnitude), sr=rate, tuning=0.0))

    def later_beats(after: FloatArray) -> FloatArray:
        times = beat_times_s(np.concatenate([before, after])) - len(before) / rate
        return times[times >= 0]

    shorter = min(predicted.duration_s, actual.duration_s)
    return {
        "log_mel_distance_db": log_mel_distance_db(log_made, log_true),
        "onset_correlation": onset_correlation(
            librosa.onset.onset_strength(y=made, sr=rate),
            librosa.onset.onset_strength(y=true, sr=rate),
        ),
        "chroma_correlation": chroma_correlation(chroma(magnitude_made), chroma(magnitude_true)),
        "beat_f": beat_f(later_beats(made), later_beats(true)) if end_s >= 2.0 else float("nan"),
        "loudness_difference_db": abs(
            loudness_lufs(predicted.between(0, shorter)) - loudness_lufs(actual.between(0, shorter))
        ),
        "seam_discontinuity": seam_discontinuity(before, made, beats),
        "mse": mse(made / gain, true / gain),
        "relative_mse": relative_mse(made, true),
    }


def bootstrap_interval(
    values: npt.NDArray[Any], groups: list[str], *, samples: int = 2000, seed: int = 0
) -> tuple[float, float, float]:
    """(mean, low, high): the mean of `values` and its 95 % percentile bootstrap interval.

    Whole groups (tracks) are drawn, since windows of one track are alike (Efron 1979). NaN values
    are left out; all NaN gives NaN.
    """
    kept = [(v, g) for v, g in zip(values, groups, strict=True) if np.isfinite(v)]
    if not kept:
        return float("nan"), float("nan"), float("nan")
    names = sorted({g for _, g in kept})
    sums = np.array([sum(v for v, g in kept if g == name) for name in names])
    counts = np.array([sum(1 for _, g in kept if g == name) for name in names])
    rng = np.random.default_rng(seed)
    drawn = rng.integers(0, len(names), (samples, len(names)))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return float(sums.sum() / counts.sum()), float(low), float(high)
