"""Figures of a band that plays along with a solo, measured on the sound of its stems.

Every signal is mono, float32 [samples], at RATE, and starts with the solo.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import librosa
import numpy as np
import numpy.typing as npt

from core.audio import Clip, FloatArray, loudness_lufs
from core.decoding import SILENCE_PEAK
from core.metrics import beat_f, beat_times_s, log_mel_distance_db, mse, relative_mse
from core.remixing.stems import MIX, STEMS
from core.spectrogram import DISPLAY, log_mel_db

Stemwise = Mapping[str, FloatArray]
Array = npt.NDArray[Any]

RATE = DISPLAY.sample_rate
PITCHED = ("bass", "piano", "other")

ONSET_HOP = 256
ONSET_WINDOW_S = 0.05
"""How near an onset must be to count as a hit (mir_eval, MIREX)."""

CHORD_FFT, CHORD_HOP = 4096, 1024
CHORD_LOWEST_HZ, CHORD_HIGHEST_HZ = 38.0, 2000.0
CHORD_FLOOR = 1e-3
"""Amplitude under which a beat counts as silent: -60 dB re full scale."""
EDGE_S = 0.046
"""Frames whose centre is this near to a beat's start or end hear the neighbouring beat too."""
SOUNDING_S = 0.05
"""A note counts in a beat in which it sounds for this long."""
CHORDS = ((0, 4, 7), (0, 3, 7), (0, 3, 6), (0, 4, 8), (0, 4, 7, 10), (0, 4, 7, 11), (0, 3, 7, 10))
"""Major, minor, diminished, augmented, dominant, major and minor seventh: steps above the root."""


def band(parts: Stemwise) -> FloatArray:
    """The sum of the stems."""
    return np.asarray(np.sum(list(parts.values()), axis=0), np.float32)


def audible(samples: FloatArray) -> bool:
    """Whether any sample passes SILENCE_PEAK."""
    return bool(np.abs(samples).max(initial=0.0) >= SILENCE_PEAK)


def onset_times_s(samples: FloatArray) -> Array:
    """Peaks of the spectral flux (librosa, Böck et al. 2012), seconds; none of an inaudible sound.

    Where the flux has no peak at all, as in a steady tone, there is no onset.
    """
    if not audible(samples):
        return np.zeros(0)
    found = librosa.onset.onset_detect(y=samples, sr=RATE, hop_length=ONSET_HOP, units="time")
    return np.asarray(found, np.float64)


def onset_f(onsets_s: Array, beats_s: Array) -> float:
    """F-measure of a band's onsets against the beats that the solo is played to (mir_eval).

    onsets_s: of the sum of the stems. beats_s: the piece's own, from its score. An onset within
    ONSET_WINDOW_S of a beat is a hit, each at most once: precision is the share of onsets that are
    hits, recall that of beats. A band that strikes each beat and nothing else scores 1; one that
    plays eighths on top about .67, which is why the true band's figure stands beside it. Silence
    scores 0. NaN with fewer than two beats.
    """
    if len(beats_s) < 2:
        return float("nan")
    if len(onsets_s) == 0:
        return 0.0
    import mir_eval  # late: it takes longer to import than all the rest here

    return float(mir_eval.onset.f_measure(np.sort(beats_s), np.sort(onsets_s), ONSET_WINDOW_S)[0])


def chord_classes(notes: Array, beats: Array, end_s: float) -> npt.NDArray[np.bool_]:
    """Which pitch classes are right in each beat, bool [beats, 12].

    notes: of the true pitched parts together, [n, 4] onset_s, offset_s, MIDI pitch, velocity.
    beats: [beats, 2] time_s, place in the bar counted from 0. end_s: where the last beat ends.
    Right are the classes that those parts sound in the beat for SOUNDING_S, and the bar's chord:
    of CHORDS on twelve roots the one nearest, as a binary vector by cosine, to how long each class
    sounds in the bar (Fujishima 1999). In a bar without notes nothing is right.
    """
    edges = np.append(beats[:, 0], end_s)
    sounding = np.zeros((len(beats), 12))
    for index, (start, stop) in enumerate(pairwise(edges)):
        held = np.minimum(notes[:, 1], stop) - np.maximum(notes[:, 0], start)
        played = held > 0
        np.add.at(sounding[index], notes[played, 2].astype(int) % 12, held[played])
    right = sounding >= SOUNDING_S
    bars = np.cumsum(beats[:, 1] == 0)
    templates = _templates()
    for bar in np.unique(bars):
        weights = sounding[bars == bar].sum(axis=0)
        if weights.sum() > SOUNDING_S:
            right[bars == bar] |= templates[int(np.argmax(_cosines(templates, weights)))]
    return right


