"""What the copying engines know of a clip: mel, chroma and onset features on one frame grid."""

from __future__ import annotations

from dataclasses import dataclass

import librosa
import numpy as np

from core.audio import Clip, FloatArray
from core.spectrogram import DISPLAY, analysis_samples, mel_power, stft, to_db


@dataclass(frozen=True)
class Features:
    """Frames of a clip at 43 Hz (22050 Hz mono, hop 512).

    log_mel: [80, frames] dB, floor -60. chroma: [12, frames], 0 to 1. onset: [frames], strength
    over its standard deviation. samples: the mono signal they were made from.
    """

    samples: FloatArray
    log_mel: FloatArray
    chroma: FloatArray
    onset: FloatArray

    @property
    def frames(self) -> int:
        return int(self.log_mel.shape[1])


def features(clip: Clip) -> Features:
    """Features of the clip, its peak first brought to .9 so that its level plays no part."""
    samples = analysis_samples(clip)
    samples = samples * np.float32(0.9 / max(float(np.abs(samples).max(initial=0)), 1e-4))
    magnitude = np.abs(stft(samples))
    log_mel = to_db(mel_power(magnitude))
    chroma = librosa.feature.chroma_stft(S=np.square(magnitude), sr=DISPLAY.sample_rate, tuning=0.0)
    onset = librosa.onset.onset_strength(S=log_mel, sr=DISPLAY.sample_rate)
    onset = onset / max(float(onset.std()), 1e-3)
    return Features(samples, log_mel, np.asarray(chroma, np.float32), np.asarray(onset, np.float32))


def matching_vectors(found: Features) -> FloatArray:
    """[frames, 93]: log-mel (each band's mean removed), chroma and onset strength.

    The scales were chosen on training and validation windows, by the log-mel distance and onset
    correlation of what `loop` then copies.
    """
    centred = (found.log_mel - found.log_mel.mean(axis=1, keepdims=True)) / 20.0
    return np.vstack([centred, found.chroma * 2.0, found.onset[None] * 3.0]).T.astype(np.float32)
