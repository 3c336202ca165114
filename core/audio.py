"""Clips of audio in memory: their type, and what can be done to one without a spectrogram."""

from __future__ import annotations

import hashlib
import io
import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile as sf
import soxr

FloatArray = npt.NDArray[np.float32]

LOUDNESS_FLOOR_LUFS = -70.0
"""The absolute gate of ITU-R BS.1770-4; anything quieter, silence too, is reported as this."""


@dataclass(frozen=True, eq=False)
class Clip:
    """A stretch of audio.

    samples: float32 [channels, samples], full scale is 1, finite, read-only.
    sample_rate: samples a second, Hz.

    Raises ValueError if the array has another shape, is empty of channels, or is not finite.
    """

    samples: FloatArray
    sample_rate: int

    def __post_init__(self) -> None:
        samples = np.array(self.samples, dtype=np.float32, order="C", copy=True)
        if samples.ndim != 2 or samples.shape[0] < 1:
            raise ValueError(f"samples must be [channels, samples], not {samples.shape}")
        if self.sample_rate <= 0:
            raise ValueError(f"sample_rate must be positive, not {self.sample_rate}")
        if not np.isfinite(samples).all():
            raise ValueError("samples must be finite")
        samples.flags.writeable = False
        object.__setattr__(self, "samples", samples)

    @property
    def channels(self) -> int:
        return int(self.samples.shape[0])

    @property
    def length(self) -> int:
        """Samples a channel."""
        return int(self.samples.shape[1])

    @property
    def duration_s(self) -> float:
        return self.length / self.sample_rate

    def mono(self) -> FloatArray:
        """The mean of the channels, float32 [samples]."""
        return np.asarray(self.samples.mean(axis=0, dtype=np.float32))

    def between(self, start_s: float, end_s: float) -> Clip:
        """The part from `start_s` to `end_s` seconds, cut at the clip's ends."""
        start = min(max(round(start_s * self.sample_rate), 0), self.length)
        end = min(max(round(end_s * self.sample_rate), start), self.length)
        return Clip(self.samples[:, start:end], self.sample_rate)

    def resampled(self, sample_rate: int) -> Clip:
        """The clip at another rate (soxr, high quality); itself if it has that rate already.

        The length is exactly round(length * sample_rate / self.sample_rate).
        """
        if sample_rate == self.sample_rate:
            return self
        wanted = round(self.length * sample_rate / self.sample_rate)
        if wanted == 0:
            return Clip(np.zeros((self.channels, 0), np.float32), sample_rate)
        out = soxr.resample(self.samples.T, self.sample_rate, sample_rate, quality="HQ").T
        return Clip(fit_length(np.asarray(out, np.float32), wanted), sample_rate)

    def with_channels(self, channels: int) -> Clip:
        """The clip with 1 channel (the mean) or more (the first ones, the last one repeated)."""
        if channels == self.channels:
            return self
        if channels == 1:
            return Clip(self.mono()[None], self.sample_rate)
        index = np.minimum(np.arange(channels), self.channels - 1)
        return Clip(self.samples[index], self.sample_rate)

    def peak(self) -> float:
        return float(np.abs(self.samples).max(initial=0.0))

    def scaled(self, gain: float) -> Clip:
        return Clip(self.samples * np.float32(gain), self.sample_rate)

    def sha256(self) -> str:
        """Of rate, channels and samples: equal for equal sound, whatever file it came in."""
        head = f"{self.sample_rate}:{self.channels}:".encode()
        return hashlib.sha256(head + self.samples.astype("<f4").tobytes()).hexdigest()


def fit_length(samples: FloatArray, length: int) -> FloatArray:
    """[channels, any] cut, or padded with zeros, to [channels, length]."""
    if samples.shape[1] >= length:
        return samples[:, :length]
    return np.pad(samples, ((0, 0), (0, length - samples.shape[1])))