def _templates() -> npt.NDArray[np.bool_]:
    """Each chord of CHORDS on each root, bool [chords, 12]."""
    out = np.zeros((len(CHORDS) * 12, 12), bool)
    for index, (steps, root) in enumerate((c, root) for c in CHORDS for root in range(12)):
        out[index, [(root + step) % 12 for step in steps]] = True
    return out


def _cosines(templates: npt.NDArray[np.bool_], weights: Array) -> Array:
    """Up to the length of `weights`, which is the same for all."""
    return np.asarray((templates @ weights) / np.sqrt(templates.sum(axis=1)))


def pitch_class_energy(samples: FloatArray) -> Array:
    """The energy of each pitch class in each frame, float64 [12, frames], CHORD_HOP apart.

    Peaks of the magnitude spectrum, placed between bins by a parabola through their logarithms
    (Smith and Serra 1987), give their energy to the nearest semitone at A4 = 440 Hz. Peaks alone
    count, since skirts of a low note's peak reach over its neighbours. 1 is a sine at full scale.
    """
    magnitude = np.abs(librosa.stft(samples, n_fft=CHORD_FFT, hop_length=CHORD_HOP))
    magnitude = magnitude.astype(np.float64) / (CHORD_FFT / 4)  # what a sine of amplitude 1 gives
    inner = magnitude[1:-1]
    low, high = magnitude[:-2], magnitude[2:]
    bins, frames = np.nonzero((inner > low) & (inner >= high) & (inner > CHORD_FLOOR * 1e-2))
    below, at, above = (np.log(side[bins, frames] + 1e-12) for side in (low, inner, high))
    offset = 0.5 * (below - above) / np.minimum(below - 2 * at + above, -1e-9)
    frequency_hz = (bins + 1 + np.clip(offset, -0.5, 0.5)) * RATE / CHORD_FFT
    energy = np.exp(2 * (at - 0.25 * (below - above) * offset))
    kept = (frequency_hz >= CHORD_LOWEST_HZ) & (frequency_hz <= CHORD_HIGHEST_HZ)
    classes = np.round(librosa.hz_to_midi(frequency_hz[kept])).astype(int) % 12
    out = np.zeros((12, magnitude.shape[1]))
    np.add.at(out, (classes, frames[kept]), energy[kept])
    return out


def chord_tone_rate(samples: FloatArray, right: npt.NDArray[np.bool_], beats: Array) -> float:
    """Share of a sound's energy that lies on the right pitch classes, the mean over beats.

    right: of `chord_classes`. beats: as there. The energy is that of `pitch_class_energy` in
    frames well inside the beat. Beats in which nothing sounds above CHORD_FLOOR, or nothing is
    right, are left out; where none is left, as of silence, NaN. Noise scores what chance gives,
    the mean of right classes over 12; overtones keep true notes from 1.
    """
    energy = pitch_class_energy(samples)
    times = np.arange(energy.shape[1]) * CHORD_HOP / RATE
    edges = np.append(beats[:, 0], len(samples) / RATE)
    shares = []
    for (start, stop), classes in zip(pairwise(edges), right, strict=True):
        frames = energy[:, (times >= start + EDGE_S) & (times <= stop - EDGE_S)]
        loud = frames.sum(axis=0).max(initial=0.0) >= CHORD_FLOOR**2
        if loud and classes.any():
            shares.append(float(frames[classes].sum() / frames.sum()))
    return float(np.mean(shares)) if shares else float("nan")


