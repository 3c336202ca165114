"""Short-time Fourier transforms, mel spectrograms, and the way back to sound."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import librosa
import numpy as np
import numpy.typing as npt

from core.audio import Clip, FloatArray

ComplexArray = npt.NDArray[np.complex64]

POWER_FLOOR = 1e-8
"""Power is clamped here, at -80 dB, under every floor shown."""


@dataclass(frozen=True)
class SpectrogramParams:
    """How sound becomes a spectrogram: centred frames, a Hann window of `n_fft` samples."""

    sample_rate: int = 22050
    n_fft: int = 2048
    hop_length: int = 512
    n_mels: int = 80
    f_min_hz: float = 0.0
    f_max_hz: float | None = None
    floor_db: float = -60.0

    @property
    def frame_rate_hz(self) -> float:
        return self.sample_rate / self.hop_length

    def mel_frequencies_hz(self) -> FloatArray:
        """Centre frequency of each mel band, float32 [n_mels]."""
        top = self.f_max_hz or self.sample_rate / 2
        edges = librosa.mel_frequencies(self.n_mels + 2, fmin=self.f_min_hz, fmax=top)
        return np.asarray(edges[1:-1], dtype=np.float32)


DISPLAY = SpectrogramParams()
"""What the pages draw and the metrics measure."""


def stft(samples: FloatArray, params: SpectrogramParams = DISPLAY) -> ComplexArray:
    """float32 [samples] -> complex64 [1 + n_fft / 2, frames]."""
    out = librosa.stft(
        np.ascontiguousarray(samples), n_fft=params.n_fft, hop_length=params.hop_length
    )
    return np.asarray(out, dtype=np.complex64)


def istft(
    spectrum: ComplexArray, params: SpectrogramParams = DISPLAY, length: int | None = None
) -> FloatArray:
    """The inverse of `stft`, float32 [samples]; `length` samples where given."""
    out = librosa.istft(spectrum, n_fft=params.n_fft, hop_length=params.hop_length, length=length)
    return np.asarray(out, dtype=np.float32)


def analysis_samples(clip: Clip, params: SpectrogramParams = DISPLAY) -> FloatArray:
    """The clip as one channel at the parameters' rate, float32 [samples]."""
    samples: FloatArray = clip.with_channels(1).resampled(params.sample_rate).samples[0]
    return samples


def mel_power(magnitude: FloatArray, params: SpectrogramParams = DISPLAY) -> FloatArray:
    """STFT magnitudes [1 + n_fft / 2, frames] -> mel power, float32 [n_mels, frames]."""
    return np.asarray(
        librosa.feature.melspectrogram(
            S=np.square(magnitude),
            sr=params.sample_rate,
            n_mels=params.n_mels,
            fmin=params.f_min_hz,
            fmax=params.f_max_hz,
        ),
        dtype=np.float32,
    )


@cache
def mel_filters(params: SpectrogramParams = DISPLAY) -> FloatArray:
    """The mel scale that `mel_power` applies to squared magnitudes, [n_mels, 1 + n_fft / 2]."""
    filters = librosa.filters.mel(
        sr=params.sample_rate,
        n_fft=params.n_fft,
        n_mels=params.n_mels,
        fmin=params.f_min_hz,
        fmax=params.f_max_hz,
    )
    return np.asarray(filters, np.float32)


def to_db(power: FloatArray, params: SpectrogramParams = DISPLAY) -> FloatArray:
    """Power to dB re 1, clamped below at the parameters' floor; same shape, float32."""
    decibels = 10.0 * np.log10(np.maximum(power, POWER_FLOOR))
    return np.maximum(decibels, params.floor_db).astype(np.float32)


def log_mel_db(clip: Clip, params: SpectrogramParams = DISPLAY) -> FloatArray:
    """The clip's mel spectrogram in dB, float32 [n_mels, frames], `floor_db` at least.

    0 dB is a mel band's power of 1 with librosa's Slaney-normalised filters, as in the probes'
    figures; music at full scale reaches about +40 dB.
    """
    return to_db(mel_power(np.abs(stft(analysis_samples(clip, params), params)), params), params)


def magnitude_from_log_mel(log_mel: FloatArray, params: SpectrogramParams = DISPLAY) -> FloatArray:
    """STFT magnitudes [1 + n_fft / 2, frames] that fit a log-mel spectrogram in dB.

    Non-negative least squares over the mel filters (librosa). Bands at the floor become silence.
    """
    power = np.where(log_mel <= params.floor_db, 0.0, 10.0 ** (log_mel / 10.0))
    out = librosa.feature.inverse.mel_to_stft(
        power.astype(np.float32),
        sr=params.sample_rate,
        n_fft=params.n_fft,
        power=2.0,
        fmin=params.f_min_hz,
        fmax=params.f_max_hz,
    )
    return np.asarray(out, dtype=np.float32)