def equal_power_fades(length: int) -> tuple[FloatArray, FloatArray]:
    """(fade out, fade in), each float32 [length]; their squares sum to 1 at every sample."""
    angle = (np.arange(length, dtype=np.float64) + 0.5) / max(length, 1) * (np.pi / 2)
    return np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32)


def matched_fades(length: int, correlation: float) -> tuple[FloatArray, FloatArray]:
    """Equal-power fades for two signals of equal level that correlate by `correlation` (0 to 1).

    Plain equal-power fades raise the level by up to 3 dB where both sides are alike. Dividing by
    sqrt(1 + 2 r cos sin) keeps the expected power of the sum at 1 for every r.
    """
    out, inn = equal_power_fades(length)
    level = np.sqrt(1.0 + 2.0 * min(max(correlation, 0.0), 1.0) * out * inn)
    return (out / level).astype(np.float32), (inn / level).astype(np.float32)


def correlation(a: FloatArray, b: FloatArray) -> float:
    """Normalised inner product of two equally shaped arrays, 0 when either is silent."""
    norm = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(np.vdot(a, b)) / norm if norm > 1e-9 else 0.0


def join(first: Clip, second: Clip) -> Clip:
    """`first` and then `second`, brought to `first`'s rate and channel count. No overlap."""
    second = second.resampled(first.sample_rate).with_channels(first.channels)
    return Clip(np.concatenate([first.samples, second.samples], axis=1), first.sample_rate)


def loudness_lufs(clip: Clip) -> float:
    """Integrated loudness, ITU-R BS.1770-4 (pyloudnorm), LUFS; `LOUDNESS_FLOOR_LUFS` at least.

    Clips shorter than one 0.4 s gating block are padded by repetition.
    """
    import pyloudnorm

    if clip.peak() < 1e-6:
        return LOUDNESS_FLOOR_LUFS
    samples = clip.samples
    needed = int(0.4 * clip.sample_rate) + 1
    if samples.shape[1] < needed:
        samples = np.tile(samples, (1, -(-needed // samples.shape[1])))
    meter = pyloudnorm.Meter(clip.sample_rate)
    with np.errstate(divide="ignore"):
        value = float(meter.integrated_loudness(samples.T.astype(np.float64)))
    return max(value, LOUDNESS_FLOOR_LUFS) if np.isfinite(value) else LOUDNESS_FLOOR_LUFS


def encode_wav(clip: Clip) -> bytes:
    """16-bit PCM WAV with the sound's sha256 in an INFO chunk ahead of the data.

    Streamlit tells large media apart by length and three samples of the bytes, so two sparse clips
    of one length could be swapped; the hash in the head makes every file's first bytes its own.
    Samples beyond full scale are clipped.
    """
    pcm = np.clip(np.round(clip.samples.T * 32767.0), -32768, 32767).astype("<i2")
    data = pcm.tobytes()
    digest = hashlib.sha256(data).hexdigest().encode("ascii")
    comment = b"ICMT" + struct.pack("<I", len(digest)) + digest
    info = b"LIST" + struct.pack("<I", 4 + len(comment)) + b"INFO" + comment
    block = 2 * clip.channels
    head = struct.pack(
        "<HHIIHH", 1, clip.channels, clip.sample_rate, clip.sample_rate * block, block, 16
    )
    body = b"WAVE" + b"fmt " + struct.pack("<I", len(head)) + head + info
    body += b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def encode_flac(clip: Clip) -> bytes:
    """16-bit FLAC: the same samples as `encode_wav`, about half the bytes."""
    pcm = np.clip(np.round(clip.samples.T * 32767.0), -32768, 32767).astype("<i2")
    buffer = io.BytesIO()
    sf.write(buffer, pcm, clip.sample_rate, format="FLAC", subtype="PCM_16")
    return buffer.getvalue()


def from_pcm16(pcm: npt.NDArray[Any], sample_rate: int) -> Clip:
    """The clip whose `encode_wav` holds exactly these int16 samples, [samples, channels]."""
    return Clip(pcm.T.astype(np.float32) / np.float32(32767.0), sample_rate)