def pitched_part(parts: Stemwise) -> FloatArray:
    """What is heard for `chord_tone_rate`: the pitched stems together.

    Of a band that comes as one stem, its harmonic part (median filtering, Fitzgerald 2010), from
    which drums are mostly gone.
    """
    if MIX not in parts:
        return band({name: parts[name] for name in PITCHED})
    if not audible(parts[MIX]):
        return parts[MIX]
    return np.asarray(librosa.effects.harmonic(parts[MIX]), np.float32)


def loudness_balance_db(made: Stemwise, true: Stemwise) -> float:
    """How far each stem's loudness beside the solo is from the true stem's, dB, the mean.

    LUFS (BS.1770). The solo is the same on both sides, so that its loudness cancels out. Stems that
    the true band does not play are left out. A silent stem counts as LOUDNESS_FLOOR_LUFS, so that
    silence scores how far the true stems are above that.
    """
    played = [name for name in STEMS if audible(true[name])]
    if not played:
        return float("nan")
    return float(np.mean([loudness_difference_db(made[n], true[n]) for n in played]))


def loudness_difference_db(made: FloatArray, true: FloatArray) -> float:
    """Absolute difference of two signals' loudness (BS.1770), dB, LOUDNESS_FLOOR_LUFS at least."""
    first, second = (loudness_lufs(Clip(samples[None], RATE)) for samples in (made, true))
    return abs(first - second)


def piece_gain(solo: FloatArray, true: FloatArray) -> float:
    """Brings the louder of a solo and its true band to a peak of .9, for log-mel distances."""
    return 0.9 / max(float(np.abs(solo).max(initial=0)), float(np.abs(true).max(initial=0)), 1e-4)


def mix_metrics(solo: FloatArray, made: FloatArray, true: FloatArray) -> dict[str, float]:
    """Figures of a whole band against the true one, both without the solo."""
    gain = piece_gain(solo, true)
    return {
        "log_mel_distance_db": log_mel_distance_db(_picture(made * gain), _picture(true * gain)),
        "loudness_difference_db": loudness_difference_db(made, true),
        "mix_mse": mse(made, true),
        "relative_mse": relative_mse(made, true),
    }


def stem_metrics(solo: FloatArray, made: Stemwise, true: Stemwise) -> dict[str, float]:
    """Figures of stems, each against the true one of its name.

    Log-mel distances only of stems that the true band plays: where it rests, silence is perfect.
    The mean squared error is over all four, resting or not, as networks are trained.
    """
    gain = piece_gain(solo, band(true))
    out = {
        f"{name}_log_mel_distance_db": log_mel_distance_db(
            _picture(made[name] * gain), _picture(true[name] * gain)
        )
        for name in STEMS
        if audible(true[name])
    }
    out["loudness_balance_db"] = loudness_balance_db(made, true)
    out["mse"] = float(np.mean([mse(made[name], true[name]) for name in STEMS]))
    return out


def band_metrics(
    solo: FloatArray, made: Stemwise, true: Stemwise, notes: Mapping[str, Array], beats: Array
) -> dict[str, float]:
    """All figures of one band. made: the four STEMS, or MIX alone; true: the four STEMS.

    notes: of the true parts, by name, and beats, as `chord_classes` takes them. A band in one stem
    has no figures of stems.
    """
    whole = band(made)
    out = mix_metrics(solo, whole, band(true))
    if MIX not in made:
        out |= stem_metrics(solo, made, true)
    out["onset_f"] = onset_f(onset_times_s(whole), beats[:, 0])
    tracked = beat_times_s(whole) if audible(whole) else np.zeros(0)
    out["beat_f"] = beat_f(tracked, beats[:, 0])
    pitched = np.concatenate([notes[name] for name in PITCHED])
    right = chord_classes(pitched, beats, len(solo) / RATE)
    out["chord_tone_rate"] = chord_tone_rate(pitched_part(made), right, beats)
    return out


def _picture(samples: FloatArray) -> FloatArray:
    return log_mel_db(Clip(samples[None], RATE))
